// SPDX-License-Identifier: Apache-2.0
// --only ID: what one plugin is the first choice for, and nothing else.
#include "tests/cli/hostile_dump.hpp"
#include "tests/support/scheduler_core.hpp"

namespace mapscope::cli_test {
namespace {

/// Two maps of one type, of which a line of configuration gives one to another plugin.
class Only : public testing::Test {
protected:
  explicit Only(const std::string& torn = "0")
      : core_(scratch_.file("core", tiny_core({"first", "last"}, torn))) {
    fs::create_directory(scratch_ / "plugins");
    fs::copy_file(fs::path(HOSTILE_PLUGINS) / "steady.so", scratch_ / "plugins" / "steady.so");
  }
  [[nodiscard]] Words plugins() const {
    return {"--plugin-dir", (scratch_ / "plugins").string(),
            "--set",        "map.\"first\".use=\"org.example.steady\"",
            "--set",        "map.\"last\".use=\"mapscope.builtin.unknown\""};
  }
  [[nodiscard]] Words words(const Words& more) const {
    return and_also(and_also({"dump", core_, "-q"}, plugins()), more);
  }
  [[nodiscard]] std::string refusal(const std::string& id, const Words& more = {}) const {
    const std::string text = misuse(and_also(words({"--only", id}), more)), start = "--only " + id + ": ";
    EXPECT_THAT(text, StartsWith(start));
    return text.substr(std::min(start.size(), text.size()));
  }

  const Scratch scratch_;
  const std::string core_;
};

TEST_F(Only, OtherMapsAreNotInTheReport) {
  Document report;
  report.Parse(output(words({"--only", "org.example.steady", "-j"})).c_str());
  ASSERT_FALSE(report.HasParseError());
  ASSERT_EQ(report["maps"].Size(), 1U);
  EXPECT_STREQ(report["maps"][0]["name"].GetString(), "first");
  EXPECT_STREQ(report["maps"][0]["renderer"].GetString(), "org.example.steady@1.0.0");
  EXPECT_EQ(report["mapscope"]["plugins"].Size(), 1U);
  EXPECT_THAT(output(words({"--only", "org.example.steady"})),
              testing::AllOf(HasSubstr("map 1 first"), testing::Not(HasSubstr("map 2 last"))));
}

TEST_F(Only, OfTheMapsThatAreNamed) {
  EXPECT_THAT(output(words({"--only", "org.example.steady", "--map", "*"})),
              testing::Not(HasSubstr("map 2 last")));
  EXPECT_EQ(refusal("org.example.steady", {"--map", "last"}),
            "none of the 1 map is rendered by it; `mapscope maps` says which plugin renders each");
}

TEST_F(Only, APluginThatRendersNothing) {
  EXPECT_EQ(
      refusal("mapscope.builtin.array"),
      "none of the 2 maps is rendered by it, as it needs struct bpf_array: not in this kernel or program");
}

TEST_F(Only, AnIdThatNoPluginHas) {
  EXPECT_EQ(refusal("org.example.stedy"), "no plugin has this id; did you mean org.example.steady?");
  EXPECT_EQ(refusal("steady"), "no plugin has this id; did you mean org.example.steady?");
  EXPECT_EQ(refusal("org.example.steady@1.0.0"), "no plugin has this id; did you mean org.example.steady?");
  EXPECT_EQ(refusal("x"), "no plugin has this id; `mapscope plugins list` shows those there are");
  EXPECT_EQ(misuse({"dump", "/nonexistent", "--only", "x"}),
            "--only x: no plugin has this id; `mapscope plugins list` shows those there are")
      << "before anything is opened";
  EXPECT_THAT(misuse({"dump", core_, "--only", ""}), StartsWith("--only: is empty; "));
}

TEST_F(Only, APluginThatIsNotUsed) {
  EXPECT_EQ(refusal("org.example.steady", {"--set", "plugins.deny=[\"org.example.steady\"]"}),
            (scratch_ / "plugins" / "steady.so").string() +
                " is not used as a plugin: org.example.steady is denied by \"org.example.steady\" in "
                "[plugins] deny");
}

class OnlyOfATornTable : public Only {
protected:
  OnlyOfATornTable() : Only("0xffffffffffffffff") {}
};

TEST_F(OnlyOfATornTable, NoMapIsSaidNotToBe) {
  EXPECT_EQ(refusal("org.example.steady", {"--map", "last"}),
            "none of the 1 map is rendered by it, and part of the table of maps (map_idr) could not be read");
}

TEST_F(Only, TheOptionThatHidesGapsIsNamed) {
  const std::string core = scratch_.file("gaps", tiny_core({"first", "last"}, "0", "0xffff888000700000"));
  const auto told = [&](const Words& more) { return run(and_also({"dump", core}, more)).err; };
  const Words only = and_also({"--only", "org.example.steady"}, plugins());
  EXPECT_THAT(told(only), HasSubstr("; without --only each is told\n"));
  EXPECT_THAT(told(and_also(only, {"--map", "f*"})), HasSubstr("; without --map and --only each is told\n"));
  EXPECT_THAT(told(and_also(plugins(), {"--map", "f*"})), HasSubstr("; without --map each is told\n"));
}

/// A hash, the section that allocators lie in, and the arena they hand out.
class OnlyOfAScheduler : public testing::Test {
protected:
  Document dump(const std::string& id, const Words& more = {}) const {
    Document report;
    report.Parse(output(and_also({"dump", core_.path(), "-q", "-j", "--only", id}, more)).c_str());
    EXPECT_FALSE(report.HasParseError());
    return report;
  }
  const test::ScratchFile core_{test::scheduler_core({})};
};

TEST_F(OnlyOfAScheduler, AllocatorsWithoutTheirSection) {
  const auto report = dump("mapscope.sdt_alloc");
  EXPECT_EQ(report["maps"].Size(), 0U);
  ASSERT_EQ(report["sdt_allocations"].Size(), 2U);
  EXPECT_EQ(report["sdt_allocations"][0]["entries"].Size(), 3U);
  EXPECT_THAT(misuse({"dump", core_.path(), "-q", "--only", "mapscope.sdt_alloc", "--map", "scx_task_map"}),
              HasSubstr("none of the 1 map is rendered by it"))
      << "their section is not among these";
}

TEST_F(OnlyOfAScheduler, ASectionWithoutItsAllocators) {
  const auto report = dump("mapscope.builtin.array");
  ASSERT_EQ(report["maps"].Size(), 1U);
  EXPECT_THAT(report["maps"][0]["name"].GetString(), EndsWith(".bss"));
  EXPECT_FALSE(report.HasMember("sdt_allocations"));
}

TEST_F(OnlyOfAScheduler, AllocatorsExplainPointersAllTheSame) {
  const auto report = dump("mapscope.builtin.hash");
  ASSERT_EQ(report["maps"].Size(), 1U);
  EXPECT_TRUE(report["maps"][0]["entries"][0].HasMember("payload"));
  EXPECT_FALSE(report.HasMember("sdt_allocations"));
}

} // namespace
} // namespace mapscope::cli_test
