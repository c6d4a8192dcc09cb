// SPDX-License-Identifier: Apache-2.0
#include "host/report/cut_reasons.hpp"

#include <fmt/format.h>

namespace mapscope::report {

std::vector<std::string> cut_reasons(const btf::Cuts& cuts, const btf::Limits& limits) {
  std::vector<std::string> reasons;
  if (cuts.longest != 0)
    reasons.push_back(fmt::format("of arrays of up to {} elements the first {} are shown, and not all behind "
                                  "them are zero (report.array_elements)",
                                  cuts.longest, limits.elements));
  if (cuts.depth)
    reasons.push_back(fmt::format("what is nested {} deep is not shown (report.depth)", limits.depth));
  if (cuts.nodes)
    reasons.push_back(
        fmt::format("where there are more than {} values the rest is left out (report.nodes)", limits.nodes));
  return reasons;
}

} // namespace mapscope::report
