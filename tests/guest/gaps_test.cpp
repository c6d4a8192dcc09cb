// SPDX-License-Identifier: Apache-2.0
// Dumps that are cut, or that do not say where their VMCOREINFO is: what can be shown is shown, the rest says
// why not.
#include "captures.hpp"
#include "values.hpp"

#include <algorithm>
#include <array>
#include <fstream>
#include <gtest/gtest.h>
#include <map>
#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

namespace mapscope::guest {
namespace {

namespace fs = std::filesystem;

void copy_first(const fs::path& from, const fs::path& to, std::uintmax_t bytes) {
  fs::copy_file(from, to);
  fs::resize_file(to, bytes);
}

std::map<std::string, unsigned> statuses(const rapidjson::Document& report) {
  std::map<std::string, unsigned> count;
  for (const auto& map : report["maps"].GetArray()) ++count[map["status"].GetString()];
  return count;
}

using Members = std::vector<const char*>;

void drop(const Members& names, rapidjson::Value& from) {
  if (from.IsArray())
    for (auto& element : from.GetArray()) drop(names, element);
  if (!from.IsObject()) return;
  for (const char* name : names)
    if (from.HasMember(name)) from.EraseMember(name);
  for (auto& member : from.GetObject()) drop(names, member.value);
}

/// What is known of a map from the programs that use it, which a cut may take: which arena its pointers lead
/// into, and whose code a stack is of; and where no program could be asked, what is declared of it.
Members lost_with_programs(const rapidjson::Value& map, bool lost) {
  Members names = {"programs"};
  if (lost) names.insert(names.end(), {"deref", "deref_skipped_reason", "slot", "payload", "frames"});
  if (as_text(map).find("programs that may declare its types could not be read") != std::string::npos)
    names.insert(names.end(),
                 {"error", "notes", "types_from", "full_name", "key", "value", "key_type", "value_type"});
  return names;
}

std::string without(const Members& names, const rapidjson::Value& map) {
  rapidjson::Document copy;
  copy.CopyFrom(map, copy.GetAllocator());
  drop(names, copy);
  rapidjson::StringBuffer buffer;
  rapidjson::Writer<rapidjson::StringBuffer> writer(buffer);
  copy.Accept(writer);
  return buffer.GetString();
}

/// Every complete map of a cut dump must hold exactly what it holds in the whole one.
void expect_complete_maps_unchanged(const rapidjson::Document& whole, const rapidjson::Document& cut) {
  for (const auto& map : cut["maps"].GetArray()) {
    EXPECT_NE(map["type_name"] == "unknown", map.HasMember("key_size")) << "what is lost is no zero";
    if (map["status"] != "complete") {
      // One whose types alone are lost may be known to be empty.
      EXPECT_FALSE(map["status"] == "unreadable" && map.HasMember("entry_count") &&
                   map["entry_count"].GetUint64() == 0)
          << map["name"].GetString();
      EXPECT_TRUE(map["status"] == "truncated" || map["error"].GetStringLength() != 0);
      continue;
    }
    const auto* same = map_by_id(whole, map["id"].GetUint());
    ASSERT_NE(same, nullptr);
    const bool lost =
        same->HasMember("programs") && (!map.HasMember("programs") || map["programs"] != (*same)["programs"]);
    const Members names = lost_with_programs(map, lost);
    EXPECT_EQ(without(names, map), without(names, *same)) << map["name"].GetString();
  }
}

TEST(Gaps, CutDumpsShowWhatTheyHold) {
  ASSERT_FALSE(captures().empty())
      << "MAPSCOPE_CAPTURES is not set; ./dev test captures the guests and sets it";
  const Capture capture = captures().front();
  const Scratch scratch;
  const auto whole = dump(capture.vmcore());
  const auto size = fs::file_size(capture.vmcore());
  unsigned reports = 0, less_than_complete = 0;
  for (const unsigned percent : {99, 90, 75, 50, 25, 10, 1}) {
    SCOPED_TRACE(percent);
    const auto cut = scratch / "cut";
    copy_first(capture.vmcore(), cut, size / 100 * percent);
    const Ran done = run({"dump", cut.string(), "-j"});
    if (done.exit_code == 0) {
      const auto report = parse(done.out);
      EXPECT_NE(done.err.find("bytes early"), std::string::npos) << done.err;
      expect_complete_maps_unchanged(whole, report);
      auto count = statuses(report);
      ++reports, less_than_complete += count["partial"] + count["unreadable"];
    } else {
      EXPECT_EQ(done.exit_code, 1);
      EXPECT_EQ(done.out, "");
      EXPECT_NE(done.err.rfind("mapscope: ", 0), std::string::npos) << done.err;
    }
    fs::remove(cut);
  }
  EXPECT_GT(reports, 0U);
  EXPECT_GT(less_than_complete, 0U);
}

/// A hole in the middle of the memory: page tables and headers stay, contents go.
TEST(Gaps, ZeroedMemoryNeverCrashes) {
  ASSERT_FALSE(captures().empty());
  const Capture capture = captures().front();
  const Scratch scratch;
  const auto torn = scratch / "torn";
  fs::copy_file(capture.vmcore(), torn);
  const std::string zeros(1U << 20, '\0');
  std::fstream file(torn, std::ios::in | std::ios::out | std::ios::binary);
  for (std::uintmax_t at = 64U << 20; at + zeros.size() < fs::file_size(torn); at += 8U << 20) {
    file.seekp(static_cast<std::streamoff>(at));
    file.write(zeros.data(), static_cast<std::streamsize>(zeros.size()));
  }
  file.close();
  const Ran done = run({"dump", torn.string(), "-j"});
  EXPECT_TRUE(done.exit_code == 0 || done.exit_code == 1) << done.exit_code << done.err;
  if (done.exit_code == 0) parse(done.out);
}

TEST(Gaps, StrictTellsIncompleteByItsExitCode) {
  ASSERT_FALSE(captures().empty());
  const std::string core = captures().front().vmcore();
  EXPECT_EQ(run({"dump", core, "-j", "--strict", "--map", "many"}).exit_code, 0);
  EXPECT_EQ(run({"dump", core, "-j", "--strict", "--map", "many", "--limit", "3"}).exit_code, 3);
  EXPECT_EQ(run({"dump", core, "-j", "--strict", "--map", "many", "--set",
                 "plugins.deny=[\"*array\",\"*unknown\"]"})
                .exit_code,
            3);
}

TEST(Gaps, VmcoreinfoIsFoundInMemoryAlone) {
  bool seen = false;
  for (const Capture& capture : captures()) {
    if (capture.name.find("noinfo") == std::string::npos) continue;
    seen = true;
    const auto info = parse(run({"info", capture.vmcore().string(), "-j"}).out);
    EXPECT_STREQ(info["vmcoreinfo_from"].GetString(), "memory");
  }
  EXPECT_TRUE(seen) << "no capture without a VMCOREINFO note among MAPSCOPE_CAPTURES";
}

TEST(Gaps, NoVmcoreinfoAnywhereIsOneSentence) {
  ASSERT_FALSE(captures().empty());
  const Capture capture = captures().front();
  const Scratch scratch;
  const auto core = scratch / "core";
  copy_first(capture.vmcore(), core, fs::file_size(capture.vmcore()));
  // The text's first key, wherever it lies, loses a letter: no note and no memory names the kernel any more.
  std::string bytes = read_file(core);
  for (std::size_t at = 0; (at = bytes.find("OSRELEASE=", at)) != std::string::npos; ++at) bytes[at] = 'X';
  std::ofstream(core, std::ios::binary) << bytes;
  // The note is still there and still names the image: mapscope must not trust what it cannot verify
  // silently.
  const Ran done = run({"info", core.string()});
  EXPECT_TRUE(done.exit_code == 1 || done.err.find("torn") != std::string::npos) << done.err;
}

/// Debian's 6.1 for arm64 is for addresses of 48 bits, and so is 5.10; 52 bits are four levels of 16 KiB.
unsigned levels(const std::string& name) {
  const bool four = std::ranges::any_of(std::array{"la57off", "lpa2off", "16k", "6.1-arm64", "5.10"},
                                        [&](const char* word) { return name.find(word) != name.npos; });
  return four ? 4 : 5;
}

/// Those that the guest's kernel could have, whether or not they are up.
unsigned cpus(const std::string& name) { return name.find("offline") != name.npos ? 4 : 2; }

TEST(Gaps, PageTableLevels) {
  bool slid = false; // a kernel may draw 0
  for (const Capture& capture : captures()) {
    const auto info = parse(run({"info", capture.vmcore().string(), "-j"}).out);
    EXPECT_EQ(info["page_table_levels"].GetUint(), levels(capture.name)) << capture.name;
    slid = slid || info["kaslr_offset"].GetUint64() != 0;
    EXPECT_EQ(info["cpus"].GetUint(), cpus(capture.name)) << capture.name;
  }
  EXPECT_TRUE(slid) << "not one kernel was moved";
}

} // namespace
} // namespace mapscope::guest
