// SPDX-License-Identifier: Apache-2.0
// A plugin built with each released header renders today: the interface keeps its word.
#include "captures.hpp"

#include <gtest/gtest.h>

namespace mapscope::guest {
namespace {

namespace fs = std::filesystem;

TEST(Frozen, APluginOfEachReleasedInterfaceRenders) {
  ASSERT_FALSE(captures().empty());
  const auto core = captures().front().vmcore();
  const auto plain = dump(core, {"--map", "many", "--limit", "1"});
  unsigned releases = 0;
  for (const auto& release : fs::directory_iterator(MAPSCOPE_ABI_COPIES)) {
    if (!release.is_directory()) continue;
    ++releases;
    const std::string version = release.path().filename().string();
    SCOPED_TRACE(version);
    const auto report =
        dump(core, {"--map", "many", "--plugin-dir", (fs::path(MAPSCOPE_FROZEN_PLUGINS) / version).string()});
    ASSERT_EQ(report["maps"].Size(), 1U);
    const auto& map = report["maps"][0];
    EXPECT_STREQ(map["renderer"].GetString(), "org.example.frozen@1");
    EXPECT_EQ(std::to_string(map["interface_minor"].GetUint()), version.substr(version.find('.') + 1));
    EXPECT_TRUE(map["array_entries"][0] == plain["maps"][0]["array_entries"][0]);
  }
  EXPECT_GE(releases, 1U);
}

} // namespace
} // namespace mapscope::guest
