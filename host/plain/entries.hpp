// SPDX-License-Identifier: Apache-2.0
// What is in a map, as a report lists it: its entries, whatever the map's type calls them, and their keys.
//
// Thread rule: pure functions; entries point into the report.
#pragma once

#include "host/plain/key.hpp"

#include <array>
#include <span>
#include <vector>

namespace mapscope::plain {

struct Entry {
  const Json* row = nullptr;
  const Json* key = nullptr; ///< a value, a number or a string; null: a row without one
};

/// Where reports list what is in a map: the member, the member inside that, what is a row's key.
struct EntryList {
  const char *outer, *inner;
  std::array<const char*, 3> keys;
};
std::span<const EntryList> entry_lists();

/// Those of every list of the map; none where it is one value, or an arena.
std::vector<Entry> entries_of(const Json& map);

/// By the key itself, or by whom the entry is of: a task's pid, an inode's or a cgroup's number, a path, a
/// prefix; where the key has no type, by the number that its bytes are.
bool is_entry(const Entry& entry, const Key& key);

/// As a person writes it.
std::string key_text(const Entry& entry);

/// What no two entries of a map share: the bytes of the key, where the report has them.
std::string identity_of(const Entry& entry);

/// What the entry holds: its value, its copies, or all of it.
const Json& content_of(const Entry& entry);

/// All of the entry in plain form, without the hexadecimal beside its values.
Json plain_row(const Entry& entry, rapidjson::Document::AllocatorType& memory);
/// The same without its key; the value alone where there is nothing else.
Json plain_content(const Entry& entry, rapidjson::Document::AllocatorType& memory);

} // namespace mapscope::plain
