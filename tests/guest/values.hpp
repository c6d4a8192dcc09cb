// SPDX-License-Identifier: Apache-2.0
// Getting at decoded values in a report.
#pragma once

#include "captures.hpp"

#include <cstdint>
#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>
#include <string>

namespace mapscope::guest {

inline std::string as_text(const rapidjson::Value& value) {
  rapidjson::StringBuffer buffer;
  rapidjson::Writer<rapidjson::StringBuffer> writer(buffer);
  value.Accept(writer);
  return buffer.GetString();
}

/// The value of a struct's member, "a.b" of its member's member; null when there is none.
inline const rapidjson::Value* member_of(const rapidjson::Value& record, const std::string& path) {
  const std::size_t dot = path.find('.');
  if (!record.IsObject() || !record.HasMember("members")) return nullptr;
  for (const auto& candidate : record["members"].GetArray())
    if (candidate["name"].GetString() == path.substr(0, dot))
      return dot == path.npos ? &candidate["value"] : member_of(candidate["value"], path.substr(dot + 1));
  return nullptr;
}

/// The number of a struct's member; -1 when there is none.
inline std::int64_t number_of(const rapidjson::Value& record, const std::string& path) {
  const auto* value = member_of(record, path);
  if (value == nullptr || !value->HasMember("value") || !(*value)["value"].IsNumber()) return -1;
  return (*value)["value"].IsInt64() ? (*value)["value"].GetInt64()
                                     : static_cast<std::int64_t>((*value)["value"].GetUint64());
}

/// The low half of an address, as the report names slots.
inline std::uint32_t low_32(std::uint64_t address) { return static_cast<std::uint32_t>(address); }

/// What the report says of the allocator of that name; null when nothing.
inline const rapidjson::Value* allocations_of(const rapidjson::Document& report, const std::string& name) {
  if (!report.HasMember("sdt_allocations")) return nullptr;
  for (const auto& one : report["sdt_allocations"].GetArray())
    if (one["allocator_name"].GetString() == name) return &one;
  return nullptr;
}

} // namespace mapscope::guest
