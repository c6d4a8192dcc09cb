// SPDX-License-Identifier: Apache-2.0
// Numbers that are pointers, and the many that only look like them.
#include "tests/unit/report/pointer_fixture.hpp"

#include <random>

namespace mapscope::report {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr std::uint64_t task = direct_at(memory_at), members_of_task = 64;

/// A task that is on the list of its process, whose head lies behind it.
std::string task_with(std::uint64_t back) {
  return fmt::format(
      "u32 42 text \"systemd\\0\" zero 12 u64 {0:#x} {0:#x} {2:#x} zero 16 u64 {1:#x} {1:#x}\n",
      task + members_of_task, back, task);
}

class Numbers : public PointerFixture {
protected:
  btf::TypeId holder = program.holder(program.u64);
  const std::string memory = task_with(task + 24);
};

TEST_F(Numbers, OfTasksAreNamed) {
  EXPECT_THAT(decode(memory, holder, task),
              HasSubstr(fmt::format("{}:uint64 is kernel task_struct(*=task_struct{{pid=42:int32", task)));
}

TEST_F(Numbers, BesideATaskAreNumbers) {
  for (const std::uint64_t value :
       {task + 8, task - 8, task + 24, task + members_of_task, task + 1, task + 0x1000})
    EXPECT_EQ(decode(memory, holder, value), fmt::format("holder{{p={}:uint64}}", value));
}

/// list_del_rcu() leaves the way on, and none back.
TEST_F(Numbers, OfFreedTasksAreNumbers) {
  for (const std::uint64_t back :
       {std::uint64_t{0}, task + members_of_task, std::uint64_t{0xdead000000000122}})
    EXPECT_THAT(decode(task_with(back), holder, task), Not(HasSubstr(" is ")));
}

TEST_F(Numbers, OfCodeHaveNoNameWithoutSymbols) {
  EXPECT_EQ(decode(memory, holder, 0xffffffff81000000), "holder{p=18446744071578845184:uint64}");
}

TEST_F(Numbers, RestOnAllOfTheirMember) {
  looks_first = true;
  const auto text = decode(memory, holder, {pack(task), pack(std::uint64_t{0}), pack(task)});
  EXPECT_THAT(text, HasSubstr(fmt::format("{}:uint64 is kernel task_struct as 2(", task)));
}

/// The memory of the object itself proves it, whatever stands beside.
TEST_F(Numbers, ThatAreProvenStayBesideCounts) {
  looks_first = true;
  const auto text = decode(memory, holder, {pack(task), pack(std::uint64_t{17})});
  EXPECT_THAT(text, HasSubstr(fmt::format("{}:uint64 is kernel task_struct(", task)));
  EXPECT_THAT(text, HasSubstr("holder{p=17:uint64}"));
}

TEST_F(Numbers, AreNotInventedAmongAMillion) {
  constexpr std::size_t count = 1'000'000;
  const btf::TypeId array = program.b.array(program.u64, count);
  limits.elements = count, limits.nodes = 2 * count, looks_first = true;
  std::mt19937_64 random(1);
  std::vector<std::byte> values;
  for (std::size_t i = 0; i < count; ++i) {
    const std::uint64_t number = random();
    const std::uint64_t looks[] = {number, i, 1'700'000'000'000'000'000 + number % 1'000'000'000,
                                   task - task % 4096 + number % 4096 / 8 * 8, user + number % 0x10000000};
    const auto bytes = pack(looks[i % std::size(looks)] == task ? 0 : looks[i % std::size(looks)]);
    values.insert(values.end(), bytes.begin(), bytes.end());
  }
  EXPECT_THAT(decode(memory, array, {values}), Not(HasSubstr(" is ")));
}

} // namespace
} // namespace mapscope::report
