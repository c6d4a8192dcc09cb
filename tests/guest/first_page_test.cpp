// SPDX-License-Identifier: Apache-2.0
// The page that a report in text begins with: whose machine it was, what it died of, what is worth a look,
// and the maps.
#include "kept_page.hpp"

#include <filesystem>
#include <gmock/gmock.h>

namespace mapscope::guest {
namespace {

using testing::HasSubstr;

std::string first_page(const Capture& capture) {
  const std::string text = run({"dump", capture.vmcore().string()}).out;
  return text.substr(0, std::min(text.find("\nmap "), text.size()));
}

/// tests/data/guest_7.page and its like: mapscope dump VMCORE, up to the first map.
TEST(FirstPage, IsAsTheOneThatIsKept) {
  std::size_t compared = 0;
  for (const Capture& capture : captures()) {
    const std::string series = capture.name.substr(0, capture.name.find('-'));
    const std::string file = "guest_" + series + ".page";
    if (!std::filesystem::exists(std::string(MAPSCOPE_TEST_DATA "/") + file)) continue;
    const bool is_plain = capture.name == series || capture.name == series + "-kdump";
    if (!is_plain) continue;
    expect_as_kept(file, first_page(capture));
    ++compared;
  }
  EXPECT_GE(compared, 1U) << "none of the guests has a page that is kept";
}

TEST(FirstPage, HasAllMapsAndWhatIsWorthALookBeforeThem) {
  for (const Capture& capture : captures()) {
    SCOPED_TRACE(capture.name);
    const std::string page = first_page(capture);
    const auto report = dump(capture.vmcore(), {"--limit", "1"});
    const std::size_t maps = page.find("\nmaps\n"), look = page.find("\nworth a look\n");
    ASSERT_NE(maps, page.npos);
    EXPECT_TRUE(report["findings"].Size() == 0 || look < maps);
    const auto lines = std::count(page.begin() + static_cast<std::ptrdiff_t>(maps), page.end(), '\n');
    EXPECT_GE(lines, report["maps"].Size() + 2) << "a line each, and two for their names";
    EXPECT_STRNE(report["mapscope"]["machine"]["time"].GetString(), "");
    EXPECT_GT(report["mapscope"]["machine"]["uptime_ns"].GetUint64(), 1'000'000'000U);
  }
}

/// /proc/sysrq-trigger was written to by init, and so it says.
TEST(FirstPage, TellsWhatTheKernelDiedOf) {
  for (const Capture& capture : captures()) {
    SCOPED_TRACE(capture.name);
    const bool crashed = std::filesystem::exists(capture.folder / "crash.json");
    const auto report = dump(capture.vmcore(), {"--map", "type:array", "--limit", "1"});
    const auto& machine = report["mapscope"]["machine"];
    ASSERT_EQ(machine.HasMember("panic"), crashed);
    if (!crashed) continue;
    EXPECT_STREQ(machine["panic"]["text"].GetString(), "sysrq triggered crash");
    EXPECT_STREQ(machine["panic"]["comm"].GetString(), "init");
    EXPECT_THAT(first_page(capture), HasSubstr(" in init[1]: sysrq triggered crash\n"));
    EXPECT_THAT(run({"info", capture.vmcore().string()}).out, HasSubstr("sysrq triggered crash"));
  }
}

} // namespace
} // namespace mapscope::guest
