// SPDX-License-Identifier: Apache-2.0
// What the numbers of one member have in common.
#include "host/report/columns.hpp"

#include <gtest/gtest.h>

namespace mapscope::report {
namespace {

const Sort task{"kernel", "task_struct"}, inside{"kernel", "task_struct", 64}, number{},
    vague{"kernel", "kmalloc-64", 0, true};

class ColumnsTest : public testing::Test {
protected:
  void add(const Sort& sort, unsigned times = 1) {
    for (unsigned i = 0; i < times; ++i) columns.add({i, nullptr, {1, 8}}, sort);
  }
  [[nodiscard]] std::optional<Columns::Claim> claim() const { return columns.claim({0, nullptr, {1, 8}}); }

  Columns columns;
};

TEST_F(ColumnsTest, ClaimWhatAllAgreeOn) {
  add(task, 3);
  ASSERT_TRUE(claim());
  EXPECT_EQ(claim()->sort, task);
  EXPECT_EQ(claim()->values, 3U);
  EXPECT_EQ(claim()->others, 0U);
}

TEST_F(ColumnsTest, CountWhatContradicts) {
  add(task, 3), add(number, 2), add(inside);
  EXPECT_EQ(claim()->values, 3U);
  EXPECT_EQ(claim()->others, 3U);
}

/// A removed control group is an object of kmalloc and no more.
TEST_F(ColumnsTest, TakeVagueOnesForNoContradiction) {
  add(vague, 5), add(task, 2);
  EXPECT_EQ(claim()->sort, task);
  EXPECT_EQ(claim()->others, 0U);
}

TEST_F(ColumnsTest, ClaimVagueOnesWhereThereIsNothingElse) {
  add(vague, 5), add(number);
  EXPECT_EQ(claim()->sort, vague);
  EXPECT_EQ(claim()->others, 1U);
}

TEST_F(ColumnsTest, SayNothingOfOtherMembers) {
  add(task);
  EXPECT_FALSE(columns.claim({0, nullptr, {1, 16}}));
  EXPECT_FALSE(columns.claim({0, nullptr, {2, 8}}));
}

} // namespace
} // namespace mapscope::report
