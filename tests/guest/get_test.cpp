// SPDX-License-Identifier: Apache-2.0
// get: of one map of each type one entry, by its key, is what the whole report has.
#include "captures.hpp"

#include <gmock/gmock.h>
#include <set>

namespace mapscope::guest {
namespace {

using rapidjson::Value;

/// As a person writes it; "" for what is no number, and no struct of numbers.
std::string word_of(const Value& key) {
  if (key.IsUint64()) return std::to_string(key.GetUint64());
  const std::string kind = key.HasMember("kind") ? key["kind"].GetString() : "";
  if (kind == "uint" || kind == "enum" || kind == "int")
    return key["value"].IsUint64() ? std::to_string(key["value"].GetUint64())
                                   : std::to_string(key["value"].GetInt64());
  std::string all;
  if (kind != "struct" || !key.HasMember("members")) return "";
  for (const auto& member : key["members"].GetArray()) {
    const std::string word = word_of(member["value"]);
    if (word.empty()) return "";
    if (!all.empty()) all += ',';
    all += word;
  }
  return all;
}

/// The first number in a value, and the way to it.
std::string first_number(const Value& value, std::string& path) {
  const std::string kind = value.IsObject() ? value["kind"].GetString() : "";
  if (kind == "uint" || kind == "int") return word_of(value);
  if (kind != "struct" || !value.HasMember("members")) return "";
  for (const auto& member : value["members"].GetArray()) {
    std::string further = path;
    if (!further.empty()) further += '.';
    further += member["name"].GetString();
    if (member["name"].GetStringLength() == 0) continue;
    if (const auto found = first_number(member["value"], further); !found.empty())
      return path = further, found;
  }
  return "";
}

/// True when there was something to compare.
bool check(const Capture& capture, const Value& map, const char* list) {
  const auto& row = map[list][map[list].Size() - 1];
  if (!row.HasMember("key")) return false;
  std::string word = word_of(row["key"]);
  if (row.HasMember("owner") && row["owner"].HasMember("pid")) word = word_of(row["owner"]["pid"]);
  const bool is_per_cpu = row.HasMember("per_cpu");
  std::string path(is_per_cpu ? 1 : 0, '0'); // the CPU
  if (word.empty() || (!is_per_cpu && !row.HasMember("value"))) return false;
  const std::string number = first_number(is_per_cpu ? row["per_cpu"][0] : row["value"], path);
  if (number.empty()) return false;
  std::vector<std::string> words = {"get", capture.vmcore().string(),
                                    std::string("id:").append(std::to_string(map["id"].GetUint())), word};
  if (!path.empty()) words.push_back(path);
  const Ran ran = run(words);
  EXPECT_EQ(ran.out, number + "\n") << ran.err << testing::PrintToString(words);
  return true;
}

TEST(Get, IsWhatTheReportHas) {
  ASSERT_FALSE(captures().empty());
  for (const Capture& capture : captures()) {
    if (capture.name != "6.1-kdump" && capture.name != "6.12" && capture.name != "7") continue;
    SCOPED_TRACE(capture.name);
    const auto report = dump(capture.vmcore());
    std::set<std::string> types;
    for (const auto& map : report["maps"].GetArray())
      for (const char* const list :
           {"entries", "percpu_entries", "percpu_hash_entries", "array_entries", "elements"})
        if (map.HasMember(list) && !types.contains(map["type_name"].GetString()) && check(capture, map, list))
          types.insert(map["type_name"].GetString());
    for (const char* const type :
         {"hash", "lru_hash", "percpu_hash", "array", "percpu_array", "task_storage"})
      EXPECT_TRUE(types.contains(type)) << type;
  }
}

} // namespace
} // namespace mapscope::guest
