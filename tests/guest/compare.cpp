// SPDX-License-Identifier: Apache-2.0
#include "compare.hpp"

#include <gtest/gtest.h>

namespace mapscope::guest {

namespace {

void compare_entries(const rapidjson::Value& stated, const rapidjson::Value& entries,
                     const rapidjson::Value& map, Tally& tally) {
  EXPECT_EQ(map["entry_count"].GetUint64(), stated["entry_count"].GetUint64());
  Tally cells;
  Cells in_guest = cells_of_guest(entries), in_report = cells_of_report(map);
  hide(stated, in_guest), hide(stated, in_report);
  compare_cells(in_guest, in_report, cells);
  EXPECT_EQ(cells.equal, cells.all);
  tally.add(cells);
}

} // namespace

void compare_map(const rapidjson::Value& stated, const rapidjson::Value& map, Tally& tally) {
  compare_header(stated, map);
  const bool has_a_long_chain = map["name"] == "arena_pointers"; // of more pointers than report.depth may be
  EXPECT_STREQ(map["status"].GetString(), has_a_long_chain ? "truncated" : "complete")
      << (map.HasMember("error") ? map["error"].GetString() : "");
  if (const auto* entries = listed(stated)) compare_entries(stated, *entries, map, tally);
  if (stated.HasMember("expected"))
    for (const auto& expected : stated["expected"].GetArray()) compare_expected(expected, map, tally);
}

Tally compare_report(const rapidjson::Document& report, const Capture& column, TypeTable& table,
                     const CompareMap& compare) {
  const auto guest = parse(read_file(column.folder / "guest.json"));
  EXPECT_EQ(report["maps"].Size(), guest["maps"].Size());
  Tally all;
  for (const auto& stated : guest["maps"].GetArray()) {
    SCOPED_TRACE(std::string(stated["type_name"].GetString()) + " " + stated["name"].GetString());
    const auto* map = map_by_id(report, stated["id"].GetUint());
    if (map == nullptr) {
      ADD_FAILURE() << "not in the report";
      continue;
    }
    TypeTable::Cell one;
    one.maps = 1;
    if (!compare(stated, *map, one)) continue;
    table.of(stated["type_name"].GetString(), column.name).add(one);
    all.add(one.tally);
  }
  for (const auto& type : guest["unknown_types"].GetArray()) table.add_unknown(type.GetString(), column.name);
  return all;
}

} // namespace mapscope::guest
