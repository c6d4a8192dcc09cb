// SPDX-License-Identifier: Apache-2.0
// Arrays: their texts, their runs of equal elements, and what is not shown of them.
#include "host/base/utf8.hpp"
#include "host/btf/behind.hpp"
#include "host/report/text_value.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <span>

namespace mapscope::report {

namespace {

void append_escaped(std::string_view sequence, std::string& out) {
  for (const char c : sequence) out += fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
}

/// In quotes, with nothing of it lost: what is no UTF-8, and what a terminal must be spared, is escaped.
std::string quoted(std::string_view text) {
  std::string out = "\"";
  if (std::ranges::all_of(text, [](char c) { return c >= ' ' && c <= '~' && c != '"' && c != '\\'; }))
    return (out += text) += '"';
  for (std::size_t i = 0; i < text.size();) {
    const std::size_t length = utf8_length(text, i);
    const std::string_view sequence = text.substr(i, std::max<std::size_t>(length, 1));
    i += sequence.size();
    if (sequence == "\n")
      out += "\\n";
    else if (sequence == "\t")
      out += "\\t";
    else if (sequence == "\"" || sequence == "\\")
      (out += '\\') += sequence;
    else if (length == 0 || is_control(code_point(sequence)))
      append_escaped(sequence, out);
    else
      out += sequence;
  }
  return out + '"';
}

/// The margin tells a text's own lines from those around it.
void append_with_margin(std::string_view line, unsigned indent, std::string& out) {
  out += fmt::format("\n{:{}}|{}{}", "", indent, line.empty() ? "" : " ", line);
}

} // namespace

/// The characters before the first 0.
std::string TextTree::text_of(const Node& array) const {
  std::string text;
  for (const std::uint32_t child : array.children) {
    if (!node(child).is_byte || node(child).byte == 0) break;
    text += static_cast<char>(node(child).byte);
  }
  return text;
}

const btf::LeftOut* TextTree::rest_of(const Node& array) const {
  return array.rest == 0 ? nullptr : &rests_[array.rest - 1];
}

/// What is not shown is known to be zero, or there is nothing that is not shown.
bool TextTree::has_all(const Node& array) const {
  const btf::LeftOut* const rest = rest_of(array);
  return array.children.size() >= array.length || (rest != nullptr && rest->zero);
}

void TextTree::close_array(Node& array) const {
  const bool all = has_all(array);
  array.zero = array.zero && all;
  array.cut = array.cut || !all;
  if (!array.is_text || array.zero) return;
  const auto behind = std::span(array.children).subspan(text_of(array).size());
  array.cut =
      array.cut || !std::ranges::all_of(behind, [&](std::uint32_t child) { return node(child).zero; });
}

/// A pointer that nothing is said of but that a limit kept it from being followed.
bool TextTree::is_withheld(const Node& pointer) const {
  return pointer.kind == Kind::pointer && std::ranges::any_of(pointer.children, [this](std::uint32_t child) {
           return node(child).member == "deref_skipped_reason" &&
                  node(child).text.starts_with(btf::not_followed);
         });
}

/// By structure, not by text: nested arrays are compared once a level, and never formatted for it.
bool TextTree::same(std::uint32_t a, std::uint32_t b) const {
  const Node &left = node(a), &right = node(b);
  return left.member == right.member && is_same_value(left, right);
}

bool TextTree::is_same_value(const Node& left, const Node& right) const {
  if (left.kind != right.kind || left.text != right.text) return false;
  if (left.kind == Kind::scalar) return true;
  return !left.cut && !right.cut && left.length == right.length &&
         std::ranges::equal(left.children, right.children,
                            [this](std::uint32_t l, std::uint32_t r) { return same(l, r); });
}

std::size_t TextTree::run_end(const Node& array, std::size_t first) const {
  const bool zero = node(array.children[first]).zero;
  std::size_t end = first + 1;
  const bool withheld = is_withheld(node(array.children[first]));
  while (end < array.children.size() && node(array.children[end]).zero == zero &&
         (zero || (withheld && is_withheld(node(array.children[end]))) ||
          same(array.children[first], array.children[end])))
    ++end;
  return end;
}

/// What stands for all elements of a run. Pointers that are not followed are told by their number.
std::string TextTree::run_text(const Node& array, std::size_t first, std::size_t end) const {
  const Node& element = node(array.children[first]);
  std::string text;
  if (end - first > 1 && is_withheld(element))
    text = fmt::format("{} pointers [{}]", end - first, node(element.children.back()).text);
  else
    append_one_line(element, text);
  return text;
}

std::size_t TextTree::shown(const Node& array) const {
  const std::size_t all = array.children.size();
  if (inside_ == 0 || array.is_text) return all;
  std::uint64_t room = inside_;
  for (std::size_t i = 0; i < all;) {
    const std::size_t end = run_end(array, i), count = end - i > 2 ? 1 : end - i;
    if (!node(array.children[i]).zero) {
      if (count > room) return i + room;
      room -= count;
    }
    i = end;
  }
  return all;
}

Cuts TextTree::cuts() const {
  Cuts cuts;
  if (used_ != 0 && (inside_ != 0 || root().cut)) add_cuts(root(), cuts);
  return cuts;
}

void TextTree::add_cuts(const Node& node, Cuts& cuts) const {
  std::size_t count = node.children.size();
  if (node.kind == Kind::bytes && node.cut) cuts.bytes = std::max(cuts.bytes, node.length);
  if (node.kind == Kind::array) {
    count = shown(node);
    if (count < node.children.size())
      cuts.list = std::max({cuts.list, node.length, std::uint64_t{node.children.size()}});
    else if (const btf::LeftOut* const rest = rest_of(node); rest != nullptr && !rest->zero)
      cuts.longest = std::max(cuts.longest, node.length);
  }
  for (const std::uint32_t child : std::span(node.children).first(count)) add_cuts(nodes_[child], cuts);
}

std::string TextTree::left_out_text(const Node& array) const {
  const std::size_t end = shown(array);
  if (end < array.children.size())
    return fmt::format("... {} of {} shown {}", end,
                       std::max<std::uint64_t>(array.length, array.children.size()), inside_limit);
  if (array.children.size() >= array.length) return "";
  std::size_t shown = array.children.size();
  const btf::LeftOut* const rest = rest_of(array);
  if (rest == nullptr && shown != 0 && node(array.children.back()).cut) --shown; // it says why no more follow
  if (rest != nullptr && rest->zero) {
    const std::uint64_t last = array.length - 1;
    return shown == last ? fmt::format("... [{}] zero", last) : fmt::format("... [{}..{}] zero", shown, last);
  }
  std::string out = fmt::format("... {} of {} shown", shown, array.length);
  if (rest != nullptr && rest->not_zero) out += fmt::format(", [{}] is not zero", *rest->not_zero);
  return out;
}

void TextTree::append_text(const Node& array, std::string& out) const {
  out += quoted(text_of(array));
  append_behind_text(array, out);
}

/// What cut the text short. Zeros behind it are no part of it, whether they are shown or not.
void TextTree::append_behind_text(const Node& array, std::string& out) const {
  if (!array.children.empty() && !node(array.children.back()).is_byte)
    out += ' ', append_one_line(node(array.children.back()), out);
  if (!has_all(array)) out += ' ' + left_out_text(array);
}

/// On one line where it has but one, or where all of it fits there.
void TextTree::append_text_lines(const Node& array, std::size_t room, unsigned indent,
                                 std::string& out) const {
  const std::size_t begin = out.size();
  append_one_line(array, out);
  const std::string text = text_of(array);
  if (out.size() - begin <= room || text.find('\n') >= text.size() - 1) return;
  out.replace(begin, out.npos, array.text);
  for (std::string_view rest = text; !rest.empty();) {
    const std::string_view line = rest.substr(0, rest.find('\n'));
    append_with_margin(printable_line(line), indent + 2, out);
    rest.remove_prefix(std::min(line.size() + 1, rest.size()));
  }
  std::string behind;
  append_behind_text(array, behind);
  if (!behind.empty()) out += fmt::format("\n{:{}}{}", "", indent + 1, behind);
}

/// On one line after all, in quotes.
void TextTree::append_joined(const Node& array, std::string& out) const {
  std::string text;
  for (const std::uint32_t child : array.children) text += node(child).text + '\n';
  out += quoted(text);
}

void TextTree::append_lines_with_margin(const Node& array, unsigned indent, std::string& out) const {
  for (const std::uint32_t child : std::span(array.children).first(shown(array)))
    append_with_margin(node(child).text, indent + 2, out);
  append_left_out(array, indent, out);
}

/// Runs of equal elements are merged; what is zero is only counted.
void TextTree::append_array(const Node& array, std::string& out, std::size_t most) const {
  if (array.is_text) return append_text(array, out);
  if (array.is_lines) return append_joined(array, out);
  if (array.zero && !array.children.empty()) {
    out += fmt::format("[all {} zero]", array.length);
    return;
  }
  out += '[';
  bool gap = false;
  const std::size_t all = shown(array);
  for (std::size_t i = 0; i < all && out.size() <= most;) {
    const std::size_t end = std::min(run_end(array, i), all);
    const bool merged = end - i > 2;
    if (i != 0) out += ", ";
    if (merged)
      out += fmt::format("[{}..{}]=", i, end - 1);
    else if (gap)
      out += fmt::format("[{}]=", i);
    out += run_text(array, i, merged ? end : i + 1);
    gap = merged;
    i = merged ? end : i + 1;
  }
  if (const std::string left_out = left_out_text(array); !left_out.empty())
    out += (array.children.empty() ? "" : ", ") + left_out;
  out += ']';
}

} // namespace mapscope::report
