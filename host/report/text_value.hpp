// SPDX-License-Identifier: Apache-2.0
// One decoded value as a small tree, and its forms on a terminal: one line where it fits, indented lines
// where not.
//
// What is zero is hidden inside structs; nothing from the target reaches the terminal unescaped. The tree is
// used again for every value. Thread rule: one tree, one thread.
#pragma once

#include "host/btf/value_visitor.hpp"
#include "host/report/cut_reasons.hpp"

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace mapscope::report {

/// Control characters (also C1) as escapes, invalid UTF-8 as U+FFFD: what a terminal may be given.
std::string printable(std::string_view text);
void append_printable(std::string_view text, std::string& out);
/// The same of a line in a text of several, which keeps its tabs.
std::string printable_line(std::string_view text);

/// Behind what is left out of a list because it is too long.
inline constexpr std::string_view inside_limit = "(report.inside)";

/// "[3]", and "[3..7]" of a run, which ends before `end`.
std::string indexes(std::size_t first, std::size_t end);

class TextTree final : public btf::ValueVisitor {
public:
  enum class Kind : std::uint8_t { scalar, record, array, bytes, pointer };

  struct Node {
    Kind kind = Kind::scalar;
    bool zero = false;      ///< nothing but zeros: hidden inside a struct
    bool has_facts = false; ///< record: they are shown in place of its members
    bool is_byte = false;   ///< an 8-bit integer
    bool is_text = false;   ///< array: of characters
    bool is_lines = false;  ///< array: the lines of a text
    bool has_lines = false; ///< there is such a text in it: it does not go on one line
    bool is_flags = false;  ///< scalar: names with '|' between
    /// There is more to it than its form here tells, so that it is not known to equal another.
    bool cut = false;
    std::uint8_t byte = 0;
    std::string_view member; ///< name in the struct it stands in
    /// A truncation's mark, then: scalar: its text; record: its type's name; bytes: hex; pointer: the
    /// address.
    std::string text;
    std::uint64_t length = 0; ///< array: declared elements; bytes: how many
    std::uint32_t rest = 0;   ///< array of which a limit left something out: what, counted from 1
    std::size_t hex_at = 0;   ///< bytes: where in the text the hex begins
    std::vector<std::uint32_t> children;
  };

  /// No list shows more than so many things (0 = all of it), which are single elements and runs of equal
  /// ones; zeros do not count. The same on one line and on many: what is shown must not depend on how wide a
  /// terminal is.
  /// zeros: members that are zero are shown as well; full: no more is left out than `inside` says.
  explicit TextTree(std::uint64_t inside = 0, bool zeros = false, bool full = false)
      : inside_(inside), zeros_(zeros), full_(full) {}
  void clear();
  [[nodiscard]] bool empty() const { return used_ == 0; }
  [[nodiscard]] bool is_full() const { return full_; }
  [[nodiscard]] const Node& root() const { return nodes_[0]; }
  [[nodiscard]] const Node& node(std::uint32_t index) const { return nodes_[index]; }

  /// The value on one line.
  [[nodiscard]] std::string one_line() const;
  /// How many elements of an array are shown.
  [[nodiscard]] std::size_t shown(const Node& array) const;
  /// What of the value is not shown by this tree, though it has been given.
  [[nodiscard]] Cuts cuts() const;
  /// What the end of an array says of elements that are not shown; "" when all are.
  [[nodiscard]] std::string left_out_text(const Node& array) const;
  /// The end of the run of equal (or all zero) elements that begins at `first`.
  [[nodiscard]] std::size_t run_end(const Node& array, std::size_t first) const;
  /// Of an array: its elements are scalars.
  [[nodiscard]] bool is_of_scalars(const Node& array) const;
  /// Lines of at most `width` columns where that can be done; the first is to stand behind something `column`
  /// wide, the others are indented by `indent`. No newline at the end.
  [[nodiscard]] std::string lines(unsigned width, unsigned column, unsigned indent) const;
  /// The same of one node.
  [[nodiscard]] std::string lines_of(const Node& node, unsigned width, unsigned column,
                                     unsigned indent) const;

  void signed_int(std::uint32_t bits, std::int64_t value) override;
  void unsigned_int(std::uint32_t bits, std::uint64_t value) override;
  void boolean(bool value) override;
  void character(std::uint8_t value) override;
  void real(std::uint32_t bits, double value) override;
  void wide_number(const btf::WideNumber& number) override;
  void enumeration(std::uint32_t bits, std::int64_t value, std::optional<std::string_view> variant,
                   bool is_signed) override;
  void begin_struct(std::optional<std::string_view> type_name) override;
  void member(std::string_view name) override;
  void end_struct() override;
  void begin_array(std::uint64_t length) override;
  void begin_text(std::uint64_t length) override;
  void left_out(const btf::LeftOut& rest) override;
  void end_array() override;
  void cpu_list(std::string_view ranges) override;
  void pointer(std::uint64_t value) override;
  void begin_pointer(std::uint64_t value) override;
  void deref() override;
  void end_pointer() override;
  void begin_cast(std::uint64_t value, const btf::Cast& cast) override;
  void end_cast() override { end_pointer(); }
  void fact(std::string_view name, const btf::Fact& fact) override;
  void begin_values(std::string_view name) override;
  void end_values() override;
  void null() override;
  void bytes(std::span<const std::byte> value) override;
  void text(std::string_view escaped) override;
  /// All bytes of memory, where bytes() shows the first.
  void memory(std::span<const std::byte> value);
  /// The value that was just complete is none: a next one may take its name and place.
  void take_back();
  /// A word as it is.
  void word(std::string_view text);
  /// The value that was just complete has a place of its own, also where it is zero.
  void keep_zero();
  /// A list whose length is what it turns out to have.
  void begin_list();
  /// Lines of a text, which are line() by line() and end_array().
  void begin_lines();
  void line(std::string_view text);
  /// The innermost struct or list that has not ended, for who knows what it is and how that reads best.
  [[nodiscard]] Node& open_node() { return nodes_[open_.back()]; }
  [[nodiscard]] Node& node_at(std::uint32_t index) { return nodes_[index]; }
  /// The innermost struct or list that has not ended is called so.
  [[nodiscard]] bool is_open_member(std::string_view name) const {
    return !open_.empty() && nodes_[open_.back()].member == name;
  }
  /// The list that was just complete names what is set in the number before it: they become one.
  void name_flags();
  void begin_truncated(std::uint64_t needed, std::uint64_t had) override;
  void end_truncated() override;
  void unsupported(std::string_view reason) override;

private:
  Node& add(Kind kind);
  void scalar(std::string_view text, bool zero);
  void number(std::string_view text, std::uint32_t bits, std::uint64_t value);
  void close();
  /// May end as soon as there are more than `most` characters: nobody will look at them.
  void append_one_line(const Node& node, std::string& out, std::size_t most = std::string::npos) const;
  void append_members(const Node& record, std::string& out, std::size_t most) const;
  void append_array(const Node& node, std::string& out, std::size_t most) const;
  static bool append_pointer_part(const Node& part, std::string& out);
  void append_pointer(const Node& node, std::string& out, std::size_t most) const;
  void append_pointer_lines(const Node& node, unsigned width, unsigned indent, std::string& out) const;
  void append_text(const Node& array, std::string& out) const;
  [[nodiscard]] const btf::LeftOut* rest_of(const Node& array) const;
  [[nodiscard]] bool has_all(const Node& array) const;
  [[nodiscard]] std::string text_of(const Node& array) const;
  void close_array(Node& array) const;
  void append_lines(const Node& node, unsigned width, unsigned column, unsigned indent,
                    std::string& out) const;
  [[nodiscard]] bool append_table(const Node& node, unsigned width, unsigned indent, std::string& out) const;
  void append_record_lines(const Node& node, unsigned width, unsigned indent, std::string& out) const;
  void append_facts(const Node& record, unsigned width, unsigned indent, std::string& out) const;
  void append_array_lines(const Node& node, unsigned width, unsigned indent, std::string& out) const;
  void append_behind_label(const Node& node, unsigned width, unsigned column, unsigned indent,
                           std::string& out) const;
  static void append_hex_lines(std::string_view line, std::size_t begin, unsigned indent, std::string& out);
  void append_scalar_lines(const Node& array, unsigned width, unsigned indent, std::string& out) const;
  void append_left_out(const Node& array, unsigned indent, std::string& out) const;
  void append_behind_text(const Node& array, std::string& out) const;
  void append_text_lines(const Node& array, std::size_t room, unsigned indent, std::string& out) const;
  void append_joined(const Node& array, std::string& out) const;
  void append_lines_with_margin(const Node& array, unsigned indent, std::string& out) const;
  void add_cuts(const Node& node, Cuts& cuts) const;
  [[nodiscard]] bool is_withheld(const Node& pointer) const;
  [[nodiscard]] std::string run_text(const Node& array, std::size_t first, std::size_t end) const;
  [[nodiscard]] bool same(std::uint32_t a, std::uint32_t b) const;
  [[nodiscard]] bool is_same_value(const Node& left, const Node& right) const;
  [[nodiscard]] bool is_like(const Node& record, std::size_t index, std::size_t column) const;
  [[nodiscard]] static bool is_format(const Node& member);
  [[nodiscard]] static bool is_kernels_constant(const Node& member);
  [[nodiscard]] bool is_hidden(const Node& record, const Node& member) const;
  [[nodiscard]] std::string hidden_text(const Node& record) const;

  /// Nodes stay where they are when there are more: a value may have a hundred thousand.
  class Nodes {
  public:
    [[nodiscard]] std::size_t size() const { return blocks_.size() * block; }
    void grow() { blocks_.push_back(std::make_unique<Node[]>(block)); }
    Node& operator[](std::uint32_t index) { return blocks_[index / block][index % block]; }
    const Node& operator[](std::uint32_t index) const { return blocks_[index / block][index % block]; }

  private:
    static constexpr std::uint32_t block = 64;
    std::vector<std::unique_ptr<Node[]>> blocks_;
  };

  std::uint64_t inside_;
  bool zeros_, full_;
  Nodes nodes_; ///< the first used_ are in use; the rest keep their buffers
  std::uint32_t used_ = 0;
  std::vector<btf::LeftOut> rests_;
  std::vector<std::uint32_t> open_; ///< records and arrays that have not ended
  std::string_view next_member_;
  std::string next_prefix_; ///< "<truncated ...> " for the value that comes next
};

} // namespace mapscope::report
