// SPDX-License-Identifier: Apache-2.0
// Plugins come and go: what a missing, doubled or redirected plugin changes, and what it must not change.
#include "installed.hpp"

#include <algorithm>
#include <fstream>
#include <gtest/gtest.h>

namespace mapscope::guest {
namespace {

namespace fs = std::filesystem;

std::string first_core() { return captures().empty() ? "" : captures().front().vmcore().string(); }

bool is_hash(const rapidjson::Value& map) {
  return map["type_name"] == "hash" || map["type_name"] == "lru_hash";
}

/// What is said of a map whose own plugin is not there.
void expect_container(const rapidjson::Value& map, const std::string& container) {
  EXPECT_STREQ(map["status"].GetString(), "truncated") << "its content is not shown";
  EXPECT_TRUE(std::string(map["renderer"].GetString()).starts_with("mapscope.builtin.unknown@"));
  EXPECT_FALSE(map.HasMember("entries"));
  EXPECT_FALSE(map.HasMember("entry_count")) << "nothing is known of them";
  ASSERT_TRUE(map.HasMember("container")) << map["name"].GetString();
  EXPECT_EQ(map["container"]["type_name"].GetString(), container);
  const std::string error = map["error"].GetString();
  EXPECT_NE(error.find("no plugin renders maps of this type; shown is struct " + container), error.npos)
      << error;
}

/// The member of a struct in the report.
const rapidjson::Value& member(const rapidjson::Value& record, const std::string& name) {
  for (const auto& candidate : record["members"].GetArray())
    if (candidate["name"].GetString() == name) return candidate["value"];
  static const rapidjson::Value none;
  ADD_FAILURE() << "no member " << name;
  return none;
}

/// Nothing is said of pages that values may lead to which could not be walked over.
unsigned drop_unreached(rapidjson::Document& report) {
  unsigned dropped = 0;
  for (auto& map : report["maps"].GetArray())
    if (map.HasMember("arena")) dropped += map["arena"].RemoveMember("unreached_pages") ? 1 : 0;
  return dropped;
}

TEST(Plugins, WithoutHashItsMapsShowTheirStructAndNothingElseChanges) {
  ASSERT_NE(first_core(), "");
  const Installed copy;
  auto before = parse(run({"dump", first_core(), "-j"}, copy.program()).out);
  fs::remove(copy.plugins() / "hash.so");
  auto after = parse(run({"dump", first_core(), "-j"}, copy.program()).out);
  EXPECT_LE(drop_unreached(after), drop_unreached(before));
  ASSERT_EQ(before["maps"].Size(), after["maps"].Size());
  unsigned unknown = 0;
  for (rapidjson::SizeType i = 0; i < after["maps"].Size(); ++i) {
    const auto &was = before["maps"][i], &is = after["maps"][i];
    if (!is_hash(is)) {
      EXPECT_TRUE(was == is) << is["name"].GetString();
      continue;
    }
    ++unknown;
    expect_container(is, "bpf_htab");
    EXPECT_TRUE(std::string(is["ops"].GetString()).starts_with("htab_")) << is["ops"].GetString();
    const auto& header = member(is["container"], "map");
    for (const char* name : {"id", "key_size", "value_size", "max_entries"})
      EXPECT_EQ(member(header, name)["value"].GetUint(), is[name].GetUint()) << name;
  }
  EXPECT_GT(unknown, 5U);
}

TEST(Plugins, ConfigurationSendsAMapElsewhere) {
  ASSERT_NE(first_core(), "");
  const Scratch scratch;
  std::ofstream(scratch / "rule.toml")
      << "[map.\"big*\"]\nuse = \"mapscope.builtin.percpu_hash\"\nlimit = 3\n";
  const auto report = dump(first_core(), {"--config", (scratch / "rule.toml").string()});
  unsigned sent = 0;
  for (const auto& map : report["maps"].GetArray()) {
    const bool meant = std::string(map["name"].GetString()).starts_with("big");
    if (meant) ++sent;
    const bool elsewhere =
        map.HasMember("renderer") &&
        std::string(map["renderer"].GetString()).starts_with("mapscope.builtin.percpu_hash@");
    EXPECT_EQ(elsewhere,
              meant || std::string(map["type_name"].GetString()).find("percpu_hash") != std::string::npos)
        << map["name"].GetString();
  }
  EXPECT_EQ(sent, 2U);
}

TEST(Plugins, AnInstalledTreeFindsItsPlugins) {
  const Installed copy;
  const Ran listed = run({"plugins", "list", "-j"}, copy.program());
  EXPECT_EQ(listed.exit_code, 0);
  const auto list = parse(listed.out);
  const auto is_plugin = [](const fs::directory_entry& file) { return file.path().extension() == ".so"; };
  const auto files =
      std::count_if(fs::directory_iterator(copy.plugins()), fs::directory_iterator(), is_plugin);
  EXPECT_GE(files, 4);
  EXPECT_EQ(list.Size(), static_cast<std::size_t>(files));
  for (const auto& plugin : list.GetArray()) EXPECT_STREQ(plugin["verdict"].GetString(), "usable");
}

TEST(Plugins, ACopyOfOneIsThatOne) {
  ASSERT_NE(first_core(), "");
  const Installed copy;
  fs::copy_file(copy.plugins() / "hash.so", copy.plugins() / "hash_again.so");
  const std::vector<std::string> words = {"dump", first_core(), "-j", "--map", "type:hash"};
  const Ran done = run(words, copy.program()), usual = run(words);
  EXPECT_EQ(done.exit_code, 0);
  EXPECT_EQ(done.err, usual.err);
  EXPECT_TRUE(done.out == usual.out) << done.out.size() << " " << usual.out.size();
}

/// The line of `mapscope maps` that has this map's name, and those behind it up to the next map.
std::string lines_of(const std::string& text, const std::string& name) {
  const std::size_t at = text.find(" " + name + " "), start = text.rfind('\n', at) + 1;
  std::size_t end = text.find('\n', at) + 1;
  while (text.compare(end, 5, "     ") == 0) end = text.find('\n', end) + 1;
  return text.substr(start, end - start);
}

TEST(Plugins, MapsSaysWhoElseClaimsAMap) {
  ASSERT_NE(first_core(), "");
  const std::string use = "map.\"many\".use=\"mapscope.builtin.unknown\"",
                    absent = "map.\"lru\".use=\"org.example.absent\"";
  const Ran refused = run({"maps", first_core(), "--set", absent});
  EXPECT_EQ(refused.exit_code, 2); // a typing error, most likely
  const std::string text = run({"maps", first_core(), "-v", "--set", use}).out;
  const std::string many = lines_of(text, "many"), big = lines_of(text, "big");
  EXPECT_NE(many.find("mapscope.builtin.unknown@"), std::string::npos) << many;
  EXPECT_NE(many.find("(configuration --set " + use + ")\n"), std::string::npos) << many;
  EXPECT_NE(many.find("     before  mapscope.builtin.array@"), std::string::npos) << many;
  EXPECT_NE(big.find("(map-type:hash prio 0)\n     before  mapscope.builtin.unknown@"), std::string::npos)
      << big;
}

TEST(Plugins, VerifyLooksForNeedsInThisKernel) {
  ASSERT_NE(first_core(), "");
  const auto plugin = [](const std::string& name) {
    return (fs::path(MAPSCOPE_PROGRAM).parent_path() / "plugins" / (name + ".so")).string();
  };
  const Ran there = run({"plugins", "verify", plugin("hash"), first_core()});
  EXPECT_EQ(there.exit_code, 0);
  EXPECT_NE(there.out.find("K1   ok       3 needs, all in this kernel\n"), std::string::npos) << there.out;
  const Ran missing = run({"plugins", "verify", plugin("rhash"), first_core()}); // of kernels from 7.1 on
  if (captures().front().name.starts_with("6.")) {
    EXPECT_EQ(missing.exit_code, 1);
    EXPECT_NE(missing.out.find("K1   FAILED   needs "), std::string::npos) << missing.out;
    EXPECT_NE(missing.out.find("rhash.so: may be loaded, and stands aside on this kernel\n"),
              std::string::npos)
        << missing.out;
    EXPECT_NE(missing.out.find(": not in this kernel or program"), std::string::npos) << missing.out;
  }
}

TEST(Plugins, WorkerProcessesChangeNothing) {
  ASSERT_FALSE(captures().empty());
  for (const Capture& capture : captures()) {
    const auto report = [&](const char* isolate) {
      return run({"dump", capture.vmcore().string(), "-j", "--isolate", isolate});
    };
    const Ran here = report("none"), there = report("all");
    EXPECT_EQ(there.exit_code, 0) << there.err;
    EXPECT_EQ(here.err, there.err) << capture.name;
    EXPECT_TRUE(here.out == there.out) << capture.name << ": the reports differ";
    EXPECT_GT(there.out.size(), 100'000U);
  }
}

TEST(Plugins, FiltersChooseMaps) {
  ASSERT_NE(first_core(), "");
  const auto names = [](const rapidjson::Document& report) {
    std::vector<std::string> all;
    for (const auto& map : report["maps"].GetArray()) all.emplace_back(map["name"].GetString());
    return all;
  };
  EXPECT_EQ(names(dump(first_core(), {"--map", "many*"})), (std::vector<std::string>{"many", "many_odd"}));
  EXPECT_EQ(names(dump(first_core(), {"--map", "type:percpu_array"})).size(), 4U);
  EXPECT_EQ(names(dump(first_core(), {"--map", "prog:twin", "--map", "many"})).size(), 5U);
  const Ran none = run({"dump", first_core(), "--map", "mnay"});
  EXPECT_EQ(none.exit_code, 2);
  EXPECT_NE(none.err.find("did you mean many?"), std::string::npos) << none.err;
}

} // namespace
} // namespace mapscope::guest
