// SPDX-License-Identifier: Apache-2.0
// What is said of a map whose values are cut short.
//
// Thread rule: any thread.
#pragma once

#include "host/btf/cuts.hpp"

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

namespace mapscope::btf {
struct Limits;
} // namespace mapscope::btf

namespace mapscope::report {

/// What a format leaves out of what it was given: what the decoder cut, and what its own limits did.
struct Cuts : btf::Cuts {
  std::uint64_t list = 0;   ///< elements of the longest list that Options::inside cut; 0 = none
  std::uint64_t copies = 0; ///< CPUs of the longest row of copies that Options::inside cut
  std::uint64_t bytes = 0;  ///< of the longest run of bytes of which `most_hex_bytes` are shown

  void add(const btf::Cuts& more) { btf::Cuts::add(more); }
  void add(const Cuts& more) {
    btf::Cuts::add(more);
    list = std::max(list, more.list);
    copies = std::max(copies, more.copies);
    bytes = std::max(bytes, more.bytes);
  }
};

/// Without what is said of arrays, for a format that has limits of its own: each array is cut by one of them.
template <class AnyCuts> [[nodiscard]] AnyCuts beside_arrays(AnyCuts cuts) {
  cuts.longest = 0;
  return cuts;
}

constexpr std::size_t most_hex_bytes = 256; ///< text: of one run of bytes

/// A clause for each limit that left something out, with a setting that shows more, where there is one.
std::vector<std::string> cut_reasons(const Cuts& cuts, const btf::Limits& limits);

} // namespace mapscope::report
