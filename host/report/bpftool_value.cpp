// SPDX-License-Identifier: Apache-2.0
#include "host/report/bpftool_value.hpp"

#include <fmt/format.h>

namespace mapscope::report {

namespace {

constexpr bool is_printable(std::int64_t code) { return code >= 0x20 && code < 0x7f; }
constexpr bool is_whole(std::uint32_t bits) { return bits == 8 || bits == 16 || bits == 32 || bits == 64; }

constexpr std::int64_t sign_extend(std::int64_t value, std::uint32_t bits) {
  const unsigned unused = bits >= 64 ? 0 : 64 - bits;
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(value) << unused) >> unused;
}

} // namespace

bool BpftoolValue::place() {
  if (behind_ != 0) return false;
  if (!open_.empty() && (open_.back() == Kind::text || open_.back() == Kind::hidden)) return false;
  if (!open_.empty() && open_.back() == Kind::undecided) settle_as_list();
  return true;
}

/// A text needs its zero, and nothing in front of it that is not printed; what comes behind does not matter.
bool BpftoolValue::is_character(std::int64_t code, bool is_flagged) {
  if (behind_ != 0 || open_.empty() || open_.back() != Kind::undecided) return false;
  are_flagged_ = is_flagged;
  if (code == 0) {
    out_.string(characters_);
    open_.back() = Kind::text;
    return true;
  }
  if (!is_printable(code)) return false;
  characters_ += static_cast<char>(code);
  return true;
}

void BpftoolValue::settle_as_list() {
  open_.back() = Kind::list;
  out_.begin_array();
  for (const char code : characters_)
    if (are_flagged_)
      write_character(static_cast<std::uint8_t>(code));
    else
      out_.number(std::int64_t{code});
}

void BpftoolValue::write_character(std::uint8_t code) {
  const char character = static_cast<char>(code);
  if (is_printable(code)) return out_.string({&character, 1});
  out_.begin_value(fmt::format("\"\\u00{:02x}\"", code));
}

/// Bits that are no whole number of 1, 2, 4 or 8 bytes, or a bit field's: without their sign.
void BpftoolValue::bits(std::uint64_t value, std::uint32_t width) {
  out_.hex_number(width >= 64 ? value : value & ((1ULL << width) - 1));
}

void BpftoolValue::signed_int(std::uint32_t bits, std::int64_t value) {
  const bool is_bit_field = std::exchange(is_bit_field_, false);
  if (bits == 8 && is_character(value, false)) return;
  if (!place()) return;
  if (is_bit_field || !is_whole(bits)) return this->bits(static_cast<std::uint64_t>(value), bits);
  out_.number(value);
}

void BpftoolValue::unsigned_int(std::uint32_t bits, std::uint64_t value) {
  const bool is_bit_field = std::exchange(is_bit_field_, false);
  if (bits == 8 && is_character(static_cast<std::int8_t>(value), false)) return;
  if (!place()) return;
  if (is_bit_field || !is_whole(bits)) return this->bits(value, bits);
  out_.number(value);
}

void BpftoolValue::boolean(bool value) {
  const bool is_bit_field = std::exchange(is_bit_field_, false);
  if (!place()) return;
  if (is_bit_field) return bits(value ? 1 : 0, 64);
  out_.boolean(value);
}

void BpftoolValue::character(std::uint8_t value) {
  const bool is_bit_field = std::exchange(is_bit_field_, false);
  if (is_character(static_cast<std::int8_t>(value), true)) return;
  if (!place()) return;
  if (is_bit_field) return bits(value, 64);
  write_character(value);
}

void BpftoolValue::real(std::uint32_t /*bits*/, double value) {
  if (place()) out_.real(value);
}

/// Up to 128 bits.
void BpftoolValue::wide_number(const btf::WideNumber& number) {
  is_bit_field_ = false;
  if (!place()) return;
  std::array<std::uint64_t, 2> halves{};
  std::memcpy(halves.data(), number.bytes.data(), std::min(number.bytes.size(), sizeof halves));
  if (const std::uint32_t above = number.bits % 64; number.bits > 64 && above != 0)
    halves[1] &= (1ULL << above) - 1;
  if (halves[1] == 0) return out_.hex_number(halves[0]);
  out_.begin_value(fmt::format("\"0x{:x}{:016x}\"", halves[1], halves[0]));
}

/// Whatever the type says of its sign: a number is read as one that has a sign, before it is looked for.
void BpftoolValue::enumeration(std::uint32_t bits, std::int64_t value,
                               std::optional<std::string_view> variant, bool /*is_signed*/) {
  const bool is_bit_field = std::exchange(is_bit_field_, false);
  if (!place()) return;
  if (is_bit_field) return this->bits(static_cast<std::uint64_t>(value), bits);
  const std::int64_t read = sign_extend(value, bits);
  if (variant && (bits >= 32 || read == value)) return out_.string(*variant);
  out_.number(read);
}

/// A data section is the list of its variables, each an object; no type of C begins with a dot.
void BpftoolValue::begin_struct(std::optional<std::string_view> type_name) {
  const bool is_section = type_name && type_name->starts_with('.');
  if (!place()) return open_.push_back(Kind::hidden);
  open_.push_back(is_section ? Kind::section : Kind::record);
  out_.begin_object();
  if (is_section) out_.member(*type_name), out_.begin_array();
}

void BpftoolValue::member(std::string_view name) {
  if (behind_ != 0 || open_.back() == Kind::hidden) return;
  if (open_.back() == Kind::section) {
    if (std::exchange(in_variable_, true)) out_.end_object();
    out_.begin_object();
  }
  out_.member(name);
}

void BpftoolValue::end_struct() {
  const Kind kind = open_.back();
  open_.pop_back();
  if (kind == Kind::hidden) return;
  if (kind == Kind::section) {
    if (std::exchange(in_variable_, false)) out_.end_object();
    out_.end_array();
  }
  out_.end_object();
}

void BpftoolValue::begin_array(std::uint64_t /*length*/) {
  if (!place()) return open_.push_back(Kind::hidden);
  out_.begin_array();
  open_.push_back(Kind::list);
}

void BpftoolValue::begin_text(std::uint64_t /*length*/) {
  if (!place()) return open_.push_back(Kind::hidden);
  open_.push_back(Kind::undecided);
  characters_.clear();
}

void BpftoolValue::end_array() {
  if (open_.back() == Kind::undecided) settle_as_list();
  if (open_.back() == Kind::list) out_.end_array();
  open_.pop_back();
}

void BpftoolValue::cpu_list(std::string_view ranges) {
  if (place()) out_.string(ranges);
}

void BpftoolValue::pointer(std::uint64_t value) {
  if (place()) out_.number(value);
}

void BpftoolValue::begin_pointer(std::uint64_t value) {
  pointer(value);
  ++behind_;
}

void BpftoolValue::null() {
  is_bit_field_ = false;
  if (place()) out_.null();
}

void BpftoolValue::bytes(std::span<const std::byte> value) {
  if (place()) out_.hex(value);
}

void BpftoolValue::text(std::string_view escaped) {
  if (place()) out_.string(escaped);
}

} // namespace mapscope::report
