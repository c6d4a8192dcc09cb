// SPDX-License-Identifier: Apache-2.0
// What the tests of the command line share: running mapscope, and the form that every failure has.
#pragma once

#include "tests/support/run_program.hpp"

#include <algorithm>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <string>
#include <vector>

namespace mapscope::cli_test {

using test::Ran;
using test::Scratch;
using testing::EndsWith;
using testing::HasSubstr;
using testing::StartsWith;
using Words = std::vector<std::string>;

inline Ran run(const Words& words, test::Streams streams = {}) {
  streams.seconds = 20;
  return test::run_program(MAPSCOPE_PROGRAM, words, streams);
}

/// The sentence on standard error behind "mapscope: ", after checking all that is the same for every failure.
inline std::string failure(const Words& words, int exit_code, const test::Streams& streams = {}) {
  const Ran ran = run(words, streams);
  EXPECT_EQ(ran.exit_code, exit_code) << ran.err;
  EXPECT_EQ(ran.out, "");
  EXPECT_EQ(std::ranges::count(ran.err, '\n'), 1) << ran.err;
  EXPECT_THAT(ran.err, StartsWith("mapscope: "));
  EXPECT_THAT(ran.err, EndsWith("\n"));
  const std::string start = "mapscope: ";
  return ran.err.starts_with(start) ? ran.err.substr(start.size(), ran.err.size() - start.size() - 1)
                                    : ran.err;
}

/// Wrong usage or configuration.
inline std::string misuse(const Words& words) { return failure(words, 2); }

/// What a command that works writes.
inline std::string output(const Words& words) {
  const Ran ran = run(words);
  EXPECT_EQ(ran.exit_code, 0) << ran.err;
  EXPECT_EQ(ran.err, "");
  return ran.out;
}

} // namespace mapscope::cli_test
