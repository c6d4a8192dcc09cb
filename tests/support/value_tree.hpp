// SPDX-License-Identifier: Apache-2.0
// A decoded value as a tree that can be compared and printed.
//
// TreeVisitor throws std::logic_error when events do not form exactly one complete value, so every test that
// decodes also proves the order of events. Thread rule: plain values.
#pragma once

#include "host/btf/decoder.hpp"

#include <string>
#include <vector>

namespace mapscope::test {

struct ValueNode {
  enum class Shape : std::uint8_t { leaf, record, array, truncated, pointer };
  Shape shape = Shape::leaf;
  /// Leaf: the value; record: type name; array: declared length; truncated: "needed/had"; pointer: address.
  std::string label;
  /// Record, pointer: one per child; a fact or list of values has "@" before its name, "*" is what a pointer
  /// leads to.
  std::vector<std::string> names;
  std::vector<ValueNode> children;
  bool has_facts = false; ///< its names cannot tell: a member of a hostile BTF may be called "@"
  bool operator==(const ValueNode&) const = default;

  /// "point{x=3:int16, list=[5: 1:uint8, 2:uint8, left out: zero], p=0x10, b=truncated(4/2, <12 34>)}".
  /// Leaves read 3:int16, 3:uint5, true, 65:char, 0.5:float64, RUN(2):enum32 (signed) or RUN(2):uenum32,
  /// ?(9):enum32, cpus{0-3,8}, 0x10, 0x10(*=2:int8, @why="x"), <de ad>, "text", unsupported(reason).
  [[nodiscard]] std::string text() const;
  /// The same, one value a line, for people who look at a failed test.
  [[nodiscard]] std::string indented(unsigned level = 0) const;
};

class TreeVisitor final : public btf::ValueVisitor {
public:
  /// The value that was visited.
  [[nodiscard]] const ValueNode& root() const;

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
  void end_cast() override;
  void fact(std::string_view name, const btf::Fact& fact) override;
  void begin_values(std::string_view name) override;
  void end_values() override;
  void null() override;
  void bytes(std::span<const std::byte> value) override;
  void text(std::string_view escaped) override;
  void begin_truncated(std::uint64_t needed, std::uint64_t had) override;
  void end_truncated() override;
  void unsupported(std::string_view reason) override;

private:
  void leaf(std::string label);
  void name(std::string name);
  void fact_name(std::string_view of);
  void begin(ValueNode::Shape shape, std::string label);
  void end(ValueNode::Shape shape);
  ValueNode& place();

  ValueNode root_;
  bool complete_ = false;
  std::vector<ValueNode*> open_;
};

/// Decodes with a fresh TreeVisitor.
ValueNode decode_tree(const btf::Decoder& decoder, std::span<const std::byte> bytes);
/// Compiles and decodes; text().
std::string decode_text(const std::shared_ptr<const btf::Types>& types, btf::TypeId type,
                        std::span<const std::byte> bytes, const btf::Limits& limits = {});

} // namespace mapscope::test
