// SPDX-License-Identifier: Apache-2.0
// How many entries are shown where several say so; and what --strict says of what is less than complete.
#include "tests/cli/hostile_dump.hpp"

namespace mapscope::cli_test {
namespace {

/// A rule of a configuration for one map; ten entries are there.
class Limit : public testing::Test {
protected:
  [[nodiscard]] unsigned shown(const Words& more) const {
    const Dump dump({"steady"}, and_also({"--config", config_}, more));
    EXPECT_EQ(dump.map("last")["entries"].Size(), 10U) << "which has no rule";
    return dump.map("first")["entries"].Size();
  }

  const Scratch scratch_;
  const std::string config_ = scratch_.file("c.toml", "[map.first]\nlimit = 2\n");
};

TEST_F(Limit, OfARule) {
  EXPECT_EQ(shown({}), 2U);
  EXPECT_EQ(shown({"--set", "report.limit=0"}), 2U) << "of all maps that have no rule";
}

TEST_F(Limit, OfTheCommandLineIsTheLastWord) { // it is what the report says to raise the limit with
  EXPECT_EQ(shown({"--limit", "0"}), 10U);
  EXPECT_EQ(shown({"--limit", "20"}), 10U);
}

/// The first sentence on standard error that is --strict's.
std::string reason(const Words& more) {
  const Scratch scratch;
  fs::create_directory(scratch / "plugins");
  fs::copy_file(fs::path(HOSTILE_PLUGINS) / "steady.so", scratch / "plugins" / "steady.so");
  const Ran ran =
      run(and_also({"dump", scratch.file("core", tiny_core({"first", "last"}, "0xffff888000700000")), "-q",
                    "--strict", "-o", "/dev/null", "--plugin-dir", (scratch / "plugins").string(), "--set",
                    "plugins.deny=[\"mapscope.builtin.*\"]"},
                   more));
  EXPECT_EQ(ran.exit_code, ran.err.empty() ? 0 : 3);
  return ran.err;
}

TEST(Strict, SaysWhatIsLessThanComplete) {
  EXPECT_EQ(reason({}),
            "mapscope: --strict: less than complete: 1 of 3 maps (1 unreadable; the first is map 15, "
            "(not known)); the record of 1 map could not be read\n");
  EXPECT_EQ(reason({"--map", "id:2", "--limit", "3"}),
            "mapscope: --strict: less than complete: 1 of 1 map (1 truncated; the first is map 2, last)\n");
  EXPECT_EQ(reason({"--map", "id:1"}), "");
}

} // namespace
} // namespace mapscope::cli_test
