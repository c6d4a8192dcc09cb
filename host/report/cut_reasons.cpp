// SPDX-License-Identifier: Apache-2.0
#include "host/report/cut_reasons.hpp"

#include "host/btf/decoder.hpp"

#include <fmt/format.h>

namespace mapscope::report {

namespace {

/// Elements are values: a limit on those may come before.
std::string elements_remedy(std::uint64_t length, const btf::Limits& limits) {
  if (length > UINT32_MAX) return "(report.array_elements)";
  std::string settings = fmt::format("--set report.array_elements={}", length);
  if (length >= limits.nodes) settings += fmt::format(" --set report.nodes={}", 2 * length);
  return "(" + settings + " shows more)";
}

std::string depth_remedy(const btf::Limits& limits) {
  if (limits.depth >= btf::Limits::deepest) return ", which is as deep as values are looked into";
  return fmt::format(" (--set report.depth={} shows more)", btf::Limits::deepest);
}

std::string nodes_remedy(const btf::Limits& limits) {
  constexpr std::uint64_t many = 1'000'000'000;
  if (limits.nodes >= many) return "(report.nodes)";
  return fmt::format("(--set report.nodes={} shows more)", limits.nodes * 10);
}

} // namespace

std::vector<std::string> cut_reasons(const Cuts& cuts, const btf::Limits& limits) {
  std::vector<std::string> reasons;
  if (cuts.longest != 0)
    reasons.push_back(fmt::format("of arrays of up to {} elements the first {} are shown, and not all behind "
                                  "them are zero {}",
                                  cuts.longest, limits.elements, elements_remedy(cuts.longest, limits)));
  if (cuts.nodes_of_list != 0)
    reasons.push_back(fmt::format("of lists and trees of up to {} nodes the first {} are shown {}",
                                  cuts.nodes_of_list, limits.elements,
                                  elements_remedy(cuts.nodes_of_list, limits)));
  if (cuts.list != 0)
    reasons.push_back(fmt::format("lists are not shown to their end, the longest has {} elements "
                                  "(--set report.inside=0 shows more)",
                                  cuts.list));
  if (cuts.copies != 0)
    reasons.push_back(fmt::format("not all of the copies of {} CPUs are shown "
                                  "(--set report.inside=0 shows them)",
                                  cuts.copies));
  if (cuts.bytes != 0)
    reasons.push_back(
        fmt::format("of up to {} bytes without a type the first {} are shown (--json shows all)", cuts.bytes,
                    most_hex_bytes));
  if (cuts.depth)
    reasons.push_back(
        fmt::format("what is nested {} deep is not shown{}", limits.depth, depth_remedy(limits)));
  if (cuts.nodes)
    reasons.push_back(fmt::format("where there are more than {} values the rest is left out {}", limits.nodes,
                                  nodes_remedy(limits)));
  return reasons;
}

} // namespace mapscope::report
