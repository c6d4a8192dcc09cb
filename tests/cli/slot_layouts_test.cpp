// SPDX-License-Identifier: Apache-2.0
// The layouts of slots that releases of the schedulers' library have, from the core file to the report: every
// cell of every slot. Which release has which: plugins/sdt_alloc/header.hpp.
#include "tests/cli/mapscope.hpp"
#include "tests/support/core_file.hpp"
#include "tests/support/scheduler_core.hpp"

#include <fmt/format.h>
#include <rapidjson/document.h>
#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

namespace mapscope::cli_test {
namespace {

using test::Scheduler;
using test::SlotLayout;
using testing::Not;

class SlotLayouts : public testing::Test {
protected:
  void dump(const Scheduler& scheduler, const Words& more = {}) {
    const test::ScratchFile core(test::scheduler_core(scheduler));
    Words words = {"dump", core.path(), "-j", "-q"};
    words.insert(words.end(), more.begin(), more.end());
    const Ran ran = run(words);
    EXPECT_EQ(ran.exit_code, 0) << ran.err;
    report_.Parse<rapidjson::kParseValidateEncodingFlag>(ran.out.c_str());
    ASSERT_FALSE(report_.HasParseError()) << ran.out.substr(0, 2000);
    ASSERT_TRUE(report_.HasMember("sdt_allocations")) << ran.out.substr(0, 2000);
  }
  const rapidjson::Value& allocator(rapidjson::SizeType i) { return report_["sdt_allocations"][i]; }
  static std::string text(const rapidjson::Value& value) {
    rapidjson::StringBuffer buffer;
    rapidjson::Writer<rapidjson::StringBuffer> writer(buffer);
    value.Accept(writer);
    return buffer.GetString();
  }
  std::string findings() {
    std::string all;
    for (const auto& finding : report_["findings"].GetArray())
      all += std::string(finding["text"].GetString()) + "\n";
    return all;
  }
  const rapidjson::Value& entry(rapidjson::SizeType i) {
    for (const auto& map : report_["maps"].GetArray())
      if (std::string_view(map["name"].GetString()) == "scx_task_map") return map["entries"][i];
    return report_;
  }
  static std::string task(unsigned i) {
    return fmt::format(
        R"({{"kind":"struct","type_name":"task_ctx","members":[{{"name":"weight","value":{{"kind":"uint","bits":64,)"
        R"("value":{}}}}},{{"name":"pid","value":{{"kind":"uint","bits":32,"value":{}}}}},{{"name":"self","value":{{)"
        R"("kind":"uint","bits":32,"value":0}}}}]}})",
        100 + i, 1000 + i);
  }
  static std::string group() {
    return R"({"kind":"struct","type_name":"cgrp_ctx","members":[{"name":"vtime","value":{"kind":"uint","bits":64,)"
           R"("value":0}}]})";
  }

  /// Every cell of tasks and groups, and payloads behind the pointers to tasks.
  void expect_all_cells(const SlotLayout& layout) {
    SCOPED_TRACE(fmt::format("{} bytes {}{}", layout.header, layout.is_behind ? "behind" : "before",
                             layout.is_declared_only ? ", declared" : ""));
    constexpr unsigned tasks = 5, groups = 2;
    dump({.tasks = tasks, .entries = tasks, .layout = layout});
    EXPECT_THAT(findings(), Not(HasSubstr("allocator")));
    EXPECT_EQ(allocator(0)["elem_size"].GetUint64(), layout.header + 16);
    EXPECT_EQ(allocator(1)["elem_size"].GetUint64(), layout.header + 8);
    ASSERT_EQ(allocator(0)["entries"].Size(), tasks);
    ASSERT_EQ(allocator(1)["entries"].Size(), groups);
    for (unsigned i = 0; i < tasks + groups; ++i) {
      const unsigned place = i < tasks ? i : i - tasks;
      const auto& slot = allocator(i < tasks ? 0 : 1)["entries"][place];
      EXPECT_EQ(slot["idx"].GetUint(), place);
      EXPECT_EQ(slot["genn"].GetUint(), place % 3);
      EXPECT_EQ(text(slot["payload"]), i < tasks ? task(place) : group());
    }
    for (unsigned i = 0; i < tasks; ++i) {
      ASSERT_TRUE(entry(i).HasMember("payload")) << text(entry(i));
      EXPECT_EQ(text(entry(i)["payload"]), task(i));
    }
    for (const unsigned i : {0, 1})
      EXPECT_EQ(allocator(i).HasMember("header_layout"), layout.is_declared_only) << text(allocator(i));
  }

  rapidjson::Document report_;
};

TEST_F(SlotLayouts, EveryCellOfEachIsEqual) {
  expect_all_cells({.header = 8, .is_declared_only = false});
  expect_all_cells({.header = 8, .is_declared_only = false, .has_older_names = true});
  expect_all_cells({.header = 16, .is_declared_only = false});
  expect_all_cells({.header = 8, .is_behind = true, .is_declared_only = false});
  expect_all_cells({.header = 16, .is_behind = true, .is_declared_only = false});
  expect_all_cells({.header = 8});
  expect_all_cells({.header = 16});
  expect_all_cells({.header = 8, .is_behind = true});
  expect_all_cells({.header = 16, .is_behind = true});
}

TEST_F(SlotLayouts, WhatBtfDoesNotSayRestsOnSoManySlots) {
  dump({.tasks = 600, .layout = {.header = 16, .is_behind = true}});
  EXPECT_EQ(
      text(allocator(0)["header_layout"]),
      R"("a header of 16 bytes behind the payload, as struct sdt_data is only declared: 599 live slots say so")");
}

TEST_F(SlotLayouts, WhatNoReleaseHasIsBytesWithTheReason) {
  dump({.layout = {.header = 24, .id = 8}});
  const std::string why =
      "their header is of no known layout: none finds the own number of each live slot in it";
  EXPECT_EQ(text(allocator(0)["payload_type_reason"]), R"("where payloads begin is not known")");
  ASSERT_EQ(allocator(0)["entries"].Size(), 3U);
  EXPECT_EQ(
      text(allocator(0)["entries"][2]["payload"]),
      R"({"kind":"bytes","hex":"00 00 00 00 00 00 00 00 02 00 00 00 02 00 00 00 00 00 00 00 00 00 00 00 66 )"
      R"(00 00 00 00 00 00 00 ea 03 00 00 00 00 00 00"})");
  EXPECT_GT(allocator(0)["entries"][2]["user_addr"].GetUint64(), 0U);
  EXPECT_THAT(findings(),
              HasSubstr("allocator scx_task_allocator is partial: slots are shown whole: " + why));
  EXPECT_FALSE(entry(0).HasMember("payload"));
}

/// Who sets a type reads why that changes nothing, on the allocator and where a person looks first.
TEST_F(SlotLayouts, ATypeThatIsSetInVainIsNamed) {
  dump({.layout = {.header = 24, .id = 8}},
       {"--set", R"(map."scx_task_allocator".config.payload_type="struct task_ctx")"});
  const std::string why = "; payload_type, which is set to struct task_ctx, is not used";
  EXPECT_EQ(text(allocator(0)["payload_type_reason"]), "\"where payloads begin is not known" + why + '"');
  EXPECT_THAT(findings(), HasSubstr("each live slot in it" + why));
}

/// As long as this machine needs, although the type is declared for 4096 CPUs, and although another struct
/// has just that size.
TEST_F(SlotLayouts, BitmapsAreCpusWithAndWithoutAnId) {
  for (const SlotLayout& layout :
       {SlotLayout{.header = 8, .is_declared_only = false}, SlotLayout{.header = 8},
        SlotLayout{.header = 16, .is_behind = true, .is_declared_only = false},
        SlotLayout{.header = 16, .is_behind = true}})
    for (const int ids : {0, 1}) {
      dump({.layout = layout, .bitmap_ids = ids});
      const auto& bitmaps = allocator(2);
      ASSERT_EQ(bitmaps["entries"].Size(), 2U);
      EXPECT_EQ(text(bitmaps["entries"][0]["payload"]), R"({"kind":"cpu_list","cpus":""})");
      EXPECT_EQ(text(bitmaps["entries"][1]["payload"]), R"({"kind":"cpu_list","cpus":"1"})");
      EXPECT_THAT(text(bitmaps["payload_type_guess"]),
                  HasSubstr("struct scx_bitmap, which the allocator is named after"));
    }
}

} // namespace
} // namespace mapscope::cli_test
