// SPDX-License-Identifier: Apache-2.0
// Pointers that a program keeps as numbers, in a hash, an array, a section and an arena: each is named for
// what it leads to, and nothing is made of numbers beside them that only look so. See hidden/main.cpp.
#include "captures.hpp"
#include "values.hpp"

#include <gtest/gtest.h>
#include <map>
#include <set>

namespace mapscope::guest {
namespace {

using rapidjson::Value;

struct Task {
  std::int64_t pid = 0;
  std::uint64_t group = 0, context = 0;
  std::string comm;
};

class SchedulerPointers : public testing::Test {
protected:
  void SetUp() override {
    for (const Capture& capture : scheduler_captures())
      if (capture.name.ends_with("-hidden")) core = capture.vmcore(), folder = capture.folder;
    ASSERT_FALSE(core.empty()) << "no such guest in MAPSCOPE_SCHEDULERS; ./dev test captures it";
    guest = parse(read_file(folder / "guest.json"));
    for (const auto& task : said()["tasks"].GetArray())
      tasks[task["pid"].GetInt64()] = {task["pid"].GetInt64(), task["cgroup_id"].GetUint64(),
                                       task["context"].GetUint64(), task["comm"].GetString()};
    ASSERT_EQ(tasks.size(), 8U);
  }
  [[nodiscard]] const Value& said() const { return guest["hidden"]; }
  void look() {
    report = dump(core, {"--limit", "0", "--not-map", "noise"});
    for (const char* name : {"arena", "hidden_hash", "hidden_array", "hidden.bss", "lookalikes", "gone"})
      ASSERT_NE(map_by_name(report, name), nullptr) << name;
  }
  [[nodiscard]] const Value& map(const char* name) const { return *map_by_name(report, name); }

  /// A struct hidden of the task with that pid.
  void expect_named(const Value& value, const Task& task, unsigned number) const;

  std::filesystem::path core, folder;
  rapidjson::Document guest, report;
  std::map<std::int64_t, Task> tasks;
};

/// What the number in that member is said to be; fails where nothing is said.
const Value& cast_of(const Value& value, const std::string& member, const char* space, const char* type) {
  static const Value nothing;
  const Value* const number = member_of(value, member);
  if (number == nullptr || !number->HasMember("cast")) {
    ADD_FAILURE() << member << " is not named: " << as_text(value);
    return nothing;
  }
  const Value& cast = (*number)["cast"];
  EXPECT_STREQ(cast["space"].GetString(), space) << member;
  EXPECT_TRUE(cast.HasMember("type") && std::string(cast["type"].GetString()).ends_with(type))
      << member << as_text(cast);
  EXPECT_FALSE(std::string_view(cast["why"].GetString()).empty()) << member;
  return cast;
}

const Value& behind(const Value& cast) {
  static const Value nothing;
  if (cast.IsObject() && cast.HasMember("deref")) return cast["deref"];
  ADD_FAILURE() << "nothing is shown behind it: " << as_text(cast);
  return nothing;
}

std::string comm_of(const Value& task) {
  std::string name;
  if (const Value* const comm = member_of(task, "comm"))
    for (const auto& letter : (*comm)["elements"].GetArray())
      if (const int code = letter["value"].GetInt(); code != 0) name += static_cast<char>(code);
  return name;
}

void SchedulerPointers::expect_named(const Value& value, const Task& task, unsigned number) const {
  const Value& of_task = behind(cast_of(value, "task", "kernel", "task_struct"));
  EXPECT_EQ(number_of(of_task, "pid"), task.pid);
  EXPECT_EQ(comm_of(of_task), task.comm);
  const Value& group = cast_of(value, "cgroup", "kernel", "cgroup");
  ASSERT_TRUE(group.IsObject() && group.HasMember("id")) << as_text(group);
  EXPECT_EQ(group["id"].GetUint64(), task.group);
  EXPECT_STREQ(group["path"].GetString(), number % 2 == 0 ? "/even" : "/odd");
  const Value& mask = behind(cast_of(value, "mask", "kernel", "bpf_cpumask"));
  EXPECT_STREQ(mask["cpus"].GetString(), number % 2 == 0 ? "0" : "1");
  EXPECT_EQ(static_cast<std::uint64_t>(number_of(value, "context")), task.context);
  const Value& context = behind(cast_of(value, "context", "arena", "task_context"));
  EXPECT_EQ(number_of(context, "pid"), task.pid);
  EXPECT_EQ(static_cast<std::uint64_t>(number_of(context, "cgroup_id")), task.group);
}

/// Tasks are numbered in the order of their pids.
TEST_F(SchedulerPointers, AreNamedWhereverTheyAreKept) {
  ASSERT_NO_FATAL_FAILURE(look());
  std::map<std::int64_t, const Value*> by_pid;
  for (const auto& entry : map("hidden_hash")["entries"].GetArray())
    by_pid[entry["key"]["value"].GetInt64()] = &entry["value"];
  ASSERT_EQ(by_pid.size(), tasks.size());
  const Value& by_number = map("hidden_array")["array_entries"];
  const Value* const in_arena = member_of(map("arena")["arena"]["globals"], "in_arena");
  ASSERT_NE(in_arena, nullptr);
  unsigned number = 0;
  for (const auto& [pid, task] : tasks) {
    SCOPED_TRACE(task.comm);
    ASSERT_NO_FATAL_FAILURE(expect_named(*by_pid.at(pid), task, number));
    ASSERT_NO_FATAL_FAILURE(expect_named(by_number[number]["value"], task, number));
    ASSERT_NO_FATAL_FAILURE(expect_named((*in_arena)["elements"][number], task, number));
    ++number;
  }
  const Value& section = map("hidden.bss")["value"];
  ASSERT_NO_FATAL_FAILURE(expect_named(*member_of(section, "last"), tasks.rbegin()->second, number - 1));
  const Value& helper = behind(cast_of(section, "by_helper", "kernel", "task_struct"));
  EXPECT_EQ(number_of(helper, "pid"), 1) << "the task that read the iterator";
  std::printf("%u tasks, their groups, masks and contexts, each from 3 places\n", number);
}

/// A claim of what is beside an object says how far; none shows a value that is not there.
TEST_F(SchedulerPointers, AreNotMadeOfWhatOnlyLooksSo) {
  ASSERT_NO_FATAL_FAILURE(look());
  for (const auto& entry : map("lookalikes")["entries"].GetArray()) {
    const Value& value = entry["value"];
    for (const char* member :
         {"before_task", "behind_context", "before_context", "counter", "time", "random", "like_a_task"})
      EXPECT_FALSE(member_of(value, member)->HasMember("cast")) << member << as_text(value);
    for (const char* member : {"behind_task", "behind_cgroup", "freed_mask"}) {
      const Value& number = *member_of(value, member);
      if (!number.HasMember("cast")) continue;
      EXPECT_TRUE(number["cast"].HasMember("cache")) << member << as_text(number);
      EXPECT_EQ(number["cast"]["offset"].GetUint64(), 8U) << member << as_text(number);
    }
    for (const char* member : {"behind_cgroup", "freed_mask"})
      EXPECT_FALSE(member_of(value, member)->HasMember("cast") &&
                   (*member_of(value, member))["cast"].HasMember("type"))
          << member << as_text(value);
  }
}

/// Their memory may be somebody else's by now; then it is shown as that.
TEST_F(SchedulerPointers, OfTasksThatEndedLeadToNoneOfThem) {
  ASSERT_NO_FATAL_FAILURE(look());
  std::set<std::int64_t> live;
  for (const auto& pid : said()["live"].GetArray()) live.insert(pid.GetInt64());
  ASSERT_EQ(map("gone")["entries"].Size(), said()["gone"].Size());
  for (const auto& entry : map("gone")["entries"].GetArray()) {
    const Value& number = *member_of(entry["value"], "task");
    if (!number.HasMember("cast")) continue;
    const bool is_free = number["cast"].HasMember("free");
    EXPECT_EQ(number["cast"].HasMember("deref"), !is_free) << as_text(number);
    if (!is_free) {
      EXPECT_TRUE(live.contains(number_of(number["cast"]["deref"], "pid"))) << as_text(number);
    }
  }
}

/// From an address on, `bytes`; pages of 4 KiB.
std::set<std::uint64_t> pages_of(std::uint64_t address, std::uint64_t bytes) {
  std::set<std::uint64_t> pages;
  for (std::uint64_t page = address / 4096; page <= (address + bytes - 1) / 4096; ++page) pages.insert(page);
  return pages;
}

/// libarena's buddy allocator keeps no list of what it gave away. Its chunk's head, with the contexts that
/// follow in the same pages, the range of pages and the variables are what something leads to.
TEST_F(SchedulerPointers, ArenaPagesThatNothingLeadsToAreCounted) {
  const auto whole = dump(core, {"--limit", "0", "--map", "arena", "--set", "report.arena_bytes=hex"});
  const Value& arena = (*map_by_name(whole, "arena"))["arena"];
  std::set<std::uint64_t> written;
  for (const auto& page : arena["pages"].GetArray())
    if (std::string_view(page["bytes"].GetString()).find_first_not_of("0 ") != std::string_view::npos)
      written.merge(pages_of(page["user_addr"].GetUint64(), 1));
  const Value& last = arena["runs"][arena["runs"].Size() - 1]; // of the variables, as libbpf places them
  const Value& chunk = *member_of(arena["globals"], "buddy.first_chunk");
  for (const auto& led_to : {pages_of(last["user_addr"].GetUint64(), last["pages"].GetUint64() * 4096),
                             pages_of(said()["statistics"].GetUint64(), 1),
                             pages_of(chunk["value"].GetUint64(), chunk["deref"]["needed"].GetUint64())})
    for (const std::uint64_t page : led_to) written.erase(page);
  for (const std::uint64_t page :
       pages_of(said()["lost"].GetUint64(), said()["lost_pages"].GetUint64() * 4096))
    EXPECT_TRUE(written.contains(page)) << page;
  ASSERT_TRUE(arena.HasMember("unreached_pages"));
  EXPECT_EQ(arena["unreached_pages"].GetUint64(), written.size());
  const Ran text = run({"dump", core.string(), "--map", "arena"});
  EXPECT_NE(text.out.find("unreached_pages " + std::to_string(written.size())), text.out.npos);
  std::printf("%zu pages of the arena that nothing leads to\n", written.size());
}

TEST_F(SchedulerPointers, AMillionNumbersAreNone) {
  const Ran done = run({"dump", core.string(), "--format", "ndjson", "--limit", "0", "--map", "noise"});
  ASSERT_EQ(done.exit_code, 0) << done.err;
  std::size_t numbers = 0;
  for (std::size_t at = 0; (at = done.out.find("\"key\":", at)) != done.out.npos; ++at) ++numbers;
  EXPECT_EQ(numbers, said()["noise"].GetUint());
  EXPECT_EQ(done.out.find("\"cast\""), done.out.npos);
}

} // namespace
} // namespace mapscope::guest
