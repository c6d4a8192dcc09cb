// SPDX-License-Identifier: Apache-2.0
// The words of the command line: unknown ones, missing ones, and those that are not there yet.
#include "tests/cli/mapscope.hpp"

#include <cctype>
#include <sstream>

namespace mapscope::cli_test {
namespace {

TEST(Words, NoCommand) {
  EXPECT_THAT(
      misuse({}),
      StartsWith("mapscope needs a command: dump, maps, get, watch, report, diff, info, plugins, config"));
  EXPECT_EQ(misuse({"plugins"}),
            "mapscope plugins needs a command: list, verify, new, check; see mapscope plugins --help");
  EXPECT_EQ(misuse({"config"}), "mapscope config needs a command: show; see mapscope config --help");
}

TEST(Words, UnknownCommand) {
  EXPECT_EQ(misuse({"dmup", "x"}),
            "there is no command mapscope dmup; did you mean dump? See mapscope --help");
  EXPECT_EQ(misuse({"xyzzyxyzzy"}), "there is no command mapscope xyzzyxyzzy; see mapscope --help");
  EXPECT_EQ(misuse({"plugins", "lst"}),
            "there is no command mapscope plugins lst; did you mean list? See mapscope plugins --help");
}

/// Who names a dump alone wants to see what is in it.
TEST(Words, AFileInPlaceOfACommand) {
  const Scratch scratch;
  const std::string file = scratch.file("vmcore", "");
  EXPECT_EQ(misuse({file}), "there is no command mapscope " + file + "; did you mean mapscope dump " + file +
                                "? See mapscope --help");
  EXPECT_EQ(misuse({"plugins", file}),
            "there is no command mapscope plugins " + file + "; see mapscope plugins --help");
}

TEST(Words, UnknownOption) {
  EXPECT_EQ(misuse({"dump", "--limt", "5"}),
            "mapscope dump has no option --limt; did you mean --limit? See mapscope dump --help");
  EXPECT_THAT(misuse({"dump", "x", "--pluginn-dir=y"}), HasSubstr("did you mean --plugin-dir?"));
  EXPECT_THAT(misuse({"--verison"}), HasSubstr("mapscope has no option --verison; did you mean --version?"));
  EXPECT_THAT(misuse({"plugins", "check", "--secnods", "3"}), HasSubstr("did you mean --seconds?"));
  EXPECT_EQ(misuse({"dump", "--xyzzyxyzzyxyzzy"}),
            "mapscope dump has no option --xyzzyxyzzyxyzzy; see mapscope dump --help");
  EXPECT_EQ(misuse({"dump", "-x"}), "mapscope dump has no option -x; see mapscope dump --help");
}

TEST(Words, OptionOfAnotherCommand) {
  EXPECT_EQ(misuse({"info", "--map", "x"}),
            "mapscope info has no option --map; mapscope dump has; see mapscope dump --help");
  EXPECT_THAT(misuse({"dump", "--any-owner"}), HasSubstr("mapscope plugins verify has"));
  EXPECT_THAT(misuse({"maps", "--limt", "3"}),
              HasSubstr("did you mean --limit of mapscope dump? See mapscope dump --help"));
}

TEST(Words, OneTooMany) {
  EXPECT_EQ(misuse({"plugins", "new", "a", "b", "c"}),
            "The following argument was not expected: c; see mapscope plugins new --help");
  EXPECT_THAT(misuse({"config", "show", "extra"}), HasSubstr("extra"));
}

TEST(Words, OptionsWithoutTheirValue) {
  EXPECT_EQ(misuse({"dump", "x", "-o"}), "--output: 1 required FILE missing; see mapscope dump --help");
  for (const char* option :
       {"--map", "--only", "--config", "--set", "--plugin-dir", "--limit", "--jobs", "--vmlinux", "--btf",
        "--symbols", "--types", "--isolate", "--format", "--log-level"})
    EXPECT_THAT(misuse({"dump", "x", option}), StartsWith(option));
}

TEST(Words, NamesThatAreEmpty) { // of a shell's variable that is not set
  for (const char* option : {"--vmlinux", "--btf", "--symbols", "--vmcoreinfo", "--types", "--layout",
                             "--config", "--plugin-dir", "--output"})
    EXPECT_EQ(misuse({"dump", "/tmp", option, ""}),
              std::string(option) +
                  ": is empty; name what is meant, or leave it away; see mapscope dump --help");
  EXPECT_THAT(misuse({"dump", ""}), StartsWith("SOURCE: is empty; "));
  EXPECT_THAT(misuse({"plugins", "verify", ""}), StartsWith("FILE: is empty; "));
  EXPECT_THAT(misuse({"plugins", "check", ""}), StartsWith("FILE: is empty; "));
  EXPECT_THAT(misuse({"plugins", "list", ""}), StartsWith("DIR: is empty; "));
}

TEST(Words, MapSpecsThatAreNone) {
  EXPECT_EQ(misuse({"dump", "/tmp", "--map", "id:x"}),
            "--map id:x: expected a number from 0 to 4294967295, such as id:17");
  for (const char* spec : {"id:", "id:-1", "id:1x", "id:4294967296", "id: 1"})
    EXPECT_THAT(misuse({"dump", "/tmp", "--map", spec}),
                HasSubstr("expected a number from 0 to 4294967295, such as id:17"))
        << spec;
  EXPECT_EQ(misuse({"dump", "/tmp", "--map", ""}),
            "--map: expected id:N, type:NAME, prog:NAME, kernel:NAME or a name");
  EXPECT_THAT(misuse({"dump", "/tmp", "--map", "good*", "--map", "id:"}), HasSubstr("id:17"));
}

TEST(Words, MapSpecsOfAnUnknownKind) { // no name has a colon
  EXPECT_EQ(
      misuse({"dump", "/tmp", "--map", "tpye:hash"}),
      "--map tpye:hash: expected id:N, type:NAME, prog:NAME, kernel:NAME or a name; did you mean type:hash?");
  EXPECT_THAT(misuse({"dump", "/tmp", "--map", "program:x"}), HasSubstr("did you mean prog:x?"));
}

TEST(Words, FormatsThatThereAreNot) {
  EXPECT_EQ(misuse({"dump", "/tmp", "--format", "xml"}),
            "--format: xml not in {text,json,ndjson,bpftool,html}; see mapscope dump --help");
  EXPECT_THAT(misuse({"dump", "/tmp", "--format", "jsno"}), HasSubstr("did you mean json?"));
}

TEST(Words, FormatsThatContradict) {
  for (const char* option : {"-j", "-p"})
    EXPECT_THAT(misuse({"dump", "/tmp", option, "--format", "text"}), HasSubstr("--format"));
}

TEST(Words, NumbersOutOfRange) {
  EXPECT_EQ(misuse({"dump", "/tmp", "--jobs", "0"}),
            "--jobs: \"0\" is no number from 1 to 1024; see mapscope dump --help");
  EXPECT_THAT(misuse({"maps", "/tmp", "--kernel", "z"}), HasSubstr("\"z\" is no number from 1 to 256"));
  EXPECT_THAT(misuse({"plugins", "check", "x", "--seconds", "3601"}),
              HasSubstr("\"3601\" is no number from 1 to 3600"));
  for (const std::string limit : {"-1", "z", "", "1.5", "9223372036854775808", "18446744073709551615"})
    EXPECT_EQ(misuse({"dump", "/tmp", "--limit", limit}),
              "--limit: \"" + limit +
                  "\" is no number from 0 to 9223372036854775807; see mapscope dump --help");
}

TEST(Words, IsolationOfAnotherKind) {
  EXPECT_THAT(misuse({"dump", "/tmp", "--isolate", "some"}), StartsWith("--isolate: some not in"));
}

TEST(Words, LogLevels) {
  EXPECT_THAT(misuse({"dump", "/tmp", "--log-level", "loud"}), StartsWith("--log-level: loud not in"));
  EXPECT_EQ(run({"dump", "/tmp", "--log-level", "off"}).err, "");
  EXPECT_EQ(failure({"dump", "/tmp", "-q"}, 1), "/tmp: is a directory; give a file in it");
}

const std::vector<Words> commands = {{},
                                     {"dump"},
                                     {"maps"},
                                     {"get"},
                                     {"watch"},
                                     {"report"},
                                     {"diff"},
                                     {"info"},
                                     {"plugins"},
                                     {"plugins", "list"},
                                     {"plugins", "verify"},
                                     {"plugins", "new"},
                                     {"plugins", "check"},
                                     {"config"},
                                     {"config", "show"}};

TEST(Words, HelpEverywhere) {
  for (Words words : commands) {
    words.emplace_back("--help");
    const std::string help = output(words);
    EXPECT_THAT(help, HasSubstr("--help"));
    EXPECT_THAT(help, HasSubstr(words.size() > 1 ? words[words.size() - 2] : "mapscope"));
  }
}

/// Every line fits a terminal, and every word that may be given is described.
TEST(Words, HelpIsLegible) {
  for (Words words : commands) {
    words.emplace_back("--help");
    std::istringstream lines(output(words));
    for (std::string line; std::getline(lines, line);) {
      EXPECT_LE(line.size(), 80U) << line;
      EXPECT_THAT(line, testing::Not(testing::ContainsRegex("UINT|INT in|^  [A-Z]+ .*[A-Z] *$"))) << line;
    }
  }
}

TEST(Words, HelpAsACommand) {
  for (const Words& words : commands) {
    Words asked = words, as_command = {"help"};
    asked.emplace_back("--help");
    as_command.insert(as_command.end(), words.begin(), words.end());
    EXPECT_EQ(output(as_command), output(asked));
  }
}

TEST(Words, HelpNamesWhatIsThereAndNothingElse) {
  for (Words words : commands) {
    words.emplace_back("--help");
    const std::string help = output(words);
    for (const char* later : {"not there yet"}) EXPECT_THAT(help, testing::Not(HasSubstr(later))) << words[0];
    EXPECT_THAT(help, testing::Not(HasSubstr(" ...\n")));
    EXPECT_THAT(help, testing::Not(testing::ContainsRegex("FILE \\.\\.\\."))) << "one value each time";
  }
}

/// What holds without the option, from where it is defined.
TEST(Words, HelpTellsDefaults) {
  std::string help = output({"dump", "--help"}), shown;
  std::ranges::unique_copy(help, std::back_inserter(shown),
                           [](char a, char b) { return std::isspace(a) != 0 && std::isspace(b) != 0; });
  std::ranges::replace(shown, '\n', ' ');
  const std::string config = output({"config", "show"});
  ASSERT_THAT(config, HasSubstr("report.limit = 4096 "));
  EXPECT_THAT(shown, HasSubstr("(default: 4096, configuration key report.limit)"));
  EXPECT_THAT(shown, HasSubstr("(default: out-of-tree, configuration key plugins.isolate)"));
  EXPECT_THAT(shown, HasSubstr("(default: the CPUs available)"));
  EXPECT_THAT(shown, HasSubstr("(default: text)"));
  EXPECT_THAT(shown, HasSubstr("(default: auto)"));
  EXPECT_THAT(shown, HasSubstr("(default: warn)"));
  EXPECT_THAT(output({"plugins", "check", "--help"}), HasSubstr("(default: 20)"));
}

TEST(Words, VersionEverywhere) {
  for (const Words& words : commands) {
    for (const char* option : {"--version", "-V"}) {
      Words asked = words;
      asked.emplace_back(option);
      EXPECT_EQ(output(asked), "mapscope " MAPSCOPE_VERSION "\n");
    }
  }
}

} // namespace
} // namespace mapscope::cli_test
