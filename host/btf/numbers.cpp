// SPDX-License-Identifier: Apache-2.0
#include "host/btf/numbers.hpp"

#include "host/base/checked.hpp"

#include <algorithm>
#include <ranges>

namespace mapscope::btf {

namespace {

bool is_number(const Node& node) { return node.op == Op::unsigned_int && node.bits == 64; }
bool is_record(const Node& node) { return node.op == Op::record || node.op == Op::section; }

/// Of its members and elements, as far as they are marked.
bool holds_numbers(const Plan& plan, const Node& node) {
  if (node.op == Op::array) return plan.nodes[node.first].has_numbers;
  if (!is_record(node)) return is_number(node);
  if (node.special != 0) return false; // the kernel's own
  const auto members = std::span(plan.members).subspan(node.first, node.count);
  return std::ranges::any_of(members, [&](const PlanMember& member) {
    return member.access != Access::bitfield && plan.nodes[member.node].has_numbers;
  });
}

class Visit {
public:
  Visit(const Plan& plan, const Types& types, const Limits& limits, const Decoder::TakeNumber& take)
      : plan_(plan), types_(types), limits_(limits), take_(take), left_(limits.nodes) {}

  void node(const Node& node, std::span<const std::byte> bytes, const Place& place, std::uint32_t depth) {
    if (!node.has_numbers || depth >= limits_.depth || left_ == 0) return;
    --left_;
    if (is_record(node)) return members(node, bytes, depth);
    if (node.op == Op::array) return elements(node, bytes, place, depth);
    const auto value = load_at<std::uint64_t>(bytes, 0);
    if (value.value_or(0) != 0) take_({*value, &types_, place});
  }

private:
  void members(const Node& node, std::span<const std::byte> bytes, std::uint32_t depth) {
    for (const PlanMember& member : std::span(plan_.members).subspan(node.first, node.count))
      if (member.access != Access::bitfield && member.offset < bytes.size())
        this->node(plan_.nodes[member.node], bytes.subspan(member.offset), {node.type, member.offset},
                   depth + member.hops);
  }

  void elements(const Node& node, std::span<const std::byte> bytes, const Place& place, std::uint32_t depth) {
    const std::uint64_t there = node.stride != 0 ? bytes.size() / node.stride : 0;
    const std::uint64_t length = node.open_ended ? there : node.length;
    const std::uint64_t shown = std::min<std::uint64_t>(length, limits_.elements);
    for (std::uint64_t i = 0; i < std::min(shown, there); ++i)
      this->node(plan_.nodes[node.first], bytes.subspan(i * node.stride), place, depth + 1);
  }

  const Plan& plan_;
  const Types& types_;
  const Limits& limits_;
  const Decoder::TakeNumber& take_;
  std::uint64_t left_;
};

} // namespace

/// A type that contains itself needs more than one round, and has only so many nodes to go through.
void mark_numbers(Plan& plan) {
  bool goes_on = true;
  while (goes_on) {
    goes_on = false;
    for (Node& node : plan.nodes | std::views::reverse) // members come behind what has them
      if (!node.has_numbers && holds_numbers(plan, node)) node.has_numbers = goes_on = true;
  }
}

Place root_place(const Plan& plan) { return {plan.nodes[plan.root].type, 0}; }

void visit_numbers(const Plan& plan, const Types& types, const Limits& limits,
                   std::span<const std::byte> bytes, const Decoder::TakeNumber& take) {
  Visit(plan, types, limits, take).node(plan.nodes[plan.root], bytes, root_place(plan), 0);
}

} // namespace mapscope::btf
