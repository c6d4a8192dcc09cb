// SPDX-License-Identifier: Apache-2.0
// Maps that a loader made without types, shown as types of a file.
#include "captures.hpp"

#include "tests/support/btf_builder.hpp"

#include <gmock/gmock.h>

namespace mapscope::guest {
namespace {

using test::BtfBuilder;

/// A key of 6 bytes and a value of 10, as tests/guest/loader/bare.cpp has them.
std::string types_file(const Scratch& scratch) {
  BtfBuilder b;
  const auto u16 = b.u16();
  b.record("bare_key", {{"first", u16}, {"rest", b.array(u16, 2)}});
  b.record("bare_value", {{"halves", b.array(u16, 4)}, {"last", u16}});
  const auto raw = b.raw();
  return scratch.file("bare.btf", {reinterpret_cast<const char*>(raw.data()), raw.size()});
}

/// Bytes `at` and behind it of "47 66 22".
unsigned number_at(const rapidjson::Value& hex, std::size_t at) {
  const std::string bytes = without_blanks(hex.GetString());
  return static_cast<unsigned>(
      std::stoul(bytes.substr(2 * at + 2, 2) + bytes.substr(2 * at, 2), nullptr, 16));
}

TEST(GivenTypes, OfMapsThatHaveNone) {
  ASSERT_FALSE(captures().empty());
  const Scratch scratch;
  const std::string file = types_file(scratch);
  for (const Capture& capture : captures()) {
    SCOPED_TRACE(capture.name);
    for (const char* isolate : {"out-of-tree", "all"}) {
      const auto report = dump(capture.vmcore(), {"-q", "--map", "bare_hash", "--isolate", isolate, "--types",
                                                  file, "--set", "map.bare_hash.key_type=struct bare_key",
                                                  "--set", "map.bare_hash.value_type=struct bare_value"});
      const auto* map = map_by_name(report, "bare_hash");
      ASSERT_NE(map, nullptr);
      EXPECT_EQ((*map)["types_from"].GetString(), file);
      ASSERT_EQ((*map)["entries"].Size(), 15U);
      for (const auto& entry : (*map)["entries"].GetArray()) {
        ASSERT_TRUE(entry.HasMember("key") && entry.HasMember("value"));
        EXPECT_EQ(entry["key"]["members"][0]["value"]["value"].GetUint(), number_at(entry["key_hex"], 0));
        EXPECT_EQ(entry["value"]["members"][1]["value"]["value"].GetUint(), number_at(entry["value_hex"], 8));
      }
    }
  }
}

} // namespace
} // namespace mapscope::guest
