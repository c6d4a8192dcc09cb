// SPDX-License-Identifier: Apache-2.0
#include "slots.hpp"

namespace mapscope::guest {
namespace {

std::string stated_inner_map(const rapidjson::Document& guest) {
  for (const auto& map : guest["maps"].GetArray())
    if (map["name"] == "inner")
      return R"("kind":"map","id":)" + std::to_string(map["id"].GetUint()) + R"(,"name":"inner"})";
  return "";
}

TEST(MapsOfMaps, ShowTheInnerMap) {
  ASSERT_FALSE(captures().empty());
  for (const Capture& capture : captures()) {
    SCOPED_TRACE(capture.name);
    const auto report = dump(capture.vmcore(), {"--map", "outer_*"});
    const std::string inner = stated_inner_map(parse(read_file(capture.folder / "guest.json")));
    EXPECT_EQ(counts_of(report, "outer_array"), R"({"populated":2,"scanned":3,"indices":[0,2]})");
    EXPECT_EQ(slots_of(report, "outer_array"), (Slots{R"({"index":0,)" + inner, R"({"index":2,)" + inner}));
    EXPECT_EQ(counts_of(report, "outer_hash"), R"({"populated":2,"scanned":2})");
    EXPECT_EQ(slots_of(report, "outer_hash"),
              (Slots{R"({"key_hex":"00 00 00 00",)" + inner, R"({"key_hex":"02 00 00 00",)" + inner}));
  }
}

TEST(MapsOfMaps, AreTruncatedByTheLimit) {
  ASSERT_FALSE(captures().empty());
  const auto report = dump(captures().front().vmcore(), {"--map", "outer_*", "--limit", "1"});
  ASSERT_EQ(report["maps"].Size(), 2U);
  for (const auto& map : report["maps"].GetArray()) {
    EXPECT_STREQ(map["status"].GetString(), "truncated");
    EXPECT_EQ(map["entry_count"].GetUint(), 2U);
    EXPECT_EQ(map["fd_array"]["populated"].GetUint(), 2U);
    EXPECT_EQ(map["fd_array"]["slots"].Size(), 1U);
  }
}

} // namespace
} // namespace mapscope::guest
