// SPDX-License-Identifier: Apache-2.0
// BPF_MAP_TYPE_STACK_TRACE: stacks by the id that bpf_get_stackid() returned, as addresses of code or, of
// user space, as places in files (struct bpf_stack_map, kernel/bpf/stackmap.c).

#include "bucket_count.hpp"
#include "counted.hpp"
#include "memory.hpp"

#include <bit>
#include <string_view>

namespace {

using mapscope::Bytes;
using mapscope::Call;
using mapscope::builtin::counted;
using mapscope::builtin::load;

/// struct bpf_stack_build_id, include/uapi/linux/bpf.h: part of the system call's interface.
struct BuildId {
  std::int32_t status;
  std::array<unsigned char, 20> build_id;
  std::uint64_t offset_or_ip;
};

std::string status_name(std::int32_t status) {
  constexpr const char* names[] = {"empty", "valid", "ip"}; // enum bpf_stack_build_id_status
  const bool known = status >= 0 && static_cast<std::size_t>(status) < std::size(names);
  return known ? names[status] : "status_" + std::to_string(status);
}

void emit_build_id(Call& call, const BuildId& frame) {
  call.object(nullptr);
  call.text("status", status_name(frame.status));
  if (frame.status == 1) {
    std::string digits;
    for (const unsigned char byte : frame.build_id) {
      digits += "0123456789abcdef"[byte >> 4];
      digits += "0123456789abcdef"[byte & 15];
    }
    call.text("build_id", digits);
    call.number("offset", frame.offset_or_ip);
  } else if (frame.status != 0) {
    call.address("ip", frame.offset_or_ip);
  }
  call.end();
}

/// The entry of an exception or interrupt (asm_sysvec_*, el1h_64_*): the frame around it was interrupted
/// where it stood, maybe at its function's first byte, and called nobody.
bool is_entry(std::string_view symbol) { return symbol.starts_with("asm_") || symbol.starts_with("el1h_"); }

/// `caller`: the address is where a call returns to. That of a call that never returns lies behind its
/// function, so the call itself is looked for, as the kernel's own traces do (sprint_backtrace()).
/// Whether the next frame is one.
bool emit_frame(Call& call, std::uint64_t ip, bool caller) {
  msc_symbol symbol{};
  const std::uint64_t before = caller && ip != 0 ? 1 : 0;
  bool is_called = true;
  call.object(nullptr);
  call.address("ip", ip);
  if (call.symbol(ip - before, symbol)) {
    is_called = !is_entry(symbol.name);
    call.text("symbol", symbol.name);
    call.number("offset", symbol.offset + before);
    if (symbol.module[0] != 0) call.text("module", symbol.module);
    if (symbol.program != 0) call.number("program", symbol.program);
  }
  call.end();
  return is_called;
}

template <class Item> std::vector<Item> items_of(Bytes bytes) {
  std::vector<Item> items(bytes.size() / sizeof(Item));
  if (!items.empty())
    std::memcpy(items.data(), bytes.data(), items.size() * sizeof(Item)); // NULL is no source
  return items;
}

class Stacks {
public:
  explicit Stacks(Call& call) : call_(call) {
    constexpr std::uint32_t stack_build_id = 1U << 5; // BPF_F_STACK_BUILD_ID
    const msc_type map = call.kernel_type("struct bpf_stack_map"),
                   bucket = call.kernel_type("struct stack_map_bucket");
    buckets_ = call.target.map + call.offset(map, "buckets");
    n_buckets_ = call.read<std::uint32_t>(MSC_KERNEL, call.target.map + call.offset(map, "n_buckets"));
    nr_ = call.offset(bucket, "nr"), data_ = call.offset(bucket, "data");
    with_build_ids_ = (call.target.map_flags & stack_build_id) != 0;
    frame_size_ = with_build_ids_ ? sizeof(BuildId) : sizeof(std::uint64_t);
    bytes_.reserve(frame_size_); // no bytes are not bytes that are missing
  }

  /// Stacks in use.
  void collect() {
    const std::uint64_t expected = mapscope::builtin::bucket_count(call_);
    mapscope::builtin::check_bucket_count(call_, n_buckets_, "n_buckets of struct bpf_stack_map");
    const std::uint64_t lost = mapscope::builtin::Table(call_, buckets_, sizeof(std::uint64_t),
                                                        std::min<std::uint64_t>(n_buckets_, expected))
                                   .for_each([&](std::uint64_t id, Bytes bytes) {
                                     const std::uint64_t bucket = mapscope::builtin::pointer_at(bytes);
                                     if (bucket == 0) return;
                                     ++in_use_;
                                     if (listed_.size() < limit())
                                       listed_.push_back({static_cast<std::uint32_t>(id), bucket});
                                   });
    call_.count(in_use_);
    say(lost, "bucket|buckets", "could not be read");
  }

  void emit() {
    call_.object("stack_trace");
    call_.number("n_buckets", n_buckets_);
    call_.list("entries");
    for (const auto& [id, bucket] : listed_) emit_bucket(id, bucket);
    call_.end();
    call_.end();
    say(missing_, "stack|stacks", "could not be read");
    say(too_deep_, "stack is|stacks are", "deeper than the map's values");
  }

private:
  struct Bucket {
    std::uint32_t id;
    std::uint64_t address;
  };
  static constexpr std::size_t most_listed = 1 << 20; ///< without a limit
  /// The most that kernel.perf_event_max_stack can be set to (six_hundred_forty_kb, kernel/sysctl.c).
  static constexpr std::uint32_t most_frames = 640 << 10;

  [[nodiscard]] std::size_t limit() const {
    return call_.target.row_limit != 0 ? call_.target.row_limit : most_listed;
  }

  void emit_bucket(std::uint32_t id, std::uint64_t bucket) {
    call_.object(nullptr);
    call_.number("bucket_id", id);
    const auto nr = load<std::uint32_t>(call_, bucket + nr_);
    if (nr) call_.number("nr", *nr);
    const std::uint32_t room = std::min<std::uint32_t>(call_.target.value_size / frame_size_, most_frames),
                        frames = std::min(nr.value_or(0), room);
    if (nr.value_or(0) > room) ++too_deep_;
    bytes_.resize(std::size_t{frames} * frame_size_);
    const bool complete = nr && call_.try_read(MSC_KERNEL, bucket + data_, bytes_);
    if (!complete) ++missing_, bytes_.clear();
    if (!with_build_ids_) emit_addresses();
    call_.hex("data_hex", bytes_);
    if (with_build_ids_) emit_build_ids();
    if (!with_build_ids_) emit_frames();
    call_.end();
  }

  void emit_addresses() {
    if (bytes_.empty()) return;
    call_.list("pcs");
    for (const std::uint64_t ip : items_of<std::uint64_t>(bytes_)) call_.address(nullptr, ip);
    call_.end();
  }

  void emit_frames() {
    call_.list("frames");
    bool caller = false;
    for (const std::uint64_t ip : items_of<std::uint64_t>(bytes_)) caller = emit_frame(call_, ip, caller);
    call_.end();
  }

  void emit_build_ids() {
    call_.list("build_ids");
    for (const BuildId& frame : items_of<BuildId>(bytes_)) emit_build_id(call_, frame);
    call_.end();
  }

  void say(std::uint64_t count, const char* forms, const char* rest) {
    if (count != 0) call_.note(MSC_EFAULT, counted(count, forms, rest).c_str());
  }

  Call& call_;
  std::uint64_t buckets_ = 0;
  std::uint32_t n_buckets_ = 0, nr_ = 0, data_ = 0;
  bool with_build_ids_ = false;
  std::uint32_t frame_size_ = 0;
  std::vector<Bucket> listed_;
  std::uint64_t in_use_ = 0, missing_ = 0, too_deep_ = 0;
  std::vector<std::byte> bytes_;
};

void render_stack_trace(Call& call) {
  Stacks stacks(call);
  stacks.collect();
  stacks.emit();
}

} // namespace

MSC_PLUGIN(render_stack_trace, "id=mapscope.builtin.stack_trace\0"
                               "version=" MAPSCOPE_PLUGIN_VERSION "\0"
                               "license=Apache-2.0\0"
                               "summary=stacks with the names of their functions\0"
                               "attach=map-type:stack_trace prio=0\0"
                               "needs=struct bpf_stack_map.n_buckets,buckets\0"
                               "needs=struct stack_map_bucket.nr,data");
