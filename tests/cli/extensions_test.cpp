// SPDX-License-Identifier: Apache-2.0
// What plugins show beside the maps: which there are, and when they are asked.
#include "tests/cli/mapscope.hpp"
#include "tests/support/core_file.hpp"
#include "tests/support/plugin_library.hpp"
#include "tests/support/text_image.hpp"
#include "tests/support/tiny_kernel.hpp"

#include <filesystem>
#include <fmt/format.h>
#include <rapidjson/document.h>

namespace mapscope::cli_test {
namespace {

using test::BtfBuilder;
using testing::AllOf;

/// As much of sched_ext as its plugin cannot do without.
void add_sched_ext_types(BtfBuilder& b) {
  const auto u32 = b.u32(), u64 = b.u64(), to = b.pointer(0);
  const auto list = b.record("list_head", {{"next", to}, {"prev", to}});
  const auto node = b.record("scx_dsq_list_node", {{"node", list}, {"flags", u32}, {"priv", u32}});
  b.record("scx_dispatch_q", {{"list", list}, {"nr", u32}, {"seq", u32}, {"id", u64}});
  const auto entity = b.record("sched_ext_entity", {{"dsq", to},
                                                    {"dsq_list", node},
                                                    {"flags", u32},
                                                    {"weight", u32},
                                                    {"runnable_node", list},
                                                    {"tasks_node", list}});
  b.record("task_struct", {{"pid", u32}, {"scx", entity}});
  b.record(
      "sched_ext_ops",
      {{"name", b.array(b.character(), 128)}, {"flags", u64}, {"timeout_ms", u32}, {"exit_dump_len", u32}});
  b.record("scx_exit_info", {{"kind", u32}, {"reason", to}, {"msg", to}});
  b.enumeration("scx_enable_state", {{"SCX_ENABLED", 1}, {"SCX_DISABLED", 3}});
}

/// An ELF core of a kernel of a few pages with one map; with sched_ext, disabled, or without.
std::string core_of(bool with_sched_ext) {
  BtfBuilder types;
  test::add_kernel_types(types);
  if (with_sched_ext) add_sched_ext_types(types);
  const std::string objects =
      "maps: " + test::xa_node_text({{1, "map+0xffff888000000000"}}) + "programs: " + test::xa_node_text({}) +
      "btfs: " + test::xa_node_text({}) +
      "map: u32 36 4 8 100 0 1 u64 0 text \"only\" zero 12 u64 0 u32 0 0 0 0 u64 1 1 0\n@0x110000 u32 3\n";
  const test::TextImage image(
      test::tiny_kernel_text(types, objects, {}, {{"scx_enable_state_var", test::image_at(0x110000)}}));
  return test::core_of(image).bytes();
}

class Extensions : public testing::Test {
protected:
  explicit Extensions(bool with_sched_ext = true) : file_(scratch_.file("vmcore", core_of(with_sched_ext))) {}
  Words dump(const Words& more) const {
    Words words = {"dump", file_, "-q"};
    words.insert(words.end(), more.begin(), more.end());
    return words;
  }
  rapidjson::Document json(const Words& more = {}) const {
    Words words = dump(more);
    words.emplace_back("-j");
    rapidjson::Document document;
    document.Parse(output(words).c_str());
    EXPECT_TRUE(document.IsObject() && document.HasMember("maps"));
    return document;
  }
  Scratch scratch_;
  std::string file_;
};

TEST_F(Extensions, StandUnderTheirPluginsId) {
  const auto report = json();
  ASSERT_TRUE(report.HasMember("extensions"));
  const auto& state = report["extensions"]["mapscope.builtin.sched_ext"];
  EXPECT_STREQ(state["state"].GetString(), "disabled");
  EXPECT_STREQ(state["enable_state"].GetString(), "SCX_DISABLED");
  EXPECT_STREQ(state["status"].GetString(), "partial") << "this kernel has no run queues";
  EXPECT_THAT(state["renderer"].GetString(), StartsWith("mapscope.builtin.sched_ext@"));
  EXPECT_THAT(report["findings"][0]["text"].GetString(), StartsWith("sched_ext is partial: "));
  EXPECT_EQ(report["maps"].Size(), 1U);
  EXPECT_STREQ(report["mapscope"]["plugins"][0]["id"].GetString(), "mapscope.builtin.sched_ext");
}

TEST_F(Extensions, ComeFirstInText) {
  const std::string text = output(dump({}));
  EXPECT_THAT(text,
              testing::ContainsRegex("from an ELF core\n\nworth a look\n  warning  sched_ext is partial: "));
  EXPECT_LT(text.find("  state=disabled, "), text.find("map 1 only"));
}

TEST_F(Extensions, AreNotWhatAPersonWhoNamesMapsAsksFor) {
  const auto report = json({"--map", "id:1"});
  EXPECT_FALSE(report.HasMember("extensions"));
  EXPECT_EQ(report["maps"].Size(), 1U);
  EXPECT_THAT(output(dump({"--map", "only"})), testing::Not(HasSubstr("sched_ext")));
}

TEST_F(Extensions, AreShownToWhoNamesThem) {
  const auto alone = json({"--map", "kernel:sched_ext"});
  EXPECT_STREQ(alone["extensions"]["mapscope.builtin.sched_ext"]["state"].GetString(), "disabled");
  EXPECT_EQ(alone["maps"].Size(), 0U);
  for (const Words& words :
       {Words{"--map", "kernel:*", "--map", "only"}, Words{"--map", "id:1", "--map", "kernel:s*"}}) {
    const auto both = json(words);
    EXPECT_TRUE(both["extensions"].HasMember("mapscope.builtin.sched_ext"));
    EXPECT_EQ(both["maps"].Size(), 1U);
  }
  EXPECT_THAT(output(dump({"--map", "kernel:sched_ext"})),
              AllOf(HasSubstr("  state=disabled, "), testing::Not(HasSubstr("map 1 only"))));
}

TEST_F(Extensions, OfANameThatFitsNone) {
  const auto refusal = [&](const std::string& spec) { return misuse(dump({"--map", spec})); };
  EXPECT_EQ(refusal("kernel:schd_ext"),
            "--map kernel:schd_ext: no part of the kernel fits; did you mean kernel:sched_ext?");
  EXPECT_EQ(refusal("kernel:workqueues"),
            "--map kernel:workqueues: no part of the kernel fits; the parts there are: sched_ext");
  EXPECT_EQ(refusal("sched_ext"), "--map sched_ext: no map fits; did you mean kernel:sched_ext?");
  EXPECT_THAT(refusal("kernal:sched_ext"), EndsWith("; did you mean kernel:sched_ext?"));
  EXPECT_THAT(refusal("kernel:"), StartsWith("--map kernel:: no part of the kernel fits; "));
  EXPECT_EQ(misuse(dump({"--map", "kernel:sched_ext", "--set", "plugins.deny=[\"*.sched_ext\"]"})),
            "--map kernel:sched_ext: no plugin shows a part of this kernel");
}

TEST_F(Extensions, StrictIsNotAboutMapsThatNobodyNamed) {
  const Ran ran = run(dump({"--strict", "--map", "kernel:sched_ext"}));
  EXPECT_EQ(ran.exit_code, 3);
  EXPECT_EQ(ran.err, "mapscope: --strict: less than complete: a part of the kernel that is no map\n");
}

/// Behind the maps, in lines that begin with no number.
TEST_F(Extensions, StandInTheTableOfMaps) {
  const std::string line = "parts of the kernel\n       kernel:sched_ext     mapscope.builtin.sched_ext@";
  const std::string all = output({"maps", file_});
  EXPECT_THAT(all, StartsWith("   id  type "));
  EXPECT_THAT(all, HasSubstr("\n\n" + line));
  EXPECT_THAT(output({"maps", file_, "--map", "kernel:sched_ext"}), StartsWith(line));
  EXPECT_THAT(output({"maps", file_, "--map", "only"}), testing::Not(HasSubstr("kernel")));
}

TEST_F(Extensions, StandInTheTableOfMapsAsJson) {
  rapidjson::Document all;
  all.Parse(output({"maps", file_, "-j"}).c_str());
  ASSERT_TRUE(all.IsArray() && all.Size() == 2);
  EXPECT_FALSE(all[0].HasMember("kernel"));
  EXPECT_STREQ(all[1]["kernel"].GetString(), "sched_ext");
  EXPECT_THAT(all[1]["renderer"].GetString(), StartsWith("mapscope.builtin.sched_ext@"));
  EXPECT_STREQ(all[1]["reason"].GetString(), "kernel:sched_ext prio 0");
  EXPECT_FALSE(all[1].HasMember("id"));
}

TEST_F(Extensions, AreAllThatTheirPluginRenders) {
  const auto report = json({"--only", "mapscope.builtin.sched_ext"});
  EXPECT_STREQ(report["extensions"]["mapscope.builtin.sched_ext"]["state"].GetString(), "disabled");
  EXPECT_EQ(report["maps"].Size(), 0U);
  EXPECT_FALSE(json({"--only", "mapscope.builtin.unknown"}).HasMember("extensions"));
  EXPECT_EQ(
      misuse(dump({"--only", "mapscope.builtin.sched_ext", "--map", "only"})),
      "--only mapscope.builtin.sched_ext: none of the 1 map is rendered by it; `mapscope maps` says which "
      "plugin renders each");
}

TEST_F(Extensions, AreNotShownByAPluginThatIsDenied) {
  EXPECT_FALSE(json({"--set", "plugins.deny=[\"*.sched_ext\"]"}).HasMember("extensions"));
}

TEST_F(Extensions, CountWhenStrict) {
  EXPECT_EQ(run(dump({"--strict", "-o", scratch_ / "out"})).exit_code, 3);
}

TEST_F(Extensions, OfTwoPluginsThatClaimOnePartTheProgramsOwnShowsIt) {
  test::PluginLibrary library(FIXTURE_GOOD);
  library.set_manifest(test::manifest_text("org.example.scx", {"attach=kernel:sched_ext"}));
  library.save(scratch_ / "other.so");
  const auto report = json({"--plugin-dir", scratch_.path().string()});
  EXPECT_TRUE(report["extensions"].HasMember("mapscope.builtin.sched_ext"));
  const std::string told = report["findings"][0]["text"].GetString();
  EXPECT_THAT(told, StartsWith("sched_ext is shown by mapscope.builtin.sched_ext@"));
  EXPECT_THAT(told, HasSubstr("settle it with prefer = [\"org.example.scx\"] in [plugins]"));
}

/// The next shows what it would have without it, and all of it.
TEST_F(Extensions, APluginThatCrashesIsFollowedByTheNext) {
  std::filesystem::copy_file(HOSTILE_PLUGINS "/hostile_kernel.so", scratch_ / "other.so");
  const auto report = json({"--plugin-dir", scratch_.path().string()});
  const auto& extensions = report["extensions"];
  ASSERT_TRUE(extensions.HasMember("mapscope.builtin.sched_ext"));
  EXPECT_FALSE(extensions.HasMember("org.example.hostile_kernel"));
  const auto& state = extensions["mapscope.builtin.sched_ext"];
  EXPECT_STREQ(state["state"].GetString(), "disabled");
  EXPECT_FALSE(state.HasMember("begun"));
  EXPECT_STREQ(state["status"].GetString(), "crashed");
  EXPECT_THAT(
      state["error"].GetString(),
      testing::ContainsRegex("^org.example.hostile_kernel@6.6.6 crashed: SIGSEGV at address 0x8 .*; "));
}

/// As is one that fails in another way, a misuse of names among them.
TEST_F(Extensions, APluginThatFailsIsFollowedByTheNext) {
  std::filesystem::copy_file(HOSTILE_PLUGINS "/failing.so", scratch_ / "other.so");
  for (const char* how :
       {"fail", "first_byte", "positive_code", "exception", "name_twice", "name_begun", "name_status"})
    for (const char* isolate : {"none", "out-of-tree"}) {
      SCOPED_TRACE(how);
      const auto report = json({"--plugin-dir", scratch_.path().string(), "--isolate", isolate, "--set",
                                std::string("plugin.\"org.example.failing\".how=") + how});
      const auto& extensions = report["extensions"];
      ASSERT_TRUE(extensions.HasMember("mapscope.builtin.sched_ext"));
      EXPECT_FALSE(extensions.HasMember("org.example.failing"));
      const auto& state = extensions["mapscope.builtin.sched_ext"];
      EXPECT_STREQ(state["state"].GetString(), "disabled");
      EXPECT_THAT(state["error"].GetString(), HasSubstr("org.example.failing"));
    }
}

TEST_F(Extensions, APluginThatCrashesAndNobodyElse) {
  std::filesystem::copy_file(HOSTILE_PLUGINS "/hostile_kernel.so", scratch_ / "other.so");
  const auto report =
      json({"--plugin-dir", scratch_.path().string(), "--set", "plugins.deny=[\"*.sched_ext\"]"});
  const auto& state = report["extensions"]["org.example.hostile_kernel"];
  EXPECT_STREQ(state["status"].GetString(), "crashed");
  EXPECT_EQ(state["begun"].GetUint(), 1U);
}

/// Who reads the error alone reads whose it is.
TEST_F(Extensions, APluginThatFailsAndNobodyElse) {
  std::filesystem::copy_file(HOSTILE_PLUGINS "/failing.so", scratch_ / "other.so");
  const auto report =
      json({"--plugin-dir", scratch_.path().string(), "--set", "plugins.deny=[\"*.sched_ext\"]"});
  const auto& state = report["extensions"]["org.example.failing"];
  EXPECT_STREQ(state["status"].GetString(), "failed");
  EXPECT_STREQ(state["error"].GetString(), "org.example.failing@6.6.6 failed: no such layout is known");
}

/// Of a file without a manifest there is no attach= to look at.
TEST_F(Extensions, AFileThatIsNoPluginIsPassedOver) {
  scratch_.file("other.so", "text");
  const Ran ran = run({"dump", file_, "-v", "--plugin-dir", scratch_.path().string()});
  EXPECT_EQ(ran.exit_code, 0) << ran.err;
  EXPECT_THAT(ran.out, HasSubstr("  state=disabled, "));
  EXPECT_THAT(ran.err, testing::Not(HasSubstr("is not shown by")));
}

class NoExtensions : public Extensions {
protected:
  NoExtensions() : Extensions(false) {}
};

TEST_F(NoExtensions, WhereTheKernelHasNoSuchPartNothingIsSaid) {
  EXPECT_FALSE(json().HasMember("extensions"));
  EXPECT_THAT(output(dump({})), testing::Not(HasSubstr("sched_ext")));
  EXPECT_THAT(run({"dump", file_, "-v"}).err,
              HasSubstr("sched_ext is not shown by mapscope.builtin.sched_ext@"))
      << "but to who asks";
}

TEST_F(NoExtensions, WhoNamesItReadsWhyThereIsNone) {
  EXPECT_THAT(
      misuse(dump({"--map", "kernel:sched_ext"})),
      AllOf(StartsWith("--map kernel:sched_ext: sched_ext is not shown by mapscope.builtin.sched_ext@"),
            HasSubstr(": needs struct ")));
  EXPECT_THAT(output({"maps", file_}), testing::Not(HasSubstr("kernel")));
  EXPECT_THAT(run({"maps", file_, "-v"}).err, HasSubstr("sched_ext is not shown by"));
}

TEST_F(NoExtensions, WhoAsksForTheirPluginAloneReadsWhyThereIsNone) {
  EXPECT_THAT(
      misuse(dump({"--only", "mapscope.builtin.sched_ext"})),
      StartsWith("--only mapscope.builtin.sched_ext: none of the 1 map is rendered by it, as it needs "
                 "struct "));
}

TEST(PluginsList, ShowsThePartOfTheKernel) {
  EXPECT_THAT(output({"plugins", "list"}), HasSubstr("    attach  kernel:sched_ext\n"));
  EXPECT_THAT(output({"plugins", "list", "-j"}), HasSubstr("\"attach\":[\"kernel:sched_ext\"]"));
}

TEST(SchedExtConfiguration, HasOnlyKeysThereAre) {
  const std::string file = MAPSCOPE_CONFIGS "/sched_ext.toml";
  EXPECT_THAT(output({"config", "show", "--config", file}), HasSubstr("arena_bytes = \"none\""));
}

} // namespace
} // namespace mapscope::cli_test
