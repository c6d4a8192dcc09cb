// SPDX-License-Identifier: Apache-2.0
#include "tests/support/value_tree.hpp"

#include "host/base/hex.hpp"

#include <fmt/format.h>
#include <stdexcept>

namespace mapscope::test {

using Shape = ValueNode::Shape;

namespace {
bool has_names(Shape shape) { return shape == Shape::record || shape == Shape::pointer; }
} // namespace

std::string ValueNode::text() const {
  if (shape == Shape::leaf) return label;
  std::string inside;
  for (std::size_t i = 0; i < children.size(); ++i) {
    if (i != 0) inside += ", ";
    if (has_names(shape)) inside += names[i] + "=";
    inside += children[i].text();
  }
  if (shape == Shape::record) return label + "{" + inside + "}";
  if (shape == Shape::pointer) return label + "(" + inside + ")";
  if (shape == Shape::truncated) return "truncated(" + label + ", " + inside + ")";
  return "[" + label + ":" + (inside.empty() ? "" : " ") + inside + "]";
}

std::string ValueNode::indented(unsigned level) const {
  std::string lines = label + "\n";
  for (std::size_t i = 0; i < children.size(); ++i) {
    lines.append(2 * (level + 1), ' ');
    lines += has_names(shape) ? names[i] + " = " : "- ";
    lines += children[i].indented(level + 1);
  }
  return lines;
}

const ValueNode& TreeVisitor::root() const {
  if (!complete_) throw std::logic_error("the value was not completed");
  return root_;
}

/// Where the next value goes.
ValueNode& TreeVisitor::place() {
  if (open_.empty()) {
    if (complete_) throw std::logic_error("a second value behind the first");
    return root_;
  }
  ValueNode& parent = *open_.back();
  if (has_names(parent.shape) && parent.names.size() != parent.children.size() + 1)
    throw std::logic_error("a value in a struct without member()");
  if (parent.shape == Shape::truncated && !parent.children.empty())
    throw std::logic_error("two values in one truncated");
  return parent.children.emplace_back();
}

void TreeVisitor::leaf(std::string label) {
  place() = {Shape::leaf, std::move(label), {}, {}, false};
  complete_ = complete_ || open_.empty();
}

void TreeVisitor::begin(Shape shape, std::string label) {
  ValueNode& node = place();
  node = {shape, std::move(label), {}, {}, false};
  open_.push_back(&node);
}

void TreeVisitor::end(Shape shape) {
  if (open_.empty() || open_.back()->shape != shape) throw std::logic_error("an end without its begin");
  const ValueNode& node = *open_.back();
  if (has_names(shape) && node.names.size() != node.children.size())
    throw std::logic_error("a member without a value");
  if (shape == Shape::truncated && node.children.size() != 1)
    throw std::logic_error("truncated without a partial value");
  open_.pop_back();
  complete_ = open_.empty();
}

void TreeVisitor::signed_int(std::uint32_t bits, std::int64_t value) {
  leaf(fmt::format("{}:int{}", value, bits));
}
void TreeVisitor::unsigned_int(std::uint32_t bits, std::uint64_t value) {
  leaf(fmt::format("{}:uint{}", value, bits));
}
void TreeVisitor::boolean(bool value) { leaf(value ? "true" : "false"); }
void TreeVisitor::character(std::uint8_t value) { leaf(fmt::format("{}:char", value)); }
void TreeVisitor::real(std::uint32_t bits, double value) { leaf(fmt::format("{}:float{}", value, bits)); }
void TreeVisitor::wide_number(const btf::WideNumber& number) {
  std::string hex;
  append_hex(hex, number.bytes);
  leaf(fmt::format("{}:wide{}<{}>{}{}", number.decimal, number.bits, hex, number.format,
                   number.is_guess ? "?" : ""));
}
void TreeVisitor::enumeration(std::uint32_t bits, std::int64_t value, std::optional<std::string_view> variant,
                              bool is_signed) {
  leaf(fmt::format("{}({}):{}{}", variant.value_or("?"), value, is_signed ? "enum" : "uenum", bits));
}
void TreeVisitor::begin_struct(std::optional<std::string_view> type_name) {
  begin(Shape::record, std::string(type_name.value_or("")));
}
void TreeVisitor::name(std::string name) {
  if (open_.empty() || !has_names(open_.back()->shape))
    throw std::logic_error("a name outside of a struct or pointer");
  if (open_.back()->names.size() != open_.back()->children.size())
    throw std::logic_error("a member without a value");
  open_.back()->names.push_back(std::move(name));
}

void TreeVisitor::member(std::string_view of) {
  if (!open_.empty() && open_.back()->has_facts) throw std::logic_error("a member behind a fact");
  name(std::string(of));
}
void TreeVisitor::begin_pointer(std::uint64_t value) { begin(Shape::pointer, fmt::format("{:#x}", value)); }
void TreeVisitor::deref() { name("*"); }
void TreeVisitor::end_pointer() { end(Shape::pointer); }
void TreeVisitor::begin_cast(std::uint64_t value, const btf::Cast& cast) {
  const std::string more = cast.values == 1 ? "" : fmt::format(" as {}", cast.values);
  begin(Shape::pointer, fmt::format("{}:uint64 is {} {}{}", value, cast.space, cast.type, more));
}
void TreeVisitor::end_cast() { end(Shape::pointer); }
void TreeVisitor::fact_name(std::string_view of) {
  name("@" + std::string(of));
  open_.back()->has_facts = true;
}
void TreeVisitor::fact(std::string_view of, const btf::Fact& fact) {
  fact_name(of);
  std::visit([this](const auto& value) { leaf(fmt::format("{}", value)); }, fact);
}
void TreeVisitor::begin_values(std::string_view of) {
  fact_name(of);
  begin(Shape::array, "");
}
void TreeVisitor::end_values() { end(Shape::array); }
void TreeVisitor::null() { leaf("null"); }
void TreeVisitor::end_struct() { end(Shape::record); }
void TreeVisitor::begin_array(std::uint64_t length) { begin(Shape::array, fmt::format("{}", length)); }
void TreeVisitor::left_out(const btf::LeftOut& rest) {
  if (open_.empty() || open_.back()->shape != Shape::array) throw std::logic_error("left out of no array");
  leaf(rest.zero       ? "left out: zero"
       : rest.not_zero ? fmt::format("left out: [{}] is not zero", *rest.not_zero)
                       : "left out");
}
void TreeVisitor::begin_text(std::uint64_t length) { begin(Shape::array, fmt::format("text {}", length)); }
void TreeVisitor::end_array() { end(Shape::array); }
void TreeVisitor::cpu_list(std::string_view ranges) { leaf(fmt::format("cpus{{{}}}", ranges)); }
void TreeVisitor::pointer(std::uint64_t value) { leaf(fmt::format("{:#x}", value)); }
void TreeVisitor::bytes(std::span<const std::byte> value) {
  std::string hex = "<";
  append_hex(hex, value);
  leaf(hex + ">");
}
void TreeVisitor::text(std::string_view escaped) { leaf(fmt::format("\"{}\"", escaped)); }
void TreeVisitor::begin_truncated(std::uint64_t needed, std::uint64_t had) {
  begin(Shape::truncated, fmt::format("{}/{}", needed, had));
}
void TreeVisitor::end_truncated() { end(Shape::truncated); }
void TreeVisitor::unsupported(std::string_view reason) { leaf(fmt::format("unsupported({})", reason)); }

ValueNode decode_tree(const btf::Decoder& decoder, std::span<const std::byte> bytes) {
  TreeVisitor visitor;
  decoder.decode(bytes, visitor);
  return visitor.root();
}

std::string decode_text(const std::shared_ptr<const btf::Types>& types, btf::TypeId type,
                        std::span<const std::byte> bytes, const btf::Limits& limits) {
  return decode_tree(*btf::Decoder::compile(types, type, limits), bytes).text();
}

} // namespace mapscope::test
