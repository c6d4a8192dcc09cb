// SPDX-License-Identifier: Apache-2.0
#include "host/btf/cpu_ranges.hpp"

#include "host/base/checked.hpp"

#include <algorithm>
#include <bit>
#include <fmt/format.h>
#include <iterator>

namespace mapscope::btf {

namespace {

/// The first bit at or after `from` that is `set`, or `end`.
std::uint64_t next_bit(std::span<const std::byte> words, std::uint64_t from, std::uint64_t end, bool set) {
  while (from < end) {
    const auto word = load<std::uint64_t>(words.data() + from / 64 * 8);
    const std::uint64_t wanted = (set ? word : ~word) >> (from % 64);
    if (wanted != 0)
      return std::min<std::uint64_t>(end, from + static_cast<unsigned>(std::countr_zero(wanted)));
    from = (from / 64 + 1) * 64;
  }
  return end;
}

} // namespace

void write_cpu_ranges(std::string& to, std::span<const std::byte> words, std::uint32_t cpus) {
  const std::uint64_t bits = words.size() / 8 * 64;
  const std::uint64_t end = cpus == 0 ? bits : std::min<std::uint64_t>(bits, cpus);
  const auto out = std::back_inserter(to);
  for (std::uint64_t first = next_bit(words, 0, end, true); first < end;) {
    const std::uint64_t past = next_bit(words, first, end, false);
    if (!to.empty()) to += ',';
    if (past - first == 1)
      fmt::format_to(out, "{}", first);
    else
      fmt::format_to(out, "{}-{}", first, past - 1);
    first = next_bit(words, past, end, true);
  }
}

} // namespace mapscope::btf
