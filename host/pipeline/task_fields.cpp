// SPDX-License-Identifier: Apache-2.0
// What plugins say of the kernel beside its maps, cut down to one task.
#include "host/pipeline/task_rows.hpp"

#include <algorithm>
#include <deque>
#include <utility>

namespace mapscope::pipeline {

namespace {

using report::Field;
using report::FieldKind;

/// A field with what it holds.
struct Node {
  Field field; ///< its views are into the members below
  std::string name, text;
  std::vector<std::byte> bytes;
  std::deque<Node> children = {};
  bool is_kept = false;

  [[nodiscard]] bool is_open() const {
    return field.kind == FieldKind::object || field.kind == FieldKind::list;
  }
};

void keep_all(Node& node) {
  node.is_kept = true;
  for (Node& child : node.children) keep_all(child);
}

bool is_of(const Node& object, std::uint32_t pid) {
  return std::ranges::any_of(object.children, [&](const Node& child) {
    const bool is_number =
        child.field.kind == FieldKind::number || child.field.kind == FieldKind::signed_number;
    return is_number && child.name == "pid" && child.field.number == pid;
  });
}

bool holds_objects(const Node& node) {
  return node.field.kind == FieldKind::object || std::ranges::any_of(node.children, &Node::is_open);
}

/// An object that says the pid stays whole; one that has such in it stays with its own scalars.
bool prune(Node& node, std::uint32_t pid) {
  if (node.field.kind == FieldKind::object && is_of(node, pid)) return keep_all(node), true;
  for (Node& child : node.children)
    if (child.is_open()) node.is_kept = prune(child, pid) || node.is_kept;
  if (node.is_kept && node.field.kind == FieldKind::object)
    for (Node& child : node.children)
      if (!holds_objects(child)) keep_all(child);
  return node.is_kept;
}

class OnlyFields final : public report::MapWriter {
public:
  OnlyFields(std::unique_ptr<report::MapWriter> to, std::uint32_t pid, bool& is_found)
      : to_(std::move(to)), pid_(pid), is_found_(is_found) {
    reset();
  }

  void begin(const catalog::Map& map) override { reset(), to_->begin(map); }
  void begin_allocator(std::string_view name, const catalog::Map& section) override {
    to_->begin_allocator(name, section);
  }
  void row(const report::Row& row) override { to_->row(row); }
  void field(const Field& field) override {
    if (field.kind == FieldKind::end) {
      if (open_.size() > 1) open_.pop_back();
      return;
    }
    Node& node = open_.back()->children.emplace_back();
    node.field = field;
    node.name = field.name, node.text = field.text;
    node.bytes.assign(field.value.bytes.begin(), field.value.bytes.end());
    node.field.name = node.name, node.field.text = node.text, node.field.value.bytes = node.bytes;
    node.field.value.decoder = nullptr; // which goes before the end comes
    if (node.is_open()) open_.push_back(&node);
  }
  void end(const report::Outcome& outcome) override {
    for (Node& child : root_.children) {
      const bool is_his = child.is_open() && prune(child, pid_);
      is_found_ = is_found_ || is_his;
      child.is_kept = is_his || !child.is_open();
    }
    for (const Node& child : root_.children) replay(child);
    to_->end(outcome);
  }
  [[nodiscard]] report::Cuts cuts() const override { return to_->cuts(); }

private:
  void reset() {
    root_.children.clear();
    open_ = {&root_};
  }
  void replay(const Node& node) {
    if (!node.is_kept) return;
    to_->field(node.field);
    for (const Node& child : node.children) replay(child);
    if (node.is_open()) to_->field({});
  }

  std::unique_ptr<report::MapWriter> to_;
  std::uint32_t pid_;
  bool& is_found_;
  Node root_;
  std::vector<Node*> open_; ///< the root first
};

} // namespace

std::unique_ptr<report::MapWriter> only_of_task(std::unique_ptr<report::MapWriter> to, std::uint32_t pid,
                                                bool& is_found) {
  return std::make_unique<OnlyFields>(std::move(to), pid, is_found);
}

} // namespace mapscope::pipeline
