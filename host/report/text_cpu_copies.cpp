// SPDX-License-Identifier: Apache-2.0
#include "host/report/text_cpu_copies.hpp"

#include "host/report/text_value.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace mapscope::report {

bool CpuCopy::same(const CpuCopy& other) const {
  return text == other.text && ((!cut && !other.cut) || std::ranges::equal(bytes, other.bytes));
}

std::string cpu_lines(std::span<const CpuCopy> copies, std::uint64_t inside, Cuts& cuts) {
  std::string out;
  std::uint64_t shown = 0;
  for (std::size_t first = 0; first < copies.size();) {
    if (inside != 0 && ++shown > inside) {
      cuts.copies = std::max<std::uint64_t>(cuts.copies, copies.size());
      return out + fmt::format("\n    ... {} of {} CPUs shown {}", first, copies.size(), inside_limit);
    }
    std::size_t end = first + 1;
    while (end < copies.size() && copies[end].same(copies[first])) ++end;
    const std::string cpus = end - first == copies.size() && copies.size() > 1 ? "all CPUs"
                             : end - first == 1                                ? fmt::format("cpu {}", first)
                                                : fmt::format("cpus {}-{}", first, end - 1);
    const std::string& text = copies[first].text;
    out += text.starts_with('\n') ? fmt::format("\n    {}{}", cpus, text)
                                  : fmt::format("\n    {:<8}  {}", cpus, text);
    first = end;
  }
  return out;
}

} // namespace mapscope::report
