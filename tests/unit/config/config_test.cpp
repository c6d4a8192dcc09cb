// SPDX-License-Identifier: Apache-2.0
// TOML into the record: who wins, where a value came from, what is refused and in which words.
#include "host/config/config.hpp"

#include "host/config/defaults.hpp"
#include "host/config/schema.hpp"
#include "tests/support/run_program.hpp"

#include <filesystem>
#include <gmock/gmock.h>
#include <sstream>

namespace mapscope::config {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;
using Sets = std::vector<std::string>;

/// Files by their contents, then --set.
struct Given {
  test::Scratch folder;
  std::vector<std::string> files;
  explicit Given(const std::vector<std::string>& contents) {
    for (const auto& content : contents)
      files.push_back(folder.file(std::to_string(files.size()) + ".toml", content));
  }
};

Loaded loaded(const std::vector<std::string>& contents, const Sets& sets = {}) {
  const Given given(contents);
  auto result = load(given.files, sets);
  EXPECT_TRUE(result) << result.error().text;
  return result ? std::move(*result) : Loaded{};
}

/// The refusal of a file, without its name.
std::string refusal(const std::string& content) {
  const Given given({content});
  const auto result = load(given.files, {});
  if (result) return "accepted";
  EXPECT_EQ(result.error().code, Errc::usage);
  EXPECT_THAT(result.error().text, StartsWith(given.files[0] + ":"));
  return result.error().text.substr(given.files[0].size() + 1);
}

std::string set_refusal(const std::string& set) {
  const auto result = load({}, Sets{set});
  return result ? "accepted" : result.error().text;
}

TEST(Defaults, OfTheRecordAreThoseOfTheFile) {
  const Config record, file = loaded({}).config;
  for (const Key& key : keys()) EXPECT_EQ(key.get(record), key.get(file)) << key.name;
  EXPECT_TRUE(file.maps.empty() && file.options.empty());
}

TEST(TypesKey, PathsAreThoseOfTheFileThatNamesThem) {
  const Given given({"types = [\"sched.bpf.o\", \"../x/./y.btf\", \"/lib/z.o\"]\n"});
  const auto config = load(given.files, {})->config;
  const auto folder = given.folder.path();
  EXPECT_THAT(config.types, ElementsAre((folder / "sched.bpf.o").string(),
                                        (folder.parent_path() / "x/y.btf").string(), "/lib/z.o"));
}

TEST(TypesKey, OfTheCommandLineAreFoundFromWhereOneStands) {
  const auto config = load({}, Sets{"types=[\"sched.bpf.o\"]"})->config;
  EXPECT_THAT(config.types, ElementsAre("sched.bpf.o"));
}

TEST(TypesKey, ALaterListStandsForItself) {
  EXPECT_THAT(loaded({"types = [\"a.o\"]\n", "types = []\n"}).config.types, ElementsAre());
}

TEST(TypesKey, IsAListOfNames) {
  EXPECT_EQ(refusal("types = \"a.o\"\n"), "1: types takes a list of file names");
  EXPECT_EQ(refusal("types = [\"a.o\", 1]\n"), "1: types takes a list of file names");
  EXPECT_EQ(refusal("types = [\"\"]\n"), "1: types takes a list of file names");
  EXPECT_EQ(refusal("[types]\n"), "1: types takes a list of file names");
  EXPECT_EQ(refusal("type = []\n"), "1: there is no key type; did you mean types?");
}

TEST(RuleTypes, OfKeysAndValues) {
  const auto rules =
      loaded({"[map.\"a*\"]\nkey_type = \"u32\"\nvalue_type = \"struct x\"\n"}, {"map.b.value_type=u64"})
          .config.maps;
  ASSERT_EQ(rules.size(), 2U);
  EXPECT_EQ(rules[0].value_type, "u64");
  EXPECT_EQ(rules[1].key_type, "u32");
  EXPECT_EQ(rules[1].value_type, "struct x");
  EXPECT_THAT(refusal("[map.a]\nvalue_type = 3\n"),
              StartsWith("2: map.\"a\".value_type takes a type's name"));
  EXPECT_THAT(refusal("[map.a]\nkey_type = \"\"\n"), StartsWith("2: map.\"a\".key_type takes a type's name"));
  EXPECT_EQ(refusal("[map.a]\nvaluetype = \"x\"\n"),
            "2: there is no key valuetype; did you mean value_type?");
}

/// One rule may be written in several files; each key is shown with its own.
TEST(Origins, AreThoseOfEachKeyOfARule) {
  const Given given({"[map.\"a*\"]\nuse = \"org.example.a\"\nlimit = 1\n", "[map.\"a*\"]\nlimit = 2\n"});
  const auto result = load(given.files, Sets{"map.\"a*\".budget.ms=5"});
  ASSERT_TRUE(result);
  std::map<std::string, std::string> origins;
  for (const Setting& setting : result->settings) origins[setting.key] = setting.value + " " + setting.origin;
  EXPECT_EQ(origins["map.\"a*\".use"], "\"org.example.a\" " + given.files[0] + ":2");
  EXPECT_EQ(origins["map.\"a*\".limit"], "2 " + given.files[1] + ":2");
  EXPECT_EQ(origins["map.\"a*\".budget.ms"], "5 --set map.\"a*\".budget.ms=5");
  EXPECT_EQ(result->config.maps[0].origin_of("use"), given.files[0] + ":2");
}

TEST(Defaults, EveryKeyIsThereAndExplained) {
  std::istringstream lines{std::string(default_toml)};
  std::string section, comment;
  bool in_comment = false;
  std::vector<std::string> found, known;
  for (std::string line; std::getline(lines, line);) {
    const auto equal = line.find(" = ");
    if (line.starts_with('#')) {
      comment = in_comment ? comment + line : line;
      in_comment = true;
      continue;
    }
    if (line.starts_with('[')) section = line.substr(1, line.find(']') - 1) + ".";
    if (equal != line.npos) {
      const std::string key = line.substr(0, equal);
      found.push_back(section + key);
      // Right below its comment, or named in the one above its neighbour.
      EXPECT_TRUE(in_comment || comment.find(key) != comment.npos) << found.back();
    }
    in_comment = false;
  }
  for (const Key& key : keys()) known.push_back(key.name);
  EXPECT_EQ(found, known);
}

TEST(Defaults, EveryFileOfTheProjectLoads) {
  unsigned count = 0;
  for (const auto& entry : std::filesystem::directory_iterator(MAPSCOPE_CONFIGS)) {
    if (!entry.is_regular_file()) continue;
    const auto result = load(std::vector<std::string>{entry.path().string()}, {});
    EXPECT_TRUE(result) << result.error().text;
    ++count;
  }
  EXPECT_GE(count, 2U);
}

TEST(Precedence, LaterFilesThenSets) {
  const auto all = loaded({"[report]\nlimit = 1\ndepth = 2\nnodes = 3\n", "[report]\nlimit = 4\ndepth = 5\n"},
                          {"report.limit=6", "report.limit=7"});
  EXPECT_EQ(all.config.report.limit, 7U);
  EXPECT_EQ(all.config.report.depth, 5U);
  EXPECT_EQ(all.config.report.nodes, 3U);
  EXPECT_EQ(all.config.report.array_elements, 4096U);
}

TEST(Origins, AreFileAndLineOrTheSet) {
  const Given given({"# one\n[report]\nlimit = 1\n"});
  const auto result = load(given.files, Sets{"report.depth=3"});
  ASSERT_TRUE(result);
  std::map<std::string, std::string> origins;
  for (const auto& setting : result->settings) origins[setting.key] = setting.origin;
  EXPECT_EQ(origins["report.limit"], given.files[0] + ":3");
  EXPECT_EQ(origins["report.depth"], "--set report.depth=3");
  EXPECT_EQ(origins["report.nodes"], "default");
}

TEST(Settings, AreInTheOrderOfTheDefaults) {
  const auto all = loaded({});
  ASSERT_EQ(all.settings.size(), keys().size());
  for (std::size_t i = 0; i < keys().size(); ++i) EXPECT_EQ(all.settings[i].key, keys()[i].name);
}

std::vector<std::string> globs(const Loaded& all) {
  std::vector<std::string> list;
  for (const auto& rule : all.config.maps) list.push_back(rule.glob);
  return list;
}

TEST(Rules, StandAsWrittenAndLaterFilesInFront) {
  const auto all =
      loaded({"[map.z]\nuse = \"1\"\n[map.\"a*\"]\nlimit = 2\n", "[map.m]\nlimit = 3\n[map.z]\nlimit = 4\n"},
             {"map.\"q?\".use=x"});
  EXPECT_THAT(globs(all), ElementsAre("q?", "m", "z", "a*"));
  const MapRule& z = all.config.maps[2];
  EXPECT_EQ(z.use, "1"); // goes on from the earlier file
  EXPECT_EQ(z.limit, 4U);
  EXPECT_THAT(z.origin, testing::EndsWith("1.toml:4"));
}

TEST(Rules, BudgetsAndOptions) {
  const auto all = loaded({"[map.x]\nbudget.ms = 5\nbudget.bytes = \"1K\"\nconfig.a = true\nconfig.b = -3\n"
                           "config.c = \"t\"\n[plugin.\"a.b\"]\nd = 1\n"});
  const MapRule& rule = all.config.maps.at(0);
  EXPECT_EQ(rule.budget.ms, 5U);
  EXPECT_EQ(rule.budget.emit_bytes, 1024U);
  EXPECT_FALSE(rule.budget.entries || rule.budget.read_bytes || rule.use || rule.limit);
  EXPECT_EQ(std::get<bool>(rule.options.at("a").value), true);
  EXPECT_EQ(std::get<std::int64_t>(rule.options.at("b").value), -3);
  EXPECT_EQ(std::get<std::string>(rule.options.at("c").value), "t");
  EXPECT_EQ(std::get<std::int64_t>(all.config.options.at("a.b").at("d").value), 1);
}

TEST(Refused, WithLineAndNearestKey) {
  EXPECT_EQ(refusal("[budget]\n\nentrise = 1\n"),
            "3: there is no key budget.entrise; did you mean budget.entries?");
  EXPECT_EQ(refusal("[plugin_dirs]\n"), "1: there is no key plugin_dirs; did you mean plugins?");
  EXPECT_EQ(refusal("[map.x]\nbudget.sm = 1\n"), "2: there is no key budget.sm; did you mean budget.ms?");
  EXPECT_EQ(refusal("report = 1\n"), "1: report takes keys of its own: [report]");
  EXPECT_EQ(refusal("map = 1\n"), "1: map takes rules: [map.\"GLOB\"]");
  EXPECT_EQ(refusal("map.x = 1\n"),
            "1: map.\"x\" takes keys of its own: use, limit, key_type, value_type, budget, config");
  EXPECT_EQ(refusal("plugin = 1\n"), "1: plugin takes options: [plugin.\"ID\"]");
  EXPECT_EQ(refusal("[map.x]\nconfig = 1\n"), "2: map.\"x\".config takes options: name = value");
  EXPECT_EQ(refusal("[map.x]\nuse = 1\n"), "2: map.\"x\".use takes a plugin's id as a string");
  EXPECT_EQ(refusal("[map.x]\nconfig.a = 1.5\n"),
            "2: map.\"x\".config.a takes true or false, a number, or a string");
  EXPECT_THAT(refusal("[report]\nlimit = 1\nlimit = 2\n"), StartsWith("3:"));
}

TEST(Refused, Types) {
  EXPECT_EQ(refusal("[plugins]\nnewest_wins = 1\n"), "2: plugins.newest_wins takes true or false");
  EXPECT_EQ(refusal("[plugins]\nallow = [\"a\", 1]\n"), "2: plugins.allow takes a list of strings");
  EXPECT_EQ(refusal("[report]\nbig_numbers = true\n"),
            "2: report.big_numbers takes one of \"number\", \"string\"");
  EXPECT_EQ(refusal("[report]\nkernel_pointers = \"all\"\n"),
            "2: report.kernel_pointers takes one of \"safe\", \"typed\"");
  EXPECT_EQ(refusal("[report]\nlimit = 1.0\n"), "2: report.limit takes a number from 0");
}

TEST(Refused, Ranges) {
  for (const char* value : {"0", "33", "-1"})
    EXPECT_EQ(refusal("[report]\ndepth = " + std::string(value)),
              "2: report.depth takes a number from 1 to 32");
  EXPECT_EQ(refusal("[report]\nlimit = -1\n"), "2: report.limit takes a number from 0");
  EXPECT_EQ(refusal("[budget]\nms = 86400001\n"), "2: budget.ms takes a number from 1 to 86400000");
  EXPECT_EQ(loaded({"[budget]\nms = 86400000\n"}).config.budget.ms, 86'400'000U);
  EXPECT_EQ(loaded({"[report]\nlimit = 9223372036854775807\n"}).config.report.limit, (1ULL << 63) - 1);
}

TEST(Sizes, WithUnits) {
  const auto size = [](const std::string& text) {
    return loaded({"[budget]\nread_bytes = " + text + "\n"}).config.budget.read_bytes;
  };
  EXPECT_EQ(size("4096"), 4096U);
  EXPECT_EQ(size("\"4096\""), 4096U);
  EXPECT_EQ(size("\"0\""), 0U);
  EXPECT_EQ(size("\"1K\""), 1ULL << 10);
  EXPECT_EQ(size("\"64M\""), 64ULL << 20);
  EXPECT_EQ(size("\"4G\""), 4ULL << 30);
  EXPECT_EQ(size("\"2T\""), 2ULL << 40);
  EXPECT_EQ(size("\"8388607T\""), 8388607ULL << 40);
}

TEST(Sizes, ThatAreNone) {
  for (const char* text :
       {"-1", "\"\"", "\"M\"", "\"64 M\"", "\"64MB\"", "\"64m\"", "\"-1\"", "\" 1\"", "\"1P\"", "1.5", "true",
        "\"8388608T\"", "\"18446744073709551616\"", "\"9223372036854775808\""})
    EXPECT_EQ(refusal("[budget]\nbytes = " + std::string(text) + "\n"),
              "2: budget.bytes takes a size such as 4096 or \"64M\", below 2^63")
        << text;
}

TEST(Set, TakesTomlAndBareWords) {
  EXPECT_EQ(loaded({}, {"plugins.isolate=none"}).config.plugins.isolate, "none");
  EXPECT_EQ(loaded({}, {"plugins.isolate=\"none\""}).config.plugins.isolate, "none");
  EXPECT_THAT(loaded({}, {"plugins.search=[\"/a\", '/b']"}).config.plugins.search, ElementsAre("/a", "/b"));
  EXPECT_EQ(loaded({}, {"budget.bytes=64M"}).config.budget.emit_bytes, 64U << 20);
  EXPECT_EQ(globs(loaded({}, {"map.\"a=b\".limit=1"})), std::vector<std::string>{"a=b"});
}

TEST(Set, Refused) {
  for (const std::string set : {"", "report.limit", "=1", "a\n=1"})
    EXPECT_EQ(set_refusal(set), "--set " + set + ": expected KEY=VALUE, such as report.limit=0");
  EXPECT_THAT(set_refusal("a*.limit=1"), HasSubstr("a*.limit is no key"));
  EXPECT_EQ(set_refusal("report.limit=x"), "--set report.limit=x: report.limit takes a number from 0");
}

TEST(Files, ThatCannotBeRead) {
  const auto missing = load(std::vector<std::string>{"/nonexistent.toml"}, {});
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().text,
            "/nonexistent.toml: cannot open the configuration: No such file or directory");
  EXPECT_EQ(missing.error().code, Errc::usage);
}

TEST(Quoted, IsToml) {
  EXPECT_EQ(quoted("a\"b\\c\n\x7f"), "\"a\\\"b\\\\c\\u000a\\u007f\"");
  const std::string odd = "\x01\t\"\\ä]";
  EXPECT_THAT(loaded({"[plugins]\nsearch = [" + quoted(odd) + "]\n"}).config.plugins.search,
              ElementsAre(odd));
}

} // namespace
} // namespace mapscope::config
