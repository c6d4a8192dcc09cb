// SPDX-License-Identifier: Apache-2.0
#include "host/report/json_value.hpp"

#include <cmath>
#include <fmt/format.h>
#include <utility>

namespace mapscope::report {

namespace {

/// The widths of ordinary integers have their whole head ready: they are most of every report.
std::string_view head(bool is_signed, std::uint32_t bits) {
  switch (bits) {
  case 8:
    return is_signed ? R"({"kind":"int","bits":8,"value":)" : R"({"kind":"uint","bits":8,"value":)";
  case 16:
    return is_signed ? R"({"kind":"int","bits":16,"value":)" : R"({"kind":"uint","bits":16,"value":)";
  case 32:
    return is_signed ? R"({"kind":"int","bits":32,"value":)" : R"({"kind":"uint","bits":32,"value":)";
  case 64:
    return is_signed ? R"({"kind":"int","bits":64,"value":)" : R"({"kind":"uint","bits":64,"value":)";
  default:
    return "";
  }
}

std::string_view non_finite(double value) {
  if (std::isinf(value)) return std::signbit(value) ? "-inf" : "inf";
  return std::signbit(value) ? "-nan" : "nan";
}

} // namespace

void JsonValue::signed_int(std::uint32_t bits, std::int64_t value) { integer(true, bits, value); }

void JsonValue::unsigned_int(std::uint32_t bits, std::uint64_t value) { integer(false, bits, value); }

template <class T> void JsonValue::integer(bool is_signed, std::uint32_t bits, T value) {
  of_list_.is_small = is_signed && bits == 8;
  const std::string_view ready = head(is_signed, bits);
  if (!ready.empty()) return out_.value_of(ready, value, '}');
  is_bit_field_ = false; // the width says it
  out_.begin_value(is_signed ? R"({"kind":"int","bits":)" : R"({"kind":"uint","bits":)");
  out_.raw_number(std::uint64_t{bits});
  out_.raw(R"(,"value":)");
  out_.raw_number(value);
  out_.raw('}');
}

void JsonValue::boolean(bool value) {
  out_.begin_value(value ? R"({"kind":"bool","value":true})" : R"({"kind":"bool","value":false})");
}

void JsonValue::character(std::uint8_t value) {
  out_.begin_value(R"({"kind":"char","value":)");
  out_.raw_number(std::uint64_t{value});
  out_.raw('}');
}

void JsonValue::real(std::uint32_t bits, double value) {
  out_.begin_value(R"({"kind":"float","bits":)");
  out_.raw_number(std::uint64_t{bits});
  out_.raw(R"(,"value":)");
  out_.raw_real(value);
  if (!std::isfinite(value)) { // JSON has only null for it
    if (is_members_own_)
      non_finite_ = non_finite(value);
    else
      out_.raw(fmt::format(R"(,"non_finite":"{}")", non_finite(value)));
  }
  out_.raw('}');
}

/// Bytes to a reader that knows no more; the number is a string, which no reader rounds.
void JsonValue::wide_number(const btf::WideNumber& number) {
  is_bit_field_ = false; // it says how wide it is
  out_.begin_value(R"({"kind":"bytes","hex":")");
  out_.raw_hex(number.bytes);
  out_.raw(R"(","bits":)");
  out_.raw_number(std::uint64_t{number.bits});
  if (!number.decimal.empty()) out_.raw(R"(,"value":)"), out_.quoted(number.decimal);
  if (!number.format.empty()) out_.raw(R"(,"format":)"), out_.quoted(number.format);
  if (number.is_guess) out_.raw(R"(,"format_is_guess":true)");
  out_.raw('}');
}

void JsonValue::enumeration(std::uint32_t bits, std::int64_t value, std::optional<std::string_view> variant,
                            bool is_signed) {
  out_.begin_value(R"({"kind":"enum","bits":)");
  out_.raw_number(std::uint64_t{bits});
  out_.raw(R"(,"value":)");
  if (is_signed)
    out_.raw_number(value);
  else
    out_.raw_number(static_cast<std::uint64_t>(value));
  out_.raw(R"(,"variant":)");
  if (variant)
    out_.quoted(*variant);
  else
    out_.raw("null");
  out_.raw('}');
  if (head(is_signed, bits).empty()) is_bit_field_ = false; // the width says it
}

void JsonValue::begin_struct(std::optional<std::string_view> type_name) {
  out_.begin_object();
  out_.begin_value(R"("kind":"struct","type_name":)");
  if (type_name)
    out_.quoted(*type_name);
  else
    out_.raw("null");
  out_.key("members");
  out_.begin_array(JsonText::Layout::lines);
  begin_part(Part::members);
}

void JsonValue::begin_part(Part part) {
  of_list_.is_open = false; // what it lists are no numbers
  is_members_own_ = false;
  if (open_ + 1 < parts_.size()) ++open_;
  parts_[open_] = part;
}

/// Marks stand beside the member's value, which has the reference's form to the letter.
void JsonValue::open_member_ends() {
  const bool is_bit_field = std::exchange(is_bit_field_, false);
  const std::string_view non_finite = std::exchange(non_finite_, {});
  if (parts_[open_] == Part::member) {
    if (is_bit_field) out_.key("bit_field"), out_.boolean(true);
    if (!non_finite.empty()) out_.key("non_finite"), out_.string(non_finite);
    out_.end_object();
  }
  parts_[open_] = Part::members;
}

void JsonValue::member(std::string_view name) {
  open_member_ends();
  out_.begin_object();
  out_.begin_value(R"("name":)");
  out_.quoted(name);
  out_.key("value");
  parts_[open_] = Part::member;
  is_members_own_ = true;
}

void JsonValue::end_struct() {
  if (parts_[open_] != Part::facts) {
    open_member_ends();
    out_.end_array();
  }
  out_.end_object();
  if (open_ > 0) --open_;
}

void JsonValue::begin_pointer(std::uint64_t value) {
  out_.begin_object();
  out_.begin_value(R"("kind":"ptr","value":)");
  out_.raw_number(value);
  begin_part(Part::facts);
}

void JsonValue::deref() { out_.key("deref"); }

void JsonValue::end_pointer() {
  out_.end_object();
  if (open_ > 0) --open_;
}

void JsonValue::begin_cast(std::uint64_t value, const btf::Cast& cast) {
  out_.begin_object();
  out_.begin_value(R"("kind":"uint","bits":64,"value":)");
  out_.raw_number(value);
  out_.key("cast");
  out_.begin_object();
  out_.key("space"), out_.string(cast.space);
  if (!cast.type.empty()) out_.key("type"), out_.string(cast.type);
  out_.key("why"), out_.string(cast.why);
  out_.key("values"), out_.number(cast.values);
  if (!cast.at.empty()) {
    out_.key("at");
    out_.begin_array();
    for (const std::string& at : cast.at) out_.string(at);
    out_.end_array();
  }
  begin_part(Part::facts);
}

void JsonValue::end_cast() {
  end_pointer();
  out_.end_object();
}

void JsonValue::begin_fact(std::string_view name) {
  if (parts_[open_] != Part::facts) {
    open_member_ends();
    out_.end_array();
    parts_[open_] = Part::facts;
  }
  out_.key(name);
}

void JsonValue::fact(std::string_view name, const btf::Fact& fact) {
  begin_fact(name);
  if (const auto* text = std::get_if<std::string_view>(&fact))
    out_.string(*text);
  else if (const auto* flag = std::get_if<bool>(&fact))
    out_.boolean(*flag);
  else if (const auto* number = std::get_if<std::int64_t>(&fact))
    out_.number(*number);
  else
    out_.number(std::get<std::uint64_t>(fact));
}

void JsonValue::begin_values(std::string_view name) {
  begin_fact(name);
  out_.begin_array();
}

void JsonValue::end_values() { out_.end_array(); }

void JsonValue::null() {
  is_bit_field_ = false;
  out_.null();
}

void JsonValue::begin_array(std::uint64_t length) { array(length, false); }

void JsonValue::begin_text(std::uint64_t length) { array(length, true); }

void JsonValue::array(std::uint64_t length, bool is_text) {
  of_list_ = {is_text, false, true};
  is_members_own_ = false;
  out_.begin_object();
  out_.begin_value(R"("kind":"array","len":)");
  out_.raw_number(length);
  out_.key("elements");
  out_.begin_array();
}

/// "left_out" stands beside "elements": what the list does not have, a reader could only guess at.
void JsonValue::left_out(const btf::LeftOut& rest) {
  out_.end_array();
  list_ended_ = true;
  out_.key("left_out");
  out_.begin_object();
  out_.begin_value(rest.zero ? R"("zero":true)" : R"("zero":false)");
  if (rest.not_zero) out_.key("first_not_zero"), out_.number(*rest.not_zero);
  out_.end_object();
}

void JsonValue::end_array() {
  if (!std::exchange(list_ended_, false)) out_.end_array();
  tell_text();
  out_.end_object();
}

/// Small signed numbers are characters, and no others are; where it is not so JSON says it. It is a matter of
/// their type's name, which no number tells.
void JsonValue::tell_text() {
  const bool is_list = std::exchange(of_list_.is_open, false);
  if (is_list && of_list_.is_text != of_list_.is_small) out_.key("is_text"), out_.boolean(of_list_.is_text);
}

void JsonValue::cpu_list(std::string_view ranges) {
  out_.begin_value(R"({"kind":"cpu_list","cpus":)");
  out_.quoted(ranges);
  out_.raw('}');
}

void JsonValue::pointer(std::uint64_t value) { out_.value_of(R"({"kind":"ptr","value":)", value, '}'); }

void JsonValue::bytes(std::span<const std::byte> value) {
  out_.begin_value(R"({"kind":"bytes","hex":")");
  out_.raw_hex(value);
  out_.raw("\"}");
}

void JsonValue::text(std::string_view escaped) {
  out_.begin_value(R"({"kind":"bytes","hex":)");
  out_.quoted(escaped);
  out_.raw('}');
}

void JsonValue::begin_truncated(std::uint64_t needed, std::uint64_t had) {
  out_.begin_object();
  out_.begin_value(R"("kind":"truncated","needed":)");
  out_.raw_number(needed);
  out_.raw(R"(,"had":)");
  out_.raw_number(had);
  out_.key("partial");
}

void JsonValue::end_truncated() { out_.end_object(); }

void JsonValue::unsupported(std::string_view reason) {
  out_.begin_value(R"({"kind":"unsupported","reason":)");
  out_.quoted(reason);
  out_.raw('}');
}

} // namespace mapscope::report
