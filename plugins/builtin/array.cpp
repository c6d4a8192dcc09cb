// SPDX-License-Identifier: Apache-2.0
// BPF_MAP_TYPE_ARRAY: elements side by side behind struct bpf_array (kernel/bpf/arraymap.c), plain and
// mmapable alike. The global sections of BPF objects (.bss, .data, .rodata) are arrays of one element.

#include "plain_values.hpp"

namespace {

using mapscope::Bytes;
using mapscope::Call;
using mapscope::builtin::PlainValues;
using mapscope::builtin::SecondLook;

constexpr std::size_t window_bytes = 64 << 10; // one read for many small elements
constexpr std::size_t most_shown = 16 << 20;   // of one element; the kernel allows 2 GiB

struct Elements {
  std::uint64_t first; // address
  std::size_t stride;  // bytes from one to the next
  std::size_t size;    // bytes of each that are shown
  [[nodiscard]] std::uint64_t at(std::uint64_t index) const { return first + index * stride; }
};

Elements find_elements(Call& call) {
  const msc_type array = call.kernel_type("struct bpf_array");
  const auto stride = call.read<std::uint32_t>(MSC_KERNEL, call.target.map + call.offset(array, "elem_size"));
  const std::size_t size = call.target.value_size;
  // array_map_alloc(): elem_size = round_up(value_size, 8)
  if (size == 0 || stride < size || stride > ((size + 7) & ~std::size_t{7}))
    call.fail("elem_size of struct bpf_array contradicts the map's value size");
  return {call.target.map + call.offset(array, "value"), stride, std::min(size, most_shown)};
}

// Reads up to the first page that is missing; returns how many bytes there are before it.
std::size_t read_front(Call& call, std::uint64_t address, std::span<std::byte> to) {
  constexpr std::size_t page = 4096; // the smallest of all architectures
  std::size_t done = 0;
  while (done < to.size()) {
    const std::size_t piece = std::min(page - (address + done) % page, to.size() - done);
    if (!call.try_read(MSC_KERNEL, address + done, to.subspan(done, piece))) break;
    done += piece;
  }
  return done;
}

bool read_settled(PlainValues& values, std::uint64_t address, std::span<std::byte> to) {
  bool there = false;
  values.settle([&](SecondLook& look) { there = look.read_into(address, to, 0); });
  return there;
}

// A section may be megabytes: what lies before a missing page is worth showing.
void emit_value(Call& call, PlainValues& values, const Elements& elements, std::vector<std::byte>& buffer) {
  buffer.resize(elements.size);
  const bool there = values.is_wanted() ? read_settled(values, elements.at(0), buffer)
                                        : call.try_read(MSC_KERNEL, elements.at(0), buffer);
  if (there) return call.value(buffer);
  const std::size_t front = read_front(call, elements.at(0), buffer);
  if (front == 0) return call.value(std::nullopt);
  call.note(MSC_EFAULT, "the rest of the value could not be read");
  call.value(Bytes(buffer).first(front));
}

// Elements [begin, end) one by one: for what lies in a window that could not be read as a whole.
void emit_each(Call& call, const Elements& elements, std::uint32_t begin, std::uint32_t end,
               std::vector<std::byte>& buffer) {
  buffer.resize(elements.size);
  for (std::uint32_t i = begin; i < end; ++i) {
    if (call.try_read(MSC_KERNEL, elements.at(i), buffer))
      call.element(i, buffer);
    else
      call.element(i, std::nullopt);
  }
}

void emit_window(Call& call, PlainValues& values, const Elements& elements, std::uint32_t begin,
                 std::uint32_t end, std::vector<std::byte>& buffer) {
  buffer.resize((end - begin - 1) * elements.stride + elements.size);
  if (!call.try_read(MSC_KERNEL, elements.at(begin), buffer))
    return emit_each(call, elements, begin, end, buffer);
  for (std::uint32_t i = begin; i < end; ++i) {
    const auto element = std::span(buffer).subspan((i - begin) * elements.stride, elements.size);
    const bool there = values.is_settled(i, element) || read_settled(values, elements.at(i), element);
    call.element(i, there ? std::optional<Bytes>(element) : std::nullopt);
  }
}

// window(begin, end) of elements that are read at once.
template <class Window> void for_each_window(const Elements& elements, std::uint32_t count, Window window) {
  const auto step = static_cast<std::uint32_t>(std::max<std::size_t>(1, window_bytes / elements.stride));
  for (std::uint32_t i = 0; i < count; i += std::min(step, count - i))
    window(i, i + std::min(step, count - i));
}

void look_at_all(Call& call, PlainValues& values, const Elements& elements, std::uint32_t count) {
  std::vector<std::byte> buffer;
  for_each_window(elements, count, [&](std::uint32_t begin, std::uint32_t end) {
    buffer.resize((end - begin - 1) * elements.stride + elements.size);
    if (!call.try_read(MSC_KERNEL, elements.at(begin), buffer)) return;
    for (std::uint32_t i = begin; i < end; ++i)
      values.first_look(i, Bytes(buffer).subspan((i - begin) * elements.stride, elements.size));
  });
  values.begin_second_look();
}

void render_array(Call& call) {
  const Elements elements = find_elements(call);
  const std::uint32_t total = call.target.max_entries;
  if (total == 0) call.fail("an array of no elements");
  const std::uint32_t shown = call.target.row_limit == 0 ? total : std::min(total, call.target.row_limit);
  PlainValues values(call, shown);
  std::vector<std::byte> buffer;
  emit_value(call, values, elements, buffer);
  if (total != 1) {
    if (values.is_wanted()) look_at_all(call, values, elements, shown);
    for_each_window(elements, shown, [&](std::uint32_t begin, std::uint32_t end) {
      emit_window(call, values, elements, begin, end, buffer);
    });
    if (shown < total) call.count(total - shown);
  }
  values.note_gaps();
}

} // namespace

MSC_PLUGIN(render_array, "id=mapscope.builtin.array\0"
                         "version=" MAPSCOPE_PLUGIN_VERSION "\0"
                         "license=Apache-2.0\0"
                         "summary=arrays and the global sections of BPF objects\0"
                         "attach=map-type:array prio=0\0"
                         "needs=struct bpf_array.elem_size,value");
