// SPDX-License-Identifier: Apache-2.0
// BPF_MAP_TYPE_PERCPU_ARRAY: one per-CPU pointer an index (bpf_array.pptrs, kernel/bpf/arraymap.c).

#include "percpu.hpp"

#include <algorithm>

namespace {

using mapscope::Call;

void render_percpu_array(Call& call) {
  const msc_type array = call.kernel_type("struct bpf_array");
  const std::uint64_t pointers = call.target.map + call.offset(array, "pptrs");
  const std::uint32_t total = call.target.max_entries;
  const std::uint32_t shown = call.target.row_limit == 0 ? total : std::min(total, call.target.row_limit);
  mapscope::builtin::PerCpuCopies copies(call);
  for (std::uint32_t i = 0; i < shown; ++i) {
    std::uint64_t pointer = 0;
    if (call.try_read(MSC_KERNEL, pointers + 8ULL * i, std::as_writable_bytes(std::span(&pointer, 1))))
      call.percpu_element(i, copies.read(pointer));
    else
      call.percpu_element(i, copies.unreadable());
  }
  if (shown < total) call.count(total - shown);
}

} // namespace

MSC_PLUGIN(render_percpu_array, "id=mapscope.builtin.percpu_array\0"
                                "version=" MAPSCOPE_PLUGIN_VERSION "\0"
                                "license=Apache-2.0\0"
                                "summary=arrays with one copy of each element per CPU\0"
                                "attach=map-type:percpu_array prio=0\0"
                                "needs=struct bpf_array.pptrs");
