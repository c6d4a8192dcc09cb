// SPDX-License-Identifier: Apache-2.0
// The words of the command line: unknown ones, missing ones, and those that are not there yet.
#include "tests/cli/mapscope.hpp"

namespace mapscope::cli_test {
namespace {

TEST(Words, NoCommand) {
  EXPECT_THAT(misuse({}), StartsWith("mapscope needs a command: dump, maps, info, plugins, config"));
  EXPECT_EQ(misuse({"plugins"}), "plugins needs a command: list, verify, new, check; see mapscope --help");
  EXPECT_EQ(misuse({"config"}), "config needs a command: show; see mapscope --help");
}

TEST(Words, UnknownCommand) {
  EXPECT_EQ(misuse({"dmup", "x"}),
            "there is no command mapscope dmup; did you mean dump?; see mapscope --help");
  EXPECT_EQ(misuse({"xyzzyxyzzy"}), "there is no command mapscope xyzzyxyzzy; see mapscope --help");
  EXPECT_EQ(misuse({"plugins", "lst"}),
            "there is no command plugins lst; did you mean list?; see mapscope --help");
}

TEST(Words, UnknownOption) {
  EXPECT_EQ(misuse({"dump", "--bogus"}),
            "The following argument was not expected: --bogus; see mapscope --help");
  EXPECT_THAT(misuse({"info", "--map", "x"}), HasSubstr("--map"));
}

TEST(Words, OneTooMany) {
  EXPECT_EQ(misuse({"dump", "a", "b"}), "The following argument was not expected: b; see mapscope --help");
  EXPECT_THAT(misuse({"config", "show", "extra"}), HasSubstr("extra"));
}

TEST(Words, OptionsWithoutTheirValue) {
  EXPECT_EQ(misuse({"dump", "x", "-o"}), "--output: 1 required FILE missing; see mapscope --help");
  for (const char* option : {"--map", "--config", "--set", "--plugin-dir", "--limit", "--jobs", "--vmlinux",
                             "--btf", "--symbols", "--isolate", "--format", "--log-level"})
    EXPECT_THAT(misuse({"dump", "x", option}), StartsWith(option));
}

TEST(Words, MapSpecsThatAreNone) {
  EXPECT_EQ(misuse({"dump", "/tmp", "--map", "id:x"}), "--map id:x: expected a number, such as id:17");
  for (const char* spec : {"id:", "id:-1", "id:1x", "id:4294967296", "id: 1"})
    EXPECT_THAT(misuse({"dump", "/tmp", "--map", spec}), HasSubstr("expected a number, such as id:17"))
        << spec;
  EXPECT_EQ(misuse({"dump", "/tmp", "--map", ""}), "--map: expected id:N, type:NAME, prog:NAME or a name");
  EXPECT_THAT(misuse({"dump", "/tmp", "--map", "good*", "--map", "id:"}), HasSubstr("id:17"));
}

TEST(Words, FormatsThatAreNotThereYet) {
  for (const std::string format : {"ndjson", "html", "bpftool"})
    EXPECT_EQ(misuse({"dump", "/tmp", "--format", format}),
              "--format " + format + " is not there yet; text and json are");
  EXPECT_EQ(misuse({"dump", "/tmp", "--format", "xml"}),
            "--format: xml not in {text,json,ndjson,html,bpftool}; see mapscope --help");
}

TEST(Words, FormatsThatContradict) {
  for (const char* option : {"-j", "-p"})
    EXPECT_THAT(misuse({"dump", "/tmp", option, "--format", "text"}), HasSubstr("--format"));
}

TEST(Words, NumbersOutOfRange) {
  EXPECT_THAT(misuse({"dump", "/tmp", "--jobs", "0"}), HasSubstr("--jobs: Value 0 not in range"));
  for (const std::string limit : {"-1", "z", "", "1.5", "9223372036854775808"})
    EXPECT_EQ(misuse({"dump", "/tmp", "--limit", limit}),
              "--limit: \"" + limit + "\" is no number from 0; see mapscope --help");
}

TEST(Words, IsolationOfAnotherKind) {
  EXPECT_THAT(misuse({"dump", "/tmp", "--isolate", "some"}), StartsWith("--isolate: some not in"));
}

TEST(Words, CommandsThatAreNotThereYet) {
  const std::vector<Words> later = {
      {"diff", "a", "b"}, {"report", "a.json"}, {"report", "a.json", "--format", "html"}};
  for (const Words& words : later) {
    const std::string text = misuse(words);
    EXPECT_THAT(text, StartsWith("mapscope " + words[0]));
    EXPECT_THAT(text, HasSubstr(" is not there yet; "));
  }
}

TEST(Words, LogLevels) {
  EXPECT_THAT(misuse({"dump", "/tmp", "--log-level", "loud"}), StartsWith("--log-level: loud not in"));
  EXPECT_EQ(run({"dump", "/tmp", "--log-level", "off"}).err, "");
  EXPECT_EQ(failure({"dump", "/tmp", "-q"}, 1), "/tmp: is a directory; give a file in it");
}

const std::vector<Words> commands = {{},
                                     {"dump"},
                                     {"maps"},
                                     {"info"},
                                     {"plugins"},
                                     {"plugins", "list"},
                                     {"plugins", "verify"},
                                     {"plugins", "new"},
                                     {"plugins", "check"},
                                     {"config"},
                                     {"config", "show"},
                                     {"diff"},
                                     {"report"}};

TEST(Words, HelpEverywhere) {
  for (Words words : commands) {
    words.emplace_back("--help");
    const std::string help = output(words);
    EXPECT_THAT(help, HasSubstr("--help"));
    EXPECT_THAT(help, HasSubstr(words.size() > 1 ? words[words.size() - 2] : "mapscope"));
  }
}

TEST(Words, VersionEverywhere) {
  for (Words words : commands) {
    words.emplace_back("--version");
    EXPECT_EQ(output(words), "mapscope " MAPSCOPE_VERSION "\n");
  }
}

} // namespace
} // namespace mapscope::cli_test
