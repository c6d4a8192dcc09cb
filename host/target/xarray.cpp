// SPDX-License-Identifier: Apache-2.0
#include "host/target/xarray.hpp"

#include <bit>
#include <fmt/format.h>
#include <vector>

namespace mapscope::target {

namespace {

/// Entry tags, include/linux/xarray.h: xa_is_internal(), xa_is_node(), xa_to_node(), xa_is_value().
constexpr std::uint64_t internal_tag = 2, largest_sentinel = 4096;
bool is_node(std::uint64_t entry) { return (entry & 3) == internal_tag && entry > largest_sentinel; }
bool is_object(std::uint64_t entry) { return entry != 0 && (entry & 3) == 0; }
/// Where nothing is, or is to be soon: XA_RETRY_ENTRY, XA_ZERO_ENTRY, a sibling.
bool is_nothing(std::uint64_t entry) {
  return entry == 0 || ((entry & 3) == internal_tag && entry <= largest_sentinel);
}

class Walker {
public:
  Walker(Reader& reader, const XarrayLayout& layout,
         const std::function<void(std::uint64_t, std::uint64_t)>& entry,
         const std::function<void(std::string)>& gap)
      : reader_(reader), layout_(layout), entry_(entry), gap_(gap),
        bits_(static_cast<unsigned>(std::countr_zero(layout.fan_out))) {}

  /// `shift_above` is the parent's shift; a child's must be smaller, so depth is bounded by 64 / bits.
  void node(std::uint64_t address, std::uint64_t base, unsigned shift_above, std::uint64_t parent,
            unsigned slot) {
    const auto shift = reader_.get<std::uint8_t>(address + layout_.shift);
    std::vector<std::uint64_t> slots(layout_.fan_out);
    if (!shift ||
        reader_.read(address + layout_.slots, std::as_writable_bytes(std::span(slots))) != Fault::none)
      return gap_(fmt::format("the node at {:#x} for ids from {} cannot be read", address, base));
    if (*shift >= shift_above || *shift % bits_ != 0 || !names_its_place(address, parent, slot))
      return gap_(fmt::format("the node at {:#x} for ids from {} is corrupt", address, base));
    unsigned strange = 0;
    for (unsigned i = 0; i < slots.size(); ++i) {
      const std::uint64_t index = base + (std::uint64_t{i} << *shift);
      if (index < base || ((index - base) >> *shift) != i) break; // past the largest index, where none can be
      if (is_node(slots[i]) && *shift > 0)
        node(slots[i] - internal_tag, index, *shift, address, i);
      else if (is_object(slots[i]) && *shift == 0)
        entry_(index, slots[i]);
      else if (!is_nothing(slots[i]))
        ++strange;
    }
    if (strange != 0)
      gap_(fmt::format("what cannot be there is in {} of the {} slots of the node at {:#x} for ids from {}",
                       strange, slots.size(), address, base));
  }

private:
  /// Each node knows its parent and slot; one that does not was reached by a stray pointer, perhaps in a
  /// circle.
  bool names_its_place(std::uint64_t address, std::uint64_t parent, unsigned slot) {
    const auto own_parent = reader_.get<std::uint64_t>(address + layout_.parent);
    const auto own_slot = reader_.get<std::uint8_t>(address + layout_.offset);
    return own_parent == parent && (parent == 0 || own_slot == slot);
  }

  Reader& reader_;
  const XarrayLayout& layout_;
  const std::function<void(std::uint64_t, std::uint64_t)>& entry_;
  const std::function<void(std::string)>& gap_;
  unsigned bits_;
};

} // namespace

void walk_xarray(Reader& reader, const XarrayLayout& layout, std::uint64_t xarray,
                 const std::function<void(std::uint64_t index, std::uint64_t object)>& entry,
                 const std::function<void(std::string)>& gap) {
  const auto head = reader.get<std::uint64_t>(xarray + layout.head);
  if (!head) return gap(fmt::format("its head at {:#x} cannot be read", xarray));
  if (!std::has_single_bit(layout.fan_out) || layout.fan_out < 2 || layout.fan_out > 256)
    return gap(fmt::format("a node with {} slots cannot be walked", layout.fan_out));
  if (is_object(*head)) return entry(0, *head); // a single entry lives in the head itself
  constexpr unsigned deepest = 64;              // of a shift: indices have 64 bits
  if (is_node(*head)) return Walker(reader, layout, entry, gap).node(*head - internal_tag, 0, deepest, 0, 0);
  if (!is_nothing(*head)) gap(fmt::format("its head at {:#x} holds {:#x}, which is no node", xarray, *head));
}

} // namespace mapscope::target
