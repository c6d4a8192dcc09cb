// SPDX-License-Identifier: Apache-2.0
// What --map leaves of a report beside the maps.
#include "captures.hpp"

#include <gmock/gmock.h>
#include <regex>
#include <set>

namespace mapscope::guest {
namespace {

/// Ids of the programs that the text lists.
std::set<unsigned> listed_programs(const std::string& text) {
  std::set<unsigned> ids;
  static const std::regex program("(\\d+) \\S+  [a-z_0-9]+"); // several to a line
  const std::string list = text.substr(std::min(text.find("\nprograms\n"), text.size()));
  for (std::sregex_iterator at(list.begin(), list.end(), program), end; at != end; ++at)
    ids.insert(static_cast<unsigned>(std::stoul((*at)[1].str())));
  return ids;
}

std::set<unsigned> numbers(const rapidjson::Value& list) {
  std::set<unsigned> ids;
  for (const auto& id : list.GetArray()) ids.insert(id.GetUint());
  return ids;
}

TEST(Filter, OfPrograms) {
  ASSERT_FALSE(captures().empty());
  for (const Capture& capture : captures()) {
    SCOPED_TRACE(capture.name);
    const auto report = dump(capture.vmcore(), {"--map", "known.bss"});
    ASSERT_EQ(report["maps"].Size(), 1U);
    const auto users = numbers(report["maps"][0]["programs"]);
    ASSERT_FALSE(users.empty());
    EXPECT_GT(report["programs"].Size(), users.size()) << "JSON has all";
    EXPECT_EQ(listed_programs(run({"dump", capture.vmcore().string(), "--map", "known.bss"}).out), users);
    const auto all = listed_programs(run({"dump", capture.vmcore().string(), "--limit", "1"}).out);
    EXPECT_EQ(all.size(), report["programs"].Size());
  }
}

} // namespace
} // namespace mapscope::guest
