// SPDX-License-Identifier: Apache-2.0
// plugins check: each way to break the contract is found by its rule, and none takes the command down.
#include "tests/cli/mapscope.hpp"

namespace mapscope::cli_test {
namespace {

Ran check(const std::string& breaking, const Words& more = {}) {
  Words words = {"plugins", "check", std::string(BREAKING_PLUGINS) + "/breaking_" + breaking + ".so"};
  words.insert(words.end(), more.begin(), more.end());
  test::Streams streams;
  streams.seconds = 60;
  return test::run_program(MAPSCOPE_PROGRAM, words, streams);
}

/// The line of one rule, "" when there is none.
std::string line_of(const Ran& ran, const std::string& rule) {
  const std::size_t at = ("\n" + ran.out).find("\n" + rule + " ");
  return at == std::string::npos ? "" : ran.out.substr(at, ran.out.find('\n', at) - at);
}

TEST(PluginsCheck, APluginThatKeepsTheContract) {
  const Ran ran = check("none");
  EXPECT_EQ(ran.exit_code, 0) << ran.out;
  EXPECT_EQ(ran.err, "");
  for (int rule = 1; rule <= 12; ++rule)
    EXPECT_THAT(line_of(ran, "P" + std::to_string(rule)), testing::MatchesRegex("P[0-9]+ +ok +[^ ].*"));
  EXPECT_THAT(ran.out, EndsWith("breaking_none.so: keeps the contract\n"));
}

TEST(PluginsCheck, TheBuiltInsKeepIt) {
  unsigned checked = 0;
  for (const auto& file : std::filesystem::directory_iterator(MAPSCOPE_PLUGINS)) {
    if (file.path().extension() != ".so") continue;
    test::Streams streams;
    streams.seconds = 60;
    const Ran ran = test::run_program(MAPSCOPE_PROGRAM, {"plugins", "check", file.path().string()}, streams);
    EXPECT_EQ(ran.exit_code, 0) << ran.out;
    ++checked;
  }
  EXPECT_GT(checked, 20U);
}

struct Breaking {
  const char *name, *rule, *said;
};
void PrintTo(const Breaking& breaking, std::ostream* out) { *out << breaking.name; }

class PluginsCheckFinds : public testing::TestWithParam<Breaking> {};

TEST_P(PluginsCheckFinds, WhatIsBroken) {
  const auto& [name, rule, said] = GetParam();
  const Ran ran = check(name, {"--seconds", "1"});
  EXPECT_EQ(ran.exit_code, 1);
  EXPECT_EQ(ran.err, "");
  EXPECT_THAT(line_of(ran, rule), testing::AllOf(HasSubstr(" FAILED "), HasSubstr(said))) << ran.out;
  EXPECT_THAT(ran.out, EndsWith(".so: does not keep the contract\n"));
}

INSTANTIATE_TEST_SUITE_P(
    All, PluginsCheckFinds,
    testing::Values(
        Breaking{"constructor", "P1", "it crashed with SIGABRT (loading it)"},
        Breaking{"crash", "P2",
                 "it crashed with SIGSEGV (on a made-up hash map, key of 8 bytes, value of 24 "
                 "bytes of type struct a_value, memory full of pointers, number 1)"},
        Breaking{"hang", "P2", "it did not end in time (on a made-up hash map"},
        Breaking{"exit", "P2", "it ended the process with exit code 0 (on a made-up hash map"},
        Breaking{"print", "P2", "it printed \"a line on standard output"},
        Breaking{"state", "P9", "two runs on the same map differ (on a made-up hash map"},
        Breaking{"descriptor", "P10", "it leaves a file or socket open (on a made-up hash map"},
        Breaking{"open", "P2", "render() that leaves an object, a list or a row open (on "},
        Breaking{"size", "P2", "row() with a key of 3 bytes, expected 8 (on a made-up hash map"},
        Breaking{"thread", "P2", "a helper called from another thread (on a made-up hash map"},
        Breaking{"ignore", "P4", "after MSC_STOP it called 99 more helpers"},
        Breaking{"hang_typed", "P2",
                 "it did not end in time (on a made-up hash map, key of 8 bytes, value of 24 bytes "
                 "of type struct x, "},
        Breaking{"crash_type", "P2", "it crashed with SIGSEGV (on a made-up lru_percpu_hash map"},
        Breaking{"crash_untyped", "P2",
                 "it crashed with SIGSEGV (on a made-up hash map, key of 8 bytes, value of 24 bytes, "
                 "without types, "},
        Breaking{"crash_member", "P2", "24 bytes of type struct task_ctx, "},
        Breaking{"name", "P2", "field() with a name that is none: \"bad name!\"; 1 to 63 of A-Z"},
        Breaking{"throw", "P2", "an exception left render() (on a made-up hash map"},
        Breaking{"loop", "P4", "loops around read() although it returned MSC_STOP (on a made-up"},
        Breaking{"code", "P2", "it returned 42, which is no code of the interface (on a made-up"},
        Breaking{"code_of_note", "P2", "note() with the code 42, which is none of the interface's (on "},
        Breaking{"endless_text", "P2", "field() with a value of 18446744073709551615 bytes, more than any"},
        Breaking{"file", "P11", "in a worker process: the system call openat is forbidden"},
        Breaking{"process", "P11", "counted\" in a worker process (on a made-up hash map"}),
    [](const auto& info) { return std::string(info.param.name); });

TEST(PluginsCheck, TheLineOfWhatAWorkerMustNotDo) {
  EXPECT_THAT(line_of(check("file"), "P11"),
              testing::ContainsRegex("in a worker process: the system call openat is forbidden in .* called "
                                     "from .*, [^ ]*/breaking\\.cpp:[0-9]+ "));
}

/// What an author writes without a thought, and may.
TEST(PluginsCheck, WaysThatKeepTheContract) {
  for (const char* name : {"gives_up_late", "gives_up_in_c", "asks_of_any", "date"}) {
    const Ran ran = check(name);
    EXPECT_EQ(ran.exit_code, 0) << name << "\n" << ran.out;
  }
}

TEST(PluginsCheck, OtherRulesGoOnBesideOneThatIsBroken) {
  const Ran ran = check("state", {"--seconds", "20"});
  EXPECT_THAT(line_of(ran, "P1"), HasSubstr(" ok "));
  EXPECT_THAT(line_of(ran, "P9"), HasSubstr(" FAILED "));
  EXPECT_THAT(line_of(ran, "P10"), HasSubstr(" ok "));
}

/// Lines of the suite; the verifier's begin with another letter.
std::size_t lines_of_suite(const Ran& ran) {
  std::size_t lines = 0;
  for (std::size_t at = ran.out.find("\nP"); at != std::string::npos; at = ran.out.find("\nP", at + 1))
    ++lines;
  return lines;
}

TEST(PluginsCheck, OneCauseIsToldOnce) {
  for (const std::string name : {"crash", "exit", "hang"}) {
    const Ran ran = check(name, {"--seconds", "1"});
    EXPECT_EQ(lines_of_suite(ran), 3U) << ran.out;
    EXPECT_THAT(line_of(ran, "P3-P12"),
                HasSubstr(name == "hang" ? "not run: it hangs, as P2 says"
                                         : "not run: it does not come back from render(), "
                                           "as P2 says"));
  }
  const Ran ran = check("size");
  EXPECT_THAT(line_of(ran, "P3-P10"), HasSubstr("FAILED   as P2: row() with a key of 3 bytes, expected 8"))
      << ran.out;
}

TEST(PluginsCheck, MemoryIsThatOfAWorker) {
  const Ran ran = check("memory", {"--set", "budget.memory=\"64M\""});
  EXPECT_THAT(line_of(ran, "P2"),
              HasSubstr("it took all the memory that a worker has for it, 64 MiB (budget.memory)"))
      << ran.out;
  EXPECT_EQ(lines_of_suite(ran), 3U) << ran.out;
}

TEST(PluginsCheck, WhatWasNotReachedIsSaid) {
  const Ran ran = check("refuses");
  EXPECT_EQ(ran.exit_code, 0) << ran.out;
  EXPECT_THAT(
      line_of(ran, "P12"),
      testing::ContainsRegex("warning  attach=map-type:hash: render\\(\\) called no helper on any of [0-9]+ "
                             "made-up targets: nothing behind its first test was run, nor checked"));
  EXPECT_THAT(ran.out,
              EndsWith(": keeps the contract as far as it was run; the warnings say where it was not\n"));
  EXPECT_THAT(
      line_of(check("none"), "P12"),
      testing::ContainsRegex("it showed something on [1-9][0-9]* of [0-9]+ made-up targets; it called read, "
                             "type_find, type_size, count$"));
}

TEST(PluginsCheck, OneThatAlwaysGivesUpIsTold) {
  const Ran ran = check("gives_up");
  EXPECT_EQ(ran.exit_code, 0) << ran.out;
  EXPECT_THAT(
      line_of(ran, "P12"),
      testing::ContainsRegex("warning  attach=map-type:hash: it gave up on each of [0-9]+ made-up targets "
                             "\\(MSC_EFAIL, \"no map of ours\"\\): what it does when it does not was not "
                             "checked; it called read, count, note"));
  EXPECT_THAT(ran.out,
              EndsWith(": keeps the contract as far as it was run; the warnings say where it was not\n"));
}

TEST(PluginsCheck, WhatTheVerifierRefusesIsNotRun) {
  const Scratch folder;
  const Ran ran = run({"plugins", "check", folder.file("x.so", "text")});
  EXPECT_EQ(ran.exit_code, 1);
  EXPECT_THAT(ran.out, HasSubstr("V2   FAILED"));
  EXPECT_THAT(ran.out, testing::Not(HasSubstr("P1")));
  EXPECT_EQ(failure({"plugins", "check", "/nonexistent.so"}, 1),
            "/nonexistent.so: cannot be opened: No such file or directory");
  EXPECT_EQ(misuse({"plugins", "check"}), "FILE is required; see mapscope plugins check --help");
}

TEST(PluginsNew, WritesAProject) {
  const Scratch folder;
  const std::string directory = folder / "here";
  const std::string written = output({"plugins", "new", "my_map", directory});
  for (const char* name :
       {"CMakeLists.txt", "my_map.cpp", "README.md", ".gitignore", "test/my_map_test.cpp"}) {
    const std::string path = directory + "/" + name;
    EXPECT_THAT(written, HasSubstr(path + "\n"));
    const std::string text = test::read_file(path);
    EXPECT_NE(text, "") << path;
    EXPECT_THAT(text, testing::Not(testing::ContainsRegex("@[A-Z]+@"))) << path;
  }
  EXPECT_THAT(test::read_file(directory + "/my_map.cpp"), HasSubstr("id=org.example.my_map"));
}

TEST(PluginsNew, IntoAnEmptyDirectory) {
  const Scratch folder;
  EXPECT_NE(output({"plugins", "new", "my_map", folder.path()}), "");
  EXPECT_EQ(misuse({"plugins", "new", "my_map", folder.path()}),
            folder.path().string() + ": is not empty; name a directory that is, or none");
}

TEST(PluginsNew, WhatCannotBe) {
  const Scratch folder;
  const std::string rule = " cannot be a plugin's name: 1 to 32 lowercase letters, digits and _, the first a "
                           "letter, such as task_stats";
  for (const std::string& name : Words{"", "My", "a-b", "../x", "1st", "ä", "a b", std::string(33, 'a')})
    EXPECT_EQ(misuse({"plugins", "new", name, folder / "x"}), "\"" + name + "\"" + rule);
  EXPECT_EQ(misuse({"plugins", "new", "test", folder / "x"}),
            "test is a target that CMake has for itself; choose another name");
  EXPECT_EQ(misuse({"plugins", "new", "a", folder.file("f", "text")}),
            (folder / "f").string() + ": is there and no directory; name another one");
  EXPECT_THAT(failure({"plugins", "new", "a", "/proc/self/x"}, 1),
              testing::MatchesRegex("/proc/self/x/.*: cannot be written"));
  EXPECT_EQ(misuse({"plugins", "new"}), "NAME is required; see mapscope plugins new --help");
  EXPECT_FALSE(std::filesystem::exists(folder / "x"));
}

} // namespace
} // namespace mapscope::cli_test
