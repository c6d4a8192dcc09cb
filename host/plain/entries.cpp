// SPDX-License-Identifier: Apache-2.0
#include "host/plain/entries.hpp"

#include <initializer_list>
#include <string_view>
#include <utility>

namespace mapscope::plain {

namespace {

constexpr EntryList lists[] = {
    {"entries", nullptr, {"key", "key_hex", "idx"}},
    {"percpu_hash_entries", nullptr, {"key", "key_hex", nullptr}},
    {"percpu_entries", nullptr, {"key", nullptr, nullptr}},
    {"array_entries", nullptr, {"key", nullptr, nullptr}},
    {"elements", nullptr, {"index", nullptr, nullptr}},
    {"fd_array", "slots", {"index", "key", "key_hex"}},
    {"stack_trace", "entries", {"bucket_id", nullptr, nullptr}},
    {"ringbuf", "records", {"pos", nullptr, nullptr}},
};

const Json* key_of(const Json& row, const EntryList& list) {
  for (const char* const name : list.keys)
    if (name != nullptr)
      if (const Json* const key = find(row, name); key != nullptr) return key;
  return nullptr;
}

} // namespace

std::span<const EntryList> entry_lists() { return lists; }

std::vector<Entry> entries_of(const Json& map) {
  std::vector<Entry> entries;
  for (const EntryList& list : lists) {
    const Json* rows = find(map, list.outer);
    if (rows != nullptr && list.inner != nullptr) rows = find(*rows, list.inner);
    if (rows == nullptr || !rows->IsArray()) continue;
    for (const Json& row : rows->GetArray()) entries.push_back({&row, key_of(row, list)});
  }
  return entries;
}

bool is_entry(const Entry& entry, const Key& key) {
  if (const Json* const prefix = find(*entry.row, "prefix"); prefix != nullptr && key.is(*prefix))
    return true;
  const Json* const hex = find(*entry.row, "key_hex");
  if (entry.key != nullptr && entry.key != hex && key.is(*entry.key)) return true;
  if (hex != nullptr && hex->IsString()) {
    const std::string_view bytes(hex->GetString(), hex->GetStringLength());
    if (key.is_bytes(bytes) || (entry.key == hex && key.is_number_of(bytes))) return true;
  }
  const Json* const owner = find(*entry.row, "owner");
  for (const char* const name : {"pid", "ino", "id", "path"})
    if (const Json* const other = owner != nullptr ? find(*owner, name) : nullptr;
        other != nullptr && key.is(*other))
      return true;
  return false;
}

std::string key_text(const Entry& entry) {
  if (entry.key == nullptr) return "";
  if (const Json* const prefix = find(*entry.row, "prefix"); prefix != nullptr && prefix->IsString())
    return {prefix->GetString(), prefix->GetStringLength()};
  rapidjson::Document document;
  for (const char* const name : {"pid", "ino", "id"}) // an address says nothing to anybody
    if (const Json* const owner = find(*entry.row, "owner");
        owner != nullptr && find(*owner, name) != nullptr)
      return json_text(*find(*owner, name), false);
  const Json key = plain(*entry.key, document.GetAllocator());
  return key.IsString() ? std::string(key.GetString(), key.GetStringLength()) : json_text(key, false);
}

Json plain_row(const Entry& entry, rapidjson::Document::AllocatorType& memory) {
  const bool has_values = find(*entry.row, "value") != nullptr || find(*entry.row, "per_cpu") != nullptr;
  Json row(rapidjson::kObjectType);
  for (const auto& [name, member] : entry.row->GetObject()) {
    const std::string_view text(name.GetString(), name.GetStringLength());
    if (text == "key_hex" && entry.key != nullptr && entry.key != &member) continue;
    if (text.ends_with("_hex") && text != "key_hex" && has_values) continue;
    row.AddMember(Json(name, memory), plain(member, memory), memory);
  }
  return row;
}

Json plain_content(const Entry& entry, rapidjson::Document::AllocatorType& memory) {
  Json row = plain_row(entry, memory);
  for (const auto& [name, member] : entry.row->GetObject())
    if (&member == entry.key) row.RemoveMember(name);
  if (row.MemberCount() != 1 || !row.HasMember("value")) return row;
  return Json(row["value"], memory);
}

std::string identity_of(const Entry& entry) {
  const Json* const hex = find(*entry.row, "key_hex");
  return hex != nullptr && hex->IsString() ? hex->GetString() : key_text(entry);
}

const Json& content_of(const Entry& entry) {
  for (const char* const name : {"value", "per_cpu", "payload", "value_hex"})
    if (const Json* const content = find(*entry.row, name); content != nullptr) return *content;
  return *entry.row;
}

} // namespace mapscope::plain
