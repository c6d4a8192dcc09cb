// SPDX-License-Identifier: Apache-2.0
// The packed names of kallsyms: records of a length and token codes, one behind the other.
//
// Where one length is damaged, all records behind it would be read from the wrong place and given to the
// wrong addresses. The kernel keeps the place of every 256th record (kallsyms_markers), and a walk from one
// has to end at the next: blocks where it does not are left out, and the one behind is read from its marker.
// Thread rule: immutable.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace mapscope::target {

class KallsymsNames {
public:
  KallsymsNames() = default;
  /// `bytes` begin at kallsyms_names, and reach up to kallsyms_token_table where that is known to lie behind:
  /// markers are looked for in front of it. Without markers, all is read from front to back. Borrows `bytes`.
  KallsymsNames(std::span<const std::byte> bytes, std::uint32_t count, bool ends_at_tokens);

  /// Until `visit`, which gets a record's number, where it begins, and its codes, returns false.
  template <class Visit> void each(Visit visit) const {
    for (std::size_t k = 0; k < blocks_.size(); ++k) {
      std::size_t at = blocks_[k].begin;
      const std::uint32_t first = static_cast<std::uint32_t>(k) * block,
                          last = std::min(count_, first + block);
      for (std::uint32_t i = first; blocks_[k].sound && i < last; ++i) {
        const std::size_t begin = at;
        const auto codes = next(at);
        if (at > bytes_.size()) return;
        if (!visit(i, begin, codes)) return;
      }
    }
  }
  /// The codes of the record that begins there.
  [[nodiscard]] std::span<const std::byte> record(std::size_t begin) const { return next(begin); }
  /// Records in blocks that are left out.
  [[nodiscard]] std::uint32_t left_out() const;
  /// Markers for that many records were found: they confirm the number, to within a block.
  [[nodiscard]] bool has_markers() const { return markers_at_ != 0; }

  /// How many records `bytes`, which reach up to kallsyms_token_table, begin with: as many as one comes to
  /// from front to back, where behind the last of them stand the markers of just these. Nothing where they do
  /// not, as when a length is damaged.
  static std::optional<std::uint32_t> counted(std::span<const std::byte> bytes);

  static constexpr std::uint32_t block = 256; ///< records to a marker, scripts/kallsyms.c

private:
  struct Block {
    std::size_t begin = 0;
    bool sound = true;
  };
  /// Where blocks begin that were walked from front to back, and how far that led.
  struct Walk {
    std::vector<std::size_t> begins;
    std::uint32_t count = 0;
    std::size_t end = 0;
  };
  [[nodiscard]] Walk walk() const;
  [[nodiscard]] bool are_markers_of(const Walk& walk, std::size_t at) const;
  /// Moves `at` behind the record; past the end when the record reaches there.
  std::span<const std::byte> next(std::size_t& at) const;
  [[nodiscard]] std::size_t behind_block(std::size_t at) const;
  [[nodiscard]] bool are_markers(std::size_t at) const;
  [[nodiscard]] std::size_t marker(std::size_t index) const;
  void find_markers();
  void split();

  std::span<const std::byte> bytes_;
  std::uint32_t count_ = 0;
  std::size_t markers_at_ = 0; ///< 0: there are none
  std::vector<Block> blocks_;
};

} // namespace mapscope::target
