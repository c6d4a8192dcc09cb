// SPDX-License-Identifier: Apache-2.0
// A report as what can be compared: its maps, allocators and parts of the kernel, each with the plain text of
// its entries by key and of what else is said of it.
//
// Refuses: what changes whenever somebody looks (addresses of elements, reference counts), and hexadecimal
// that stands beside a value. Thread rule: plain values.
#pragma once

#include "host/plain/value.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace mapscope::plain {

struct Item {
  std::string key;      ///< for people
  std::string identity; ///< no other of the part has it
  std::string text;     ///< JSON
};

struct Part {
  std::string name;
  std::string type;            ///< a map's; "allocator" or "kernel"
  std::uint32_t id = 0;        ///< 0: no map
  std::string rest;            ///< JSON: what is no entry
  std::vector<Item> entries{}; ///< as the report has them
  std::uint64_t total = 0;     ///< of the map, with those that the report does not list
  /// Some of the map is not in the report: what is missing need not be gone.
  bool is_cut = false;
};

struct Snapshot {
  std::vector<Part> parts;
  [[nodiscard]] std::uint64_t entry_count() const;
  /// Those that can be compared.
  [[nodiscard]] std::uint64_t compared() const;
};

/// Of a map's members those that say what is in it. Hexadecimal beside a value says nothing new, nor does the
/// value of an array whose elements are listed: it is the first of them.
struct Beside {
  bool value, elements;
};
bool is_compared(std::string_view name, Beside beside);

Snapshot snapshot_of(const rapidjson::Document& report);

} // namespace mapscope::plain
