// SPDX-License-Identifier: Apache-2.0
// Maps that are empty and alike, told of once; few, others, and what a program names are not.
#include "host/report/empty_maps.hpp"

#include <gtest/gtest.h>
#include <optional>
#include <vector>

namespace mapscope::report {
namespace {

catalog::Map queue(std::uint32_t id) {
  catalog::Map map;
  map.id = id, map.type_name = "queue", map.value_size = 4, map.max_entries = 64;
  return map;
}

Outcome outcome_of(std::optional<std::uint64_t> entries, Status status = Status::complete) {
  Outcome outcome;
  outcome.entry_count = entries, outcome.status = status;
  return outcome;
}

TEST(EmptyMaps, ManyAreOneLine) {
  std::vector<catalog::Map> maps;
  for (const std::uint32_t id : {17, 18, 19, 30, 31}) maps.push_back(queue(id));
  maps.push_back(queue(40));
  maps.back().max_entries = 65;
  maps.push_back(queue(41));
  maps.back().programs = {1};
  EmptyMaps alike;
  for (const auto& map : maps) alike.add(map);
  EXPECT_TRUE(alike.has_many_like(maps[0]));
  EXPECT_FALSE(alike.has_many_like(maps[5])) << "it is of another size";
  EXPECT_FALSE(alike.has_many_like(maps[6])) << "a program names it";

  std::vector<Outcome> outcomes(maps.size(), outcome_of(0));
  outcomes[1].entry_count = 1;
  std::vector<MapLine> lines;
  for (std::size_t i = 0; i < maps.size(); ++i) lines.push_back({&maps[i], &outcomes[i]});
  EXPECT_EQ(alike.lines(lines, {}), "maps that are empty (--full shows each)\n"
                                    "  4 (no name), each: queue, key 0 B, value 4 B, max_entries 64: "
                                    "17, 19, 30..31\n\n");
}

TEST(EmptyMaps, FewHaveAPlaceOfTheirOwn) {
  EmptyMaps alike;
  const catalog::Map map = queue(1);
  for (std::size_t i = 1; i < EmptyMaps::least; ++i) alike.add(map);
  EXPECT_FALSE(alike.has_many_like(map));
  const Outcome outcome = outcome_of(0);
  EXPECT_EQ(alike.lines(std::vector<MapLine>{{&map, &outcome}}, {}), "");
}

TEST(EmptyMaps, WhatCouldNotBeReadIsNotEmpty) {
  EXPECT_TRUE(EmptyMaps::is_empty(outcome_of(0)));
  EXPECT_FALSE(EmptyMaps::is_empty(outcome_of(1)));
  EXPECT_FALSE(EmptyMaps::is_empty(outcome_of(std::nullopt)));
  EXPECT_FALSE(EmptyMaps::is_empty(outcome_of(0, Status::partial)));
  Outcome noted = outcome_of(0);
  noted.notes = {"a word"};
  EXPECT_FALSE(EmptyMaps::is_empty(noted));
}

} // namespace
} // namespace mapscope::report
