// SPDX-License-Identifier: Apache-2.0
// Values that are too long for one line.
#include "host/base/display_width.hpp"
#include "host/report/in_columns.hpp"
#include "host/report/text_lists.hpp"
#include "host/report/text_value.hpp"

#include <algorithm>
#include <fmt/compile.h>
#include <fmt/format.h>
#include <iterator>

namespace mapscope::report {

std::string indexes(std::size_t first, std::size_t end) {
  return end - first > 1 ? fmt::format(FMT_COMPILE("[{}..{}]"), first, end - 1)
                         : fmt::format(FMT_COMPILE("[{}]"), first);
}

std::string TextTree::lines(unsigned width, unsigned column, unsigned indent) const {
  return used_ != 0 ? lines_of(root(), width, column, indent) : "";
}

std::string TextTree::lines_of(const Node& node, unsigned width, unsigned column, unsigned indent) const {
  constexpr std::size_t usual = 120;
  std::string out;
  if (node.kind != Kind::scalar) out.reserve(usual);
  append_lines(node, width, column, indent, out);
  return out;
}

void TextTree::append_lines(const Node& node, unsigned width, unsigned column, unsigned indent,
                            std::string& out) const {
  if (node.kind == Kind::scalar) return append_one_line(node, out);
  const std::size_t begin = out.size(), room = width > column ? width - column : 0;
  if (node.is_text) return append_text_lines(node, room, indent, out);
  if (node.is_lines) return append_lines_with_margin(node, indent, out);
  append_one_line(node, out, node.kind == Kind::bytes ? std::string::npos : begin + room);
  if (out.size() - begin <= room && !node.has_lines) return;
  const std::string line = node.kind == Kind::bytes ? out.substr(begin) : "";
  out.resize(begin);
  if (append_table(node, width, indent, out)) return;
  if (node.kind == Kind::pointer)
    append_pointer_lines(node, width, indent, out);
  else if (node.kind == Kind::record)
    append_record_lines(node, width, indent, out);
  else if (node.kind == Kind::array)
    append_array_lines(node, width, indent, out);
  else
    append_hex_lines(line, node.hex_at, indent, out);
}

/// Structs of one shape, in a list, in a struct, or behind one another.
bool TextTree::append_table(const Node& node, unsigned width, unsigned indent, std::string& out) const {
  const auto rest_lines = [&](const Node& rest, unsigned column, unsigned own_indent) {
    std::string text;
    append_behind_label(rest, width, column, own_indent - 2, text);
    return text;
  };
  const bool is_pointer = node.kind == Kind::pointer;
  const auto table =
      is_pointer ? chain_lines(*this, node, width, indent + 2, rest_lines)
                 : table_lines(*this, node, width, {.indent = indent + 2, .has_indexes = true}, rest_lines);
  if (table) out += (is_pointer ? node.text : "") + *table;
  return table.has_value();
}

void TextTree::append_pointer_lines(const Node& pointer, unsigned width, unsigned indent,
                                    std::string& out) const {
  out += pointer.text;
  bool has_list = false;
  for (const std::uint32_t child : pointer.children) {
    const Node& part = nodes_[child];
    const bool is_list = part.kind == Kind::array && !part.member.empty(); // below, and not behind the last
    has_list |= is_list;
    if (has_list) out += fmt::format("\n{:{}}{}", "", indent + 2, printable(part.member));
    if (has_list)
      append_behind_label(part, width, is_list ? width : 0, indent + 2, out);
    else if (!append_pointer_part(part, out))
      append_lines(part, width, width, indent, out);
  }
}

/// Sixteen bytes a line, behind the offset of the first; a star stands for lines that are equal to the one
/// above it. What comes before `begin`, a truncation's mark, stays on the first line.
void TextTree::append_hex_lines(std::string_view line, std::size_t begin, unsigned indent, std::string& out) {
  constexpr std::size_t row = 48; // three columns a byte
  const std::string_view hex = line.substr(begin);
  out += line.substr(0, begin);
  const auto row_at = [&](std::size_t at) { return hex.substr(at, row - 1); };
  for (std::size_t at = 0; at < hex.size(); at += row) {
    std::size_t last = at; // of the rows that are equal to this one
    while (last + row < hex.size() && row_at(last + row) == row_at(at)) last += row;
    out.append(1, '\n').append(indent + 2, ' ');
    fmt::format_to(std::back_inserter(out), FMT_COMPILE("{:04x}  "), at / 3);
    out += row_at(at);
    if (last - at > row) out += fmt::format("\n{:{}}*", "", indent + 2), at = last;
  }
}

/// A blank between the label and what follows on its line; none where all follows on lines of its own.
void TextTree::append_behind_label(const Node& node, unsigned width, unsigned column, unsigned indent,
                                   std::string& out) const {
  const std::size_t label_end = out.size();
  out += ' ';
  append_lines(node, width, column, indent, out);
  if (out.size() > label_end + 1 && out[label_end + 1] == '\n') out.erase(label_end, 1);
}

void TextTree::append_record_lines(const Node& record, unsigned width, unsigned indent,
                                   std::string& out) const {
  if (!record.text.empty()) out += record.text + ':';
  if (record.has_facts && !full_ && is_of_scalars(record)) return append_facts(record, width, indent, out);
  std::vector<std::string> scalars; // that follow each other
  for (std::size_t i = 0; i < record.children.size(); ++i) {
    const Node& member = node(record.children[i]);
    if (is_hidden(record, member)) continue;
    std::string name = member.member.empty() ? "<anon>" : printable(member.member);
    if (member.kind == Kind::scalar) {
      scalars.push_back(std::move((name += ' ') += member.text));
      continue;
    }
    append_in_columns(scalars, width, indent + 2, out), scalars.clear();
    for (; i + 1 < record.children.size() && is_like(record, i, indent + name.size()); ++i)
      name += ", " + printable(node(record.children[i + 1]).member);
    out.append(1, '\n').append(indent + 2, ' ').append(name);
    append_behind_label(member, width, indent + 3 + static_cast<unsigned>(name.size()), indent + 2, out);
  }
  append_in_columns(scalars, width, indent + 2, out), scalars.clear();
  if (const std::string hidden = hidden_text(record); !hidden.empty())
    out += fmt::format("\n{:{}}{}", "", indent + 2, hidden);
}

/// What the kernel keeps of a timer, and the like: side by side.
void TextTree::append_facts(const Node& record, unsigned width, unsigned indent, std::string& out) const {
  std::size_t used = width;
  for (const std::uint32_t child : record.children) {
    const Node& fact = node(child);
    if (is_hidden(record, fact)) continue;
    const std::string text = fmt::format("{}={}", printable(fact.member), fact.text);
    const bool fits = used + 2 + display_width(text) <= width;
    out += fits ? ", " : fmt::format("\n{:{}}", "", indent + 2);
    used = (fits ? used + 2 : indent + 2) + display_width(text);
    out += text;
  }
}

/// The member behind it has a name, and says the same in more than a few words.
bool TextTree::is_like(const Node& record, std::size_t index, std::size_t column) const {
  constexpr std::size_t widest_names = 80;
  const Node &member = node(record.children[index]), &next = node(record.children[index + 1]);
  return !full_ && member.kind == Kind::record && !member.member.empty() && !next.member.empty() &&
         column + next.member.size() <= widest_names && is_same_value(member, next);
}

/// Side by side, as many to a line as fit; a line begins with the index of its first.
void TextTree::append_scalar_lines(const Node& array, unsigned width, unsigned indent,
                                   std::string& out) const {
  const std::size_t all = shown(array);
  std::size_t used = width, i = 0;
  while (i < all) {
    const std::size_t run = std::min(run_end(array, i), all), end = run - i > 2 ? run : i + 1;
    const std::string run_index = end - i > 1 ? indexes(i, end) + '=' : "";
    const std::string& text = node(array.children[i]).text;
    const bool fits = used + run_index.size() + text.size() + 2 <= width;
    const std::size_t before = out.size();
    if (fits)
      out += ", ";
    else
      out.append(1, '\n').append(indent + 2, ' ');
    if (!fits && end - i == 1) (out += indexes(i, end)) += ' '; // a run brings its own
    (out += run_index) += text;
    used = fits ? used + out.size() - before : out.size() - before - 1;
    i = end;
  }
  append_left_out(array, indent, out);
}

void TextTree::append_array_lines(const Node& array, unsigned width, unsigned indent,
                                  std::string& out) const {
  if (is_of_scalars(array)) return append_scalar_lines(array, width, indent, out);
  const std::size_t all = shown(array);
  std::size_t i = 0;
  while (i < all) {
    const std::size_t end = std::min(run_end(array, i), all);
    const bool zero = node(array.children[i]).zero;
    if (!zero) {
      const std::string index = indexes(i, end);
      out.append(1, '\n').append(indent + 2, ' ').append(index);
      if (end - i > 1 && is_withheld(node(array.children[i])))
        out += ' ' + run_text(array, i, end);
      else
        append_behind_label(node(array.children[i]), width, indent + 3 + static_cast<unsigned>(index.size()),
                            indent + 2, out);
    }
    i = end;
  }
  append_left_out(array, indent, out);
}

void TextTree::append_left_out(const Node& array, unsigned indent, std::string& out) const {
  const std::string text = left_out_text(array);
  if (!text.empty()) out += fmt::format("\n{:{}}{}", "", indent + 2, text);
}

bool TextTree::is_of_scalars(const Node& array) const {
  return std::ranges::all_of(array.children,
                             [this](std::uint32_t child) { return node(child).kind == Kind::scalar; });
}

} // namespace mapscope::report
