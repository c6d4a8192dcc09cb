// SPDX-License-Identifier: Apache-2.0
// The lists and red-black trees of BPF programs (bpf_list_head, bpf_rb_root; kernel/bpf/helpers.c).
#include "host/report/special_fields.hpp"

#include "host/base/checked.hpp"

#include <fmt/format.h>
#include <unordered_set>

namespace mapscope::report {

using Bytes = std::span<const std::byte>;

namespace {

constexpr std::string_view not_there = "part of it is not in the snapshot";
constexpr std::string_view in_a_circle = "it runs in a circle";

} // namespace

/// A list_head: `next`, then `prev`. Where the head itself lies, its first node's `prev` says.
void SpecialFields::list(const btf::SpecialField& field, Bytes bytes, const btf::Types& types,
                         btf::Progress& progress, btf::ValueVisitor& out) {
  const std::uint64_t first = load_at<std::uint64_t>(bytes, 0).value_or(0),
                      last = load_at<std::uint64_t>(bytes, 8).value_or(0);
  std::vector<std::uint64_t> found;
  std::unordered_set<std::uint64_t> seen;
  std::string problem;
  const auto head = first == 0 ? std::nullopt : load<std::uint64_t>(first + 8);
  if (first != 0 && !head) problem = not_there;
  const bool empty = first == 0 || (head && *head == first) || (first == last && head == last);
  for (std::uint64_t node = first; !empty && head && node != *head && found.size() < most_nodes;) {
    if (!seen.insert(node).second) {
      problem = in_a_circle;
      break;
    }
    found.push_back(node);
    const auto next = load<std::uint64_t>(node);
    if (!next) problem = not_there;
    if (!next || *next == 0) break;
    node = *next;
  }
  if (found.size() == most_nodes) problem = fmt::format("it has {} nodes or more", most_nodes);
  nodes(field, found, problem, types, progress, out);
}

/// In order. A node has its parent, then right, then left (struct rb_node).
void SpecialFields::tree(const btf::SpecialField& field, Bytes bytes, const btf::Types& types,
                         btf::Progress& progress, btf::ValueVisitor& out) {
  constexpr std::size_t deepest = 64; // twice what a balanced tree of all memory has
  const std::uint64_t right = offset("struct rb_node", "rb_right").value_or(8),
                      left = offset("struct rb_node", "rb_left").value_or(16);
  std::vector<std::uint64_t> found, path;
  std::unordered_set<std::uint64_t> seen;
  std::string problem;
  std::uint64_t node = load_at<std::uint64_t>(bytes, 0).value_or(0);
  while ((node != 0 || !path.empty()) && found.size() < most_nodes) {
    if (node != 0) {
      const auto lower = load<std::uint64_t>(node + left);
      if (!lower) problem = not_there;
      const bool again = lower && !seen.insert(node).second;
      if (again || path.size() >= deepest) problem = in_a_circle;
      const bool usable = lower && !again && path.size() < deepest;
      if (usable) path.push_back(node);
      node = usable ? *lower : 0;
    } else {
      found.push_back(path.back());
      path.pop_back();
      node = load<std::uint64_t>(found.back() + right).value_or(0);
    }
  }
  if (found.size() == most_nodes) problem = fmt::format("it has {} nodes or more", most_nodes);
  nodes(field, found, problem, types, progress, out);
}

void SpecialFields::nodes(const btf::SpecialField& field, std::span<const std::uint64_t> nodes,
                          const std::string& problem, const btf::Types& types, btf::Progress& progress,
                          btf::ValueVisitor& out) {
  const Pointee& element = pointee(field, types);
  std::uint64_t shown = 0, lost = 0, withheld = 0;
  std::string withheld_why;
  out.fact("length", std::uint64_t{nodes.size()});
  if (element.decoder != nullptr) {
    out.begin_values("elements");
    for (const std::uint64_t node : nodes) {
      if (shown + lost >= limits_.elements || progress.left == 0) break;
      if (auto why = pointers_.withholds(element.size); !why.empty()) {
        withheld_why = std::move(why), ++withheld;
        continue;
      }
      ++(object(element, node - field.node_offset, progress, out) ? shown : lost);
    }
    out.end_values();
  }
  if (lost != 0) out.fact("unreadable", lost);
  const std::uint64_t rest = nodes.size() - shown - lost - withheld;
  if (withheld != 0) {
    const std::string text = fmt::format("{} of them {}", withheld, withheld_why);
    out.fact("nodes_left_out", std::string_view(text));
  } else if (element.decoder != nullptr && rest != 0) {
    const bool is_long = shown + lost >= limits_.elements;
    const std::string text =
        fmt::format("{} of them ({})", rest, is_long ? "report.array_elements" : "report.nodes");
    out.fact("nodes_left_out", std::string_view(text));
    if (is_long)
      progress.cuts.nodes_of_list = std::max<std::uint64_t>(progress.cuts.nodes_of_list, nodes.size());
    else
      progress.cuts.nodes = true;
  }
  const std::string& why = element.decoder == nullptr && !nodes.empty() ? element.problem : problem;
  if (!why.empty()) out.fact("problem", std::string_view(why));
}

} // namespace mapscope::report
