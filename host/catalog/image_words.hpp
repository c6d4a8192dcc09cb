// SPDX-License-Identifier: Apache-2.0
// The kernel's image in the target, word by word: for finding what no symbol tells.
//
// Refuses: what is not of the image, even where it is mapped close by. Thread rule: immutable after
// construction.
#pragma once

#include "host/base/checked.hpp"
#include "host/target/target.hpp"

#include <algorithm>
#include <cstdint>
#include <string_view>
#include <vector>

namespace mapscope::catalog {

class ImageWords {
public:
  /// What of the GiB from _stext on is mapped as far from its physical place as _stext is.
  explicit ImageWords(const target::Target& target);

  /// Whether an address is one of the image's that are still mapped.
  [[nodiscard]] bool holds(std::uint64_t address) const;
  /// The same of those that were given back after boot, too: per-CPU templates, code for the start.
  [[nodiscard]] bool spans(std::uint64_t address) const;
  /// Where a text lies, with the NUL that ends it; at most 16 places.
  [[nodiscard]] std::vector<std::uint64_t> texts(std::string_view text) const;

  /// visit(address, word) of every aligned word, from low to high.
  template <class Visit> void each(Visit&& visit) const {
    std::vector<std::byte> buffer;
    for (const Range& range : ranges_)
      for (std::uint64_t at = range.begin; at < range.end;) {
        const auto bytes =
            target_.source().glance(at + to_physical_, std::min(range.end - at, at_once), buffer);
        for (std::size_t i = 0; i + sizeof(std::uint64_t) <= bytes.size(); i += sizeof(std::uint64_t))
          visit(at + i, *load_at<std::uint64_t>(bytes, i));
        at += bytes.size() >= sizeof(std::uint64_t) ? bytes.size() & ~std::uint64_t{7} : page - at % page;
      }
  }

private:
  static constexpr std::uint64_t page = 4096;          ///< the least there is
  static constexpr std::uint64_t at_once = 256U << 10; ///< stays in the cache of one CPU
  struct Range {
    std::uint64_t begin = 0, end = 0;
  };
  void add(const Range& range);

  const target::Target& target_;
  std::vector<Range> ranges_;
  std::uint64_t to_physical_ = 0; ///< wraps
};

} // namespace mapscope::catalog
