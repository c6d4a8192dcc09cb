// SPDX-License-Identifier: Apache-2.0
// What a person need not read twice of what plugins say, and counters that have counted nothing; --full and
// --zeros show all of it.
#include "host/report/text_fields.hpp"

#include <algorithm>
#include <array>
#include <fmt/format.h>

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
    return;
  }
  tell_frame();
  drop_told_twice();
  thin_out_counters();
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
