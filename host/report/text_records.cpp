// SPDX-License-Identifier: Apache-2.0
#include "host/report/text_records.hpp"

#include "host/base/display_width.hpp"
#include "host/report/text_lists.hpp"

#include <algorithm>
#include <climits>
#include <fmt/format.h>
#include <span>

namespace mapscope::report {

namespace {

using Node = TextTree::Node;

class Packer {
public:
  Packer(const TextTree& tree, unsigned width) : tree_(tree), width_(width) {}

  std::string lines(const Node& node, unsigned column, unsigned indent) const {
    const bool has_parts = node.kind == TextTree::Kind::record || node.kind == TextTree::Kind::array;
    if (node.is_lines) return tree_.lines_of(node, width_, column, indent - 2);
    if (has_parts && !node.is_text)
      if (const auto table = table_of(node, indent)) return *table;
    const std::string line = one_line(node);
    if (!has_parts || node.children.empty() || node.is_text) return " " + line;
    if (column + 1 + display_width(line) <= width_ && !node.has_lines) return " " + line;
    if (node.kind == TextTree::Kind::array &&
        (node.has_lines || has_long_words(node) || !tree_.is_of_scalars(node)))
      return each_on_its_own(node, indent, "- ");
    return "\n" + packed(node, indent);
  }

private:
  [[nodiscard]] std::string one_line(const Node& node) const { return tree_.lines_of(node, UINT_MAX, 0, 0); }
  /// Three or more structs of one shape.
  [[nodiscard]] std::optional<std::string> table_of(const Node& node, unsigned indent) const {
    return table_lines(tree_, node, width_, {.indent = indent},
                       [this](const Node& rest, unsigned column, unsigned own_indent) {
                         return ':' + lines(rest, column, own_indent);
                       });
  }
  [[nodiscard]] std::span<const std::uint32_t> shown(const Node& node) const {
    const bool is_list = node.kind == TextTree::Kind::array;
    return std::span(node.children).first(is_list ? tree_.shown(node) : node.children.size());
  }
  [[nodiscard]] std::string left_out(const Node& node) const {
    return node.kind == TextTree::Kind::array ? tree_.left_out_text(node) : "";
  }
  /// Sentences, which read badly side by side.
  [[nodiscard]] bool has_long_words(const Node& array) const {
    constexpr std::size_t longest_word = 48;
    return std::ranges::any_of(
        array.children, [this](std::uint32_t child) { return tree_.node(child).text.size() > longest_word; });
  }

  [[nodiscard]] std::string each_on_its_own(const Node& array, unsigned indent, const char* mark) const {
    std::string out;
    for (const std::uint32_t child : shown(array)) {
      const Node& item = tree_.node(child);
      std::string own = item.kind == TextTree::Kind::record ? packed(item, indent + 2) : one_line(item);
      own.erase(0, std::min(own.find_first_not_of(' '), own.size())); // the mark stands there
      out += own.empty() ? "\n" : fmt::format("\n{:{}}{}{}", "", indent, mark, own);
    }
    if (const std::string rest = left_out(array); !rest.empty())
      out += fmt::format("\n{:{}}{}", "", indent, rest);
    return out;
  }

  /// Members and elements side by side; what is too long for any line has lines of its own below its name.
  [[nodiscard]] std::string packed(const Node& node, unsigned indent) const {
    std::string out, line(indent, ' ');
    const auto end_line = [&] {
      if (line.size() > indent) out += (out.empty() ? "" : "\n") + line;
      line.assign(indent, ' ');
    };
    const auto add = [&](const std::string& text) {
      if (line.size() > indent && line.size() + 2 + text.size() > width_) end_line();
      line += (line.size() > indent ? ", " : "") + text;
    };
    for (const std::uint32_t child : shown(node)) {
      const Node& part = tree_.node(child);
      if (part.zero && node.kind == TextTree::Kind::record) continue;
      const std::string name = printable(part.member);
      const std::string text = (name.empty() ? "" : name + "=") + one_line(part);
      if ((indent + text.size() > width_ || part.has_lines) && !part.children.empty()) {
        end_line();
        out += fmt::format("{}{:{}}{}:{}", out.empty() ? "" : "\n", "", indent, name,
                           lines(part, width_, indent + 2));
        continue;
      }
      add(text);
    }
    if (const std::string rest = left_out(node); !rest.empty()) add(rest);
    end_line();
    return out;
  }

  const TextTree& tree_;
  unsigned width_;
};

} // namespace

std::string packed_lines(const TextTree& tree, const TextTree::Node& node, unsigned width, unsigned column,
                         unsigned indent) {
  return Packer(tree, width).lines(node, column, indent);
}

} // namespace mapscope::report
