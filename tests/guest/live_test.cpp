// SPDX-License-Identifier: Apache-2.0
// What mapscope saw inside a guest while that ran, by each way, against what the guest said of itself.
#include "by_lookups.hpp"
#include "captures.hpp"
#include "compare.hpp"

#include <cstdio>
#include <gtest/gtest.h>

namespace mapscope::guest {
namespace {

using rapidjson::Value;

std::string error_of(const Value& map) { return map.HasMember("error") ? map["error"].GetString() : ""; }

void expect_nothing_shown(const Value& map) {
  for (const char* content :
       {"entry_count", "entries", "array_entries", "percpu_entries", "percpu_hash_entries", "elements",
        "fd_array", "stack_trace", "ringbuf", "arena", "bloom_filter", "value", "value_hex"})
    EXPECT_FALSE(map.HasMember(content)) << content;
}

void expect_status(const Sight& sight, const Value& map) {
  const char* const status = sight.seen == Seen::whole     ? "complete"
                             : sight.seen == Seen::in_part ? "partial"
                                                           : "skipped";
  EXPECT_STREQ(map["status"].GetString(), status) << error_of(map);
  EXPECT_TRUE(error_of(map).contains(sight.why)) << error_of(map) << "\n  does not say: " << sight.why;
  EXPECT_EQ(error_of(map).empty(), sight.seen == Seen::whole) << error_of(map);
  EXPECT_TRUE(sight.seen == Seen::whole || error_of(map).contains("--via peek shows it")) << error_of(map);
}

/// What bpf(2) does not hand out of a value must be zeros, whatever the guest was handed out instead.
void compare_looked_up(const ByLookups& rules, const Value& stated, const Value& map, TypeTable::Cell& cell) {
  compare_header(stated, map);
  const Sight sight = rules.sight_of(stated);
  expect_status(sight, map);
  cell.in_part += sight.seen == Seen::in_part ? 1 : 0;
  if (sight.seen == Seen::not_at_all) return ++cell.not_at_all, expect_nothing_shown(map);
  if (const auto* entries = listed(stated)) {
    EXPECT_EQ(map["entry_count"].GetUint64(), stated["entry_count"].GetUint64());
    Tally cells;
    Cells in_guest = cells_of_guest(*entries);
    hide(stated, in_guest, '0');
    compare_cells(in_guest, cells_of_report(map), cells);
    EXPECT_EQ(cells.equal, cells.all);
    cell.tally.add(cells);
  }
  if (stated.HasMember("expected"))
    for (const auto& expected : stated["expected"].GetArray())
      compare_expected(rules.seen_of(stated, expected), map, cell.tally);
}

Tally compare_way(const Capture& guest, const std::string& way, TypeTable& table) {
  const Capture column{guest.name + " " + way, guest.folder};
  const auto report = parse(read_file(guest.folder / (way + ".json")));
  EXPECT_TRUE(way.starts_with(report["mapscope"]["source"]["via"].GetString()));
  const auto stated = parse(read_file(guest.folder / "guest.json"));
  const ByLookups rules(stated["release"].GetString());
  const auto compare = [&](const Value& one, const Value& map, TypeTable::Cell& cell) {
    // Worker processes take a name, and the guest's programs keep the stacks of who does.
    if (way == "peek-isolated" && std::string(one["type_name"].GetString()) == "stack_trace") return false;
    if (way == "bpf")
      compare_looked_up(rules, one, map, cell);
    else
      compare_map(one, map, cell.tally);
    return true;
  };
  return compare_report(report, column, table, compare);
}

TEST(Live, EveryCellEqualsWhatTheKernelSaid) {
  ASSERT_FALSE(live_guests().empty()) << "MAPSCOPE_LIVE is not set; ./dev test sets it";
  TypeTable table;
  for (const Capture& guest : live_guests()) {
    if (guest.name.contains("-scx-")) continue; // of other maps: schedulers_test.cpp
    for (const char* way : {"peek", "kcore", "peek-isolated", "bpf"}) {
      SCOPED_TRACE(guest.name + " " + way);
      const Tally tally = compare_way(guest, way, table);
      std::printf("%s %s: %zu of %zu cells equal\n", guest.name.c_str(), way, tally.equal, tally.all);
      EXPECT_EQ(tally.equal, tally.all);
      EXPECT_GT(tally.all, 200'000U); // the big hash alone has as many
    }
  }
  table.print();
  table.expect_all_types();
}

} // namespace
} // namespace mapscope::guest
