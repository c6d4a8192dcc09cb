// SPDX-License-Identifier: Apache-2.0
// The state that a scheduler keeps in its arena: its variables there by name, what it has counted, and who is
// on its queues, in order. scx_qmap, whose library puts the section at the arena's end.
#include "kept_page.hpp"
#include "scheduler_log.hpp"
#include "values.hpp"

#include <algorithm>
#include <gtest/gtest.h>
#include <set>
#include <vector>

namespace mapscope::guest {
namespace {

using rapidjson::Value;

/// The last number that the scheduler printed so, as "enq=1233"; it prints every second.
std::int64_t last_printed(const std::string& output, const std::string& name) {
  const std::size_t at = output.rfind(" " + name + "=");
  return at == output.npos ? -1 : std::stoll(output.substr(at + name.size() + 2));
}

class SchedulerArena : public testing::Test {
protected:
  void SetUp() override {
    for (const Capture& capture : scheduler_captures())
      if (capture.name.ends_with("-scx-starving")) core = capture.vmcore(), folder = capture.folder;
    ASSERT_FALSE(core.empty()) << "no such guest in MAPSCOPE_SCHEDULERS; ./dev test captures it";
    guest = parse(read_file(folder / "guest.json"));
    report = dump(core, {"--limit", "0", "--map", "arena"});
    const Value* arena = map_by_name(report, "arena");
    ASSERT_NE(arena, nullptr);
    ASSERT_TRUE((*arena)["arena"].HasMember("globals"));
    globals = member_of((*arena)["arena"]["globals"], "qa");
    ASSERT_NE(globals, nullptr);
  }

  std::filesystem::path core, folder;
  rapidjson::Document guest, report;
  const Value* globals = nullptr;
};

TEST_F(SchedulerArena, HaveCountedWhatTheSchedulerPrintedAndMore) {
  const std::string output = guest["scheduler"]["output"].GetString();
  const std::pair<const char*, const char*> counters[] = {{"enq", "nr_enqueued"},
                                                          {"dsp", "nr_dispatched"},
                                                          {"deq", "nr_dequeued"},
                                                          {"enq_ddsp", "nr_ddsp_from_enq"}};
  for (const auto& [printed, variable] : counters) {
    EXPECT_GE(last_printed(output, printed), 0) << printed; // of enq_ddsp there may be none
    EXPECT_GE(number_of(*globals, variable), last_printed(output, printed)) << variable;
    EXPECT_LE(number_of(*globals, variable), 20 * last_printed(output, printed) + 1000) << variable;
  }
  EXPECT_GT(last_printed(output, "enq"), 0);
  EXPECT_EQ(number_of(*globals, "nr_cids"), 2) << "the CPUs of the guest";
}

/// Contexts in the order of their links: nested, and where values nest no deeper, in the head's chain.
void list(const Value& pointer, std::vector<const Value*>& contexts) {
  if (!pointer.HasMember("deref")) return;
  contexts.push_back(&pointer["deref"]);
  if (const Value* next = member_of(pointer["deref"], "q_next")) list(*next, contexts);
  if (!pointer.HasMember("chain")) return;
  for (const auto& one : pointer["chain"].GetArray()) list(one, contexts);
}

std::uint64_t address_in(const Value& context, const char* member) {
  return static_cast<std::uint64_t>(number_of(context, member));
}

TEST_F(SchedulerArena, LeadToEveryTaskOfAQueueInOrder) {
  const Value& fifos = (*member_of(*globals, "fifos"))["elements"];
  std::size_t queued = 0;
  for (const auto& fifo : fifos.GetArray()) {
    std::vector<const Value*> contexts;
    const Value* head = member_of(fifo, "head");
    list(*head, contexts);
    std::set<std::int64_t> pids;
    std::int64_t before = -1;
    for (const Value* context : contexts) {
      if (!pids.insert(number_of(*context, "pid")).second) continue; // reached from both sides
      EXPECT_GT(number_of(*context, "core_sched_seq"), before) << "tasks of one queue are numbered in order";
      before = number_of(*context, "core_sched_seq");
    }
    queued += pids.size();
    const bool is_empty = (*head)["value"].GetUint64() == 0;
    EXPECT_EQ(pids.empty(), is_empty);
    if (is_empty) continue;
    EXPECT_EQ(address_in(*contexts.front(), "q_prev"), 0U);
    EXPECT_EQ(member_of(*contexts.front(), "fifo")->FindMember("value")->value.GetUint64() != 0, true);
  }
  EXPECT_GE(queued, 5U);
  std::printf("scx_qmap: %zu tasks on %u queues, in order\n", queued, fifos.Size());
}

/// Each as a list under its head, and in each task's row by who is next to it.
TEST_F(SchedulerArena, AreAPageThatCanBeRead) {
  const std::string text = run({"dump", core.string(), "--config", MAPSCOPE_CONFIGS "/sched_ext.toml"}).out;
  EXPECT_EQ(text.find("nested 32 deep"), text.npos);
  EXPECT_NE(text.find("links_only"), text.npos) << "the free list is counted";
  EXPECT_NE(text.find("[qa.fifos["), text.npos);
}

/// tests/data/scx_qmap.page is for people to read when it changes: mapscope dump VMCORE --config
/// configs/sched_ext.toml, of a guest as this one. Two guests never have the same numbers; what they are
/// called stays, but for members that are zero in one of them, and so are not shown.
TEST_F(SchedulerArena, ThePageIsAsTheOneThatIsKept) {
  const Ran done = run({"dump", core.string(), "--config", MAPSCOPE_CONFIGS "/sched_ext.toml"});
  ASSERT_EQ(done.exit_code, 0) << done.err;
  expect_as_kept("scx_qmap.page", done.out);
  // Each task that waits has a line of its own, and a boot has as many as it has.
  EXPECT_LE(std::ranges::count(done.out, '\n'), 450) << "a page that a person reads";
}

/// In the value itself, where a member is a pointer to a function.
TEST_F(SchedulerArena, FunctionsOfTheSchedulerHaveNames) {
  const auto ops = dump(core, {"--map", "qmap_ops"});
  const Value* value = map_by_name(ops, "qmap_ops");
  ASSERT_NE(value, nullptr);
  for (const std::string member : {"enqueue", "dispatch", "init_task"}) {
    const Value* pointer = member_of((*value)["value"], member);
    ASSERT_TRUE(pointer != nullptr && pointer->HasMember("symbol")) << member;
    EXPECT_TRUE(std::string((*pointer)["symbol"].GetString()).ends_with("_" + member));
  }
}

/// What the kernel has of a task beside what the scheduler has of it, and nothing of others.
TEST_F(SchedulerArena, ATaskHasAPageOfItsOwn) {
  const auto whole = dump(core, {"--limit", "0", "--map", "task_ctx_stor"});
  const Value& rows = (*map_by_name(whole, "task_ctx_stor"))["entries"];
  ASSERT_GE(rows.Size(), 3U);
  for (rapidjson::SizeType i = 0; i < 3; ++i) {
    const std::int64_t pid = rows[i]["owner"]["pid"].GetInt64();
    const auto page = dump(core, {"--limit", "0", "--task", std::to_string(pid)});
    const Value* map = map_by_name(page, "task_ctx_stor");
    ASSERT_NE(map, nullptr);
    ASSERT_EQ((*map)["entries"].Size(), 1U);
    EXPECT_EQ(number_of((*map)["entries"][0]["value"], "taskc") != 0, true);
    EXPECT_EQ((*map)["entries"][0]["owner"]["pid"].GetInt64(), pid);
    const Value& tasks = page["extensions"]["mapscope.builtin.sched_ext"]["tasks"];
    ASSERT_EQ(tasks.Size(), 1U);
    EXPECT_EQ(tasks[0]["pid"].GetInt64(), pid);
  }
  const Ran none = run({"dump", core.string(), "--task", "4000000"});
  EXPECT_EQ(none.exit_code, 1);
  EXPECT_NE(none.err.find("nothing here belongs to task 4000000"), std::string::npos) << none.err;
}

} // namespace
} // namespace mapscope::guest
