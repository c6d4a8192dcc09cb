// SPDX-License-Identifier: Apache-2.0
// BPF_MAP_TYPE_RINGBUF and BPF_MAP_TYPE_USER_RINGBUF: the positions of a ring and the records between them
// (struct bpf_ringbuf, kernel/bpf/ringbuf.c).
//
// User space writes the consumer's page of the one and everything but the consumer's position of the other:
// no position and no length is believed.

#include "counted.hpp"
#include "ring.hpp"

namespace {

using mapscope::Bytes;
using mapscope::Call;
using mapscope::builtin::counted;
using mapscope::builtin::Record;
using mapscope::builtin::Ring;

/// What a person says the records are; the ring itself does not know.
std::optional<msc_type> record_type(Call& call) {
  const std::string name(call.config("record_type"));
  if (name.empty()) return std::nullopt;
  for (const std::uint32_t scope : {MSC_MAP_BTF, MSC_KERNEL_BTF})
    if (const auto type = call.find_type(scope, name.c_str())) return type;
  call.note(MSC_OK, ("record_type: there is no " + name +
                     " among the types of the map, of a program that uses it and of the kernel")
                        .c_str());
  return std::nullopt;
}

const char* state_name(const Record& record) {
  return record.busy ? "busy" : record.discarded ? "discarded" : "committed";
}

class Records {
public:
  Records(Call& call, Ring& ring) : call_(call), ring_(ring), type_(record_type(call)) {
    data_.reserve(1); // no bytes are not bytes that are missing
  }

  void emit() {
    const std::uint64_t limit = call_.target.row_limit;
    std::uint64_t listed = 0;
    call_.list("records");
    ring_.for_each([&](const Record& record) {
      emit(record);
      return ++listed != limit;
    });
    call_.end();
    ring_.note_gaps();
    say(missing_, "record|records", "could not be read");
    say(too_long_, "record is|records are", "too long to be shown");
  }

private:
  void emit(const Record& record) {
    call_.object(nullptr);
    call_.number("pos", record.position);
    call_.text("state", state_name(record));
    call_.number("len", record.length);
    if (record.length > MSC_READ_MAX)
      ++too_long_;
    else
      emit_data(record);
    call_.end();
  }

  void emit_data(const Record& record) {
    data_.resize(record.length);
    if (!ring_.read(record.position + Ring::header_size, data_)) return void(++missing_);
    call_.hex("data_hex", data_);
    if (type_) call_.typed("value", data_, *type_);
  }

  void say(std::uint64_t count, const char* forms, const char* rest) {
    if (count != 0) call_.note(MSC_EFAULT, counted(count, forms, rest).c_str());
  }

  Call& call_;
  Ring& ring_;
  std::optional<msc_type> type_;
  std::vector<std::byte> data_;
  std::uint64_t missing_ = 0, too_long_ = 0;
};

void emit_if(Call& call, const char* name, const std::optional<std::uint64_t>& value) {
  if (value)
    call.number(name, *value);
  else
    call.note(MSC_EFAULT, (std::string(name) + " could not be read").c_str());
}

void render_ringbuf(Call& call) {
  constexpr std::uint32_t user_ringbuf = 1; // the second attach= line
  Ring ring(call, call.target.attach == user_ringbuf);
  if (ring.is_known()) call.count(ring.count());
  call.object("ringbuf");
  call.number("capacity", ring.capacity());
  emit_if(call, "consumer_pos", ring.consumer());
  emit_if(call, "producer_pos", ring.producer());
  emit_if(call, "pending_pos", ring.pending());
  if (ring.consumer() && ring.producer()) call.number("pending_bytes", *ring.producer() - *ring.consumer());
  Records(call, ring).emit();
  call.end();
}

} // namespace

MSC_PLUGIN(render_ringbuf, "id=mapscope.builtin.ringbuf\0"
                           "version=" MAPSCOPE_PLUGIN_VERSION "\0"
                           "license=Apache-2.0\0"
                           "summary=ring buffers and the records in them\0"
                           "attach=map-type:ringbuf prio=0\0"
                           "attach=map-type:user_ringbuf prio=0\0"
                           "config=record_type:type\0"
                           "needs=struct bpf_ringbuf_map.rb\0"
                           "needs=struct bpf_ringbuf.mask,consumer_pos,producer_pos,data\0"
                           "needs=struct bpf_ringbuf_hdr.len,pg_off");
