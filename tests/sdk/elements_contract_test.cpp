// SPDX-License-Identifier: Apache-2.0
// What plugin.h says of elements(): each rule that a plugin may break, as the fake host tells it.
#include "face.hpp"

#include <functional>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace mapscope::test {
namespace {

using ::testing::ElementsAre;
using testing::FakeHost;
using testing::Report;

struct Host {
  const msc_host* table;
  msc_call* call;

  int elements(const std::function<int(const msc_element&)>& each, std::uint32_t flags = MSC_ROWS,
               std::uint64_t map = 0) const {
    const auto user = const_cast<void*>(static_cast<const void*>(&each));
    const msc_elements wanted{sizeof wanted, flags, map,
                              [](void* given, const msc_element* element) {
                                return (*static_cast<std::function<int(const msc_element&)>*>(given))(
                                    *element);
                              },
                              user};
    return table->elements(call, &wanted);
  }
  int field(std::uint32_t kind, const char* name) const {
    const msc_field field{sizeof field, kind, name, 1, 0, {}};
    return table->field(call, &field);
  }
  int row() const {
    const std::uint32_t bytes = 1;
    const msc_value value{MSC_DECLARED, &bytes, sizeof bytes};
    const msc_row row{sizeof row, MSC_ENTRY, value, value, nullptr, 0, 0};
    return table->row(call, &row);
  }
};

/// The body of the one render.
std::function<int(const Host&)> body; // NOLINT: a plugin's render() is given nothing of a test's

Report render(std::function<int(const Host&)> with) {
  body = std::move(with);
  const msc_plugin plugin{
      sizeof plugin, MSC_ABI_MAJOR, MSC_ABI_MINOR,
      [](const msc_host* table, msc_call* call, const msc_target*) { return body({table, call}); }};
  return FakeHost("target map=0x1000 key_size=4 value_size=4 max_entries=3\n"
                  "entry u32:1 = u32:10\nentry u32:2 = u32:20\n"
                  "other other map=0x2000 key_size=4 value_size=4\nentry u32:1 = u32:1\n")
      .render(plugin);
}

int nothing(const msc_element&) { return MSC_OK; }

std::vector<std::string> misuse(std::function<int(const Host&)> with) {
  return render(std::move(with)).misuse;
}

TEST(RowsOfElements, ComeOnceAndFirst) {
  EXPECT_THAT(misuse([](const Host& host) { return host.elements(nothing), host.elements(nothing); }),
              ElementsAre("elements() with MSC_ROWS once more"));
  EXPECT_THAT(misuse([](const Host& host) { return host.field(MSC_NUMBER, "a"), host.elements(nothing); }),
              ElementsAre("elements() with MSC_ROWS behind members of the map"));
  EXPECT_THAT(misuse([](const Host& host) { return host.row(), host.elements(nothing); }),
              ElementsAre("elements() with MSC_ROWS beside row()"));
  EXPECT_THAT(misuse([](const Host& host) { return host.elements(nothing), host.row(); }),
              ElementsAre("row() beside the rows of elements()"));
  EXPECT_THAT(misuse([](const Host& host) { return host.elements(nothing, MSC_ROWS, 0x2000); }),
              ElementsAre("elements() with MSC_ROWS of another map"));
  EXPECT_THAT(misuse([](const Host& host) { return host.elements(nothing, 2); }),
              ElementsAre("elements() with unknown flags 2"));
}

TEST(RowsOfElements, MayComeBehindOtherWalks) {
  EXPECT_THAT(misuse([](const Host& host) {
                return host.elements(nothing, 0), host.elements(nothing, 0, 0x2000), host.elements(nothing);
              }),
              ElementsAre());
}

TEST(Each, WalksNothingItself) {
  EXPECT_THAT(misuse([](const Host& host) {
                return host.elements([&](const msc_element&) { return host.elements(nothing, 0); });
              }),
              ElementsAre("elements() inside the function for each element"));
  EXPECT_THAT(
      misuse([](const Host& host) { return host.elements([&](const msc_element&) { return host.row(); }); }),
      ElementsAre("row() beside the rows of elements()"));
}

TEST(Each, ClosesWhatItOpens) {
  EXPECT_THAT(misuse([](const Host& host) {
                return host.elements([&](const msc_element&) { return host.field(MSC_OBJECT, "a"); });
              }),
              ElementsAre("the function for each element leaves an object or a list open"));
  EXPECT_THAT(misuse([](const Host& host) {
                return host.elements([&](const msc_element&) { return host.field(MSC_END, nullptr); });
              }),
              ElementsAre("field() that ends what was not begun"));
}

TEST(Each, LeavesOutWhatHasNothingYet) {
  EXPECT_THAT(misuse([](const Host& host) {
                return host.elements(
                    [&](const msc_element&) { return host.field(MSC_FLAG, "a"), MSC_LEAVE_OUT; });
              }),
              ElementsAre("the function for each element leaves out a row behind a field of it"));
  EXPECT_THAT(misuse([](const Host& host) {
                return host.elements([&](const msc_element&) { return int{MSC_LEAVE_OUT}; }, 0);
              }),
              ElementsAre("the function for each element leaves out a row where there are none"));
}

TEST(Each, GivesItsRowNamesOfItsOwn) {
  EXPECT_EQ(render([](const Host& host) {
              const int rc = host.elements([&](const msc_element&) { return host.field(MSC_FLAG, "a"); });
              return rc == MSC_OK ? host.field(MSC_FLAG, "a") : rc;
            }).text(),
            "entry 01 00 00 00 = 0a 00 00 00\nflag a true\nend\n"
            "entry 02 00 00 00 = 14 00 00 00\nflag a true\nend\nflag a true\n");
  EXPECT_THAT(misuse([](const Host& host) {
                return host.elements([&](const msc_element&) { return host.field(MSC_FLAG, "value"); });
              }),
              ElementsAre("field() with the name value, that the host gives itself"));
}

TEST(Each, LosesItsRowWhereItFails) {
  const Report report = render([](const Host& host) {
    return host.elements([&](const msc_element&) { return host.field(MSC_OBJECT, "a"), MSC_EFAIL; });
  });
  EXPECT_EQ(report.rc, MSC_OK);
  EXPECT_EQ(report.text(),
            "entry 01 00 00 00 = 0a 00 00 00\nobject a\nend\nend\n"
            "entry 02 00 00 00 = 14 00 00 00\nobject a\nend\nend\n"
            "note EFAIL 2 of 2 elements are without all that it adds, the first for MSC_EFAIL\n");
  EXPECT_TRUE(report.misuse.empty());
}

TEST(Elements, OfNoSuchMapAreNone) {
  EXPECT_EQ(render([](const Host& host) { return host.elements(nothing, 0, 0x3000); }).rc, MSC_ENOENT);
}

} // namespace
} // namespace mapscope::test
