// SPDX-License-Identifier: Apache-2.0
// What the report shows of maps whose slots refer to kernel objects, as text to compare.
#pragma once

#include "captures.hpp"

#include <gtest/gtest.h>
#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>
#include <set>
#include <string>

namespace mapscope::guest {

inline std::string json_text(const rapidjson::Value& value) {
  rapidjson::StringBuffer buffer;
  rapidjson::Writer<rapidjson::StringBuffer> writer(buffer);
  value.Accept(writer);
  return buffer.GetString();
}

/// The map of that name, when it is complete and has slots; fails the test and gives null otherwise.
inline const rapidjson::Value* map_with_slots(const rapidjson::Document& report, const std::string& name) {
  for (const auto& map : report["maps"].GetArray()) {
    if (map["name"].GetString() != name) continue;
    EXPECT_STREQ(map["status"].GetString(), "complete") << name;
    if (map.HasMember("fd_array") && map["fd_array"].HasMember("slots")) return &map;
    break;
  }
  ADD_FAILURE() << name << " has no slots";
  return nullptr;
}

/// Each slot as JSON; those of hashes come in any order.
inline std::multiset<std::string> slots_of(const rapidjson::Document& report, const std::string& name) {
  std::multiset<std::string> slots;
  const auto* map = map_with_slots(report, name);
  if (map == nullptr) return slots;
  for (const auto& slot : (*map)["fd_array"]["slots"].GetArray()) slots.insert(json_text(slot));
  EXPECT_EQ((*map)["fd_array"]["populated"].GetUint64(), slots.size()) << name;
  EXPECT_EQ((*map)["entry_count"].GetUint64(), slots.size()) << name;
  return slots;
}

/// populated, scanned and indices.
inline std::string counts_of(const rapidjson::Document& report, const std::string& name) {
  const auto* map = map_with_slots(report, name);
  if (map == nullptr) return "";
  rapidjson::Document counts;
  counts.CopyFrom((*map)["fd_array"], counts.GetAllocator());
  counts.RemoveMember("slots");
  return json_text(counts);
}

using Slots = std::multiset<std::string>;

} // namespace mapscope::guest
