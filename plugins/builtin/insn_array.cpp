// SPDX-License-Identifier: Apache-2.0
// BPF_MAP_TYPE_INSN_ARRAY: where instructions of one program ended up (struct bpf_insn_array,
// kernel/bpf/bpf_insn_array.c), for indirect jumps. Values are of the kernel's own type and shown as such;
// the address in the machine code is beside them.

#include "counted.hpp"
#include "memory.hpp"

namespace {

using mapscope::Bytes;
using mapscope::Call;
using mapscope::builtin::load;

class Instructions {
public:
  explicit Instructions(Call& call)
      : call_(call), value_type_(call.kernel_type("struct bpf_insn_array_value")) {
    const msc_type map = call.kernel_type("struct bpf_insn_array");
    if (call.target.value_size != call.size(value_type_))
      call.fail("the map's value size is not that of struct bpf_insn_array_value");
    xlated_ = call.offset(value_type_, "xlated_off");
    values_ = call.target.map + call.offset(map, "values");
    ips_ = load<std::uint64_t>(call, call.target.map + call.offset(map, "ips"));
    value_.resize(call.target.value_size);
  }

  void emit() {
    const std::uint32_t total = call_.target.max_entries, limit = call_.target.row_limit;
    const std::uint32_t shown = limit == 0 ? total : std::min(total, limit);
    for (std::uint32_t i = 0; i < shown; ++i) emit_one(i);
    if (shown < total) call_.count(total - shown);
    if (lost_ != 0)
      call_.note(MSC_EFAULT,
                 mapscope::builtin::counted(lost_, "address|addresses", "of code could not be read").c_str());
  }

private:
  void emit_one(std::uint32_t index) {
    const bool there = call_.try_read(MSC_KERNEL, values_ + index * value_.size(), value_);
    call_.open_element(index, there ? std::optional<Bytes>(value_) : std::nullopt, value_type_);
    if (there && is_deleted()) call_.flag("deleted", true);
    const auto ip = ips_ ? load<std::uint64_t>(call_, *ips_ + index * sizeof(std::uint64_t)) : std::nullopt;
    if (!ip) ++lost_;
    if (ip.value_or(0) != 0) emit_address(*ip); // 0: no program, or one that is not compiled
    call_.end();
  }

  /// INSN_DELETED: the verifier found that the instruction never runs.
  [[nodiscard]] bool is_deleted() const {
    std::uint32_t offset = 0;
    if (xlated_ + sizeof offset > value_.size()) return false;
    std::memcpy(&offset, value_.data() + xlated_, sizeof offset);
    return offset == UINT32_MAX;
  }

  void emit_address(std::uint64_t ip) {
    call_.address("ip", ip);
    msc_symbol symbol{};
    if (!call_.symbol(ip, symbol)) return;
    call_.text("symbol", symbol.name);
    call_.number("offset", symbol.offset);
    if (symbol.program != 0) call_.number("program", symbol.program);
  }

  Call& call_;
  msc_type value_type_;
  std::uint64_t values_ = 0;
  std::optional<std::uint64_t> ips_;
  std::uint32_t xlated_ = 0;
  std::vector<std::byte> value_;
  std::uint64_t lost_ = 0;
};

void render_insn_array(Call& call) { Instructions(call).emit(); }

} // namespace

MSC_PLUGIN(render_insn_array, "id=mapscope.builtin.insn_array\0"
                              "version=" MAPSCOPE_PLUGIN_VERSION "\0"
                              "license=Apache-2.0\0"
                              "summary=places of a program's instructions\0"
                              "attach=map-type:insn_array prio=0\0"
                              "needs=struct bpf_insn_array.ips,values\0"
                              "needs=struct bpf_insn_array_value.orig_off,xlated_off,jitted_off");
