// SPDX-License-Identifier: Apache-2.0
// The tree of an allocator's slots, walked without a look into the slots themselves.
//
// Which slots are in use only the leaves' bitmaps say: above them a bit is set when the child has no room
// left, so that every child is descended into. Bounded: a node that was seen before is given up.
#pragma once

#include <mapscope/plugin.hpp>

#include <cstring>
#include <string_view>
#include <unordered_set>
#include <vector>

namespace mapscope::sdt_alloc {

template <class T> T load(Bytes bytes, std::size_t offset) {
  T value{};
  if (offset <= bytes.size() && sizeof value <= bytes.size() - offset)
    std::memcpy(&value, bytes.data() + offset, sizeof value);
  return value;
}

/// struct sdt_desc and struct sdt_chunk; the latter may be a forward declaration.
struct TreeLayout {
  explicit TreeLayout(Call& call) {
    constexpr std::size_t most_children = 4096; // SDT_TASK_ENTS_PER_CHUNK is 512
    const msc_type desc = call.map_type("struct sdt_desc");
    desc_size = call.size(desc);
    allocated = call.offset(desc, "allocated");
    nr_free = call.offset(desc, "nr_free");
    chunk = call.offset(desc, "chunk");
    children = call.size(call.type_of(desc, "allocated")) * 8; // a bit each
    if (children == 0 || children > most_children || desc_size > 2 * most_children)
      call.fail("struct sdt_desc is implausible");
    if (const auto type = call.find_type(MSC_MAP_BTF, "struct sdt_chunk"))
      data = call.offset_if(*type, "data").value_or(0);
    find_levels(call);
  }

  std::size_t desc_size = 0, children = 0;
  std::uint32_t allocated = 0, nr_free = 0, chunk = 0;
  std::uint32_t data = 0;  ///< of struct sdt_chunk
  std::int64_t levels = 3; ///< SDT_TASK_LEVELS of all releases so far

private:
  void find_levels(Call& call) {
    constexpr std::int64_t most_levels = 5; // of 4096 children: numbers stay below 2^60
    const auto consts = call.find_type(MSC_MAP_BTF, "enum sdt_consts");
    msc_enumerator found{};
    for (std::uint32_t i = 0; consts && i < 64 && call.enumerator_at(*consts, i, found); ++i)
      if (std::string_view(found.name) == "SDT_TASK_LEVELS") levels = found.value;
    if (levels < 1 || levels > most_levels) call.fail("SDT_TASK_LEVELS is implausible");
  }
};

/// Calls `visit(address, place, live)` for every slot that has memory; a place is what idx of its header is
/// to be.
template <class Visit> class Tree {
public:
  Tree(Call& call, const TreeLayout& at, Visit visit) : call_(call), at_(at), visit_(visit) {}

  void walk(std::uint64_t root) {
    if (root != 0) node(root, 0, 0);
  }
  [[nodiscard]] std::uint64_t skipped() const { return skipped_; }

private:
  /// `first`: the place of the first slot below.
  void node(std::uint64_t address, std::int64_t level, std::int64_t first) {
    std::vector<std::byte> desc(at_.desc_size), chunk(at_.children * sizeof(std::uint64_t));
    const bool is_new = seen_.insert(static_cast<std::uint32_t>(address)).second;
    if (!is_new || !call_.try_read(MSC_ARENA, address, desc)) return skip();
    const auto children = load<std::uint64_t>(desc, at_.chunk);
    if (load<std::uint64_t>(desc, at_.nr_free) > at_.children || children == 0 ||
        !call_.try_read(MSC_ARENA, children + at_.data, chunk))
      return skip();
    for (std::size_t i = 0; i < at_.children; ++i) {
      const auto child = load<std::uint64_t>(chunk, i * sizeof(std::uint64_t));
      if (child == 0) continue; // never used, or on its way
      const std::int64_t number = first + static_cast<std::int64_t>(i);
      if (level + 1 < at_.levels)
        node(child, level + 1, number * static_cast<std::int64_t>(at_.children));
      else
        visit_(child, static_cast<std::int32_t>(number), is_set(desc, i));
    }
  }

  void skip() { ++skipped_; }

  [[nodiscard]] bool is_set(Bytes desc, std::size_t bit) const {
    return (load<std::uint8_t>(desc, at_.allocated + bit / 8) >> (bit % 8) & 1) != 0;
  }

  Call& call_;
  const TreeLayout& at_;
  Visit visit_;
  std::unordered_set<std::uint32_t> seen_; ///< nodes
  std::uint64_t skipped_ = 0;
};

} // namespace mapscope::sdt_alloc
