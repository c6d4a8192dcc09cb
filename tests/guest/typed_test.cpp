// SPDX-License-Identifier: Apache-2.0
// Decoded values against what the guest's C compiler read from the same bytes.
#include "captures.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdio>
#include <gtest/gtest.h>
#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>
#include <set>

namespace mapscope::guest {
namespace {

std::string spelled(const rapidjson::Value* value) {
  if (value == nullptr) return "(nothing)";
  rapidjson::StringBuffer buffer;
  rapidjson::Writer<rapidjson::StringBuffer> writer(buffer);
  value->Accept(writer);
  return buffer.GetString();
}

/// The member called `name`; members of anonymous structs and unions count as the outer one's.
const rapidjson::Value* member(const rapidjson::Value& value, const std::string& name) {
  if (!value.HasMember("members")) return nullptr;
  for (const auto& inner : value["members"].GetArray()) {
    if (inner["name"].GetString() == name) return &inner["value"];
    if (inner["name"].GetStringLength() != 0) continue;
    if (const auto* found = member(inner["value"], name)) return found;
  }
  return nullptr;
}

/// Walks "a.b[2].c" through a rendered value.
const rapidjson::Value* at_path(const rapidjson::Value* value, std::string path) {
  while (value != nullptr && !path.empty()) {
    if (path.front() == '[') {
      const std::size_t end = path.find(']');
      const auto index = static_cast<rapidjson::SizeType>(std::stoul(path.substr(1, end - 1)));
      const bool there = value->HasMember("elements") && index < (*value)["elements"].Size();
      value = there ? &(*value)["elements"][index] : nullptr;
      path.erase(0, end + 1);
    } else {
      const std::size_t begin = path.front() == '.' ? 1 : 0,
                        end = std::min(path.find_first_of(".[", begin), path.size());
      value = member(*value, path.substr(begin, end - begin));
      path.erase(0, end);
    }
  }
  return value;
}

const rapidjson::Value* found_in(const rapidjson::Value& object, const char* name) {
  const auto found = object.FindMember(name);
  return found != object.MemberEnd() ? &found->value : nullptr;
}

unsigned index_of(const std::string& key_hex) { // four bytes, little-endian
  unsigned index = 0;
  for (std::size_t i = 0; i < 4; ++i)
    index |= static_cast<unsigned>(std::stoul(key_hex.substr(2 * i, 2), nullptr, 16)) << (8 * i);
  return index;
}

/// The element whose key is these bytes, in whichever list the map has.
const rapidjson::Value* element(const rapidjson::Value& map, const std::string& key_hex) {
  for (const char* name : {"entries", "percpu_hash_entries"})
    if (const auto* list = found_in(map, name))
      for (const auto& entry : list->GetArray())
        if (without_blanks(entry["key_hex"].GetString()) == key_hex) return &entry;
  for (const char* name : {"array_entries", "percpu_entries"})
    if (const auto* list = found_in(map, name))
      for (const auto& entry : list->GetArray())
        if (entry["key"].GetUint() == index_of(key_hex)) return &entry;
  return map.HasMember("value") && index_of(key_hex) == 0 ? &map : nullptr;
}

/// The rendered value that a fact is about.
const rapidjson::Value* shown_for(const rapidjson::Document& report, const rapidjson::Value& fact) {
  const auto* map = map_by_id(report, fact["map"].GetUint());
  if (map == nullptr || (*map)["name"] != fact["name"]) return nullptr;
  if (!fact.HasMember("key_hex")) return found_in(*map, "value");
  const auto* entry = element(*map, fact["key_hex"].GetString());
  if (entry == nullptr) return nullptr;
  if (fact.HasMember("part")) return found_in(*entry, fact["part"].GetString());
  if (!fact.HasMember("cpu")) return found_in(*entry, "value");
  const auto* copies = found_in(*entry, "per_cpu");
  return copies != nullptr && fact["cpu"].GetUint() < copies->Size() ? &(*copies)[fact["cpu"].GetUint()]
                                                                     : nullptr;
}

__extension__ typedef unsigned __int128 Wide;

Wide wide_of_hex(const std::string& hex) {
  Wide number = 0;
  for (std::size_t i = 0; 2 * i < hex.size(); ++i)
    number |= static_cast<Wide>(std::stoul(hex.substr(2 * i, 2), nullptr, 16)) << (8 * i);
  return number;
}

/// Modulo 2^128.
Wide wide_of_decimal(const std::string& text) {
  Wide number = 0;
  for (const char c : text)
    if (c != '-') number = number * 10 + static_cast<Wide>(c - '0');
  return text.starts_with('-') ? -number : number;
}

/// A 128-bit integer is stated as its bytes; the report has its number beside them. A number that stands for
/// a pointer is where the kernel happens to lie in some boots: then it has a symbol.
bool is_as_stated(const rapidjson::Value& shown, const rapidjson::Value& stated) {
  if (stated["kind"] == "ptr" && shown.IsObject() && shown.HasMember("symbol"))
    return shown["kind"] == "ptr" && shown["value"] == stated["value"];
  if (!shown.IsObject() || !shown.HasMember("bits") || shown["bits"].GetUint() != 128) return shown == stated;
  return shown["kind"] == stated["kind"] && shown["hex"] == stated["hex"] &&
         wide_of_decimal(shown["value"].GetString()) ==
             wide_of_hex(without_blanks(stated["hex"].GetString()));
}

/// Some types are lost on the way into an older kernel, which knows no such kind: then bytes or a number must
/// be right.
bool is_as_lost(const rapidjson::Value& shown, const rapidjson::Value& stated) {
  if (!shown.IsObject()) return false;
  if (stated["kind"] == "enum")
    return shown["kind"] == "uint" &&
           shown["value"].GetUint64() == static_cast<std::uint64_t>(stated["value"].GetInt64());
  if (shown["kind"] != "bytes") return false;
  const auto bits = wide_of_hex(without_blanks(shown["hex"].GetString()));
  const double value = stated["bits"].GetUint() == 32
                           ? std::bit_cast<float>(static_cast<std::uint32_t>(bits))
                           : std::bit_cast<double>(static_cast<std::uint64_t>(bits));
  return stated["value"].IsNull() ? !std::isfinite(value) : value == stated["value"].GetDouble();
}

/// Kinds of types that the guest's kernel does not know.
std::set<std::string> unknown_kinds(const rapidjson::Document& guest) {
  std::set<std::string> kinds;
  for (const auto& kind : guest["unknown_kinds"].GetArray()) kinds.insert(kind.GetString());
  return kinds;
}

std::string kind_of_type(const rapidjson::Value& stated) {
  const std::string kind = stated["kind"].GetString();
  return kind == "enum" && stated["bits"].GetUint() == 64 ? "enum64" : kind;
}

TEST(Typed, EveryKnownValueEqualsWhatTheCompilerSaid) {
  ASSERT_FALSE(captures().empty())
      << "MAPSCOPE_CAPTURES is not set; ./dev test captures the guests and sets it";
  for (const Capture& capture : captures()) {
    const auto report = dump(capture.vmcore());
    const auto guest = parse(read_file(capture.folder / "guest.json"));
    const auto lost = unknown_kinds(guest);
    std::size_t equal = 0;
    for (const auto& fact : guest["typed"].GetArray()) {
      const auto* shown = at_path(shown_for(report, fact), fact["path"].GetString());
      const auto& stated = fact["json"];
      const bool is_lost = lost.contains(kind_of_type(stated));
      const bool same =
          shown != nullptr && (is_lost ? is_as_lost(*shown, stated) : is_as_stated(*shown, stated));
      equal += same ? 1 : 0;
      EXPECT_TRUE(same) << capture.name << " " << spelled(&fact) << "\n  is shown as " << spelled(shown);
    }
    std::printf("%s: %zu of %u typed values equal\n", capture.name.c_str(), equal, guest["typed"].Size());
    EXPECT_GT(guest["typed"].Size(), 3000U); // with one CPU; 582 more with each other
  }
}

const rapidjson::Value* value_of_map(const rapidjson::Document& report, const char* name) {
  for (const auto& map : report["maps"].GetArray())
    if (map["name"] == name && map.HasMember("value")) return &map["value"];
  return nullptr;
}

TEST(Typed, StringLiteralsAreText) {
  ASSERT_FALSE(captures().empty());
  const auto report = dump(captures().front().vmcore());
  const auto* literals = value_of_map(report, ".rodata.str1.1");
  ASSERT_NE(literals, nullptr);
  EXPECT_NE(std::string((*literals)["hex"].GetString()).find("a string literal of its own\\x00"),
            std::string::npos);
}

TEST(Typed, EqualNamesKeepTheirOwnTypes) {
  ASSERT_FALSE(captures().empty());
  const auto report = dump(captures().front().vmcore());
  std::multiset<std::string> types;
  for (const auto& map : report["maps"].GetArray())
    if (map["name"] == "state") types.insert(map["entries"][0]["value"]["type_name"].GetString());
  EXPECT_EQ(types, (std::multiset<std::string>{"other", "point"}));
}

} // namespace
} // namespace mapscope::guest
