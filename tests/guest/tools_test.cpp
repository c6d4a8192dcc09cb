// SPDX-License-Identifier: Apache-2.0
// Debian's libbpf-tools and bpftrace at work: what is in the memory of each of their maps is what bpftool
// said right before it was saved, and right behind it.
#include "kept_page.hpp"
#include "tools_guest.hpp"

#include <gmock/gmock.h>

namespace mapscope::guest {
namespace {

using rapidjson::Value;
using testing::HasSubstr;

using Elements = std::map<std::string, std::string>; ///< by key, as bpftool writes both

Elements elements_of(const Value& list) {
  Elements elements;
  for (const auto& element : list.GetArray())
    if (element.HasMember("key")) elements[json_of(element["key"])] = json_of(element);
  return elements;
}

/// `mapscope dump --format bpftool`: a line for each map.
std::map<unsigned, Elements> elements_in(const ToolsGuest& guest) {
  std::map<unsigned, Elements> all;
  std::istringstream lines(run({"dump", guest.vmcore().string(), "--limit", "0", "--format", "bpftool"}).out);
  for (std::string line; std::getline(lines, line);) {
    const auto map = parse(line);
    all[map["id"].GetUint()] = elements_of(map["elements"]);
  }
  return all;
}

/// What did not change while the memory was saved.
Elements still(const ToolsGuest& guest, unsigned id) {
  const auto before = guest.before.find(id), after = guest.after.find(id);
  if (before == guest.before.end() || after == guest.after.end()) return {};
  Elements elements = elements_of(before->second);
  const Elements later = elements_of(after->second);
  std::erase_if(elements, [&](const auto& element) {
    const auto same = later.find(element.first);
    return same == later.end() || same->second != element.second;
  });
  return elements;
}

struct Count {
  std::size_t maps = 0, values = 0, wrong = 0;
};

class Tools : public testing::Test {
protected:
  void SetUp() override {
    guest = tools_guest();
    ASSERT_NE(guest, nullptr);
  }
  const ToolsGuest* guest = nullptr;
};

TEST_F(Tools, ThirtyAndMoreRan) {
  std::printf("ran to the end: %zu\n", guest->running.size());
  for (const std::string& line : guest->ended) std::printf("did not: %s\n", line.c_str());
  EXPECT_GE(guest->running.size(), 30U);
}

TEST_F(Tools, EachMapIsCompleteAndItsHeadIsBpftools) {
  const auto report = dump(guest->vmcore(), {"--limit", "0"});
  for (const auto& map : guest->maps.GetArray()) {
    SCOPED_TRACE(json_of(map));
    const Value* const ours = map_by_id(report, map["id"].GetUint());
    if (ours == nullptr) { // bpftool's own, to see what it can do
      EXPECT_EQ(guest->tool_of(map), "(nobody)");
      continue;
    }
    EXPECT_STREQ((*ours)["status"].GetString(), "complete");
    EXPECT_STREQ((*ours)["type_name"].GetString(), map["type"].GetString());
    EXPECT_STREQ((*ours)["name"].GetString(), map.HasMember("name") ? map["name"].GetString() : "");
    EXPECT_EQ((*ours)["map_flags"].GetUint(), map["flags"].GetUint());
    EXPECT_EQ((*ours)["key_size"].GetUint(), map["bytes_key"].GetUint());
    EXPECT_EQ((*ours)["value_size"].GetUint(), map["bytes_value"].GetUint());
    EXPECT_EQ((*ours)["max_entries"].GetUint(), map["max_entries"].GetUint());
    EXPECT_EQ((*ours)["frozen"].GetBool(), map["frozen"].GetInt() != 0);
  }
}

TEST_F(Tools, ValuesThatStandStillAreBpftools) {
  const auto ours = elements_in(*guest);
  std::map<std::string, Count> counts;
  for (const auto& map : guest->maps.GetArray()) {
    const auto own = ours.find(map["id"].GetUint());
    if (own == ours.end()) continue;
    Count& count = counts[guest->tool_of(map)];
    ++count.maps;
    for (const auto& [key, element] : still(*guest, own->first)) {
      ++count.values;
      const auto found = own->second.find(key);
      if (found != own->second.end() && found->second == element) continue;
      if (++count.wrong <= 2)
        ADD_FAILURE() << own->first << " " << map["name"].GetString()
                      << "\nbpftool:  " << element.substr(0, 500) << "\nmapscope: "
                      << (found != own->second.end() ? found->second.substr(0, 500) : "nothing");
    }
  }
  Count all;
  for (const auto& [tool, count] : counts) {
    std::printf("%-15s %3zu maps, %5zu values stood still, %zu wrong\n", tool.c_str(), count.maps,
                count.values, count.wrong);
    all.maps += count.maps, all.values += count.values, all.wrong += count.wrong;
  }
  std::printf("%zu tools, %zu maps, %zu values, %zu wrong\n", counts.size(), all.maps, all.values, all.wrong);
  EXPECT_EQ(all.wrong, 0U);
  EXPECT_GE(counts.size(), 30U) << "tools that have maps";
  EXPECT_GE(all.values, 1000U);
}

/// Their page, which people read when it changes.
TEST_F(Tools, PageIsAsTheOneThatIsKept) {
  const std::string text = run({"dump", guest->vmcore().string()}).out;
  expect_as_kept("tools.page", text.substr(0, text.find("\nmap ")));
}

} // namespace
} // namespace mapscope::guest
