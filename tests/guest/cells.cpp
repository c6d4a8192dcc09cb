// SPDX-License-Identifier: Apache-2.0
#include "cells.hpp"

#include "captures.hpp"

#include <array>
#include <cstdio>
#include <gtest/gtest.h>

namespace mapscope::guest {

namespace {

std::string index_hex(unsigned index) {
  std::array<char, 9> text{};
  std::snprintf(text.data(), text.size(), "%02x%02x%02x%02x", index & 255, index >> 8 & 255,
                index >> 16 & 255, index >> 24);
  return text.data();
}

std::string key_of(const rapidjson::Value& entry) {
  return entry.HasMember("key_hex") ? without_blanks(entry["key_hex"].GetString())
                                    : index_hex(entry["key"].GetUint());
}

} // namespace

Cells cells_of_report(const rapidjson::Value& map) {
  Cells cells;
  for (const char* list : {"entries", "array_entries"})
    if (map.HasMember(list))
      for (const auto& entry : map[list].GetArray())
        cells.emplace(key_of(entry),
                      std::vector{without_blanks(entry.HasMember("value_hex") ? entry["value_hex"].GetString()
                                                                              : "missing")});
  for (const char* list : {"percpu_entries", "percpu_hash_entries"}) {
    if (!map.HasMember(list)) continue;
    for (const auto& entry : map[list].GetArray()) {
      std::vector<std::string> copies;
      for (const auto& copy : entry["per_cpu_hex"].GetArray())
        copies.push_back(copy.IsNull() ? "null" : without_blanks(copy.GetString()));
      cells.emplace(key_of(entry), std::move(copies));
    }
  }
  if (cells.empty() && map.HasMember("value_hex"))
    cells.emplace(index_hex(0), std::vector{without_blanks(map["value_hex"].GetString())});
  return cells;
}

const rapidjson::Value* listed(const rapidjson::Value& map) {
  for (const char* list : {"entries", "percpu_entries"})
    if (map.HasMember(list)) return &map[list];
  return nullptr;
}

Cells cells_of_guest(const rapidjson::Value& entries) {
  Cells cells;
  for (const auto& entry : entries.GetArray()) {
    std::vector<std::string> copies;
    if (entry[1].IsString())
      copies.emplace_back(entry[1].GetString());
    else
      for (const auto& copy : entry[1].GetArray()) copies.emplace_back(copy.GetString());
    cells.emplace(entry[0].GetString(), std::move(copies));
  }
  return cells;
}

void compare_cells(const Cells& guest, const Cells& report, Tally& tally) {
  for (const auto& [key, copies] : guest) {
    const auto found = report.find(key);
    tally.add(found != report.end());
    for (std::size_t i = 0; i < copies.size(); ++i)
      tally.add(found != report.end() && i < found->second.size() && found->second[i] == copies[i]);
  }
  for (const auto& [key, copies] : report)
    if (!guest.contains(key)) tally.add(false);
}

void compare_header(const rapidjson::Value& guest, const rapidjson::Value& report) {
  EXPECT_STREQ(report["name"].GetString(), guest["name"].GetString());
  EXPECT_EQ(report["map_type"].GetUint(), guest["type"].GetUint());
  EXPECT_STREQ(report["type_name"].GetString(), guest["type_name"].GetString());
  for (const char* key : {"key_size", "value_size", "max_entries", "map_flags"})
    EXPECT_EQ(report[key].GetUint(), guest[key].GetUint()) << key;
  EXPECT_EQ(report["frozen"].GetBool(), guest["frozen"].GetBool());
  EXPECT_EQ(report.HasMember("btf_id") ? report["btf_id"].GetUint() : 0, guest["btf_id"].GetUint());
  EXPECT_EQ(report.HasMember("map_extra") ? report["map_extra"].GetUint64() : 0,
            guest["map_extra"].GetUint64());
}

void hide(const rapidjson::Value& stated, Cells& cells, char blank) {
  if (!stated.HasMember("hidden")) return;
  for (const auto& part : stated["hidden"].GetArray())
    for (auto& [key, copies] : cells)
      for (std::string& copy : copies)
        if (const std::size_t at = 2 * part[0].GetUint(); at < copy.size())
          copy.replace(at, 2 * part[1].GetUint(), 2 * part[1].GetUint(), blank);
}

} // namespace mapscope::guest
