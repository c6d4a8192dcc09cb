// SPDX-License-Identifier: Apache-2.0
#include "host/base/parallel.hpp"

#include <atomic>
#include <gtest/gtest.h>
#include <new>
#include <vector>

namespace mapscope {
namespace {

TEST(InParallel, DoesEachOnce) {
  std::vector<std::atomic<int>> done(1000);
  in_parallel(done.size(), [&](std::size_t i) { ++done[i]; });
  for (const auto& count : done) EXPECT_EQ(count, 1);
}

TEST(InParallel, WhatIsThrownComesToTheCaller) {
  std::atomic<int> done = 0;
  const auto body = [&](std::size_t i) {
    ++done;
    if (i == 3) throw std::bad_alloc();
  };
  EXPECT_THROW(in_parallel(1'000'000, body), std::bad_alloc);
  EXPECT_LT(done, 1'000'000);
}

} // namespace
} // namespace mapscope
