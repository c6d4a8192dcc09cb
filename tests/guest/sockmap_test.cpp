// SPDX-License-Identifier: Apache-2.0
#include "slots.hpp"

namespace mapscope::guest {
namespace {

constexpr const char* unnamed = R"("kind":"socket","family":"unix","state":"established"})";
constexpr const char* client = R"("kind":"socket","family":"inet","src":"127.0.0.1:7002",)"
                               R"("dst":"127.0.0.1:7001","state":"established"})";

TEST(Sockmap, ShowsAddressesNamesAndStates) {
  ASSERT_FALSE(captures().empty());
  for (const Capture& capture : captures()) {
    SCOPED_TRACE(capture.name);
    const auto report = dump(capture.vmcore(), {"--map", "a_sock*"});
    EXPECT_EQ(counts_of(report, "a_sockmap"), R"({"populated":3,"scanned":8,"indices":[3,5,6]})");
    EXPECT_EQ(
        slots_of(report, "a_sockmap"),
        (Slots{std::string(R"({"index":3,)") + unnamed, std::string(R"({"index":5,)") + client,
               R"({"index":6,"kind":"socket","family":"unix","state":"established","path":"@mapscope"})"}));
    EXPECT_EQ(counts_of(report, "a_sockhash"), R"({"populated":2,"scanned":2})");
    EXPECT_EQ(slots_of(report, "a_sockhash"), (Slots{std::string(R"({"key_hex":"03 00 00 00",)") + unnamed,
                                                     std::string(R"({"key_hex":"05 00 00 00",)") + client}));
  }
}

TEST(ReuseportSockarray, ShowsTheListener) {
  ASSERT_FALSE(captures().empty());
  for (const Capture& capture : captures()) {
    SCOPED_TRACE(capture.name);
    const auto report = dump(capture.vmcore(), {"--map", "a_sockarray"});
    EXPECT_EQ(counts_of(report, "a_sockarray"), R"({"populated":1,"scanned":8,"indices":[5]})");
    EXPECT_EQ(slots_of(report, "a_sockarray"),
              (Slots{R"({"index":5,"kind":"socket","family":"inet","src":"127.0.0.1:7001",)"
                     R"("dst":"0.0.0.0:0","state":"listen"})"}));
  }
}

} // namespace
} // namespace mapscope::guest
