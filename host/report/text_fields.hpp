// SPDX-License-Identifier: Apache-2.0
// What a plugin says beside rows, step by step, as one value for a person to read.
//
// Refuses: to show pages of memory that nobody asked for; they are counted in the place of their list. Thread
// rule: one object, one thread.
#pragma once

#include "host/report/text_value.hpp"
#include "host/report/writer.hpp"

#include <set>
#include <string>
#include <vector>

namespace mapscope::report {

class TextFields {
public:
  explicit TextFields(const Options& options)
      : shows_pages_(options.arena_bytes == "hex"), full_(options.full || options.zeros),
        programs_(options.programs), tree_(options.inside, options.zeros, options.full) {}

  /// A record that holds what comes next.
  void begin();
  void add(const Field& field);
  void end() {
    tree_.end_struct();
    cuts_.add(tree_.cuts());
  }
  /// Objects or lists are open.
  [[nodiscard]] bool is_open() const { return !lists_.empty(); }
  [[nodiscard]] const TextTree& tree() const { return tree_; }
  /// What of all values so far is not shown.
  [[nodiscard]] const Cuts& cuts() const { return cuts_; }

private:
  struct Pages {
    std::uint64_t count = 0, bytes = 0, with_content = 0, unread = 0;
    std::size_t depth = 0; ///< of the objects and lists that hold the last
  };
  void close();
  void text(std::string_view text);
  void page(std::span<const std::byte> bytes);
  void close_page();
  [[nodiscard]] std::string pages_text() const;

  void shorten(bool is_list);
  void thin_out_counters();
  void drop_told_twice();
  void tell_frame();
  void tell_programs();
  [[nodiscard]] std::string program_text(const TextTree::Node& program) const;
  void join_slots();
  [[nodiscard]] TextTree::Node* child(std::string_view name);
  [[nodiscard]] const TextTree::Node* child_of(const TextTree::Node& node, std::string_view name) const;

  bool shows_pages_;
  bool full_; ///< all of it is told as it comes
  std::shared_ptr<const ProgramNames> programs_;
  TextTree tree_;
  Cuts cuts_;
  std::vector<bool> lists_; ///< of the open fields: which are lists
  /// Names of the open fields: a plugin's own, or a frame's, end with the call; those in BTF stay.
  std::set<std::string, std::less<>> names_;
  Pages pages_; ///< that are not shown, of the list that is open
};

} // namespace mapscope::report
