// SPDX-License-Identifier: Apache-2.0
// Configuration as people write it: slips are told with file, line and the nearest key, and exit code 2.
#include "tests/cli/mapscope.hpp"

#include <filesystem>
#include <rapidjson/document.h>
#include <sstream>

namespace mapscope::cli_test {
namespace {

/// What is wrong with this file, without its name in front.
std::string wrong_file(const std::string& content) {
  const Scratch scratch;
  const std::string file = scratch.file("my.toml", content),
                    text = misuse({"config", "show", "--config", file});
  EXPECT_THAT(text, StartsWith(file + ":"));
  return text.starts_with(file) ? text.substr(file.size() + 1) : text;
}

TEST(ConfigFile, BrokenToml) {
  EXPECT_THAT(wrong_file("[report]\nlimit = \n"), StartsWith("2:"));
  EXPECT_THAT(wrong_file("[report\n"), StartsWith("1:"));
  EXPECT_THAT(wrong_file("\n\n[report]\nlimit = 1\nlimit = 2\n"), StartsWith("5:"));
}

TEST(ConfigFile, UnknownKey) {
  EXPECT_EQ(wrong_file("[report]\nlimt = 3\n"), "2: there is no key report.limt; did you mean report.limit?");
  EXPECT_EQ(wrong_file("[reprot]\nlimit = 3\n"), "1: there is no key reprot; did you mean report?");
  EXPECT_EQ(wrong_file("colours_of_the_rainbow = 3\n"),
            "1: there is no key colours_of_the_rainbow; `mapscope config show` lists those there are");
  EXPECT_EQ(wrong_file("[map.\"a*\"]\nlimt = 3\n"), "2: there is no key limt; did you mean limit?");
}

TEST(ConfigFile, WrongType) {
  EXPECT_EQ(wrong_file("[report]\nlimit = \"many\"\n"), "2: report.limit takes a number from 0");
  EXPECT_EQ(wrong_file("[plugins]\nsearch = \"/x\"\n"), "2: plugins.search takes a list of strings");
  EXPECT_EQ(wrong_file("[plugins]\nisolate = \"some\"\n"),
            "2: plugins.isolate takes one of \"out-of-tree\", \"all\", \"none\"");
}

TEST(ConfigFile, IsMissing) {
  EXPECT_EQ(misuse({"dump", "/tmp", "--config", "/nonexistent/my.toml"}),
            "/nonexistent/my.toml: cannot open the configuration: No such file or directory");
}

TEST(ConfigFile, IsAFolder) {
  EXPECT_EQ(misuse({"dump", "/tmp", "--config", "/tmp"}), "/tmp: is a directory; name a TOML file");
}

TEST(ConfigFile, GoesOnForEver) {
  EXPECT_EQ(misuse({"config", "show", "--config", "/dev/zero"}),
            "/dev/zero: has more than 1 MiB, which no configuration has; name a TOML file");
  const Scratch scratch;
  const std::string large = scratch.file("large.toml", std::string((1U << 20) + 1, '\n'));
  EXPECT_EQ(misuse({"config", "show", "--config", large}),
            large + ": has more than 1 MiB, which no configuration has; name a TOML file");
  EXPECT_EQ(
      run({"config", "show", "--config", scratch.file("most.toml", std::string(1U << 20, '\n'))}).exit_code,
      0);
}

TEST(ConfigSet, Malformed) {
  for (const std::string set : {"report.limit", "=3", "", "a b"})
    EXPECT_EQ(misuse({"config", "show", "--set", set}),
              "--set " + set + ": expected KEY=VALUE, such as report.limit=0");
  EXPECT_THAT(misuse({"config", "show", "--set", "a*.limit=3"}),
              HasSubstr("quote parts with other characters"));
  EXPECT_THAT(misuse({"config", "show", "--set", "report.limit=1\nreport.depth=2"}),
              HasSubstr("expected KEY=VALUE"));
}

TEST(ConfigSet, UnknownKeyAndWrongType) {
  EXPECT_EQ(misuse({"config", "show", "--set", "report.lmit=3"}),
            "--set report.lmit=3: there is no key report.lmit; did you mean report.limit?");
  EXPECT_EQ(misuse({"dump", "/tmp", "--set", "report.limit=x"}),
            "--set report.limit=x: report.limit takes a number from 0");
}

TEST(ConfigShow, TellsWhereEachKeyCameFrom) {
  const Scratch scratch;
  const std::string file = scratch.file("my.toml", "[report]\nlimit = 7\n[map.\"a*\"]\nuse = \"x.y\"\n");
  const std::string text = output({"config", "show", "--config", file, "--set", "report.depth=5"});
  EXPECT_THAT(text, testing::ContainsRegex("(^|\n)report.limit = 7 +# " + file + ":2\n"));
  EXPECT_THAT(text, testing::ContainsRegex("(^|\n)report.depth = 5 +# --set report.depth=5\n"));
  EXPECT_THAT(text, testing::ContainsRegex("(^|\n)map.\"a[*]\".use = \"x.y\" +# " + file + ":4\n"));
  std::istringstream lines(text);
  unsigned count = 0;
  for (std::string line; std::getline(lines, line); ++count) EXPECT_THAT(line, HasSubstr("  # ")) << line;
  EXPECT_EQ(count, 28U); // 27 keys and one of a rule
}

TEST(ConfigShow, AsJson) {
  rapidjson::Document all;
  all.Parse(output({"config", "show", "-j", "--set", "plugins.isolate=none", "--set",
                    R"(plugins.deny=["a \"b\" \\", "tab\there"])", "--set", "map.x.config.plain=true"})
                .c_str());
  ASSERT_TRUE(all.IsArray());
  ASSERT_EQ(all.Size(), 28U);
  EXPECT_STREQ(all[2]["key"].GetString(), "plugins.isolate");
  EXPECT_STREQ(all[2]["value"].GetString(), "none");
  EXPECT_STREQ(all[0]["key"].GetString(), "types");
  EXPECT_EQ(all[1]["value"].Size(), 0U);
  EXPECT_STREQ(all[4]["value"][0].GetString(), "a \"b\" \\");
  EXPECT_STREQ(all[4]["value"][1].GetString(), "tab\there");
  EXPECT_FALSE(all[7]["value"].GetBool());
  EXPECT_EQ(all[8]["value"].GetInt(), 10000);
  EXPECT_TRUE(all[27]["value"].GetBool());
  EXPECT_STREQ(all[2]["origin"].GetString(), "--set plugins.isolate=none");
}

/// Lines without what stands behind "#": where a key came from may change on the way, its value may not.
std::string values(const std::string& shown) {
  std::istringstream lines(shown);
  std::string all;
  for (std::string line; std::getline(lines, line);) {
    line.resize(line.rfind("  # "));
    line.resize(line.find_last_not_of(' ') + 1);
    all += line + '\n';
  }
  return all;
}

void expect_round_trip(const Words& words) {
  Words show = {"config", "show"};
  show.insert(show.end(), words.begin(), words.end());
  const std::string first = output(show);
  const Scratch scratch;
  const std::string again = output({"config", "show", "--config", scratch.file("shown.toml", first)});
  EXPECT_EQ(values(again), values(first));
}

TEST(ConfigShow, IsConfigurationItself) {
  expect_round_trip({});
  for (const auto& entry : std::filesystem::directory_iterator(MAPSCOPE_CONFIGS))
    if (entry.is_regular_file()) expect_round_trip({"--config", entry.path().string()});
}

TEST(ConfigShow, IsConfigurationItselfWithRulesAndOptions) {
  const Scratch scratch;
  expect_round_trip({"--config", scratch.file("my.toml", R"(
[plugins]
search = ["/a \"b\"", "tab\there"]
[budget]
read_bytes = "8388607T"
[plugin."org.example.x"]
"two words" = "\u0001\\"
plain = true
[map."z*"]
use = "z"
limit = 0
budget.bytes = "1K"
[map."a*"]
use = "a"
config."ö" = -3
[map.plain]
limit = 9
)"),
                     "--set", "map.\"m?\".limit=1"});
}

} // namespace
} // namespace mapscope::cli_test
