// SPDX-License-Identifier: Apache-2.0
#include "host/saved/replayed_value.hpp"

#include "host/base/hex.hpp"
#include "host/plain/object.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <fmt/format.h>
#include <initializer_list>
#include <limits>
#include <optional>

namespace mapscope::saved {

namespace {

using plain::find;
using plain::Json;

std::string_view text_at(const Json& object, const char* name) {
  const Json* const text = find(object, name);
  return text != nullptr && text->IsString() ? plain::characters(*text) : std::string_view{};
}

std::optional<std::uint64_t> number_at(const Json& object, const char* name) {
  const Json* const number = find(object, name);
  return number != nullptr ? plain::number_of(*number) : std::nullopt;
}

std::uint32_t bits_of(const Json& value) {
  return static_cast<std::uint32_t>(std::min<std::uint64_t>(number_at(value, "bits").value_or(64), 1024));
}

class Run {
public:
  Run(btf::ValueVisitor& out, Names& names) : out_(out), names_(names) {}

  void value(const Json& value) {
    if (value.IsNull()) return out_.null();
    const std::string_view kind = text_at(value, "kind");
    const auto found = std::ranges::find(kinds, kind, &Kind::name);
    if (found == kinds.end())
      return out_.unsupported(fmt::format("the report has a value of the unknown kind \"{}\"", kind));
    if (!(this->*found->show)(value))
      out_.unsupported(fmt::format("the report has a value of kind {} without what belongs to it", kind));
  }

private:
  bool signed_int(const Json& value) {
    const Json* const number = find(value, "value");
    const auto known = number != nullptr ? plain::signed_number_of(*number) : std::nullopt;
    if (known) out_.signed_int(bits_of(value), *known);
    return known.has_value();
  }

  bool unsigned_int(const Json& value) {
    const auto number = number_at(value, "value");
    if (!number) return false;
    if (const Json* const cast = find(value, "cast"); cast != nullptr && cast->IsObject())
      return this->cast(*number, *cast), true;
    out_.unsigned_int(bits_of(value), *number);
    return true;
  }

  static std::vector<std::string> texts_at(const Json& object, const char* name) {
    std::vector<std::string> texts;
    const Json* const list = find(object, name);
    if (list == nullptr || !list->IsArray()) return texts;
    for (const Json& text : list->GetArray())
      if (text.IsString()) texts.emplace_back(text.GetString(), text.GetStringLength());
    return texts;
  }

  void cast(std::uint64_t number, const Json& cast) {
    const std::vector<std::string> at = texts_at(cast, "at");
    out_.begin_cast(number, {text_at(cast, "space"), text_at(cast, "type"), text_at(cast, "why"),
                             number_at(cast, "values").value_or(0), at});
    facts(cast, {"space", "type", "why", "values", "at"});
    out_.end_cast();
  }

  bool boolean(const Json& value) {
    const Json* const flag = find(value, "value");
    if (flag == nullptr || !flag->IsBool()) return false;
    return out_.boolean(flag->GetBool()), true;
  }

  bool character(const Json& value) {
    const auto code = number_at(value, "value");
    if (!code || *code > UINT8_MAX) return false;
    return out_.character(static_cast<std::uint8_t>(*code)), true;
  }

  bool real(const Json& value) {
    const Json* const number = find(value, "value");
    if (number == nullptr) return false;
    if (number->IsNumber()) return out_.real(bits_of(value), number->GetDouble()), true;
    if (!number->IsNull()) return false;
    return non_finite(value, text_at(value, "non_finite")), true;
  }

  /// Only unsigned ones are above what a signed one can be.
  bool enumeration(const Json& value) {
    const Json* const number = find(value, "value");
    if (number == nullptr) return false;
    const auto as_signed = plain::signed_number_of(*number);
    const auto as_unsigned = plain::number_of(*number);
    if (!as_signed && !as_unsigned) return false;
    const Json* const variant = find(value, "variant");
    const bool has_name = variant != nullptr && variant->IsString();
    out_.enumeration(bits_of(value), as_signed ? *as_signed : static_cast<std::int64_t>(*as_unsigned),
                     has_name ? std::optional(names_.keep(plain::characters(*variant))) : std::nullopt,
                     as_signed.has_value());
    return true;
  }

  bool record(const Json& value) {
    const Json *type_name = find(value, "type_name"), *members = find(value, "members");
    const bool has_name = type_name != nullptr && type_name->IsString();
    out_.begin_struct(has_name ? std::optional(names_.keep(plain::characters(*type_name))) : std::nullopt);
    if (members != nullptr && members->IsArray())
      for (const Json& member : members->GetArray()) this->member(member);
    facts(value, {"kind", "type_name", "members"});
    out_.end_struct();
    return true;
  }

  void member(const Json& member) {
    out_.member(names_.keep(text_at(member, "name")));
    const Json* const own = find(member, "value");
    if (own == nullptr) return out_.unsupported("the report has a member without a value");
    if (is_bit_field(member, *own)) out_.bit_field();
    if (text_at(*own, "kind") == "float" && find(member, "non_finite") != nullptr)
      return non_finite(*own, text_at(member, "non_finite"));
    value(*own);
  }

  void non_finite(const Json& value, std::string_view is) {
    const double size = is.ends_with("inf") ? std::numeric_limits<double>::infinity() : std::nan("");
    out_.real(bits_of(value), std::copysign(size, is.starts_with('-') ? -1.0 : 1.0));
  }

  /// Widths that no ordinary number has need not say it.
  static bool is_bit_field(const Json& member, const Json& value) {
    if (const Json* const says = find(member, "bit_field"); says != nullptr && says->IsTrue()) return true;
    const std::uint32_t bits = find(value, "bits") != nullptr ? bits_of(value) : 8;
    return bits < 8 || !std::has_single_bit(bits);
  }

  /// As JsonValue tells it: small signed numbers are characters, where nothing says otherwise.
  static bool is_text(const Json& array, const Json& elements) {
    const Json* const told = find(array, "is_text");
    if (told != nullptr && told->IsBool()) return told->GetBool();
    if (elements.Empty()) return false;
    const Json& first = elements[0];
    return plain::is_kind(first, "int") && number_at(first, "bits") == 8U;
  }

  bool array(const Json& value) {
    const Json* const elements = find(value, "elements");
    if (elements == nullptr || !elements->IsArray()) return false;
    const std::uint64_t length = number_at(value, "len").value_or(elements->Size());
    if (is_text(value, *elements))
      out_.begin_text(length);
    else
      out_.begin_array(length);
    for (const Json& element : elements->GetArray()) this->value(element);
    if (const Json* const rest = find(value, "left_out"); rest != nullptr && rest->IsObject()) {
      const Json* const zero = find(*rest, "zero");
      out_.left_out({zero != nullptr && zero->IsTrue(), number_at(*rest, "first_not_zero")});
    }
    out_.end_array();
    return true;
  }

  bool cpu_list(const Json& value) {
    if (find(value, "cpus") == nullptr) return false;
    return out_.cpu_list(text_at(value, "cpus")), true;
  }

  bool pointer(const Json& value) {
    const auto address = number_at(value, "value");
    if (!address) return false;
    if (value.MemberCount() <= 2) return out_.pointer(*address), true;
    out_.begin_pointer(*address);
    facts(value, {"kind", "value"});
    out_.end_pointer();
    return true;
  }

  /// Numbers wider than any of JSON's say how wide; what is no hexadecimal is text (.rodata.str1.1).
  bool bytes(const Json& value) {
    const Json* const hex = find(value, "hex");
    if (hex == nullptr || !hex->IsString()) return false;
    std::vector<std::byte> bytes;
    if (!bytes_of_hex(plain::characters(*hex), bytes)) return out_.text(plain::characters(*hex)), true;
    if (find(value, "bits") == nullptr) return out_.bytes(bytes), true;
    const Json* const guess = find(value, "format_is_guess");
    out_.wide_number({bytes, bits_of(value), text_at(value, "value"), text_at(value, "format"),
                      guess != nullptr && guess->IsTrue()});
    return true;
  }

  bool truncated(const Json& value) {
    const Json* const partial = find(value, "partial");
    if (partial == nullptr) return false;
    out_.begin_truncated(number_at(value, "needed").value_or(0), number_at(value, "had").value_or(0));
    this->value(*partial);
    out_.end_truncated();
    return true;
  }

  bool unsupported(const Json& value) { return out_.unsupported(text_at(value, "reason")), true; }

  /// All but what the value itself is made of.
  void facts(const Json& object, std::initializer_list<std::string_view> own) {
    for (const auto& [name, fact] : object.GetObject()) {
      if (std::ranges::find(own, plain::characters(name)) != own.end()) continue;
      if (plain::characters(name) != "deref")
        this->fact(names_.keep(plain::characters(name)), fact);
      else
        out_.deref(), value(fact);
    }
  }

  void fact(std::string_view name, const Json& fact) {
    if (fact.IsBool()) return out_.fact(name, fact.GetBool());
    if (fact.IsInt64()) return out_.fact(name, fact.GetInt64()); // also a span of time, which has a sign
    if (fact.IsUint64()) return out_.fact(name, fact.GetUint64());
    if (fact.IsString()) return out_.fact(name, plain::characters(fact));
    if (!fact.IsArray()) return;
    out_.begin_values(name);
    for (const Json& value : fact.GetArray()) this->value(value);
    out_.end_values();
  }

  struct Kind {
    std::string_view name;
    bool (Run::*show)(const Json&); ///< false: something is missing, and nothing has been said
  };
  static constexpr std::array<Kind, 13> kinds = {{{"int", &Run::signed_int},
                                                  {"uint", &Run::unsigned_int},
                                                  {"bool", &Run::boolean},
                                                  {"char", &Run::character},
                                                  {"float", &Run::real},
                                                  {"enum", &Run::enumeration},
                                                  {"struct", &Run::record},
                                                  {"array", &Run::array},
                                                  {"cpu_list", &Run::cpu_list},
                                                  {"ptr", &Run::pointer},
                                                  {"bytes", &Run::bytes},
                                                  {"truncated", &Run::truncated},
                                                  {"unsupported", &Run::unsupported}}};

  btf::ValueVisitor& out_;
  Names& names_;
};

} // namespace

std::string_view Names::keep(std::string_view name) {
  if (const auto known = names_.find(name); known != names_.end()) return *known;
  return *names_.emplace(name).first;
}

btf::Cuts ReplayedValue::decode(std::span<const std::byte> /*bytes*/, btf::ValueVisitor& visitor) const {
  Run(visitor, names_).value(value_);
  return cuts_;
}

std::string_view ReplayedValue::type_name() const {
  const bool is_raw = plain::is_kind(value_, "bytes") && value_.MemberCount() == 2;
  return is_raw ? "" : text_at(value_, "kind");
}

void ReplayedValue::decode(std::span<const std::byte> bytes, btf::ValueVisitor& visitor,
                           btf::Progress& progress) const {
  progress.cuts.add(decode(bytes, visitor));
}

} // namespace mapscope::saved
