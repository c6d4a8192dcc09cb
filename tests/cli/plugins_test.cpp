// SPDX-License-Identifier: Apache-2.0
// Folders of plugins as people have them. Nothing of them is executed; most of these files could not be.
#include "tests/cli/mapscope.hpp"
#include "tests/support/plugin_library.hpp"

#include <rapidjson/document.h>
#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>
#include <unistd.h>

namespace mapscope::cli_test {
namespace {

using test::PluginLibrary;

void add(const Scratch& folder, const std::string& name, const std::string& id,
         const std::string& version = "1.0.0") {
  PluginLibrary library(FIXTURE_GOOD);
  library.set_manifest(test::manifest_text(id, {"attach=map-type:hash"}, version));
  library.save(folder / name);
}

std::string foreign(const Scratch& folder) {
  PluginLibrary library(FIXTURE_GOOD);
  library.header().e_machine = EM_RISCV;
  library.save(folder / "foreign.so");
  return folder / "foreign.so";
}

std::string malformed(const Scratch& folder) {
  PluginLibrary library(FIXTURE_GOOD);
  library.segment(PT_LOAD).p_filesz = 1ULL << 40;
  library.save(folder / "malformed.so");
  return folder / "malformed.so";
}

std::string list(const Scratch& folder, const Words& more = {}) {
  Words words = {"plugins", "list", folder.path().string()};
  words.insert(words.end(), more.begin(), more.end());
  return output(words);
}

TEST(PluginsList, ShowsTheProgramsOwn) {
  const std::string text = output({"plugins", "list"});
  for (const char* name : {"array", "hash", "percpu_array", "percpu_hash"})
    EXPECT_THAT(text, HasSubstr(std::string("mapscope.builtin.") + name + " "));
  EXPECT_THAT(text, HasSubstr("    attach  map-type:hash,lru_hash"));
  EXPECT_THAT(text, testing::Not(HasSubstr("refused")));
}

TEST(PluginsList, AsJson) {
  const Scratch folder;
  folder.file("x.so", "text");
  rapidjson::Document all;
  all.Parse(list(folder, {"-j"}).c_str());
  ASSERT_TRUE(all.IsArray());
  ASSERT_GT(all.Size(), 4U);                              // the text file and the built-in plugins
  EXPECT_STREQ(all[0]["verdict"].GetString(), "refused"); // what has no id comes first
  EXPECT_STREQ(all[0]["reason"].GetString(), "V2: it is not an ELF file, so not a shared library");
  EXPECT_STREQ(all[1]["id"].GetString(), "mapscope.builtin.arena");
  EXPECT_STREQ(all[1]["verdict"].GetString(), "usable");
}

/// What is in `folder`, by its path; every text must be UTF-8.
class ListedAsJson {
public:
  explicit ListedAsJson(const Scratch& folder, const Words& more = {}) {
    all_.Parse<rapidjson::kParseValidateEncodingFlag>(list(folder, and_json(more)).c_str());
    EXPECT_TRUE(!all_.HasParseError() && all_.IsArray());
  }
  const rapidjson::Value& at(const std::string& path) const {
    for (const auto& plugin : all_.GetArray())
      if (path == plugin["path"].GetString()) return plugin;
    ADD_FAILURE() << path;
    return all_;
  }
  const rapidjson::Document& all() const { return all_; }

private:
  static Words and_json(Words words) {
    words.emplace_back("-j");
    return words;
  }
  rapidjson::Document all_;
};

/// As one line of JSON.
std::string text_of(const rapidjson::Value& value) {
  rapidjson::StringBuffer text;
  rapidjson::Writer<rapidjson::StringBuffer> writer(text);
  value.Accept(writer);
  return text.GetString();
}

TEST(PluginsList, AsJsonWithAllThatTheManifestSays) {
  const Scratch folder;
  PluginLibrary library(FIXTURE_GOOD);
  library.set_manifest(test::manifest_text(
      "org.example.a",
      {"attach=map-type:hash,array prio=7", "attach=allocator:* var=struct scx_allocator",
       "needs=struct bpf_htab.buckets,n_buckets", "needs=struct bpf_map", "config=depth:u64=3",
       "config=how:string", "symbols=jiffies,runqueues", "budget=entries:10 ms:5", "summary=shows \"it\"",
       "url=https://example.org", "colour=red"}));
  library.save(folder / "a.so");
  const ListedAsJson listed(folder);
  const auto& plugin = listed.at(folder / "a.so");
  const auto text = [&](const char* key) { return text_of(plugin[key]); };
  EXPECT_EQ(text("id"), R"("org.example.a")");
  EXPECT_EQ(text("version"), R"("1.0.0")");
  EXPECT_THAT(text("abi"), testing::MatchesRegex("\"[0-9]+\\.[0-9]+\""));
  EXPECT_EQ(text("license"), R"("Apache-2.0")");
  EXPECT_EQ(text("summary"), R"("shows \"it\"")");
  EXPECT_EQ(text("url"), R"("https://example.org")");
  EXPECT_FALSE(plugin["built_in"].GetBool());
  EXPECT_EQ(text("attach"), R"(["map-type:hash,array prio=7","allocator:* var=struct scx_allocator"])");
  EXPECT_EQ(text("needs"), R"(["struct bpf_htab.buckets,n_buckets","struct bpf_map"])");
  EXPECT_EQ(text("config"),
            R"([{"name":"depth","type":"u64","default":"3"},{"name":"how","type":"string"}])");
  EXPECT_EQ(text("symbols"), R"(["jiffies","runqueues"])");
  EXPECT_EQ(text("budget"), R"({"entries":10,"ms":5})");
  EXPECT_EQ(text("ignored_keys"), R"(["colour"])");
  EXPECT_EQ(text("verdict"), R"("usable")");
  EXPECT_FALSE(plugin.HasMember("reason") || plugin.HasMember("stands_by") || plugin.HasMember("called"));
}

TEST(PluginsList, AsJsonTheProgramsOwnAreMarked) {
  const Scratch folder;
  add(folder, "a.so", "org.example.a"), add(folder, "b.so", "org.example.a", "1.0.1");
  const ListedAsJson listed(folder, {"--set", "plugins.newest_wins=true"});
  for (const auto& plugin : listed.all().GetArray()) {
    const bool is_own = std::string(plugin["id"].GetString()).starts_with("mapscope.");
    EXPECT_EQ(plugin["built_in"].GetBool(), is_own);
    EXPECT_EQ(text_of(plugin["ignored_keys"]), "[]");
  }
  EXPECT_THAT(listed.at(folder / "a.so")["stands_by"].GetString(), HasSubstr("in the newer version 1.0.1"));
}

TEST(PluginsList, HostileFilesAreValidJson) {
  const Scratch folder;
  foreign(folder), malformed(folder);
  folder.file("\x1b[31m\"\\\n\xff\xc0\x80.so", "\x7f"
                                               "ELF\xff\xfe");
  PluginLibrary library(FIXTURE_GOOD);
  library.set_manifest(test::manifest_text("org.example.bad", {"attach=nothing:hash"}, "3"));
  library.save(folder / "bad.so");
  library.set_manifest(test::manifest_text("org.example.worse", {"summary=\x1b\xff\"\\"}, "3"));
  library.save(folder / "worse.so");
  const ListedAsJson listed(folder);
  std::size_t refused = 0;
  for (const auto& plugin : listed.all().GetArray())
    if (std::string(plugin["verdict"].GetString()) == "refused") {
      ++refused;
      EXPECT_STRNE(plugin["reason"].GetString(), "");
      EXPECT_EQ(text_of(plugin["attach"]), "[]");
    }
  EXPECT_EQ(refused, 5U);
  EXPECT_STREQ(listed.at(folder / "bad.so")["called"].GetString(), "org.example.bad 3");
  EXPECT_FALSE(listed.at(folder / "bad.so").HasMember("id"));
}

TEST(PluginsList, TextFilesCountOnlyWhenTheyClaimToBeLibraries) {
  const Scratch folder;
  folder.file("README", "about these plugins");
  folder.file("x.so", "about these plugins");
  const std::string text = list(folder);
  EXPECT_THAT(text, testing::Not(HasSubstr("README")));
  EXPECT_THAT(text, HasSubstr("x.so\n    refused: V2: it is not an ELF file, so not a shared library\n"));
}

TEST(PluginsList, ForeignAndMalformedLibraries) {
  const Scratch folder;
  foreign(folder), malformed(folder);
  const std::string text = list(folder);
  EXPECT_THAT(text, HasSubstr("refused: V2: it is built for RISC-V"));
  EXPECT_THAT(text,
              ::testing::AllOf(HasSubstr("refused: V3: segment "), HasSubstr(" claims 1099511627776 bytes")));
}

TEST(PluginsList, OneBadLineTakesNobodysName) {
  const Scratch folder;
  test::PluginLibrary library(FIXTURE_GOOD);
  library.set_manifest(test::manifest_text("org.example.bad", {"attach=nothing:hash"}, "3"));
  library.save(folder / "x.so");
  EXPECT_THAT(list(folder), HasSubstr("org.example.bad 3  " + (folder / "x.so").string()));
}

TEST(PluginsList, TwoForTheSameTypeStandBesideEachOther) {
  const Scratch folder;
  add(folder, "a.so", "org.example.a"), add(folder, "b.so", "org.example.b");
  const std::string text = list(folder);
  EXPECT_THAT(text, HasSubstr("org.example.a 1.0.0  "));
  EXPECT_THAT(text, HasSubstr("org.example.b 1.0.0  "));
  EXPECT_THAT(text, testing::Not(HasSubstr("refused")));
}

TEST(PluginsList, TheSameIdTwice) {
  const Scratch folder;
  add(folder, "a.so", "org.example.a"), add(folder, "b.so", "org.example.a", "1.0.1");
  const std::string both = list(folder);
  EXPECT_THAT(both, HasSubstr("refused: V12: org.example.a is also in " + (folder / "a.so").string()));
  EXPECT_THAT(both, HasSubstr("refused: V12: org.example.a is also in " + (folder / "b.so").string()));
  EXPECT_THAT(both, HasSubstr("set newest_wins = true in [plugins]"));
  const std::string newest = list(folder, {"--set", "plugins.newest_wins=true"});
  EXPECT_THAT(newest, HasSubstr("    stands by: org.example.a is also in " + (folder / "b.so").string() +
                                ", in the newer version 1.0.1; this one shows what that one does not\n"));
  EXPECT_THAT(newest,
              testing::Not(HasSubstr(": V12: org.example.a is also in " + (folder / "a.so").string())));
}

TEST(PluginsList, DeniedOnes) {
  const Scratch folder;
  add(folder, "a.so", "org.example.a");
  EXPECT_THAT(list(folder, {"--set", "plugins.deny=[\"org.*\"]"}),
              HasSubstr("refused: org.example.a is denied by \"org.*\" in [plugins] deny"));
}

TEST(PluginsList, AFolderThatIsNotThere) {
  const std::string text = "/nonexistent: cannot be searched for plugins: No such file or directory; name a "
                           "directory that can be read";
  EXPECT_EQ(misuse({"plugins", "list", "/nonexistent"}), text);
  EXPECT_EQ(misuse({"plugins", "list", "--plugin-dir", "/nonexistent"}), text);
  EXPECT_EQ(misuse({"dump", "/tmp", "--plugin-dir", "/nonexistent"}), text);
  EXPECT_EQ(misuse({"dump", "/tmp", "--set", "plugins.search=[\"/nonexistent\"]"}), text);
}

TEST(PluginDir, WhatIsNotUsedIsAWarningAndNoMore) {
  const Scratch folder;
  folder.file("README", "about these plugins");
  const std::string file = folder.file("x.so", "text");
  const Ran ran = run({"dump", "/tmp", "--plugin-dir", folder.path().string()});
  EXPECT_EQ(ran.exit_code, 1);
  EXPECT_EQ(ran.err, "mapscope: " + file +
                         ": not used as a plugin: V2: it is not an ELF file, so not a shared library\n"
                         "mapscope: /tmp: is a directory; give a file in it\n");
  EXPECT_EQ(failure({"dump", "/tmp", "-q", "--plugin-dir", folder.path().string()}, 1),
            "/tmp: is a directory; give a file in it");
}

/// Configuration that says so has nothing to be warned of; who asks what is done is told.
TEST(PluginDir, WhatIsDeniedIsNoWarning) {
  const Scratch folder;
  add(folder, "a.so", "org.example.a");
  const Words words = {
      "dump", "/tmp", "--plugin-dir", folder.path().string(), "--set", "plugins.deny=[\"org.*\"]"};
  EXPECT_EQ(failure(words, 1), "/tmp: is a directory; give a file in it");
  Words more = words;
  more.emplace_back("-v");
  EXPECT_THAT(run(more).err, HasSubstr("a.so: not used as a plugin: org.example.a is denied by \"org.*\""));
}

TEST(PluginDir, OptionsForAPluginThatHasNone) {
  EXPECT_THAT(misuse({"dump", "/tmp", "--set", "plugin.\"mapscope.builtin.hash\".no_such=1"}),
              HasSubstr("no_such"));
}

/// Every line but the last is a rule's: its number, its verdict, its reason.
void expect_rules(const std::string& log) {
  std::istringstream lines(log);
  std::vector<std::string> all;
  for (std::string line; std::getline(lines, line);) all.push_back(line);
  ASSERT_GT(all.size(), 1U);
  all.pop_back();
  for (const std::string& line : all)
    EXPECT_THAT(line, testing::MatchesRegex("[VC][0-9]+ +(ok|warning|FAILED) +[^ ].*"));
}

TEST(PluginsVerify, AGoodLibrary) {
  const Scratch folder;
  add(folder, "a.so", "org.example.a");
  const std::string file = folder / "a.so", log = output({"plugins", "verify", file});
  expect_rules(log);
  EXPECT_THAT(log, EndsWith(file + ": may be loaded\n"));
  EXPECT_THAT(log, testing::Not(HasSubstr("FAILED")));
}

TEST(PluginsVerify, ConfigurationThatDoesNotFit) {
  const Scratch folder;
  PluginLibrary library(FIXTURE_GOOD);
  library.set_manifest(test::manifest_text("org.example.a", {"attach=map-type:hash", "config=depth:u64=3"}));
  library.save(folder / "a.so");
  const auto verify = [&](const std::string& set) {
    return run({"plugins", "verify", folder / "a.so", "--set", set});
  };
  EXPECT_THAT(verify("plugin.\"org.example.a\".depth=7").out,
              HasSubstr("C1   ok       what the configuration"));
  const Ran wrong = verify("plugin.\"org.example.a\".depth=true");
  EXPECT_EQ(wrong.exit_code, 1);
  EXPECT_THAT(wrong.out, HasSubstr("C1   FAILED   --set plugin.\"org.example.a\".depth=true: option depth of "
                                   "org.example.a takes a number from 0\n"));
  EXPECT_THAT(verify("map.\"x\"={use=\"org.example.a\",config={dept=1}}").out,
              HasSubstr("org.example.a has no option dept; did you mean depth?"));
}

TEST(PluginsVerify, FromABuildNobodyIsAskedWhoOwnsIt) {
  const Scratch folder;
  add(folder, "a.so", "org.example.a");
  std::filesystem::permissions(folder / "a.so", std::filesystem::perms::all);
  EXPECT_EQ(output({"plugins", "verify", "--any-owner", "-q", folder / "a.so"}), "");
  const Ran asked = run({"plugins", "verify", folder / "a.so"});
  EXPECT_EQ(asked.exit_code, ::geteuid() == 0 ? 1 : 0);
  EXPECT_THAT(asked.out, HasSubstr(::geteuid() == 0 ? "V1   FAILED" : "V1   ok"));
}

TEST(PluginsVerify, BadLibraries) {
  const Scratch folder;
  for (const std::string& file : {foreign(folder), malformed(folder), folder.file("x.so", "text")}) {
    const Ran ran = run({"plugins", "verify", file});
    EXPECT_EQ(ran.exit_code, 1);
    EXPECT_EQ(ran.err, "");
    expect_rules(ran.out);
    EXPECT_THAT(ran.out, HasSubstr(" FAILED "));
    EXPECT_THAT(ran.out, EndsWith(file + ": refused\n"));
  }
}

TEST(PluginsVerify, WhatIsNoFile) {
  EXPECT_EQ(failure({"plugins", "verify", "/nonexistent.so"}, 1),
            "/nonexistent.so: cannot be opened: No such file or directory");
  EXPECT_THAT(failure({"plugins", "verify", "/tmp"}, 1), StartsWith("/tmp: is not a regular file"));
  EXPECT_EQ(misuse({"plugins", "verify"}), "FILE is required; see mapscope plugins verify --help");
}

} // namespace
} // namespace mapscope::cli_test
