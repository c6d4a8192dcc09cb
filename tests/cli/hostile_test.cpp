// SPDX-License-Identifier: Apache-2.0
// Plugins that do what they must not: each costs its own try at a map, and nothing else.
#include "host/base/sanitized.hpp"
#include "tests/cli/mapscope.hpp"
#include "tests/support/core_file.hpp"
#include "tests/support/text_image.hpp"
#include "tests/support/tiny_kernel.hpp"

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <fmt/format.h>
#include <rapidjson/document.h>
#include <sys/prctl.h>
#include <sys/wait.h>

namespace mapscope::cli_test {
namespace {

namespace fs = std::filesystem;
using rapidjson::Document;
using rapidjson::Value;

/// A kernel with maps of the same shape, some of them victims by name.
std::string tiny_core(const std::vector<std::string>& names) {
  test::BtfBuilder types;
  test::add_kernel_types(types);
  std::vector<std::pair<unsigned, std::string>> slots;
  std::string objects;
  for (const std::string& name : names) {
    const auto id = static_cast<unsigned>(slots.size()) + 1;
    slots.emplace_back(id, name + "+0xffff888000000000");
    objects +=
        fmt::format("{0}: u32 1 4 8 100 0 {1} u64 0 text \"{0}\" zero {2} u64 0 u32 0 0 0 0 u64 1 1 0\n",
                    name, id, 16 - name.size());
  }
  const test::TextImage image(test::tiny_kernel_text(types, "maps: " + test::xa_node_text(slots) +
                                                                "programs: " + test::xa_node_text({}) +
                                                                "btfs: " + test::xa_node_text({}) + objects));
  test::CoreFile core;
  core.note("VMCOREINFO", image.vmcoreinfo());
  for (const auto& segment : image.segments()) {
    const auto bytes = image.view(segment.address, segment.size);
    core.load(segment.address, {reinterpret_cast<const char*>(bytes.data()), bytes.size()});
  }
  return core.bytes();
}

/// A report of that kernel with some of the plugins of hostile/.
class Dump {
public:
  explicit Dump(const std::vector<std::string>& plugins, const Words& more = {},
                const std::vector<std::string>& maps = {"first", "victim", "last"}) {
    const Scratch scratch;
    const std::string core = scratch.file("core", tiny_core(maps));
    fs::create_directory(scratch / "plugins");
    for (const std::string& plugin : plugins)
      fs::copy_file(fs::path(HOSTILE_PLUGINS) / (plugin + ".so"), scratch / "plugins" / (plugin + ".so"));
    Words words = {"dump",
                   core,
                   "-j",
                   "--plugin-dir",
                   (scratch / "plugins").string(),
                   "--set",
                   "plugins.deny=[\"mapscope.builtin.*\"]"};
    words.insert(words.end(), more.begin(), more.end());
    ::prctl(PR_SET_CHILD_SUBREAPER, 1); // what the program leaves behind becomes a child of this one
    while (::waitpid(-1, nullptr, WNOHANG) > 0) { // another test's, ended together with its parent
    }
    const Ran ran = run(words);
    EXPECT_EQ(ran.exit_code, 0) << ran.err;
    EXPECT_EQ(::waitpid(-1, nullptr, WNOHANG), -1) << "a process is left";
    EXPECT_EQ(errno, ECHILD);
    report_.Parse(ran.out.c_str());
    EXPECT_FALSE(report_.HasParseError()) << ran.out;
    err_ = ran.err;
  }

  [[nodiscard]] const Value& map(const std::string& name) const {
    static const Value none;
    if (!report_.IsObject()) return none;
    for (const auto& map : report_["maps"].GetArray())
      if (map["name"].GetString() == name) return map;
    ADD_FAILURE() << "no map " << name;
    return none;
  }
  [[nodiscard]] const std::string& err() const { return err_; }

private:
  Document report_;
  std::string err_;
};

const Dump& undisturbed() {
  static const Dump dump({"steady"});
  return dump;
}

Words mode_is(const std::string& mode, unsigned rows = 0) {
  const std::string option = "plugin.\"org.example.hostile\".";
  return {"--set", option + "mode=" + mode, "--set", fmt::format("{}rows={}", option, rows),
          "--set", "budget.ms=400",         "--set", "budget.memory=64M"};
}

std::string text_of(const Value& map, const char* key) {
  return map.HasMember(key) ? map[key].GetString() : "";
}

/// The victim is shown by the one that stands by, and no other map has noticed.
void expect_only_its_own_try(const Dump& dump, const std::string& status, const std::string& error) {
  for (const char* name : {"first", "last"}) EXPECT_TRUE(dump.map(name) == undisturbed().map(name)) << name;
  const Value &victim = dump.map("victim"), &before = undisturbed().map("victim");
  EXPECT_EQ(text_of(victim, "status"), status);
  EXPECT_THAT(text_of(victim, "error"), testing::ContainsRegex(error));
  EXPECT_EQ(text_of(victim, "renderer"), "org.example.steady@1.0.0");
  ASSERT_TRUE(victim.HasMember("entries"));
  EXPECT_TRUE(victim["entries"] == before["entries"]);
}

struct Hostility {
  std::string mode, status, error;
  friend void PrintTo(const Hostility& hostility, std::ostream* out) { *out << hostility.mode; }
};

class Hostile : public testing::TestWithParam<Hostility> {};

TEST_P(Hostile, CostsItsOwnTry) {
  const auto& [mode, status, error] = GetParam();
  expect_only_its_own_try(Dump({"hostile", "steady"}, mode_is(mode, 3)), status,
                          "^org.example.hostile@6.6.6 " + status + ": " + error);
  EXPECT_FALSE(fs::exists("/tmp/mapscope-hostile-file"));
}

INSTANTIATE_TEST_SUITE_P(
    All, Hostile,
    testing::Values(
        Hostility{"null_write", "crashed",
                  "SIGSEGV at address 0x8 in .*write_to_null.*\\+0x[0-9a-f]+ after config\\(\\)"},
        Hostility{"endless_loop", "timed-out", "killed after 400 ms without an end"},
        Hostility{"stack", "crashed", "SIGSEGV at address 0x[0-9a-f]+ in .*use_up_stack.*"},
        // A sanitizer's shadow has no limit, so time ends it; and its search for leaks, at the exit, is
        // forbidden.
        sanitized
            ? Hostility{"memory", "timed-out", "killed after 400 ms without an end"}
            : Hostility{"memory", "crashed", "SIGABRT .*called from .*use_up_memory.* after config\\(\\)"},
        Hostility{"exit", "crashed",
                  sanitized ? "the system call prctl is forbidden" : "its process ended with exit code 0"},
        Hostility{"quick_exit", "crashed", "its process ended with exit code 0"},
        Hostility{"abort", "crashed", "SIGABRT .*called from .*misbehave.* after config\\(\\)"},
        Hostility{"fork", "crashed",
                  "(the system call (clone|fork|clone3) is forbidden"
                  "|its process was ended by SIGSYS: it made a system call that is forbidden)"},
        Hostility{"open", "crashed", "the system call open(at)? is forbidden"},
        Hostility{"read_file", "crashed", "the system call open(at)? is forbidden"},
        Hostility{"thread", "crashed", "(the system call .* is forbidden|its process was ended by SIGSYS)"},
        Hostility{"socket", "crashed", "the system call socket is forbidden"},
        Hostility{"garbage", "failed", "its process sent a frame of unknown kind"},
        Hostility{"long_frame", "failed", "its process sent a frame of 2147483647 bytes"},
        Hostility{"kill_parent", "crashed", "the system call (kill|getppid) is forbidden"},
        Hostility{"kill_all", "crashed", "the system call kill is forbidden"},
        Hostility{"bad_read", "crashed", "SIGSEGV at address 0x8 .*inside read\\(\\)"},
        Hostility{"bad_row", "crashed", "SIGSEGV at address 0x[89a-f] .*inside row\\(\\)"},
        Hostility{"open_row", "crashed", "SIGSEGV at address 0x8 in .*write_to_null.* after field\\(\\)"}),
    [](const auto& info) { return info.param.mode; });

/// It says that it is done, which it could also say as it should; the next of its maps gets another process.
TEST(HostileEnd, AnEndOfItsOwnMaking) {
  const Dump dump({"hostile", "steady"}, mode_is("forged_end"), {"first", "victim", "last", "victim_b"});
  EXPECT_TRUE(dump.map("first") == undisturbed().map("first"));
  EXPECT_FALSE(dump.map("victim_b").IsNull());
}

TEST(HostileLoad, AConstructorThatCrashes) {
  expect_only_its_own_try(
      Dump({"hostile_load", "steady"}), "crashed",
      "^org.example.hostile_load@6.6.6 crashed: SIGSEGV at address 0x10 in .*at_load.* while it was loaded");
}

/// Sets a variable of the environment while it lives.
class Variable {
public:
  Variable(const char* name, const char* value) : name_(name) { ::setenv(name, value, 1); }
  ~Variable() { ::unsetenv(name_); }
  Variable(const Variable&) = delete;
  Variable& operator=(const Variable&) = delete;

private:
  const char* name_;
};

/// Its process is gone before it is asked for anything; what it said on its end is heard all the same.
TEST(HostileLoad, AnEndBeforeTheRequest) {
  (void)undisturbed();
  const Variable preload("LD_PRELOAD", LATE_HOST), order("ASAN_OPTIONS", "verify_asan_link_order=0");
  expect_only_its_own_try(
      Dump({"hostile_load", "steady"}), "crashed",
      "^org.example.hostile_load@6.6.6 crashed: SIGSEGV at address 0x10 in .*at_load.* while it was loaded");
}

Words and_also(Words words, const Words& more) {
  words.insert(words.end(), more.begin(), more.end());
  return words;
}

/// What a budget stops while the plugin still calls helpers ends well: its content stands.
void expect_stopped(const Dump& dump, const std::string& status, const std::string& error, unsigned entries) {
  for (const char* name : {"first", "last"}) EXPECT_TRUE(dump.map(name) == undisturbed().map(name)) << name;
  const Value& victim = dump.map("victim");
  EXPECT_EQ(text_of(victim, "status"), status);
  EXPECT_EQ(text_of(victim, "error"), error);
  EXPECT_EQ(text_of(victim, "renderer"), "org.example.hostile@6.6.6");
  EXPECT_EQ(victim["entry_count"].GetUint(), entries);
}

TEST(HostileBudget, EndlessRows) {
  expect_stopped(
      Dump({"hostile", "steady"}, and_also(mode_is("endless_rows"), {"--set", "budget.entries=1000"})),
      "truncated", "stopped after 1000 entries (budget.entries)", 1000);
}

TEST(HostileBudget, EndlessCalls) {
  expect_stopped(Dump({"hostile", "steady"}, mode_is("endless_reads", 3)), "timed-out",
                 "stopped after 400 ms (budget.ms)", 3);
}

TEST(HostileBudget, Nesting) {
  const Dump dump({"hostile", "steady"}, and_also(mode_is("nest", 1), {"--set", "budget.nesting=2"}));
  expect_stopped(dump, "truncated", "stopped at content nested deeper than 2 (budget.nesting)", 1);
  EXPECT_TRUE(dump.map("victim")["one"]["two"].ObjectEmpty());
}

/// What one map has used is missing to the next.
TEST(ReportBudget, IsOfAllMapsTogether) {
  for (const char* isolate : {"all", "none"}) {
    const Dump dump({"steady"}, {"--jobs", "1", "--isolate", isolate, "--set", "budget.report_entries=15"});
    EXPECT_TRUE(dump.map("first") == undisturbed().map("first"));
    EXPECT_EQ(text_of(dump.map("victim"), "status"), "truncated");
    EXPECT_EQ(text_of(dump.map("victim"), "error"), "stopped after 5 entries (budget.report_entries)");
    EXPECT_EQ(dump.map("victim")["entries"].Size(), 5U);
    EXPECT_EQ(text_of(dump.map("last"), "error"), "stopped after 0 entries (budget.report_entries)");
    EXPECT_FALSE(dump.map("last").HasMember("entries"));
  }
}

TEST(ReportBudget, CountsWhatWasRead) {
  for (const char* isolate : {"all", "none"}) {
    const Dump dump({"steady"},
                    {"--jobs", "1", "--isolate", isolate, "--set", "budget.report_read_bytes=100"});
    EXPECT_EQ(text_of(dump.map("first"), "status"), "complete") << "eighty bytes";
    EXPECT_EQ(text_of(dump.map("victim"), "error"),
              "stopped after reading 20 bytes (budget.report_read_bytes)");
    EXPECT_EQ(dump.map("victim")["entries"].Size(), 2U);
  }
}

TEST(HostileBudget, AnExceptionAcrossTheBoundary) {
  for (const char* isolate : {"out-of-tree", "none"})
    expect_stopped(Dump({"hostile", "steady"}, and_also(mode_is("throw", 3), {"--isolate", isolate})),
                   "failed", "the plugin gave up (code -4); plugin bug: an exception left render()", 3);
}

TEST(HostileInProcess, AHelperFromAnotherThread) {
  expect_stopped(Dump({"hostile", "steady"}, and_also(mode_is("thread", 3), {"--isolate", "none"})), "failed",
                 "plugin bug: a helper called from another thread", 3);
}

/// Nobody else shows the map: what was there before the crash stands, and what was begun is ended.
TEST(HostileAlone, WhatCameBeforeStands) {
  const Dump dump({"hostile"}, mode_is("open_row", 3));
  const Value& victim = dump.map("victim");
  EXPECT_EQ(text_of(victim, "status"), "crashed");
  EXPECT_EQ(text_of(victim, "renderer"), "org.example.hostile@6.6.6");
  EXPECT_EQ(victim["entries"].Size(), 3U);
  EXPECT_EQ(victim["entry_count"].GetUint(), 3U);
  EXPECT_EQ(victim["torn"].MemberCount(), 0U);
  EXPECT_EQ(text_of(dump.map("first"), "status"), "skipped");
}

TEST(HostileAlone, WhatCameBeforeAKillStands) {
  const Dump dump({"hostile"}, mode_is("endless_loop", 2000));
  EXPECT_EQ(text_of(dump.map("victim"), "status"), "timed-out");
  EXPECT_GT(dump.map("victim")["entries"].Size(), 100U); // but for what was on its way
}

/// The program's own plugin for maps that nobody else shows has next to nothing of them.
TEST(HostileAlone, WhatCameBeforeIsBetterThanTheLastResort) {
  const Words all = {"--set", "plugins.deny=[]"};
  const Dump some({"hostile"}, and_also(mode_is("null_write", 3), all));
  EXPECT_EQ(text_of(some.map("victim"), "renderer"), "org.example.hostile@6.6.6");
  EXPECT_EQ(some.map("victim")["entries"].Size(), 3U);
  const Dump none({"hostile"}, and_also(mode_is("null_write"), all));
  EXPECT_EQ(text_of(none.map("victim"), "status"), "crashed");
  EXPECT_THAT(text_of(none.map("victim"), "renderer"), StartsWith("mapscope.builtin.unknown@"));
  EXPECT_TRUE(none.map("victim").HasMember("container"));
}

/// More than is held back has been written when it crashes: nobody can begin again.
TEST(HostileLate, ContentThatIsWrittenStands) {
  const Dump dump({"hostile", "steady"}, mode_is("null_write", 4000));
  const Value& victim = dump.map("victim");
  EXPECT_EQ(text_of(victim, "status"), "crashed");
  EXPECT_EQ(text_of(victim, "renderer"), "org.example.hostile@6.6.6");
  EXPECT_EQ(victim["entries"].Size(), 4000U);
}

TEST(HostileOften, ThreeFailuresAreEnough) {
  const Dump dump({"hostile", "steady"}, and_also(mode_is("null_write"), {"--jobs", "1"}),
                  {"first", "victim", "last", "victim_b", "victim_c", "victim_d", "victim_e"});
  for (const char* name : {"victim", "victim_b", "victim_c"})
    EXPECT_EQ(text_of(dump.map(name), "status"), "crashed") << name;
  for (const char* name : {"victim_d", "victim_e"}) {
    EXPECT_EQ(text_of(dump.map(name), "status"), "complete") << name;
    EXPECT_EQ(text_of(dump.map(name), "error"),
              "org.example.hostile@6.6.6 is not used any more, it failed 3 times");
    EXPECT_EQ(dump.map(name)["entries"].Size(), 10U);
  }
}

TEST(HostileOften, ThreeFailuresAndNobodyElse) {
  const Dump dump({"hostile"}, and_also(mode_is("null_write"), {"--jobs", "1"}),
                  {"victim", "victim_b", "victim_c", "victim_d"});
  EXPECT_EQ(text_of(dump.map("victim_c"), "status"), "crashed");
  EXPECT_EQ(text_of(dump.map("victim_d"), "status"), "failed");
}

/// Well-behaved plugins give the same report either way.
TEST(Isolation, ChangesNothing) {
  const Dump here({"steady"}, {"--isolate", "none"}), there({"steady"}, {"--isolate", "all"});
  for (const char* name : {"first", "victim", "last"}) {
    EXPECT_TRUE(here.map(name) == there.map(name)) << name;
    EXPECT_TRUE(here.map(name) == undisturbed().map(name)) << name;
    EXPECT_EQ(text_of(here.map(name), "status"), "complete");
  }
}

} // namespace
} // namespace mapscope::cli_test
