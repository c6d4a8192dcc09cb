// SPDX-License-Identifier: Apache-2.0
// The keys of local storages, which the guest cannot state: addresses of kernel objects.
#include "slots.hpp"

#include <array>
#include <cstdio>
#include <map>

namespace mapscope::guest {
namespace {

/// Owners as text to what the report has as their address.
std::map<std::string, std::uint64_t> keys_by_owner(const rapidjson::Document& report,
                                                   const std::string& name) {
  std::map<std::string, std::uint64_t> keys;
  for (const auto& map : report["maps"].GetArray()) {
    if (map["name"].GetString() != name) continue;
    for (const auto& entry : map["entries"].GetArray())
      keys.emplace(json_text(entry["owner"]), entry["key"]["value"].GetUint64());
  }
  EXPECT_FALSE(keys.empty()) << name;
  return keys;
}

std::string little_endian(std::uint64_t number) {
  std::string text;
  for (int byte = 0; byte < 8; ++byte) {
    std::array<char, 4> digits{};
    std::snprintf(digits.data(), digits.size(), "%s%02x", byte == 0 ? "" : " ",
                  static_cast<unsigned>(number >> 8 * byte & 255));
    text += digits.data();
  }
  return text;
}

TEST(LocalStorage, OneOwnerHasOneAddressInEveryMap) {
  ASSERT_FALSE(captures().empty());
  for (const Capture& capture : captures()) {
    SCOPED_TRACE(capture.name);
    const auto report = dump(capture.vmcore(), {"--map", "of_*"});
    for (const std::string name : {"of_task", "of_inode", "of_socket"}) {
      if (name == "of_task" && !knows_map_type(capture, "task_storage")) continue; // before 5.11
      const auto keys = keys_by_owner(report, name);
      std::size_t shared = 0;
      for (const auto& [owner, key] : keys_by_owner(report, name + "_too")) {
        const auto found = keys.find(owner);
        if (found == keys.end()) continue;
        ++shared;
        EXPECT_EQ(found->second, key) << owner;
      }
      EXPECT_GT(shared, 0U) << name;
    }
  }
}

TEST(LocalStorage, KeysAreAddressesInBothForms) {
  ASSERT_FALSE(captures().empty());
  for (const Capture& capture : captures()) {
    SCOPED_TRACE(capture.name);
    const auto report = dump(capture.vmcore(), {"--map", "of_*"});
    for (const auto& map : report["maps"].GetArray()) {
      if (!map.HasMember("entries")) continue;
      for (const auto& entry : map["entries"].GetArray()) {
        EXPECT_GE(entry["key"]["value"].GetUint64(), 0xff00'0000'0000'0000) << "no kernel address";
        EXPECT_EQ(entry["key_hex"].GetString(), little_endian(entry["key"]["value"].GetUint64()));
        EXPECT_FALSE(entry["key"].HasMember("deref"));
      }
    }
  }
}

} // namespace
} // namespace mapscope::guest
