// SPDX-License-Identifier: Apache-2.0
#include "host/report/cut_reasons.hpp"

#include <fmt/format.h>

namespace mapscope::report {

std::vector<std::string> cut_reasons(const Cuts& cuts, const btf::Limits& limits) {
  std::vector<std::string> reasons;
  if (cuts.longest != 0)
    reasons.push_back(fmt::format("of arrays of up to {} elements the first {} are shown, and not all behind "
                                  "them are zero (report.array_elements)",
                                  cuts.longest, limits.elements));
  if (cuts.nodes_of_list != 0)
    reasons.push_back(fmt::format("of lists and trees of up to {} nodes the first {} are shown "
                                  "(report.array_elements)",
                                  cuts.nodes_of_list, limits.elements));
  if (cuts.list != 0)
    reasons.push_back(fmt::format("lists are not shown to their end, the longest has {} elements "
                                  "(--set report.inside=0 shows all)",
                                  cuts.list));
  if (cuts.copies != 0)
    reasons.push_back(fmt::format("not all of the copies of {} CPUs are shown "
                                  "(--set report.inside=0 shows all)",
                                  cuts.copies));
  if (cuts.bytes != 0)
    reasons.push_back(
        fmt::format("of up to {} bytes without a type the first {} are shown (--json shows all)", cuts.bytes,
                    most_hex_bytes));
  if (cuts.depth)
    reasons.push_back(fmt::format("what is nested {} deep is not shown (report.depth)", limits.depth));
  if (cuts.nodes)
    reasons.push_back(
        fmt::format("where there are more than {} values the rest is left out (report.nodes)", limits.nodes));
  return reasons;
}

} // namespace mapscope::report
