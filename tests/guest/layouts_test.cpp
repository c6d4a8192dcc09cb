// SPDX-License-Identifier: Apache-2.0
// Slots as releases of the schedulers' library lay them out, and as one may that is to come, against what the
// guest laid out (loader/layouts.cpp): every number, generation, address and payload, and every payload
// behind a map's value.
#include "captures.hpp"
#include "expected.hpp"
#include "values.hpp"

#include <cstdio>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <map>

namespace mapscope::guest {
namespace {

using rapidjson::Value;
using ::testing::HasSubstr;

constexpr std::string_view no_layout =
    "their header is of no known layout: none finds the own number of each live slot in it";

struct Seen {
  std::string name;
  rapidjson::Document guest, report;
};

/// Of all guests that have arenas. Each is dumped once.
const std::vector<Seen>& seen_guests() {
  static const std::vector<Seen> all = [] {
    std::vector<Seen> found;
    for (const Capture& capture : captures()) {
      auto guest = parse(read_file(capture.folder / "guest.json"));
      if (guest.HasMember("layouts") && !guest["layouts"].Empty())
        found.push_back({capture.name, std::move(guest), dump(capture.vmcore(), {"--limit", "0"})});
    }
    return found;
  }();
  return all;
}

/// One that the guest stated, and what is shown of its allocators. All objects have allocators of the same
/// names, and come in the order in which they were loaded.
struct Layout {
  const Value& stated;
  std::vector<const Value*> shown;
  [[nodiscard]] bool is(const char* member) const { return stated[member].GetBool(); }
  [[nodiscard]] std::string name() const { return stated["name"].GetString(); }
};

std::vector<Layout> layouts_of(const Seen& seen) {
  std::map<std::string, std::vector<const Value*>> by_name;
  for (const auto& one : seen.report["sdt_allocations"].GetArray())
    by_name[one["allocator_name"].GetString()].push_back(&one);
  std::vector<Layout> all;
  for (const auto& stated : seen.guest["layouts"].GetArray()) {
    Layout layout{stated, {}};
    for (const auto& allocator : stated["allocators"].GetArray()) {
      const auto& shown = by_name[allocator["name"].GetString()];
      layout.shown.push_back(all.size() < shown.size() ? shown[all.size()] : nullptr);
    }
    all.push_back(layout);
  }
  return all;
}

template <class Check> void for_each_layout(Check check) {
  ASSERT_GE(seen_guests().size(), 2U) << "kernels with arenas among MAPSCOPE_CAPTURES";
  for (const Seen& seen : seen_guests()) {
    const auto layouts = layouts_of(seen);
    ASSERT_GE(layouts.size(), 16U);
    for (const Layout& layout : layouts) {
      SCOPED_TRACE(seen.name + ", " + layout.name());
      for (const Value* shown : layout.shown) ASSERT_NE(shown, nullptr) << "an allocator is not shown";
      check(seen, layout);
    }
  }
}

/// Cells of all slots, and of what is behind values of the map.
struct Tallies {
  Tally slots, values;
  unsigned slot_count = 0;
};

Tallies compare(const Seen& seen, const Layout& layout) {
  Tallies tallies;
  for (std::size_t i = 0; i < layout.shown.size(); ++i) {
    const Value &stated = layout.stated["allocators"][static_cast<rapidjson::SizeType>(i)],
                &shown = *layout.shown[i];
    SCOPED_TRACE(stated["name"].GetString());
    EXPECT_EQ(shown["elem_size"].GetUint64(), stated["elem_size"].GetUint64());
    EXPECT_EQ(shown["skipped_subtrees"].GetUint(), 0U);
    compare_expected(stated["slots"], shown["entries"], tallies.slots); // in the order of the tree
    tallies.slot_count += stated["slots"].Size();
  }
  const Value& refs = layout.stated["refs"];
  const Value* map = map_by_id(seen.report, refs["map"].GetUint());
  EXPECT_NE(map, nullptr);
  if (map != nullptr) compare_expected(refs["entries"], (*map)["entries"], tallies.values);
  return tallies;
}

TEST(SlotLayouts, EveryCellOfEachIsEqual) {
  for_each_layout([](const Seen& seen, const Layout& layout) {
    const Tallies tallies = compare(seen, layout);
    EXPECT_EQ(tallies.slots.equal, tallies.slots.all);
    EXPECT_EQ(tallies.values.equal, tallies.values.all);
    std::printf("%s: layout %s: %zu of %zu cells of %u slots and %zu of %zu behind values equal\n",
                seen.name.c_str(), layout.name().c_str(), tallies.slots.equal, tallies.slots.all,
                tallies.slot_count, tallies.values.equal, tallies.values.all);
  });
}

/// So that the numbers above are not of slots that were all taken once.
TEST(SlotLayouts, HaveSlotsThatWereTakenAgain) {
  for_each_layout([](const Seen&, const Layout& layout) {
    if (!layout.is("is_told")) return;
    const Value& tasks = layout.stated["allocators"][0]["slots"];
    EXPECT_GE(tasks.Size(), 600U);
    std::map<unsigned, unsigned> generations;
    for (const auto& slot : tasks.GetArray()) ++generations[slot["genn"].GetUint()];
    for (const unsigned genn : {0, 1, 2, 3}) EXPECT_GT(generations[genn], 0U) << genn;
  });
}

/// What BTF has needs no more words; what it has not rests on so many slots.
TEST(SlotLayouts, SayWhatTheyRestOn) {
  for_each_layout([](const Seen&, const Layout& layout) {
    if (!layout.is("is_told")) return;
    for (const Value* shown : layout.shown) {
      EXPECT_STREQ((*shown)["status"].GetString(), "complete");
      EXPECT_NE((*shown)["payload_btf_type_id"].GetUint(), 0U);
      EXPECT_FALSE(shown->HasMember("payload_type_reason"));
      ASSERT_EQ(shown->HasMember("header_layout"), layout.is("is_declared_only"))
          << as_text(*shown).substr(0, 200);
      if (!layout.is("is_declared_only")) continue;
      const unsigned beside_the_first = (*shown)["entries"].Size() - 1;
      EXPECT_THAT((*shown)["header_layout"].GetString(),
                  HasSubstr("as struct sdt_data is only declared: " + std::to_string(beside_the_first) +
                            " live slots say so"));
    }
  });
}

std::size_t findings_with(const rapidjson::Document& report, const std::string& text) {
  std::size_t count = 0;
  for (const auto& finding : report["findings"].GetArray())
    count += std::string_view(finding["text"].GetString()).find(text) != std::string_view::npos ? 1 : 0;
  return count;
}

TEST(SlotLayouts, WhatNothingTellsIsBytesWithTheReason) {
  for_each_layout([](const Seen& seen, const Layout& layout) {
    if (layout.is("is_told")) return;
    for (const Value* shown : layout.shown) {
      const std::string name = (*shown)["allocator_name"].GetString(), why(no_layout);
      EXPECT_STREQ((*shown)["status"].GetString(), "partial");
      EXPECT_STREQ((*shown)["payload_type_reason"].GetString(), "where payloads begin is not known");
      EXPECT_EQ((*shown)["payload_btf_type_id"].GetUint(), 0U);
      EXPECT_FALSE(shown->HasMember("header_layout"));
      EXPECT_EQ(
          findings_with(seen.report, "allocator " + name + " is partial: slots are shown whole: " + why), 1U);
    }
    const Value* map = map_by_id(seen.report, layout.stated["refs"]["map"].GetUint());
    for (const auto& entry : (*map)["entries"].GetArray()) EXPECT_FALSE(entry.HasMember("payload"));
  });
}

/// Which values have a payload; their cells are compared above.
TEST(SlotLayouts, ValuesOfFreedSlotsHaveNoPayload) {
  for_each_layout([](const Seen& seen, const Layout& layout) {
    const Value& refs = layout.stated["refs"];
    std::map<std::string, bool> stated;
    for (const auto& ref : refs["entries"].GetArray())
      stated[ref["key_hex"].GetString()] = ref.HasMember("payload");
    std::size_t without = 0;
    for (const auto& entry : (*map_by_id(seen.report, refs["map"].GetUint()))["entries"].GetArray()) {
      EXPECT_EQ(entry.HasMember("payload"), stated.at(entry["key_hex"].GetString()));
      without += entry.HasMember("payload") ? 0 : 1;
    }
    EXPECT_GT(without, 0U);
  });
}

} // namespace
} // namespace mapscope::guest
