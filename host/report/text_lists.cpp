// SPDX-License-Identifier: Apache-2.0
#include "host/report/text_lists.hpp"

#include "host/base/display_width.hpp"
#include "host/report/text_cells.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <iterator>
#include <span>
#include <vector>

namespace mapscope::report {

namespace {

using Node = TextTree::Node;
using Kind = TextTree::Kind;

/// What is said of a chain as a whole.
bool is_of_chain(const Node& part) {
  return part.member == "chain" || part.member == "links_only" || part.member == "chain_left_out";
}

/// The struct that a pointer leads to, where nothing else is known of it than the slot it lies in.
const Node* target_of(const TextTree& tree, const Node& pointer) {
  if (pointer.kind != Kind::pointer) return nullptr;
  const Node* target = nullptr;
  for (const std::uint32_t index : pointer.children) {
    const Node& part = tree.node(index);
    if (part.member == "slot" || is_of_chain(part)) continue;
    if (!part.member.empty() || part.kind != Kind::record || part.text.starts_with('<')) return nullptr;
    target = &part;
  }
  return target;
}

/// A pointer to the first of structs of one type that lead to each other, and pointers to the others.
struct Chain {
  std::string_view through = ""; ///< the member that leads from one to the next
  std::vector<const Node*> pointers;
};

/// None of its pointers where one does not lead to a struct.
Chain chain_from(const TextTree& tree, const Node& first) {
  Chain chain;
  const Node* const target = target_of(tree, first);
  const auto list = std::ranges::find(first.children, "chain", [&](std::uint32_t index) -> std::string_view {
    return tree.node(index).member;
  });
  if (target == nullptr || list == first.children.end()) return chain;
  chain.pointers.push_back(&first);
  for (const std::uint32_t index : tree.node(*list).children) {
    if (target_of(tree, tree.node(index)) == nullptr) return {};
    chain.pointers.push_back(&tree.node(index));
  }
  for (const std::uint32_t index : target->children)
    if (chain.pointers.size() > 1 && tree.node(index).text == chain.pointers[1]->text)
      chain.through = tree.node(index).member;
  return chain;
}

/// The rows of a list: its elements, or the members of a struct by their names.
class RowList {
public:
  RowList(const TextTree& tree, const Node& node, unsigned width, const TableForm& form)
      : tree_(tree), list_(node), table_(width, form.indent), indent_(form.indent) {
    if (node.kind == Kind::record)
      add_members();
    else if (form.has_indexes)
      add_runs();
    else
      for (const std::uint32_t index : elements()) rows_.push_back({"", &tree.node(index)});
  }

  RowList(const TextTree& tree, const Chain& chain, unsigned width, unsigned indent)
      : tree_(tree), list_(*chain.pointers.front()), table_(width, indent), indent_(indent),
        chain_(chain.through) {
    for (const Node* const pointer : chain.pointers)
      rows_.push_back({pointer->text, target_of(tree, *pointer), pointer});
  }

  [[nodiscard]] bool is_list_of_structs() const {
    return rows_.size() >= TextTable::least_rows && std::ranges::all_of(rows_, [this](const Item& item) {
             return item.node->kind == Kind::record && !item.node->children.empty() &&
                    item.node->text == rows_.front().node->text && !item.node->text.starts_with('<');
           });
  }

  std::optional<std::string> lines(const RestLines& rest_lines) {
    std::size_t with_rest = 0;
    for (const Item& item : rows_) with_rest += add_row(item) ? 1 : 0;
    const bool has_many_lines = with_rest * 3 > table_.held() && list_.kind != Kind::pointer;
    if (has_many_lines || !table_.lay_out(true)) return std::nullopt;
    // Only now: lists within lists would else be put together again and again.
    for (std::size_t i = 0; i < table_.held(); ++i) put_below(i, rest_lines);
    std::string out = item_types() + '\n' + table_.take_lines();
    out.pop_back();
    if (list_.kind == Kind::pointer) return out + of_chain();
    if (list_.kind != Kind::array) return out;
    const std::string left_out = tree_.left_out_text(list_);
    return left_out.empty() ? out : out + fmt::format("\n{:{}}{}", "", indent_, left_out);
  }

private:
  struct Item {
    std::string name; ///< "" in a list without indexes
    const Node* node = nullptr;
    const Node* pointer = nullptr; ///< that led here
  };
  [[nodiscard]] std::span<const std::uint32_t> elements() const {
    return std::span(list_.children).first(tree_.shown(list_));
  }
  /// What is zero is hidden, as it is in lines of its own.
  void add_members() {
    for (const std::uint32_t index : list_.children) {
      const Node& member = tree_.node(index);
      if (!member.zero) rows_.push_back({printable(member.member), &member});
    }
  }
  void add_runs() {
    const std::size_t all = elements().size();
    for (std::size_t i = 0, end = 0; i < all; i = end) {
      end = std::min(tree_.run_end(list_, i), all);
      const Node& first = tree_.node(list_.children[i]);
      if (!first.zero) rows_.push_back({indexes(i, end), &first});
    }
  }
  /// What the struct and its members are called, where they have type names.
  [[nodiscard]] std::string item_types() const {
    if (list_.kind == Kind::pointer)
      return fmt::format(" -> {}{}{}:", rows_.front().node->text, chain_.empty() ? "" : ", on through ",
                         printable(chain_));
    std::string line = list_.kind == Kind::record && !list_.text.empty() ? list_.text + ':' : "";
    const std::string& type = rows_.front().node->text;
    return type.empty() ? line : line + fmt::format("\n{:{}}each: {}", "", indent_, type);
  }
  bool add_row(const Item& item) {
    TableRow row;
    if (!item.name.empty()) row.cells.push_back({Cell::Kind::text, false, 0, "", item.name});
    rests_.push_back(item.pointer == nullptr ? add_cells(tree_, *item.node, 1, "", row)
                                             : add_link(item, row));
    table_.hold(std::move(row));
    return !rests_.back().empty();
  }
  /// What the struct says beside where it leads to.
  std::vector<Rest> add_link(const Item& item, TableRow& row) {
    std::vector<Rest> rests;
    for (const std::uint32_t index : item.pointer->children)
      if (const Node& part = tree_.node(index); part.member == "slot")
        row.cells.push_back({Cell::Kind::text, false, 0, "slot", part.text.substr(part.text.find(' ') + 1)});
    for (const std::uint32_t index : item.node->children) {
      const Node& member = tree_.node(index);
      if (is_next(item, member)) continue;
      if (member.member == chain_)
        add_end(member, row);
      else
        std::ranges::move(add_link_cells(tree_, member, 1, printable(member.member), row),
                          std::back_inserter(rests));
    }
    return rests;
  }
  /// It stands for the row below.
  [[nodiscard]] bool is_next(const Item& item, const Node& member) const {
    return !chain_.empty() && member.member == chain_ && &item != &rows_.back() &&
           member.text == (&item + 1)->pointer->text;
  }
  /// The pointer that leads elsewhere, or no further, has no column.
  void add_end(const Node& member, TableRow& row) const {
    TableRow end;
    (void)add_link_cells(tree_, member, 1, printable(member.member), end);
    for (const Cell& cell : end.cells)
      if (!cell.zero)
        row.cells.push_back(
            {Cell::Kind::note, false, 1, cell.path, fmt::format("{}={}", cell.path, cell.text)});
  }
  [[nodiscard]] std::string of_chain() const {
    std::string lines;
    for (const std::uint32_t index : list_.children)
      if (const Node& part = tree_.node(index); is_of_chain(part) && part.kind == Kind::scalar)
        lines += fmt::format("\n{:{}}{} {}", "", indent_, printable(part.member), part.text);
    return lines;
  }
  void put_below(std::size_t row, const RestLines& rest_lines) {
    for (const Rest& rest : rests_[row]) {
      const unsigned indent = indent_ + 4;
      const unsigned column = indent + static_cast<unsigned>(display_width(rest.path)) + 1;
      std::string& below = table_.row(row).below;
      below.append(1, '\n').append(indent, ' ').append(rest.path);
      below += rest_lines(*rest.node, column, indent + 2);
    }
  }

  const TextTree& tree_;
  const Node& list_;
  TextTable table_;
  unsigned indent_;
  std::string_view chain_ = {}; ///< the member that leads from row to row
  std::vector<Item> rows_;
  std::vector<std::vector<Rest>> rests_; ///< of each row
};

/// Most lists do not, and need no closer look.
bool begins_with_struct(const TextTree& tree, const Node& list) {
  const auto is_zero = [&](std::uint32_t index) { return tree.node(index).zero; };
  const auto first = std::ranges::find_if_not(list.children, is_zero);
  return tree.node(first != list.children.end() ? *first : list.children.front()).kind == Kind::record;
}

} // namespace

std::optional<std::string> table_lines(const TextTree& tree, const Node& node, unsigned width,
                                       const TableForm& form, const RestLines& rest_lines) {
  if (node.kind != Kind::record && (node.kind != Kind::array || node.is_text)) return std::nullopt;
  if (node.children.size() < TextTable::least_rows || !begins_with_struct(tree, node)) return std::nullopt;
  RowList list(tree, node, width, form);
  return list.is_list_of_structs() ? list.lines(rest_lines) : std::nullopt;
}

std::optional<std::string> chain_lines(const TextTree& tree, const Node& pointer, unsigned width,
                                       unsigned indent, const RestLines& rest_lines) {
  const Chain chain = chain_from(tree, pointer);
  if (chain.pointers.size() < TextTable::least_rows) return std::nullopt;
  return RowList(tree, chain, width, indent).lines(rest_lines);
}

} // namespace mapscope::report
