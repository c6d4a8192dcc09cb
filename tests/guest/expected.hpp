// SPDX-License-Identifier: Apache-2.0
// What the guest stated that the report must show (loader/expect.hpp), held against the report.
#pragma once

#include <cstddef>
#include <rapidjson/document.h>

namespace mapscope::guest {

struct Tally {
  std::size_t equal = 0, all = 0;
  void add(bool same) { ++all, equal += same ? 1 : 0; }
  void add(const Tally& other) { equal += other.equal, all += other.all; }
};

/// Each number, text, flag and null that is stated is a cell, and so is the length of each list. Cells that
/// differ fail the test by their path.
void compare_expected(const rapidjson::Value& stated, const rapidjson::Value& shown, Tally& tally);

} // namespace mapscope::guest
