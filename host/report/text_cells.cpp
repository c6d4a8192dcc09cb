// SPDX-License-Identifier: Apache-2.0
#include "host/report/text_cells.hpp"

#include "host/base/display_width.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace mapscope::report {

namespace {

using Node = TextTree::Node;
using Kind = TextTree::Kind;

constexpr std::size_t widest_list = 40;   ///< that is a cell
constexpr std::size_t most_members = 16;  ///< of a struct inside another that is cells
constexpr std::size_t deepest_struct = 4; ///< that is cells

bool is_number(std::string_view text) {
  if (text.starts_with('-')) text.remove_prefix(1);
  return !text.empty() && text[0] >= '0' && text[0] <= '9' &&
         text.find_first_not_of("0123456789abcdefx.+") == text.npos;
}

Cell::Kind kind_of(const Node& node) {
  if (node.is_flags) return Cell::Kind::flags;
  return node.kind == Kind::scalar && is_number(node.text) ? Cell::Kind::number : Cell::Kind::text;
}

class CellMaker {
public:
  CellMaker(const TextTree& tree, unsigned part, TableRow& row, bool is_behind = false)
      : tree_(tree), part_(part), row_(row), is_behind_(is_behind) {}

  void add(const Node& node, const std::string& path, std::size_t depth) {
    if (node.has_lines) return rest(node, path);
    switch (node.kind) {
    case Kind::scalar:
      return put(node, path, node.text);
    case Kind::record:
      return record(node, path, depth);
    case Kind::pointer:
      return pointer(node, path);
    case Kind::bytes:
    case Kind::array:
      return list(node, path);
    }
  }
  [[nodiscard]] std::vector<Rest> take_rest() { return std::move(rest_); }

private:
  void put(const Node& node, const std::string& path, std::string text) {
    row_.cells.push_back({kind_of(node), node.zero, part_, path, std::move(text)});
  }
  void note(const std::string& path, std::string text) {
    row_.cells.push_back({Cell::Kind::note, false, part_, path, std::move(text)});
  }
  void rest(const Node& node, const std::string& path) {
    rest_.push_back({path, &node});
    row_.told_below.push_back(path);
  }

  /// Its type's name is told by its members, but not how much of it there is.
  void record(const Node& node, const std::string& path, std::size_t depth) {
    const bool is_cut = node.text.starts_with('<');
    if (is_cut || depth > deepest_struct || (depth != 0 && node.children.size() > most_members))
      return rest(node, path);
    if (node.children.empty()) return put(node, path, "{}");
    const std::string before = path.empty() || path.ends_with("->") ? path : path + '.';
    for (const std::uint32_t index : node.children) {
      const Node& member = tree_.node(index);
      add(member, member.member.empty() ? path : before + printable(member.member), depth + 1);
    }
  }

  void list(const Node& node, const std::string& path) {
    const bool is_empty = node.kind == Kind::array && node.children.empty() && node.length == 0;
    if (is_empty && node.text.empty() && !path.empty()) return; // nothing is there to be told
    if (!tree_.is_of_scalars(node)) return rest(node, path);
    const std::string text = tree_.lines_of(node, UINT_MAX, 0, 0);
    if (display_width(text) > widest_list && !node.is_text) return rest(node, path);
    put(node, path, text);
  }

  /// The address, and what is known of it; what lies there goes on where it is a struct. Chains of pointers
  /// have lines of their own.
  void pointer(const Node& node, const std::string& path) {
    const bool has_more = std::ranges::any_of(
        node.children, [this](std::uint32_t child) { return !is_plain(tree_.node(child)); });
    if (has_more) return rest(node, path);
    row_.cells.push_back({Cell::Kind::number, false, part_, path, node.text});
    Cell& address = row_.cells.back();
    for (const std::uint32_t index : node.children) {
      const Node& part = tree_.node(index);
      if (part.text.starts_with("slot ") && part.member != "")
        slot(part.text, path);
      else if (part.member == "deref_skipped_reason")
        address.text += reason(part.text), address.kind = Cell::Kind::text;
      else if (part.member == "known_as")
        name(part.text, address);
      else
        target(part, path);
    }
  }
  [[nodiscard]] bool is_plain(const Node& part) const {
    if (part.member == "slot" || part.member == "deref_skipped_reason" || part.member == "known_as")
      return true;
    const bool is_struct = part.kind == Kind::record && !part.text.starts_with('<');
    return part.member.empty() && !is_behind_ && (is_struct || part.kind == Kind::scalar);
  }
  /// In a table the row it stands under is in sight.
  static std::string reason(std::string_view text) {
    constexpr std::string_view already = "shown already, under ", cycle = "cycle ";
    if (text.starts_with(cycle)) return " [cycle]";
    if (!text.starts_with(already)) return fmt::format(" [{}]", text);
    return fmt::format(" [see {}]", text.substr(already.size()));
  }
  /// Where it is shown its address is told, too.
  void name(std::string_view known_as, Cell& address) const {
    address.kind = Cell::Kind::text;
    address.text = fmt::format("{}[{}]", tree_.is_full() ? address.text + ' ' : "", known_as);
  }
  void target(const Node& target, const std::string& path) {
    if (target.kind == Kind::record && !target.text.empty())
      note(path + " ->", fmt::format("{} -> {}", path, target.text));
    is_behind_ = true;
    add(target, path + "->", 0);
    is_behind_ = false;
  }
  /// "slot 3 of nodes, shown below": the number differs from row to row, the rest does not.
  void slot(const std::string& text, const std::string& path) {
    const std::size_t number = text.find(' ') + 1,
                      end = std::min(text.find_first_of(" ,", number), text.size());
    row_.cells.push_back(
        {Cell::Kind::number, false, part_, path + ".slot", text.substr(number, end - number)});
    note(path + " slot", fmt::format("{} is a slot{}", path, text.substr(end)));
  }

  const TextTree& tree_;
  unsigned part_;
  TableRow& row_;
  bool is_behind_; ///< a pointer
  std::vector<Rest> rest_;
};

} // namespace

std::vector<Rest> add_cells(const TextTree& tree, const Node& node, unsigned part, const std::string& path,
                            TableRow& row) {
  CellMaker maker(tree, part, row);
  maker.add(node, path, 0);
  return maker.take_rest();
}

std::vector<Rest> add_link_cells(const TextTree& tree, const Node& node, unsigned part,
                                 const std::string& path, TableRow& row) {
  CellMaker maker(tree, part, row, true);
  maker.add(node, path, 1);
  return maker.take_rest();
}

bool is_flat(const TextTree& tree) {
  if (tree.empty()) return false;
  const Node& root = tree.root();
  if (root.kind == Kind::scalar) return true;
  return root.kind == Kind::record && !root.children.empty() &&
         std::ranges::all_of(root.children, [&](std::uint32_t index) {
           return tree.node(index).kind == Kind::scalar && !tree.node(index).member.empty();
         });
}

} // namespace mapscope::report
