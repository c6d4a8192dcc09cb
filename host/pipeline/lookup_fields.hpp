// SPDX-License-Identifier: Apache-2.0
// Content of a map that is no row, one call for each member.
//
// Thread rule: as for any MapWriter.
#pragma once

#include "host/report/writer.hpp"

namespace mapscope::pipeline {

class LookupFields {
public:
  explicit LookupFields(report::MapWriter& to) : to_(to) {}

  void object(std::string_view name) { to_.field(field(report::FieldKind::object, name)); }
  void list(std::string_view name) { to_.field(field(report::FieldKind::list, name)); }
  void end() { to_.field({}); }
  void number(std::string_view name, std::uint64_t value) { put(report::FieldKind::number, name, value); }
  void signed_number(std::string_view name, std::int64_t value) {
    put(report::FieldKind::signed_number, name, static_cast<std::uint64_t>(value));
  }
  void address(std::string_view name, std::uint64_t value) { put(report::FieldKind::address, name, value); }
  void flag(std::string_view name) { put(report::FieldKind::flag, name, 1); }
  void text(std::string_view name, std::string_view value) {
    auto text = field(report::FieldKind::text, name);
    text.text = value;
    to_.field(text);
  }
  void hex(std::string_view name, std::span<const std::byte> bytes) {
    put(report::FieldKind::hex, name, {nullptr, bytes});
  }
  void typed(std::string_view name, const report::Typed& value) {
    put(report::FieldKind::typed, name, value);
  }

private:
  static report::Field field(report::FieldKind kind, std::string_view name) {
    report::Field field;
    field.kind = kind, field.name = name;
    return field;
  }
  void put(report::FieldKind kind, std::string_view name, std::uint64_t number) {
    auto numbered = field(kind, name);
    numbered.number = number;
    to_.field(numbered);
  }
  void put(report::FieldKind kind, std::string_view name, const report::Typed& value) {
    auto valued = field(kind, name);
    valued.value = value;
    to_.field(valued);
  }

  report::MapWriter& to_;
};

} // namespace mapscope::pipeline
