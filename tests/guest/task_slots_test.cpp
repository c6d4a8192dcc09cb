// SPDX-License-Identifier: Apache-2.0
// Slots of allocators on the page of one task: those that say its pid and that none of its rows shows.
#include "captures.hpp"
#include "values.hpp"

#include <gtest/gtest.h>
#include <set>

namespace mapscope::guest {
namespace {

using rapidjson::Value;

std::set<std::int64_t> pids_in(const Value& rows) {
  std::set<std::int64_t> pids;
  for (const auto& row : rows.GetArray())
    if (row.HasMember("payload")) pids.insert(number_of(row["payload"], "pid"));
  return pids;
}

class TaskSlots : public testing::Test {
protected:
  void SetUp() override {
    for (const Capture& capture : captures())
      if (capture.name == "7") core = capture.vmcore();
    ASSERT_FALSE(core.empty()) << "no guest of 7 in MAPSCOPE_CAPTURES; ./dev test captures it";
    const auto whole = dump(core, {"--limit", "0"});
    slots = pids_in((*allocations_of(whole, "task_ctx_allocator"))["entries"]);
    rows = pids_in((*map_by_name(whole, "task_ctx_refs"))["entries"]);
    ASSERT_GT(slots.size(), rows.size());
  }
  [[nodiscard]] rapidjson::Document page_of(std::int64_t pid) const {
    return dump(core, {"--limit", "0", "--task", std::to_string(pid)});
  }

  std::filesystem::path core;
  std::set<std::int64_t> slots, rows; ///< pids
};

TEST_F(TaskSlots, AreListedWhereNoRowLeadsToThem) {
  std::set<std::int64_t> alone = slots;
  for (const std::int64_t pid : rows) alone.erase(pid);
  ASSERT_FALSE(alone.empty());
  const auto page = page_of(*alone.begin());
  const Value* const allocator = allocations_of(page, "task_ctx_allocator");
  ASSERT_NE(allocator, nullptr) << as_text(page);
  EXPECT_EQ(pids_in((*allocator)["entries"]), std::set{*alone.begin()});
  EXPECT_EQ((*allocator)["entries"].Size(), 1U);
  for (const auto& finding : page["findings"].GetArray())
    EXPECT_EQ(std::string_view(finding["text"].GetString()).find(" % full"), std::string_view::npos)
        << "of a map, and not of the task: " << as_text(finding);
}

TEST_F(TaskSlots, AreNotListedTwice) {
  const auto page = page_of(*rows.begin());
  const Value* const map = map_by_name(page, "task_ctx_refs");
  ASSERT_NE(map, nullptr);
  EXPECT_EQ(pids_in((*map)["entries"]), std::set{*rows.begin()});
  EXPECT_EQ(allocations_of(page, "task_ctx_allocator"), nullptr);
}

} // namespace
} // namespace mapscope::guest
