// SPDX-License-Identifier: Apache-2.0
// Every key, value and per-CPU copy that bpf(2) stated inside the guest, against what mapscope read from its
// memory.
#include "compare.hpp"

#include <cstdio>
#include <gtest/gtest.h>
#include <set>

namespace mapscope::guest {
namespace {

class Guests : public testing::Test {
protected:
  void SetUp() override {
    if (captures().empty())
      GTEST_FAIL() << "MAPSCOPE_CAPTURES is not set; ./dev test captures the guests and sets it";
  }
};

TEST_F(Guests, EveryCellEqualsWhatTheKernelSaid) {
  TypeTable table;
  for (const Capture& capture : captures()) {
    SCOPED_TRACE(capture.name);
    // All there is.
    const auto report = dump(capture.vmcore(), {"--limit", "0", "--set", "report.array_elements=16777216"});
    const Tally tally =
        compare_report(report, capture, table, [](const auto& stated, const auto& map, auto& cell) {
          return compare_map(stated, map, cell.tally), true;
        });
    std::printf("%s: %zu of %zu cells equal\n", capture.name.c_str(), tally.equal, tally.all);
    EXPECT_EQ(tally.equal, tally.all);
    EXPECT_GT(tally.all, 200'000U); // the big hash alone has as many
  }
  table.print();
  table.expect_all_types();
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
