// SPDX-License-Identifier: Apache-2.0
#include "slots.hpp"

namespace mapscope::guest {
namespace {

std::string stated_program(const rapidjson::Document& guest, const char* name) {
  for (const auto& program : guest["programs"].GetArray())
    if (program["name"] == name)
      return R"("id":)" + std::to_string(program["id"].GetUint()) + R"(,"name":")" + name + R"(","tag":")" +
             program["tag"].GetString() + R"(","type":")" + program["type"].GetString() + '"';
  return "";
}

TEST(ProgArray, ShowsTheProgramThatWasPutIn) {
  ASSERT_FALSE(captures().empty());
  for (const Capture& capture : captures()) {
    SCOPED_TRACE(capture.name);
    const auto report = dump(capture.vmcore(), {"--map", "type:prog_array"});
    const auto guest = parse(read_file(capture.folder / "guest.json"));
    EXPECT_EQ(counts_of(report, "a_prog_array"), R"({"populated":1,"scanned":8,"indices":[3]})");
    EXPECT_EQ(slots_of(report, "a_prog_array"),
              (Slots{R"({"index":3,"kind":"program",)" + stated_program(guest, "count_it") + "}"}));
  }
}

} // namespace
} // namespace mapscope::guest
