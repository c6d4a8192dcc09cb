// SPDX-License-Identifier: Apache-2.0
// The budget of one render and of a report: what their clocks count.
#include "host/base/waiting.hpp"
#include "host/plugin/call/budget.hpp"
#include "host/report/output.hpp"

#include <gtest/gtest.h>
#include <thread>

namespace mapscope::plugin {
namespace {

using namespace std::chrono_literals;

constexpr std::uint64_t day_ms = 86'400'000;

bool has_time(Budget& budget) {
  for (int call = 0; call < 256; ++call) // the clock is looked at now and then
    if (!budget.call()) return false;
  return true;
}

Limits of(std::uint64_t ms) {
  Limits limits;
  limits.budget.ms = ms;
  return limits;
}

TEST(Budget, CountsTime) {
  Budget budget(of(1));
  std::this_thread::sleep_for(5ms);
  EXPECT_FALSE(has_time(budget));
  EXPECT_EQ(budget.spent(), Budget::Kind::time);
}

TEST(Budget, DoesNotCountWaiting) {
  const auto begin = Waiting::Clock::now(), before = Waiting::now_without();
  {
    const Waiting for_a_reader;
    std::this_thread::sleep_for(50ms);
  }
  const auto passed = Waiting::now_without() - before, whole = Waiting::Clock::now() - begin;
  EXPECT_LE(passed, whole - 50ms);
}

/// What another thread waited is not this thread's.
TEST(Budget, EachThreadWaitsForItself) {
  const auto before = Waiting::now_without();
  std::thread([] {
    const Waiting for_a_reader;
    std::this_thread::sleep_for(20ms);
  }).join();
  EXPECT_GE(Waiting::now_without() - before, 20ms);
}

/// Somebody who takes a while for each page.
struct SlowReader final : report::Output {
  Result<void> put(std::string_view /*text*/) override {
    std::this_thread::sleep_for(50ms);
    return {};
  }
  Result<void> commit() override { return {}; }
};

TEST(ReportBudget, StandsStillWhileSomebodyReads) {
  ReportBudget counted({.ms = day_ms}), left_out({.ms = day_ms});
  SlowReader out;
  left_out.leave_out(out);
  ASSERT_TRUE(out.write("a page"));
  EXPECT_GE(out.waited(), 50ms);
  const auto more = left_out.rest().ms;
  const auto less = counted.rest().ms; // asked for later, begun earlier
  EXPECT_LE(less, day_ms - 50);
  EXPECT_GE(more, less + 49); // whole milliseconds
}

} // namespace
} // namespace mapscope::plugin
