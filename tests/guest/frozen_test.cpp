// SPDX-License-Identifier: Apache-2.0
// What was built with a released interface renders today: a plugin compiled with each released header, and
// the very files that were released. The interface keeps its word.
#include "installed.hpp"

#include <algorithm>
#include <gmock/gmock.h>
#include <set>

namespace mapscope::guest {
namespace {

namespace fs = std::filesystem;

TEST(Frozen, APluginOfEachReleasedInterfaceRenders) {
  ASSERT_FALSE(captures().empty());
  const auto core = captures().front().vmcore();
  const auto plain = dump(core, {"--map", "many", "--limit", "1"});
  unsigned releases = 0;
  for (const auto& release : fs::directory_iterator(MAPSCOPE_ABI_COPIES)) {
    if (!release.is_directory()) continue;
    ++releases;
    const std::string version = release.path().filename().string();
    SCOPED_TRACE(version);
    const auto report =
        dump(core, {"--map", "many", "--plugin-dir", (fs::path(MAPSCOPE_FROZEN_PLUGINS) / version).string()});
    ASSERT_EQ(report["maps"].Size(), 1U);
    const auto& map = report["maps"][0];
    EXPECT_STREQ(map["renderer"].GetString(), "org.example.frozen@1");
    EXPECT_EQ(std::to_string(map["interface_minor"].GetUint()), version.substr(version.find('.') + 1));
    EXPECT_TRUE(map["array_entries"][0] == plain["maps"][0]["array_entries"][0]);
  }
  EXPECT_GE(releases, 1U);
}

std::string id_of(const rapidjson::Value& renderer) {
  const std::string text = renderer.GetString();
  return text.substr(0, text.find('@'));
}

/// What every later interface owes a plugin: it is chosen, runs to its end, and finds as many entries.
void expect_as_good(const rapidjson::Value& now, const rapidjson::Value& then) {
  SCOPED_TRACE(now[now.HasMember("name") ? "name" : "allocator_name"].GetString());
  EXPECT_EQ(id_of(then["renderer"]), id_of(now["renderer"]));
  EXPECT_STREQ(then["status"].GetString(), now["status"].GetString());
  ASSERT_EQ(then.HasMember("entry_count"), now.HasMember("entry_count"));
  if (now.HasMember("entry_count")) {
    EXPECT_EQ(then["entry_count"].GetUint64(), now["entry_count"].GetUint64());
  }
}

/// The number of those in this part of the report that released plugins rendered.
unsigned compare(const rapidjson::Value& now, const rapidjson::Value& then,
                 const std::set<std::string>& released) {
  EXPECT_EQ(then.Size(), now.Size());
  unsigned rendered = 0;
  for (rapidjson::SizeType i = 0; i < std::min(then.Size(), now.Size()); ++i) {
    expect_as_good(now[i], then[i]);
    rendered += released.contains(id_of(then[i]["renderer"]));
  }
  return rendered;
}

/// Of the guest's schedulers with other layouts of slots.
std::set<std::string> allocators_of_layouts(const Capture& capture) {
  std::set<std::string> names;
  const auto guest = parse(read_file(capture.folder / "guest.json"));
  if (!guest.HasMember("layouts")) return names;
  for (const auto& layout : guest["layouts"].GetArray())
    for (const auto& allocator : layout["allocators"].GetArray()) names.insert(allocator["name"].GetString());
  return names;
}

/// A released plugin knows the layouts that it knew then, whatever the interface is.
void leave_out(rapidjson::Document& report, const std::set<std::string>& names) {
  if (!report.HasMember("sdt_allocations")) return;
  auto& all = report["sdt_allocations"];
  for (auto at = all.Begin(); at != all.End();)
    at = names.contains((*at)["allocator_name"].GetString()) ? all.Erase(at) : at + 1;
}

unsigned compare(const Capture& capture, const Installed& copy, const std::set<std::string>& released) {
  SCOPED_TRACE(capture.name);
  const auto of_layouts = allocators_of_layouts(capture);
  auto now = dump(capture.vmcore());
  const Ran ran = run({"dump", capture.vmcore().string(), "-j"}, copy.program());
  EXPECT_EQ(ran.exit_code, 0) << ran.err;
  auto then = parse(ran.out);
  leave_out(now, of_layouts), leave_out(then, of_layouts);
  const auto extensions = [](const auto& report) { // absent where the kernel has no sched_ext
    return report.HasMember("extensions") ? report["extensions"].MemberCount() : 0;
  };
  EXPECT_EQ(extensions(then), extensions(now));
  unsigned rendered = compare(now["maps"], then["maps"], released);
  if (now.HasMember("sdt_allocations"))
    rendered += compare(now["sdt_allocations"], then["sdt_allocations"], released);
  return rendered;
}

/// Puts the released files in the place of today's; their ids.
std::set<std::string> go_back_to(const fs::path& release, const Installed& copy) {
  std::set<std::string> ids;
  for (const auto& file : fs::directory_iterator(release / "plugins")) {
    fs::copy_file(file, copy.plugins() / file.path().filename(), fs::copy_options::overwrite_existing);
    const std::string name = file.path().stem().string();
    ids.insert(name == "sdt_alloc" ? "mapscope.sdt_alloc" : "mapscope.builtin." + name);
  }
  return ids;
}

/// On each of them more than `least` maps and allocators are rendered by released plugins.
void render_with_released(const std::vector<Capture>& guests, unsigned least) {
  ASSERT_FALSE(guests.empty());
  for (const auto& release : fs::directory_iterator(MAPSCOPE_ABI_COPIES)) {
    if (!release.is_directory()) continue;
    SCOPED_TRACE(release.path().filename().string());
    const Installed copy;
    const auto released = go_back_to(release.path(), copy);
    ASSERT_GE(released.size(), 6U);
    for (const auto& guest : guests) EXPECT_GT(compare(guest, copy, released), least);
  }
}

/// The ids of decoders that had to do with the map that others show.
void add_to(std::set<std::string>& ids, const rapidjson::Value& map) {
  if (map.HasMember("renderer") && id_of(map["renderer"]).starts_with("org.example."))
    ids.insert(id_of(map["renderer"]));
}

TEST(Frozen, EveryReleasedDecoderAddsAndTakesNothing) {
  ASSERT_FALSE(captures().empty());
  const auto core = captures().front().vmcore();
  const auto plain = dump(core);
  unsigned releases = 0;
  for (const auto& release : fs::directory_iterator(MAPSCOPE_ABI_COPIES)) {
    if (!fs::exists(release.path() / "decoders")) continue;
    SCOPED_TRACE(release.path().filename().string());
    ++releases;
    const auto decoded = dump(core, {"--plugin-dir", (release.path() / "decoders").string()});
    ASSERT_EQ(decoded["maps"].Size(), plain["maps"].Size());
    std::set<std::string> ids;
    for (rapidjson::SizeType i = 0; i < plain["maps"].Size(); ++i) {
      const auto &now = decoded["maps"][i], &before = plain["maps"][i];
      add_to(ids, now);
      EXPECT_STREQ(now["status"].GetString(), before["status"].GetString()) << now["name"].GetString();
      if (before.HasMember("entry_count")) {
        EXPECT_EQ(now["entry_count"].GetUint64(), before["entry_count"].GetUint64())
            << now["name"].GetString();
      }
    }
    EXPECT_THAT(ids, testing::IsSupersetOf({"org.example.rate", "org.example.cpu_sums", "org.example.join"}));
    EXPECT_TRUE(decoded["extensions"].HasMember("org.example.tasks"));
  }
  EXPECT_GE(releases, 1U);
}

TEST(Frozen, EveryReleasedPluginRendersAsManyEntries) { render_with_released(captures(), 20); }

TEST(FrozenOnSchedulers, EveryReleasedPluginRendersAsManyEntries) {
  auto schedulers = scheduler_captures();
  ASSERT_FALSE(schedulers.empty());
  schedulers.resize(1);
  render_with_released(schedulers, 3);
}

} // namespace
} // namespace mapscope::guest
