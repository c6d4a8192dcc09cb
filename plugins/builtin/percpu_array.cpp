// SPDX-License-Identifier: Apache-2.0
// BPF_MAP_TYPE_PERCPU_ARRAY: one per-CPU pointer an index (bpf_array.pptrs, kernel/bpf/arraymap.c).

#include "percpu.hpp"
#include "plain_values.hpp"

namespace {

using mapscope::Call;
using mapscope::builtin::load;
using mapscope::builtin::SecondLook;

class Elements {
public:
  explicit Elements(Call& call)
      : call_(call), copies_(call),
        shown_(call.target.row_limit == 0 ? call.target.max_entries
                                          : std::min(call.target.max_entries, call.target.row_limit)),
        values_(call, shown_) {
    pointers_ = call.target.map + call.offset(call.kernel_type("struct bpf_array"), "pptrs");
  }

  void emit() {
    if (values_.is_wanted()) look_at_all();
    for (std::uint32_t i = 0; i < shown_; ++i) {
      const auto pointer = load<std::uint64_t>(call_, pointers_ + 8ULL * i);
      call_.percpu_element(i, pointer ? copies_of(i, *pointer) : copies_.unreadable());
    }
    if (shown_ < call_.target.max_entries) call_.count(call_.target.max_entries - shown_);
    values_.note_gaps();
  }

private:
  void look_at_all() {
    for (std::uint32_t i = 0; i < shown_; ++i) {
      const auto pointer = load<std::uint64_t>(call_, pointers_ + 8ULL * i);
      if (pointer && !copies_.read(*pointer).empty()) values_.first_look(i, copies_.bytes());
    }
    values_.begin_second_look();
  }
  std::span<const msc_value> copies_of(std::uint32_t element, std::uint64_t pointer) {
    auto copies = copies_.read(pointer);
    if (copies.empty() || values_.is_settled(element, copies_.bytes())) return copies;
    values_.settle([&](SecondLook& look) { copies = copies_.read(look, pointer); });
    return copies;
  }

  Call& call_;
  mapscope::builtin::PerCpuCopies copies_;
  std::uint32_t shown_;
  mapscope::builtin::PlainValues values_;
  std::uint64_t pointers_ = 0;
};

void render_percpu_array(Call& call) { Elements(call).emit(); }

} // namespace

MSC_PLUGIN(render_percpu_array, "id=mapscope.builtin.percpu_array\0"
                                "version=" MAPSCOPE_PLUGIN_VERSION "\0"
                                "license=Apache-2.0\0"
                                "summary=arrays with one copy of each element per CPU\0"
                                "attach=map-type:percpu_array prio=0\0"
                                "needs=struct bpf_array.pptrs");
