// SPDX-License-Identifier: Apache-2.0
// Names in the configuration that fit nothing: what is a slip is warned of, what may be meant for another
// dump is not.
#include "tests/cli/hostile_dump.hpp"

namespace mapscope::cli_test {
namespace {

using testing::Not;

std::string warnings(const Words& sets) {
  Words words;
  for (const std::string& set : sets) words.push_back("--set"), words.push_back(set);
  return Dump({"steady"}, words).err();
}

TEST(Slips, OfPluginsAreWarnedOf) {
  const std::string said = warnings({"plugins.prefer=[\"org.example.stedy\"]",
                                     "plugins.deny=[\"mapscope.builtin.*\",\"org.exmaple.*\"]",
                                     "plugins.allow=[\"*\",\"org.example.steadi\"]"});
  EXPECT_EQ(said, "mapscope: plugins.allow: no plugin is called org.example.steadi; did you mean "
                  "org.example.steady?\n"
                  "mapscope: plugins.deny: no plugin is called org.exmaple.*; did you mean org.example.*?\n"
                  "mapscope: plugins.prefer: no plugin is called org.example.stedy; did you mean "
                  "org.example.steady?\n");
}

TEST(Slips, OfMapsAreWarnedOf) {
  EXPECT_THAT(warnings({"map.\"victin\".limit=1"}),
              HasSubstr(": [map]: no map is called victin; did you mean victim?\n"));
  EXPECT_THAT(warnings({"map.\"vicitm*\".limit=1"}),
              HasSubstr(": [map]: no map is called vicitm*; did you mean victim*?\n"));
}

TEST(Slips, WhatIsLikeNothingThereIsMeantForAnother) {
  EXPECT_EQ(
      warnings({"plugins.prefer=[\"com.example.theirs\"]", "plugins.deny=[\"mapscope.builtin.*\",\"x*\"]",
                "map.\"task_ctx\".limit=1", "map.\"vic*\".limit=1"}),
      "");
}

} // namespace
} // namespace mapscope::cli_test
