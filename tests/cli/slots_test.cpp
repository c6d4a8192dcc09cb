// SPDX-License-Identifier: Apache-2.0
// A scheduler's allocators and the map that points into them, from the core file to the report.
#include "tests/cli/mapscope.hpp"
#include "tests/support/core_file.hpp"
#include "tests/support/scheduler_core.hpp"

#include <rapidjson/document.h>

namespace mapscope::cli_test {
namespace {

using test::Scheduler;

class Slots : public testing::Test {
protected:
  const rapidjson::Value& dump(const Scheduler& scheduler = {}, Words more = {}) {
    const test::ScratchFile core(test::scheduler_core(scheduler));
    Words words = {"dump", core.path(), "-j", "-q"};
    words.insert(words.end(), more.begin(), more.end());
    const Ran ran = run(words);
    EXPECT_EQ(ran.exit_code, 0) << ran.err;
    report_.Parse<rapidjson::kParseValidateEncodingFlag>(ran.out.c_str());
    EXPECT_FALSE(report_.HasParseError()) << ran.out.substr(0, 2000);
    return report_;
  }
  const rapidjson::Value& allocator(rapidjson::SizeType i) { return report_["sdt_allocations"][i]; }
  /// Of the hash map, in the order of its chain.
  const rapidjson::Value& entry(rapidjson::SizeType i) {
    for (const auto& map : report_["maps"].GetArray())
      if (text(map["name"]) == "scx_task_map") return map["entries"][i];
    return report_;
  }
  /// The pointer that entry `i` holds.
  const rapidjson::Value& pointer(rapidjson::SizeType i) { return entry(i)["value"]["members"][2]["value"]; }
  static std::string text(const rapidjson::Value& value) { return value.GetString(); }
  static std::uint64_t member(const rapidjson::Value& record, rapidjson::SizeType i) {
    return record["members"][i]["value"]["value"].GetUint64();
  }
  std::string findings() {
    std::string text;
    for (const auto& finding : report_["findings"].GetArray())
      text += std::string(finding["text"].GetString()) + "\n";
    return text;
  }
  rapidjson::Document report_;
};

TEST_F(Slots, EveryLiveOneIsListedOnceWithItsPayload) {
  dump();
  ASSERT_EQ(report_["sdt_allocations"].Size(), 2U) << "the third was never initialised";
  EXPECT_EQ(text(allocator(0)["allocator_name"]), "scx_task_allocator");
  const auto& section = report_["maps"][allocator(0)["map_id"].GetUint() - 1]; // ids from 1, without a gap
  EXPECT_THAT(text(section["name"]), EndsWith(".bss"));
  EXPECT_EQ(allocator(0)["elem_size"].GetInt(), 24);
  EXPECT_EQ(allocator(0)["skipped_subtrees"].GetInt(), 0);
  EXPECT_GT(allocator(0)["payload_btf_type_id"].GetUint(), 0U);
  EXPECT_FALSE(allocator(0).HasMember("payload_type_reason"));
  EXPECT_FALSE(allocator(0).HasMember("truncated"));
  ASSERT_EQ(allocator(0)["entries"].Size(), 3U) << "and one that was freed";
  for (unsigned i = 0; i < 3; ++i) {
    const auto& slot = allocator(0)["entries"][i];
    EXPECT_EQ(slot["idx"].GetInt(), static_cast<int>(i));
    EXPECT_EQ(slot["genn"].GetInt(), static_cast<int>(i));
    EXPECT_LT(slot["user_addr"].GetUint64(), 1ULL << 32) << "the lower half";
    EXPECT_EQ(text(slot["payload"]["type_name"]), "task_ctx");
    EXPECT_EQ(member(slot["payload"], 0), 100 + i);
    EXPECT_EQ(member(slot["payload"], 1), 1000 + i);
  }
}

TEST_F(Slots, AllocatorsOfOneTypeAreToldApart) {
  dump();
  EXPECT_EQ(text(allocator(1)["allocator_name"]), "scx_cgrp_allocator");
  EXPECT_EQ(allocator(1)["elem_size"].GetInt(), 16);
  ASSERT_EQ(allocator(1)["entries"].Size(), 2U);
  EXPECT_EQ(text(allocator(1)["entries"][0]["payload"]["type_name"]), "cgrp_ctx");
}

TEST_F(Slots, EntriesHaveThePayloadTheyPointTo) {
  dump();
  for (unsigned i = 0; i < 3; ++i) {
    EXPECT_EQ(text(entry(i)["payload"]["type_name"]), "task_ctx");
    EXPECT_EQ(member(entry(i)["payload"], 1), 1000 + i);
    EXPECT_EQ(text(pointer(i)["deref_skipped_reason"]),
              "slot " + std::to_string(i) + " of scx_task_allocator, shown as the payload of this entry");
  }
}

TEST_F(Slots, AStalePointerIsNoPayload) {
  dump({.stale = 1});
  EXPECT_FALSE(entry(1).HasMember("payload"));
  EXPECT_EQ(text(pointer(1)["deref_skipped_reason"]), "slot 3 of scx_task_allocator, which is free");
  EXPECT_TRUE(entry(2).HasMember("payload"));
}

TEST_F(Slots, WhereAnArenasUsersAreLostItSaysSo) {
  dump({.loses_uses = true});
  EXPECT_EQ(text(pointer(0)["deref_skipped_reason"]),
            "its arena is not known: which maps a program uses could not be read");
}

TEST_F(Slots, WhatTheIndexDoesNotKnowIsFollowedByTheMapsName) {
  dump({.astray = 1});
  EXPECT_EQ(text(entry(1)["payload"]["type_name"]), "task_ctx") << "\"task\" is in scx_task_map";
  EXPECT_EQ(member(entry(1)["payload"], 1), 0U);
}

TEST_F(Slots, WithoutAPayloadTypeThereAreBytesAndAReason) {
  dump({.knows_payload = false});
  EXPECT_EQ(allocator(0)["payload_btf_type_id"].GetInt(), 0);
  EXPECT_EQ(text(allocator(0)["payload_type_reason"]),
            "no struct of the program's own has the payload's 16 bytes");
  EXPECT_EQ(text(allocator(0)["entries"][1]["payload"]["kind"]), "bytes");
  EXPECT_EQ(text(allocator(0)["entries"][1]["payload"]["hex"]),
            "65 00 00 00 00 00 00 00 e9 03 00 00 00 00 00 00");
  EXPECT_FALSE(entry(0).HasMember("payload"));
  EXPECT_THAT(findings(), HasSubstr("the payloads of allocator scx_task_allocator are shown as bytes: no "
                                    "struct of the program's own has the payload's 16 bytes"));
  EXPECT_THAT(
      findings(),
      HasSubstr("scx_task_map is shown without the payloads of 3 entries among those shown: no struct of "
                "the program's own has the payload's 16 bytes"));
}

TEST_F(Slots, WithoutThePluginTheReportSaysWhatIsMissing) {
  dump({}, {"--set", "plugins.deny=[\"mapscope.sdt_alloc\"]"});
  EXPECT_FALSE(report_.HasMember("sdt_allocations"));
  EXPECT_EQ(report_["maps"].Size(), 3U);
  for (const auto& map : report_["maps"].GetArray())
    EXPECT_EQ(text(map["status"]), text(map["type_name"]) == "arena" ? "partial" : "complete")
        << text(map["error"]);
  for (unsigned i = 0; i < 3; ++i) EXPECT_FALSE(entry(i).HasMember("payload"));
  EXPECT_THAT(
      findings(),
      HasSubstr("scx_task_map is shown without the payloads of 3 entries among those shown: no plugin read "
                "an allocator they could be of"));
}

TEST_F(Slots, TheLimitCutsTheListAndNotTheIndex) {
  dump({.tasks = 600, .entries = 600}, {"--limit", "10"});
  EXPECT_EQ(allocator(0)["entries"].Size(), 10U);
  EXPECT_TRUE(allocator(0)["truncated"].GetBool());
  EXPECT_EQ(allocator(0)["entry_count"].GetInt(), 600) << "the second leaf is found, too";
  EXPECT_TRUE(entry(9).HasMember("payload"));
  dump({.tasks = 600, .entries = 600}, {"--limit", "0"});
  EXPECT_EQ(allocator(0)["entries"].Size(), 600U);
  EXPECT_EQ(member(allocator(0)["entries"][599]["payload"], 1), 1599U);
  EXPECT_EQ(member(entry(599)["payload"], 1), 1599U);
}

TEST_F(Slots, TheLimitIsToldAsAskedForAndNotAsATrouble) {
  const rapidjson::Value& report = dump({.tasks = 600, .entries = 600}, {"--limit", "10"});
  EXPECT_EQ(text(allocator(0)["status"]), "truncated");
  EXPECT_EQ(text(allocator(0)["limits"][0]), "10 of 600 slots shown; --limit 0 shows all");
  EXPECT_THAT(report.HasMember("findings") ? findings() : "", testing::Not(HasSubstr("--limit")));
}

TEST_F(Slots, AMapAloneHasItsPayloads) {
  dump({}, {"--map", "scx_task_map"});
  EXPECT_FALSE(report_.HasMember("sdt_allocations")) << "their section was not asked for";
  EXPECT_TRUE(entry(0).HasMember("payload"));
}

TEST_F(Slots, WhatIsWrongWithOtherMapsAllocatorsIsNotTold) {
  const Scheduler unknown_layout{.layout = {.header = 24, .id = 8}};
  dump(unknown_layout, {"--map", "*.bss"});
  EXPECT_THAT(findings(), HasSubstr("allocator scx_task_allocator"));
  dump(unknown_layout, {"--map", "arena"});
  EXPECT_THAT(report_.HasMember("findings") ? findings() : "", testing::Not(HasSubstr("allocator")));
}

TEST_F(Slots, ThePayloadsTypeMayBeConfigured) {
  dump({.knows_payload = false}, {"--set", "map.\"scx_task*\".config.payload_type=\"struct cgrp_ctx\""});
  EXPECT_EQ(text(allocator(0)["entries"][0]["payload"]["type_name"]), "cgrp_ctx");
  EXPECT_EQ(text(entry(0)["payload"]["type_name"]), "cgrp_ctx");
}

TEST_F(Slots, TextShowsTheSame) {
  const test::ScratchFile core(test::scheduler_core({}));
  const std::string text = run({"dump", core.path(), "-q"}).out;
  EXPECT_THAT(text, HasSubstr("\nallocator scx_task_allocator  in map 2 sched.bss\n"));
  EXPECT_THAT(text, HasSubstr("  slot |             at reused | weight  pid\n"));
  EXPECT_THAT(text, HasSubstr("     1 | 0x100000004108      1 |    101 1001\n"));
  EXPECT_THAT(text, HasSubstr("data is a slot of scx_task_allocator, shown as the payload of this entry"));
  EXPECT_THAT(text, HasSubstr(" 0x100000004108         1 |            101        1001\n")) << "the payload";
  EXPECT_THAT(text, HasSubstr("  1 (reused 1 time) at 0x100000007250: cgrp_ctx{}\n")) << "two are no table";
}

} // namespace
} // namespace mapscope::cli_test
