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

} // namespace
} // namespace mapscope::cli_test
