// SPDX-License-Identifier: Apache-2.0
// No report replaces what was given to be read, whatever name it goes by; refused before anything is written.
#include "tests/cli/hostile_dump.hpp"

namespace mapscope::cli_test {
namespace {

/// A dump that can be read, and files that may be given beside it.
class Folder {
public:
  Folder() { fs::create_directory(scratch_ / "plugins"), fs::create_directory(scratch_ / "out"); }

  [[nodiscard]] std::string core() const { return core_; }
  [[nodiscard]] std::string file(const std::string& name, const std::string& content = "content") const {
    return scratch_.file(name, content);
  }
  [[nodiscard]] std::string path(const std::string& name) const { return (scratch_ / name).string(); }
  [[nodiscard]] std::string hard_link(const std::string& to) const {
    fs::create_hard_link(to, scratch_ / "out/hard");
    return path("out/hard");
  }
  [[nodiscard]] std::string link(const std::string& to) const {
    fs::create_symlink(to, scratch_ / "out/link");
    return path("out/link");
  }

private:
  Scratch scratch_;
  std::string core_ = scratch_.file("vmcore", tiny_core({"first"}));
};

/// `words` would write over `input`, under the name `output`; that of the error.
std::string refused(const Words& words, const std::string& input, const std::string& output) {
  const std::string before = test::read_file(input);
  const std::string text = misuse(and_also(words, {"-o", output}));
  EXPECT_EQ(test::read_file(input), before);
  EXPECT_THAT(text, StartsWith("-o " + output + ": is"));
  EXPECT_THAT(text, EndsWith("which the report would replace; name another file"));
  return text;
}

TEST(Inputs, TheSource) {
  const Folder folder;
  const Words words = {"dump", folder.core(), "--map", "first"};
  EXPECT_EQ(refused(words, folder.core(), folder.core()),
            "-o " + folder.core() +
                ": is given as SOURCE, which the report would replace; name another file");
  EXPECT_THAT(refused(words, folder.core(), folder.link(folder.core())),
              HasSubstr("is the same file as " + folder.core() + ", given as SOURCE"));
  refused(words, folder.core(), folder.hard_link(folder.core()));
  refused(words, folder.core(), folder.path("out/../vmcore"));
}

TEST(Inputs, TheSourceByALink) {
  const Folder folder;
  refused({"dump", folder.link(folder.core())}, folder.core(), folder.core());
}

TEST(Inputs, FilesBesideIt) {
  const Folder folder;
  for (const std::string option : {"--vmlinux", "--btf", "--symbols", "--config"}) {
    const std::string input =
        folder.file("input", option == "--config" ? "[report]\nlimit = 1\n" : "content");
    EXPECT_THAT(refused({"dump", folder.core(), option, input}, input, input),
                HasSubstr("given as " + option));
  }
  const std::string first = folder.file("a.toml", ""), second = folder.file("b.toml", "");
  refused({"dump", folder.core(), "--config", first, "--config", second}, first, first);
}

TEST(Inputs, Plugins) {
  const Folder folder;
  const std::string plugin = folder.path("plugins/steady.so"), broken = folder.path("plugins/broken.so");
  fs::copy_file(HOSTILE_PLUGINS "/steady.so", plugin);
  fs::copy_file(MAPSCOPE_PROGRAM, broken); // none that may be loaded, and still somebody's library
  const Words words = {"dump", folder.core(), "--plugin-dir", folder.path("plugins"), "-q"};
  EXPECT_THAT(refused(words, plugin, plugin), HasSubstr("given as a plugin"));
  refused(words, plugin, folder.link(plugin));
  refused(words, broken, broken);
  fs::remove(broken);
  const std::string report = folder.path("plugins/report.json");
  for (int times = 0; times < 2; ++times) // what is no library is none of its inputs
    EXPECT_EQ(run(and_also(words, {"-o", report})).exit_code, 0);
  EXPECT_THAT(test::read_file(report), HasSubstr("first"));
}

TEST(Inputs, PluginsThatConfigurationFinds) {
  const Folder folder;
  const std::string plugin = folder.path("plugins/steady.so");
  fs::copy_file(HOSTILE_PLUGINS "/steady.so", plugin);
  const std::string config =
      folder.file("c.toml", "[plugins]\nsearch = [\"" + folder.path("plugins") + "\"]\n");
  refused({"dump", folder.core(), "--config", config}, plugin, plugin);
}

TEST(Inputs, AreRefusedBeforeTheyAreRead) { // the dump is none
  const Folder folder;
  const std::string text = folder.file("text");
  refused({"dump", text}, text, text);
}

TEST(Inputs, ThroughStandardOutput) { // mapscope ... >> vmcore
  const Folder folder;
  const std::string config = folder.file("c.toml", "");
  const std::vector<std::pair<Words, std::string>> commands = {
      {{"dump", folder.core()}, folder.core()},
      {{"dump", folder.core(), "-o", "-"}, folder.core()},
      {{"maps", folder.core()}, folder.core()},
      {{"info", folder.core()}, folder.core()},
      {{"config", "show", "--config", config}, config},
      {{"plugins", "verify", folder.core()}, folder.core()}};
  for (const auto& [words, input] : commands) {
    Words all = {"-c", "out=$1; shift; exec \"$@\" >> \"$out\"", "sh", input, MAPSCOPE_PROGRAM};
    const std::string before = test::read_file(input);
    const Ran ran = test::run_program("/bin/sh", and_also(all, words), {.seconds = 20});
    EXPECT_EQ(ran.exit_code, 2) << ran.err;
    EXPECT_THAT(ran.err, StartsWith("mapscope: standard output goes into " + input));
    EXPECT_EQ(test::read_file(input), before);
  }
}

TEST(Inputs, WhatNothingReplacesMayBeBoth) {
  const Folder folder;
  EXPECT_EQ(run({"dump", folder.core(), "--config", "/dev/null", "-o", "/dev/null"}).exit_code, 0);
}

TEST(Inputs, AnotherFileIsWritten) {
  const Folder folder;
  const std::string report = folder.file("out/report", "old");
  EXPECT_EQ(run({"dump", folder.core(), "-o", report}).exit_code, 0);
  EXPECT_THAT(test::read_file(report), HasSubstr("first"));
}

} // namespace
} // namespace mapscope::cli_test
