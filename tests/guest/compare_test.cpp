// SPDX-License-Identifier: Apache-2.0
// Every key, value and per-CPU copy that bpf(2) stated inside the guest, against what mapscope read from its
// memory.
#include "captures.hpp"
#include "expected.hpp"

#include <array>
#include <cstdio>
#include <gtest/gtest.h>
#include <map>
#include <optional>
#include <set>

namespace mapscope::guest {
namespace {

/// Keys to the copies behind them (one for ordinary maps), all as hex without blanks.
using Cells = std::multimap<std::string, std::vector<std::string>>;

std::string index_hex(unsigned index) {
  std::array<char, 9> text{};
  std::snprintf(text.data(), text.size(), "%02x%02x%02x%02x", index & 255, index >> 8 & 255,
                index >> 16 & 255, index >> 24);
  return text.data();
}

std::string key_of(const rapidjson::Value& entry) {
  return entry.HasMember("key_hex") ? without_blanks(entry["key_hex"].GetString())
                                    : index_hex(entry["key"].GetUint());
}

Cells cells_of_report(const rapidjson::Value& map) {
  Cells cells;
  for (const char* list : {"entries", "array_entries"})
    if (map.HasMember(list))
      for (const auto& entry : map[list].GetArray())
        cells.emplace(key_of(entry),
                      std::vector{without_blanks(entry.HasMember("value_hex") ? entry["value_hex"].GetString()
                                                                              : "missing")});
  for (const char* list : {"percpu_entries", "percpu_hash_entries"}) {
    if (!map.HasMember(list)) continue;
    for (const auto& entry : map[list].GetArray()) {
      std::vector<std::string> copies;
      for (const auto& copy : entry["per_cpu_hex"].GetArray())
        copies.push_back(copy.IsNull() ? "null" : without_blanks(copy.GetString()));
      cells.emplace(key_of(entry), std::move(copies));
    }
  }
  if (cells.empty() && map.HasMember("value_hex"))
    cells.emplace(index_hex(0), std::vector{without_blanks(map["value_hex"].GetString())});
  return cells;
}

/// What bpf(2) listed of a map; null for types whose elements it does not list.
const rapidjson::Value* listed(const rapidjson::Value& map) {
  for (const char* list : {"entries", "percpu_entries"})
    if (map.HasMember(list)) return &map[list];
  return nullptr;
}

Cells cells_of_guest(const rapidjson::Value& entries) {
  Cells cells;
  for (const auto& entry : entries.GetArray()) {
    std::vector<std::string> copies;
    if (entry[1].IsString())
      copies.emplace_back(entry[1].GetString());
    else
      for (const auto& copy : entry[1].GetArray()) copies.emplace_back(copy.GetString());
    cells.emplace(entry[0].GetString(), std::move(copies));
  }
  return cells;
}

/// Each key is a cell, and so is each value or copy behind it; what only one side has counts as unequal.
void compare_cells(const Cells& guest, const Cells& report, Tally& tally) {
  for (const auto& [key, copies] : guest) {
    const auto found = report.find(key);
    tally.add(found != report.end());
    for (std::size_t i = 0; i < copies.size(); ++i)
      tally.add(found != report.end() && i < found->second.size() && found->second[i] == copies[i]);
  }
  for (const auto& [key, copies] : report)
    if (!guest.contains(key)) tally.add(false);
}

void compare_header(const rapidjson::Value& guest, const rapidjson::Value& report) {
  EXPECT_STREQ(report["name"].GetString(), guest["name"].GetString());
  EXPECT_EQ(report["map_type"].GetUint(), guest["type"].GetUint());
  EXPECT_STREQ(report["type_name"].GetString(), guest["type_name"].GetString());
  for (const char* key : {"key_size", "value_size", "max_entries", "map_flags"})
    EXPECT_EQ(report[key].GetUint(), guest[key].GetUint()) << key;
  EXPECT_EQ(report["frozen"].GetBool(), guest["frozen"].GetBool());
  EXPECT_EQ(report.HasMember("btf_id") ? report["btf_id"].GetUint() : 0, guest["btf_id"].GetUint());
  EXPECT_EQ(report.HasMember("map_extra") ? report["map_extra"].GetUint64() : 0,
            guest["map_extra"].GetUint64());
}

class Guests : public testing::Test {
protected:
  void SetUp() override {
    if (captures().empty())
      GTEST_FAIL() << "MAPSCOPE_CAPTURES is not set; ./dev test captures the guests and sets it";
  }
};

/// Blanks what bpf(2) does not hand out (guest::hide()).
void hide(const rapidjson::Value& stated, Cells& cells) {
  if (!stated.HasMember("hidden")) return;
  for (const auto& part : stated["hidden"].GetArray())
    for (auto& [key, copies] : cells)
      for (std::string& copy : copies)
        if (const std::size_t at = 2 * part[0].GetUint(); at < copy.size())
          copy.replace(at, 2 * part[1].GetUint(), 2 * part[1].GetUint(), '.');
}

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

void compare_map(const rapidjson::Value& stated, const rapidjson::Value& map, Tally& tally) {
  compare_header(stated, map);
  const bool has_a_long_chain = map["name"] == "arena_pointers"; // of more pointers than report.depth may be
  EXPECT_STREQ(map["status"].GetString(), has_a_long_chain ? "truncated" : "complete")
      << (map.HasMember("error") ? map["error"].GetString() : "");
  if (const auto* entries = listed(stated)) compare_entries(stated, *entries, map, tally);
  if (stated.HasMember("expected"))
    for (const auto& expected : stated["expected"].GetArray()) compare_expected(expected, map, tally);
}

/// Type names to what was compared; a type that the kernel does not know has nothing behind it.
using Table = std::map<std::string, std::map<std::string, std::optional<Tally>>>;

/// But for the maps of a type that goes on changing.
Tally compare_report(const rapidjson::Document& report, const Capture& capture, Table& table,
                     const std::string& changing = "") {
  const auto guest = parse(read_file(capture.folder / "guest.json"));
  EXPECT_EQ(report["maps"].Size(), guest["maps"].Size());
  Tally all;
  for (const auto& stated : guest["maps"].GetArray()) {
    SCOPED_TRACE(std::string(stated["type_name"].GetString()) + " " + stated["name"].GetString());
    if (changing == stated["type_name"].GetString()) continue;
    const auto* map = map_by_id(report, stated["id"].GetUint());
    if (map == nullptr) {
      ADD_FAILURE() << "not in the report";
      continue;
    }
    Tally tally;
    compare_map(stated, *map, tally);
    auto& cell = table[stated["type_name"].GetString()][capture.name];
    if (!cell) cell.emplace();
    cell->add(tally), all.add(tally);
  }
  for (const auto& type : guest["unknown_types"].GetArray()) table[type.GetString()][capture.name];
  return all;
}

Tally compare_guest(const Capture& capture, Table& table) {
  return compare_report(
      dump(capture.vmcore(), {"--limit", "0", "--set", "report.array_elements=16777216"}), // all there is
      capture, table);
}

int column_width(const Capture& capture) {
  return static_cast<int>(std::max<std::size_t>(16, capture.name.size()));
}

/// type x kernel: equal/compared
void print(const Table& table, const std::vector<Capture>& columns) {
  std::printf("%-24s", "cells equal/compared");
  for (const Capture& capture : columns) std::printf("  %*s", column_width(capture), capture.name.c_str());
  std::printf("\n");
  for (const auto& [type, row] : table) {
    std::printf("%-24s", type.c_str());
    for (const Capture& capture : columns) {
      const auto cell = row.find(capture.name);
      std::string text = "no map";
      if (cell != row.end())
        text = cell->second ? std::to_string(cell->second->equal) + "/" + std::to_string(cell->second->all)
                            : "not in kernel";
      std::printf("  %*s", column_width(capture), text.c_str());
    }
    std::printf("\n");
  }
}

void expect_all_types(const Table& table) {
  for (const auto& [type, row] : table)
    for (const auto& [capture, cell] : row)
      EXPECT_TRUE(!cell || cell->all > 0) << "nothing was compared of " << type << " on " << capture;
}

TEST_F(Guests, EveryCellEqualsWhatTheKernelSaid) {
  Table table;
  for (const Capture& capture : captures()) {
    SCOPED_TRACE(capture.name);
    const Tally tally = compare_guest(capture, table);
    std::printf("%s: %zu of %zu cells equal\n", capture.name.c_str(), tally.equal, tally.all);
    EXPECT_EQ(tally.equal, tally.all);
    EXPECT_GT(tally.all, 200'000U); // the big hash alone has as many
  }
  print(table, captures());
  expect_all_types(table);
}

/// What mapscope saw inside the guest while that ran, by each way.
TEST(Live, EveryCellEqualsWhatTheKernelSaid) {
  ASSERT_FALSE(live_guests().empty()) << "MAPSCOPE_LIVE is not set; ./dev test sets it";
  Table table;
  std::vector<Capture> columns;
  for (const Capture& guest : live_guests()) {
    if (guest.name.contains("-scx-")) continue; // of other maps: schedulers_test.cpp
    for (const char* way : {"peek", "kcore", "peek-isolated"}) {
      const auto& column = columns.emplace_back(guest.name + " " + way, guest.folder);
      SCOPED_TRACE(column.name);
      const auto report = parse(read_file(guest.folder / (std::string(way) + ".json")));
      EXPECT_TRUE(std::string(way).starts_with(report["mapscope"]["source"]["via"].GetString()));
      // Worker processes take a name, and the guest's programs keep the stacks of who does.
      const bool is_isolated = std::string(way) == "peek-isolated";
      const Tally tally = compare_report(report, column, table, is_isolated ? "stack_trace" : "");
      std::printf("%s: %zu of %zu cells equal\n", column.name.c_str(), tally.equal, tally.all);
      EXPECT_EQ(tally.equal, tally.all);
      EXPECT_GT(tally.all, 200'000U);
    }
  }
  print(table, columns);
  expect_all_types(table);
}

std::multiset<unsigned> ids(const rapidjson::Value& list) {
  std::multiset<unsigned> all;
  for (const auto& id : list.GetArray()) all.insert(id.GetUint());
  return all;
}

TEST_F(Guests, ProgramsAndTheirMaps) {
  for (const Capture& capture : captures()) {
    SCOPED_TRACE(capture.name);
    const auto report = dump(capture.vmcore(), {"--limit", "1"});
    const auto guest = parse(read_file(capture.folder / "guest.json"));
    ASSERT_EQ(report["programs"].Size(), guest["programs"].Size());
    EXPECT_STREQ(report["mapscope"]["source"]["release"].GetString(), guest["release"].GetString());
    EXPECT_EQ(report["mapscope"]["source"]["cpus"].GetUint(), guest["cpus"]["possible"].GetUint());
    for (rapidjson::SizeType i = 0; i < report["programs"].Size(); ++i) {
      const auto &shown = report["programs"][i], &stated = guest["programs"][i];
      EXPECT_EQ(shown["id"].GetUint(), stated["id"].GetUint());
      for (const char* key : {"name", "type", "tag"})
        EXPECT_STREQ(shown[key].GetString(), stated[key].GetString());
      for (const char* key : {"uid", "run_cnt", "run_time_ns", "loaded_at_ns"})
        EXPECT_EQ(shown[key].GetUint64(), stated[key].GetUint64()) << key;
      EXPECT_EQ(ids(shown["map_ids"]), ids(stated["map_ids"]));
      for (const unsigned id : ids(stated["map_ids"]))
        EXPECT_TRUE(ids((*map_by_id(report, id))["programs"]).contains(stated["id"].GetUint()));
    }
  }
}

TEST_F(Guests, SameInputSameBytes) {
  const std::string core = captures().front().vmcore();
  const std::string one = run({"dump", core, "-j", "--jobs", "1"}).out;
  EXPECT_GT(one.size(), 100'000U);
  EXPECT_EQ(one, run({"dump", core, "-j", "--jobs", "4"}).out);
  const std::string text = run({"dump", core, "--jobs", "1"}).out;
  EXPECT_EQ(text, run({"dump", core, "--jobs", "3"}).out);
  EXPECT_EQ(one, run({"dump", "-j", core}).out);
}

TEST_F(Guests, PrettyHoldsTheSame) {
  const std::string core = captures().front().vmcore();
  const auto compact = dump(core), pretty = parse(run({"dump", core, "-p"}).out);
  EXPECT_TRUE(compact == pretty);
}

} // namespace
} // namespace mapscope::guest
