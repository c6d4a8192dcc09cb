// SPDX-License-Identifier: Apache-2.0
// What a person need not read twice of what plugins say, and counters that have counted nothing; --full and
// --zeros show all of it.
#include "host/report/text_fields.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <fmt/format.h>
#include <optional>

namespace mapscope::report {

namespace {

using Kind = TextTree::Kind;

/// Lists that another list of the same struct tells, and more.
struct Twice {
  std::string_view list, more;
};
constexpr std::array<Twice, 3> told_twice = {
    {{"pcs", "frames"}, {"data_hex", "frames"}, {"indices", "slots"}}};

constexpr std::size_t wide = 12; ///< a struct of more counters than a person reads

} // namespace

TextTree::Node* TextFields::child(std::string_view name) {
  for (const std::uint32_t index : tree_.open_node().children)
    if (tree_.node(index).member == name) return &tree_.node_at(index);
  return nullptr;
}

void TextFields::shorten(bool is_list) {
  if (is_list) {
    if (tree_.is_open_member("frames") && !tree_.open_node().children.empty()) {
      const auto& frames = tree_.open_node().children;
      const bool all = std::ranges::all_of(
          frames, [this](std::uint32_t index) { return tree_.node(index).kind == Kind::scalar; });
      tree_.open_node().is_lines = tree_.open_node().has_lines = all;
    }
    if (tree_.is_open_member("slots")) join_slots();
    return;
  }
  tell_frame();
  if (tree_.is_open_member("programs")) tell_programs();
  drop_told_twice();
  thin_out_counters();
}

const TextTree::Node* TextFields::child_of(const TextTree::Node& node, std::string_view name) const {
  const auto found = std::ranges::find(node.children, name, [this](std::uint32_t index) -> std::string_view {
    return tree_.node(index).member;
  });
  return found == node.children.end() ? nullptr : &tree_.node(*found);
}

/// Of a struct_ops map: where each program's code lies, and what calls it, is what one would expect.
void TextFields::tell_programs() {
  const auto children = tree_.open_node().children;
  for (const std::uint32_t index : children) {
    std::string text = program_text(tree_.node(index));
    if (text.empty()) continue;
    TextTree::Node& program = tree_.node_at(index);
    program.kind = Kind::scalar, program.text = std::move(text);
    program.children.clear();
  }
}

/// "qmap_enqueue[10]", which the report has more of; "" of one that is called in a way of its own.
std::string TextFields::program_text(const TextTree::Node& program) const {
  const auto *const id = child_of(program, "id"), *const name = child_of(program, "name"),
                    *const offset = child_of(program, "offset"), *const symbol = child_of(program, "symbol");
  if (id == nullptr || name == nullptr || symbol == nullptr || offset == nullptr) return "";
  if (offset->text != "0" || !symbol->text.ends_with(program.member)) return "";
  const auto number = static_cast<std::uint32_t>(std::strtoul(id->text.c_str(), nullptr, 10));
  const auto found = programs_ ? programs_->find(number) : ProgramNames::const_iterator{};
  const bool is_known = programs_ && found != programs_->end() && !found->second.empty();
  return fmt::format("{}[{}]", is_known ? printable(found->second) : name->text, id->text);
}

/// Slots side by side that hold maps with ids side by side are one: "0..4095", "17..4112".
void TextFields::join_slots() {
  struct Run {
    std::uint32_t first;
    std::uint64_t index, id, length;
  };
  const auto number = [this](std::uint32_t slot, std::string_view name) -> std::optional<std::uint64_t> {
    const auto* const node = child_of(tree_.node(slot), name);
    std::uint64_t value = 0;
    if (node == nullptr || node->kind != Kind::scalar) return std::nullopt;
    const char* const end = node->text.data() + node->text.size();
    return std::from_chars(node->text.data(), end, value).ptr == end ? std::optional(value) : std::nullopt;
  };
  const auto said_twice = [this](std::uint32_t one, std::uint32_t other, std::string_view name) {
    const auto *const a = child_of(tree_.node(one), name), *const b = child_of(tree_.node(other), name);
    return (a == nullptr) == (b == nullptr) && (a == nullptr || a->text == b->text);
  };
  auto& slots = tree_.open_node().children;
  std::vector<Run> runs;
  for (const std::uint32_t slot : slots) {
    const auto index = number(slot, "index"), id = number(slot, "id");
    if (!index || !id || tree_.node(slot).children.size() > 4) return; // there is more to say of it
    const bool goes_on = !runs.empty() && *index == runs.back().index + runs.back().length &&
                         *id == runs.back().id + runs.back().length &&
                         said_twice(runs.back().first, slot, "name") &&
                         said_twice(runs.back().first, slot, "kind");
    if (goes_on)
      ++runs.back().length;
    else
      runs.push_back({slot, *index, *id, 1});
  }
  if (runs.size() * 2 > slots.size()) return;
  slots.clear();
  for (const Run& run : runs) {
    slots.push_back(run.first);
    if (run.length == 1) continue;
    for (const std::uint32_t member : tree_.node(run.first).children) {
      auto& node = tree_.node_at(member);
      if (node.member == "index") node.text = fmt::format("{}..{}", run.index, run.index + run.length - 1);
      if (node.member == "id") node.text = fmt::format("{}..{}", run.id, run.id + run.length - 1);
    }
  }
}

/// "do_syscall_64+0xc2", "bpf_prog_47ff15640a8ff2c9_watch+0x8d [program 8]", "nft_do_chain+0x69 [nf_tables]".
void TextFields::tell_frame() {
  const auto *const symbol = child("symbol"), *const offset = child("offset"), *const ip = child("ip");
  if (symbol == nullptr || offset == nullptr || ip == nullptr) return;
  std::string text = symbol->text;
  if (const auto number = std::strtoull(offset->text.c_str(), nullptr, 10); number != 0)
    text += fmt::format("+{:#x}", number);
  if (const auto* const module = child("module")) text += fmt::format(" [{}]", module->text);
  if (const auto* const program = child("program")) text += fmt::format(" [program {}]", program->text);
  TextTree::Node& frame = tree_.open_node();
  frame.kind = Kind::scalar, frame.text = std::move(text);
  frame.children.clear();
}

void TextFields::drop_told_twice() {
  for (const Twice& twice : told_twice) {
    auto* const list = child(twice.list);
    const auto* const more = child(twice.more);
    if (list != nullptr && more != nullptr && !more->children.empty()) list->zero = true;
  }
}

/// Of a struct that is nothing but many numbers those that are not 0, and that the others are.
void TextFields::thin_out_counters() {
  auto& children = tree_.open_node().children;
  const auto is_counter = [this](std::uint32_t index) {
    const auto& node = tree_.node(index);
    return node.kind == Kind::scalar && !node.text.empty() &&
           node.text.find_first_not_of("0123456789") == node.text.npos;
  };
  if (children.size() <= wide || !std::ranges::all_of(children, is_counter)) return;
  const auto zeros =
      std::ranges::count_if(children, [this](auto index) { return tree_.node(index).text == "0"; });
  if (zeros < 2) return;
  for (const std::uint32_t index : children)
    if (tree_.node(index).text == "0") tree_.node_at(index).zero = true;
  tree_.member("others");
  tree_.word("0");
}

} // namespace mapscope::report
