// SPDX-License-Identifier: Apache-2.0
#include "host/report/json_value.hpp"

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

template <class T> void integer(JsonText& out, bool is_signed, std::uint32_t bits, T value) {
  if (const std::string_view ready = head(is_signed, bits); !ready.empty()) {
    out.begin_value(ready);
  } else {
    out.begin_value(is_signed ? R"({"kind":"int","bits":)" : R"({"kind":"uint","bits":)");
    out.raw_number(std::uint64_t{bits});
    out.raw(R"(,"value":)");
  }
  out.raw_number(value);
  out.raw('}');
}

} // namespace

void JsonValue::signed_int(std::uint32_t bits, std::int64_t value) { integer(out_, true, bits, value); }

void JsonValue::unsigned_int(std::uint32_t bits, std::uint64_t value) { integer(out_, false, bits, value); }

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
  out_.raw('}');
}

void JsonValue::enumeration(std::uint32_t bits, std::int64_t value, std::optional<std::string_view> variant,
                            bool /*is_signed: the report keeps the two's complement*/) {
  out_.begin_value(R"({"kind":"enum","bits":)");
  out_.raw_number(std::uint64_t{bits});
  out_.raw(R"(,"value":)");
  out_.raw_number(value);
  out_.raw(R"(,"variant":)");
  if (variant)
    out_.quoted(*variant);
  else
    out_.raw("null");
  out_.raw('}');
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
  if (structs_ + 1 < in_member_.size()) ++structs_;
  in_member_[structs_] = false;
}

void JsonValue::open_member_ends() {
  if (in_member_[structs_]) out_.end_object();
  in_member_[structs_] = false;
}

void JsonValue::member(std::string_view name) {
  open_member_ends();
  out_.begin_object();
  out_.begin_value(R"("name":)");
  out_.quoted(name);
  out_.key("value");
  in_member_[structs_] = true;
}

void JsonValue::end_struct() {
  open_member_ends();
  out_.end_array();
  out_.end_object();
  if (structs_ > 0) --structs_;
}

void JsonValue::begin_array(std::uint64_t length) {
  out_.begin_object();
  out_.begin_value(R"("kind":"array","len":)");
  out_.raw_number(length);
  out_.key("elements");
  out_.begin_array();
}

void JsonValue::end_array() {
  out_.end_array();
  out_.end_object();
}

void JsonValue::cpu_list(std::string_view ranges) {
  out_.begin_value(R"({"kind":"cpu_list","cpus":)");
  out_.quoted(ranges);
  out_.raw('}');
}

void JsonValue::pointer(std::uint64_t value) {
  out_.begin_value(R"({"kind":"ptr","value":)");
  out_.raw_number(value);
  out_.raw('}');
}

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
