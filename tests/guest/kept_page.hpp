// SPDX-License-Identifier: Apache-2.0
// Pages in tests/data that people read when they change. Two guests never have the same numbers; what they
// are called stays, but for members that are zero in one of them, and so are not shown.
#pragma once

#include "captures.hpp"

#include <algorithm>
#include <cstdio>
#include <gtest/gtest.h>
#include <iterator>
#include <regex>
#include <set>
#include <string>
#include <vector>

namespace mapscope::guest {

/// What a page calls things: words that are neither numbers nor what a task happens to be called.
inline std::set<std::string> names_in(const std::string& page) {
  static const std::regex name("[A-Za-z_][A-Za-z_.]*[A-Za-z_]");
  std::set<std::string> names;
  for (std::sregex_iterator at(page.begin(), page.end(), name), end; at != end; ++at) names.insert(at->str());
  return names;
}

inline std::vector<std::string> lacking(const std::set<std::string>& all, const std::set<std::string>& of) {
  std::vector<std::string> names;
  std::ranges::set_difference(of, all, std::back_inserter(names));
  return names;
}

/// Says what is different, and fails where that is a tenth of all names.
inline void expect_as_kept(const std::string& file, const std::string& page) {
  const auto kept = names_in(read_file(std::string(MAPSCOPE_TEST_DATA "/") + file)), now = names_in(page);
  ASSERT_FALSE(kept.empty()) << file;
  const auto gone = lacking(now, kept), come = lacking(kept, now);
  std::printf("%s: %zu names; not in the one that is kept: %s; only there: %s\n", file.c_str(), now.size(),
              testing::PrintToString(come).c_str(), testing::PrintToString(gone).c_str());
  EXPECT_LE(gone.size() * 10, kept.size()) << file;
  EXPECT_LE(come.size() * 10, now.size()) << file;
}

} // namespace mapscope::guest
