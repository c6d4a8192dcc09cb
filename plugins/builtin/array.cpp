// SPDX-License-Identifier: Apache-2.0
// BPF_MAP_TYPE_ARRAY: elements side by side behind struct bpf_array (kernel/bpf/arraymap.c), plain and
// mmapable alike. The global sections of BPF objects (.bss, .data, .rodata) are arrays of one element.

#include <mapscope/plugin.hpp>

#include <algorithm>
#include <vector>

namespace {

using mapscope::Call;

constexpr std::size_t window_bytes = 64 * 1024; // one read for many small elements
constexpr std::size_t largest_value = 256U << 20;

struct Elements {
  std::uint64_t first; // address
  std::size_t stride;  // bytes from one to the next
  std::size_t size;    // bytes that are shown
  [[nodiscard]] std::uint64_t at(std::uint64_t index) const { return first + index * stride; }
};

Elements find_elements(Call& call) {
  const msc_type array = call.kernel_type("struct bpf_array");
  const auto stride = call.read<std::uint32_t>(MSC_KERNEL, call.target.map + call.offset(array, "elem_size"));
  const std::size_t size = call.target.value_size;
  if (size > largest_value) {
    call.note(MSC_EFAIL, "a value this large is not read");
    throw mapscope::Stop{MSC_EFAIL};
  }
  if (stride < size || stride > ((size + 7) & ~std::size_t{7})) { // elem_size = round_up(value_size, 8)
    call.note(MSC_EFAIL, "elem_size of struct bpf_array contradicts the map's value size");
    throw mapscope::Stop{MSC_EFAIL};
  }
  return {call.target.map + call.offset(array, "value"), stride, size};
}

void emit_single(Call& call, const Elements& elements, std::vector<std::byte>& buffer) {
  buffer.resize(elements.size);
  if (call.try_read(MSC_KERNEL, elements.at(0), buffer))
    call.value(buffer);
  else
    call.unreadable_value();
}

// Elements [begin, end) one by one: for what lies in a window that could not be read as a whole.
void emit_each(Call& call, const Elements& elements, std::uint32_t begin, std::uint32_t end,
               std::vector<std::byte>& buffer) {
  buffer.resize(elements.size);
  for (std::uint32_t i = begin; i < end; ++i) {
    if (call.try_read(MSC_KERNEL, elements.at(i), buffer))
      call.element(i, buffer);
    else
      call.unreadable_element(i);
  }
}

void emit_window(Call& call, const Elements& elements, std::uint32_t begin, std::uint32_t end,
                 std::vector<std::byte>& buffer) {
  buffer.resize((end - begin - 1) * elements.stride + elements.size);
  if (!call.try_read(MSC_KERNEL, elements.at(begin), buffer))
    return emit_each(call, elements, begin, end, buffer);
  for (std::uint32_t i = begin; i < end; ++i)
    call.element(i, mapscope::Bytes(buffer).subspan((i - begin) * elements.stride, elements.size));
}

void render_array(Call& call) {
  const Elements elements = find_elements(call);
  std::vector<std::byte> buffer;
  if (call.target.max_entries == 0) return;
  emit_single(call, elements, buffer);
  if (call.target.max_entries == 1) return;
  const std::uint32_t total = call.target.max_entries;
  const std::uint32_t shown = call.target.row_limit == 0 ? total : std::min(total, call.target.row_limit);
  const auto step = static_cast<std::uint32_t>(std::max<std::size_t>(1, window_bytes / elements.stride));
  for (std::uint32_t i = 0; i < shown; i += std::min(step, shown - i))
    emit_window(call, elements, i, i + std::min(step, shown - i), buffer);
  call.count(total - shown);
}

} // namespace

MSC_PLUGIN(render_array, "id=mapscope.builtin.array\0"
                         "version=" MAPSCOPE_PLUGIN_VERSION "\0"
                         "license=Apache-2.0\0"
                         "summary=arrays and the global sections of BPF objects\0"
                         "attach=map-type:array prio=0\0"
                         "needs=struct bpf_array.elem_size,value");
