// SPDX-License-Identifier: Apache-2.0
// Value events to plain JSON, the form that host/plain makes of a report's values: structs as objects by
// member name, those of unnamed members among them; arrays as lists, characters as text; enums by name;
// pointers as hexadecimal strings.
//
// What a value of that form has no place for is kept apart, each thing with the path of its value: where
// pointers, and numbers that are pointers, lead (links), and what is missing (gaps). Refuses: to hold the
// value itself, which is written as it comes. Thread rule: as JsonText.
#pragma once

#include "host/base/char_text.hpp"
#include "host/base/unique_names.hpp"
#include "host/btf/value_visitor.hpp"
#include "host/report/json_piece.hpp"

#include <memory>
#include <string>
#include <vector>

namespace mapscope::report {

class PlainValue final : public btf::ValueVisitor {
public:
  explicit PlainValue(bool big_numbers_as_strings);

  /// The values that come next go to `out`; their paths begin with `root`: "value", "key.a".
  void begin(JsonText& out, std::string root);
  /// Of all values since clear(): objects, with commas between.
  [[nodiscard]] const std::string& links() const { return links_; }
  [[nodiscard]] const std::string& gaps() const { return gaps_; }
  void clear() { links_.clear(), gaps_.clear(); }

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
  void begin_truncated(std::uint64_t needed, std::uint64_t had) override;
  void end_truncated() override {}
  void unsupported(std::string_view reason) override;

private:
  enum class Kind : std::uint8_t {
    root,
    object,
    merged,    ///< an unnamed member, whose members are those of the object around
    undecided, ///< an array of what may be characters so far
    list,
    pointer, ///< what it leads to is written apart
  };
  struct Frame {
    Kind kind = Kind::root;
    bool has_content = false; ///< pointer: there is more to tell than the address
    std::string name;         ///< object, pointer: of the member, or list of values, that is open
    std::uint64_t count = 0;  ///< list: elements that have begun
    UniqueNames names;        ///< object
  };

  JsonText& out() { return apart_ == 0 ? *out_ : pieces_[apart_ - 1]->text(); }
  Frame& top() { return frames_[open_]; }
  /// The object that a member of the open struct is one of.
  Frame& owner();
  Frame& open(Kind kind);
  void close() { --open_; }
  /// Right before a value is written.
  void place();
  void open_member(std::string_view name);
  void begin_fact(std::string_view name);
  bool is_character(std::int64_t code, bool is_unsigned, bool is_flagged);
  void settle_as_list();
  void write_character(std::uint8_t code);
  JsonText& begin_link(std::uint64_t address, const std::string& path);
  [[nodiscard]] std::string path(std::size_t frames) const;
  JsonText& begin_gap(const std::string& path);
  void end_gap();

  bool big_as_strings_;
  JsonText* out_ = nullptr;
  std::string root_;
  std::vector<Frame> frames_;
  std::size_t open_ = 0;
  bool is_unnamed_ = false;                        ///< the member that comes next
  CharText characters_;                            ///< of the array that is undecided
  bool are_flagged_ = false;                       ///< those characters
  std::vector<std::unique_ptr<JsonPiece>> pieces_; ///< one per pointer that is open
  std::size_t apart_ = 0;                          ///< pointers that are open
  JsonPiece gap_;
  std::string links_, gaps_;
};

} // namespace mapscope::report
