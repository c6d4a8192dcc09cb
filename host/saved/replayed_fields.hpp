// SPDX-License-Identifier: Apache-2.0
// Members of a saved report that are neither a map's record nor its rows, as the fields they were written
// from.
//
// What JSON writes like something else (an address, hexadecimal, a page of memory) is told by the map's
// "field_forms". Thread rule: one object, one thread.
#pragma once

#include "host/plain/object.hpp"
#include "host/report/writer.hpp"
#include "host/saved/replayed_value.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace mapscope::saved {

class ReplayedFields {
public:
  /// All borrowed.
  ReplayedFields(report::MapWriter& writer, const plain::Object& forms, Names& names, const btf::Cuts& cuts)
      : writer_(writer), forms_(forms), names_(names), cuts_(cuts) {}

  /// `path` is where it stands, its name included: "fd_array.slots[]".
  void show(std::string_view name, const plain::Json& content, const std::string& path);
  /// The same of text that may be long: its parts are parsed one by one. Errors (corrupt): it is no JSON.
  Result<void> show(std::string_view name, std::string_view text, const std::string& path);
  /// Behind the fields of a row.
  void end_row() { close(); }

private:
  void open(report::FieldKind kind, std::string_view name);
  void close();
  void list(std::string_view name, const plain::Json& content, const std::string& path);
  void typed(std::string_view name, const plain::Json& value);
  void string(std::string_view name, std::string_view text, std::string_view form);
  void number(std::string_view name, const plain::Json& number, std::string_view form);
  void page(std::string_view name, const plain::Json& content);
  Result<void> parts(std::string_view name, std::string_view text, const std::string& path);
  [[nodiscard]] std::string form_of(const std::string& path) const;

  report::MapWriter& writer_;
  const plain::Object& forms_;
  Names& names_;
  const btf::Cuts& cuts_;
  plain::Piece piece_;
  std::vector<std::byte> bytes_;
};

/// Where a member of what lies at `path` stands.
std::string path_to(const std::string& path, std::string_view member);

} // namespace mapscope::saved
