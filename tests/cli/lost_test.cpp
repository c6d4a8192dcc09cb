// SPDX-License-Identifier: Apache-2.0
// Maps of which memory is missing: what is lost is shown nowhere as zero, and every table marks them.
#include "tests/cli/hostile_dump.hpp"

namespace mapscope::cli_test {
namespace {

using testing::ContainsRegex;
using testing::Not;

/// "victim" by the plugin that fails, map 15 without its record: the page is not in the dump.
class Lost : public testing::Test {
protected:
  Lost() {
    fs::create_directory(scratch_ / "plugins");
    fs::copy_file(fs::path(HOSTILE_PLUGINS) / "failing.so", scratch_ / "plugins/failing.so");
  }
  [[nodiscard]] Ran run_on(const std::string& command, unsigned rows, const Words& more = {},
                           const std::string& how = "gap_without_a_word") const {
    const std::string core =
        scratch_.file("core", tiny_core({"first", "victim"}, "0xffff888000700000")); // torn
    return run(and_also({command, core, "-q", "--plugin-dir", (scratch_ / "plugins").string(), "--set",
                         "plugins.deny=[\"mapscope.builtin.*\"]", "--set",
                         "plugin.\"org.example.failing\".how=" + how, "--set",
                         "plugin.\"org.example.failing\".rows=" + std::to_string(rows)},
                        more));
  }
  [[nodiscard]] Document report(unsigned rows) const {
    Document json;
    json.Parse(run_on("dump", rows, {"-j"}).out.c_str());
    EXPECT_TRUE(json.IsObject() && json["maps"].Size() == 3);
    return json;
  }

  const Scratch scratch_;
};

TEST_F(Lost, ARecordIsNotOfSizeZero) {
  EXPECT_THAT(run_on("dump", 0).out,
              HasSubstr("\nmap 15 (not known)  of unknown type and sizes\n"
                        "  [unreadable] its struct bpf_map at 0xffff888000700000 is "));
  EXPECT_THAT(run_on("maps", 0).out,
              ContainsRegex("\n +15  unknown +\\(not known\\) +\\? +\\? +\\? / \\?  \\[unreadable\\] - "
                            "\\(its struct bpf_map at 0xffff888000700000 is [^\n]+\\)\n"));
  const Document json = report(0);
  const auto& map = json["maps"][2];
  for (const char* name : {"key_size", "map_flags", "flag_names", "entry_count"})
    EXPECT_FALSE(map.HasMember(name)) << name;
  for (const char* name : {"name", "map_type", "value_size", "max_entries"}) // which every reader asks for
    EXPECT_TRUE(map.HasMember(name)) << name;
  EXPECT_STREQ(map["status"].GetString(), "unreadable");
}

TEST_F(Lost, NoEntryThatWasSeenIsNotNone) {
  EXPECT_THAT(run_on("dump", 0).out, Not(HasSubstr("0 entries")));
  EXPECT_FALSE(report(0)["maps"][1].HasMember("entry_count"));
  EXPECT_THAT(run_on("maps", 0).out, ContainsRegex(" victim .* \\? / 100  \\[unreadable\\] org.example"));
}

TEST_F(Lost, ThoseThatWereSeenAreCountedAndMarked) {
  EXPECT_THAT(run_on("dump", 2).out, HasSubstr("  2 entries\n  [partial] "));
  EXPECT_EQ(report(2)["maps"][1]["entry_count"].GetUint(), 2U);
  EXPECT_THAT(run_on("maps", 2).out, ContainsRegex(" victim .* 2 / 100  \\[partial\\] org.example.failing"));
}

/// A limit does not hide that something is missing, in whichever format.
TEST_F(Lost, WeighsMoreThanALimit) {
  const Words limit = {"--set", "budget.entries=5"};
  Document json;
  json.Parse(run_on("dump", 0, and_also(limit, {"-j"}), "gap_and_all_its_rows").out.c_str());
  ASSERT_TRUE(json.IsObject());
  EXPECT_STREQ(json["maps"][1]["status"].GetString(), "partial");
  EXPECT_EQ(json["maps"][1]["limits"].Size(), 1U);
  EXPECT_THAT(run_on("dump", 0, limit, "gap_and_all_its_rows").out,
              HasSubstr("  [partial] a gap\n  [truncated] stopped after 5 entries (budget.entries)\n"));
}

/// The same of a map whose record contradicts the table of maps.
TEST(Records, ThatAreDoubtedAreTheSameInEveryFormat) {
  const Scratch scratch;
  const std::string core = scratch.file("core", tiny_core({"victim"}, "victim+0xffff888000000000"));
  fs::create_directory(scratch / "plugins");
  fs::copy_file(fs::path(HOSTILE_PLUGINS) / "steady.so", scratch / "plugins/steady.so");
  const Words words = {"dump",
                       core,
                       "-q",
                       "--limit",
                       "3",
                       "--plugin-dir",
                       (scratch / "plugins").string(),
                       "--set",
                       "plugins.deny=[\"mapscope.builtin.*\"]"};
  const std::string doubt = "the id table lists it as 15, its own record says 1";
  Document json;
  json.Parse(run(and_also(words, {"-j"})).out.c_str());
  ASSERT_TRUE(json.IsObject());
  EXPECT_STREQ(json["maps"][1]["status"].GetString(), "partial");
  ASSERT_EQ(json["findings"].Size(), 1U);
  EXPECT_EQ(json["findings"][0]["map"].GetInt(), 15);
  EXPECT_THAT(run(words).out, AllOf(HasSubstr("  [partial] " + doubt), HasSubstr("  [truncated] 3 of 10")));
}

TEST(Table, WhatBoundsNoEntriesIsNotComparedWithThem) {
  const Scratch scratch;
  const std::string core = scratch.file("core", tiny_core({"owned"}, "0", "0", 0));
  EXPECT_THAT(run({"maps", core}).out, ContainsRegex(" owned .* / -  "));
}

/// What `maps` shows.
TEST_F(Lost, IsMarkedInTheTableAsJson) {
  Document maps;
  maps.Parse(run_on("maps", 2, {"-j"}).out.c_str());
  ASSERT_TRUE(maps.IsArray());
  EXPECT_STREQ(maps[0]["status"].GetString(), "skipped");
  EXPECT_EQ(maps[0]["max_entries"].GetInt(), 100);
  EXPECT_EQ(maps[0]["map_flags"].GetInt(), 0);
  EXPECT_TRUE(maps[0]["flag_names"].IsArray());
  EXPECT_STREQ(maps[1]["status"].GetString(), "partial");
  EXPECT_EQ(maps[1]["entry_count"].GetInt(), 2);
  EXPECT_TRUE(maps[1].HasMember("error"));
  EXPECT_STREQ(maps[2]["status"].GetString(), "unreadable");
  for (const char* lost : {"entry_count", "max_entries", "key_size", "value_size"})
    EXPECT_FALSE(maps[2].HasMember(lost)) << lost;
}

TEST_F(Lost, WhatIsWholeHasNoMark) {
  EXPECT_THAT(run_on("maps", 3, {}, "asks_of_bytes").out, // and all is well
              ContainsRegex(" victim .* 3 / 100  org.example.failing"));
}

} // namespace
} // namespace mapscope::cli_test
