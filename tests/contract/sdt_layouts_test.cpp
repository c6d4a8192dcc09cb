// SPDX-License-Identifier: Apache-2.0
// Every place that a release of the schedulers' library gave the header of a slot, told by BTF or only
// declared, and places that none did. One leaf of eight slots; header.hpp of the plugin says which release
// had what.
#include "plugin_file.hpp"

#include <cstring>
#include <fstream>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <mapscope/testing/fake_host.hpp>
#include <string>
#include <vector>

namespace mapscope::test {
namespace {

using testing::FakeHost;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::Report;

constexpr std::uint64_t arena = 0x5500000000, user = 0x100000000000, slots_at = 0x2000;

/// Where a release has what, and what its BTF says of it.
struct Layout {
  std::string data;          ///< of the image: struct sdt_data, or nothing where it is only declared
  std::uint64_t element = 0; ///< bytes
  std::uint64_t id = 0;      ///< where idx is in the element; genn is behind it
  std::uint64_t payload = 0; ///< where it is in the element
  std::uint64_t words = 2;   ///< 8 bytes each, of the payload
  std::string allocator = "scx_allocator";
};

const std::string leading_8 = "map struct sdt_data 8 tid.idx=0 tid.genn=4 payload=8\n",
                  leading_16 = "map struct sdt_data 16 tid.idx=0 tid.genn=4 urcu_link=8 payload=16\n",
                  trailing_8 = "map struct sdt_data 8 tid.idx=0 tid.genn=4\n",
                  trailing_16 = "map struct sdt_data 16 tid.idx=0 tid.genn=4 urcu_link=8\n";

class SdtLayouts : public ::testing::Test {
protected:
  /// Slots 1, 2 and 4 are in use, genn 2, 3 and 5; 3 was freed four times. Payloads: 1000 times the place and
  /// on.
  void lay_out(const Layout& layout) {
    layout_ = layout;
    host_.emplace(R"(
map struct )" + layout.allocator +
                  R"( 40 pool.elem_size=8 root=32
map struct sdt_pool 32 elem_size=8
map struct sdt_desc 24 allocated=0:struct:bitmap nr_free=8 chunk=16
map struct bitmap 1
map struct task_ctx )" +
                  std::to_string(8 * layout.words) +
                  R"( weight=0
config payload_type
arena base=0x5500000000
root 0x2000 struct )" +
                  layout.allocator +
                  R"( scx_task_allocator
target map=0x1f00
@0x2000 zero:8 u64:)" +
                  std::to_string(layout.element) +
                  R"( zero:16 u64:0x100000001000
@0x5500001000 u64:0 u64:8 u64:0x100000001100
@0x5500001100 u64:0x100000001200 zero:56
@0x5500001200 u64:0 u64:8 u64:0x100000001300
@0x5500001300 u64:0x100000001400 zero:56
@0x5500001400 u64:0x16 u64:5 u64:0x100000001500
@0x5500001500 zero:64
@0x5500002000 zero:)" +
                  std::to_string(8 * layout.element) + "\n" + layout.data);
    for (const std::uint64_t place : {1, 2, 3, 4}) {
      put(arena + 0x1500 + 8 * place, user + slots_at + place * layout.element);
      if (place != 3) put(place, layout.id, std::uint32_t(place));
      put(place, layout.id + 4, std::uint32_t(place + 1));
      for (std::uint64_t word = 0; word < layout.words && place != 3; ++word)
        put(place, layout.payload + 8 * word, 1000 * place + word);
    }
  }
  template <class T> void put(std::uint64_t address, T value) {
    auto run = std::prev(host_->memory.upper_bound(address));
    std::memcpy(run->second.data() + (address - run->first), &value, sizeof value);
  }
  template <class T> void put(std::uint64_t place, std::uint64_t offset, T value) {
    put(arena + slots_at + place * layout_.element + offset, value);
  }
  Report render() {
    Report report = host_->render(plugin_file("sdt_alloc"));
    EXPECT_EQ(report.misuse, std::vector<std::string>{});
    return report;
  }
  std::string at(std::uint64_t place) const {
    return std::to_string(user + slots_at + place * layout_.element);
  }
  std::string slots() const {
    return "slot 1 genn 2 at " + at(1) + " live\nslot 2 genn 3 at " + at(2) + " live\nslot 3 genn 4 at " +
           at(3) + " free\nslot 4 genn 5 at " + at(4) + " live\nnumber skipped_subtrees 0\n";
  }
  /// The header is where BTF says.
  void expect_as_told(std::uint64_t stride, std::uint64_t header) {
    const std::string text = render().text(), first = "slots " + std::to_string(stride) + " header " +
                                                      std::to_string(header) + " payload struct task_ctx\n";
    EXPECT_THAT(text, HasSubstr(first));
    EXPECT_THAT(text, HasSubstr(slots()));
    EXPECT_THAT(text, Not(HasSubstr("header_layout")));
    const std::string element = "number elem_size " + std::to_string(layout_.element) + "\n";
    EXPECT_EQ(text.find(element) != text.npos, stride != layout_.element) << text;
  }
  /// The header is found by what slots have, and on how many that rests.
  void expect_found(std::uint64_t stride, std::uint64_t header, const std::string& basis) {
    const std::string text = render().text();
    EXPECT_THAT(text, HasSubstr("slots " + std::to_string(stride) + " header " + std::to_string(header) +
                                " payload struct task_ctx\n"));
    EXPECT_THAT(text, HasSubstr("text header_layout " + basis + "\n"));
    EXPECT_THAT(text, HasSubstr(slots()));
  }
  /// Elements are bytes, their numbers are their places, and the reason is in the report and makes it
  /// partial.
  void expect_bytes(const std::string& reason) {
    const std::string text = render().text();
    EXPECT_THAT(text, HasSubstr("slots " + std::to_string(layout_.element) +
                                " header 0 payload unknown where payloads begin is not known"));
    for (const int place : {1, 2, 4})
      EXPECT_THAT(text, HasSubstr("slot " + std::to_string(place) + " genn 0 at " + at(place) + " live\n"));
    EXPECT_THAT(text, HasSubstr("note EFAULT slots are shown whole: " + reason));
  }

  Layout layout_;
  std::optional<FakeHost> host_;
};

TEST_F(SdtLayouts, TheIdBeforeThePayload) {
  lay_out({leading_8, 24, 0, 8});
  expect_as_told(24, 8);
}

TEST_F(SdtLayouts, TheIdAndALinkBeforeThePayload) {
  lay_out({leading_16, 32, 0, 16});
  expect_as_told(32, 16);
}

TEST_F(SdtLayouts, TheIdBehindThePayload) {
  lay_out({trailing_8, 24, 16, 0});
  expect_as_told(16, 0);
}

TEST_F(SdtLayouts, TheIdAndALinkBehindThePayload) {
  lay_out({trailing_16, 32, 16, 0});
  expect_as_told(16, 0);
}

/// Between payload and header there may be room: elements are multiples of what payloads are aligned to.
TEST_F(SdtLayouts, ThePayloadMayBeAligned) {
  lay_out({trailing_16, 128, 112, 0, 9});
  expect_as_told(112, 0);
}

TEST_F(SdtLayouts, EarlierReleasesSayItWithOtherNames) {
  lay_out({"map struct sdt_data 8 tid.idx=0 tid.gen=4 payload=8\n", 24, 0, 8, 2, "sdt_allocator"});
  expect_as_told(24, 8);
}

TEST_F(SdtLayouts, MembersMayBeAnywhereInAHeader) {
  lay_out({"map struct sdt_data 24 flags=0 tid.idx=16 tid.genn=20 payload=24\n", 40, 16, 24});
  expect_as_told(40, 24);
}

TEST_F(SdtLayouts, EachIsFoundWhereItIsOnlyDeclared) {
  const std::string declared = ", as struct sdt_data is only declared: 3 live slots say so";
  lay_out({"", 24, 0, 8});
  expect_found(24, 8, "a header of 8 bytes before the payload" + declared);
  lay_out({"", 24, 16, 0});
  expect_found(16, 0, "a header of 8 bytes behind the payload" + declared);
  lay_out({"", 32, 16, 0});
  expect_found(16, 0, "a header of 16 bytes behind the payload" + declared);
}

/// Of headers of 8 and of 16 bytes before the payload the second has a link, which is empty; where the
/// payload's type is of one size, that tells.
TEST_F(SdtLayouts, ALinkThatIsOnlyDeclaredIsToldByThePayloadsType) {
  lay_out({"", 32, 0, 16});
  expect_found(32, 16,
               "a header of 16 bytes before the payload, as struct sdt_data is only declared: 3 live slots "
               "say so, and it leaves room for a payload of a known type");
  put(2, 8, user + slots_at + 1 * layout_.element);
  expect_found(32, 16,
               "a header of 16 bytes before the payload, as struct sdt_data is only declared: 3 live slots "
               "say so, and it leaves room for a payload of a known type");
}

TEST_F(SdtLayouts, ALinkThatIsOnlyDeclaredIsToldByWhatLinks) {
  lay_out({"map struct scx_urcu 24 head=0 active=16\n", 32, 0, 16});
  expect_found(32, 16,
               "a header of 16 bytes before the payload, as struct sdt_data is only declared: 3 live slots "
               "say so, and the program has struct scx_urcu, which links headers");
}

TEST_F(SdtLayouts, WhereNothingTellsALinkTheIdIsShownAllTheSame) {
  lay_out({"", 32, 0, 16});
  std::erase_if(host_->types, [](const auto& type) { return type.name == "struct task_ctx"; });
  host_->target.root_type = host_->handle(MSC_MAP_BTF, "struct scx_allocator");
  const std::string text = render().text();
  EXPECT_THAT(text,
              HasSubstr("slots 32 header 8 payload unknown struct sdt_data is only declared, and a header of "
                        "8 bytes before the payload or a header of 16 bytes before the payload would do"));
  EXPECT_THAT(text, HasSubstr(slots()));
}

TEST_F(SdtLayouts, WhatLiveSlotsContradictIsWithdrawn) {
  lay_out({leading_8, 32, 16, 0});
  expect_found(
      16, 0,
      "a header of 16 bytes behind the payload, which struct sdt_data of the program does not say: 3 "
      "live slots say so");
  lay_out({trailing_16, 24, 0, 8});
  expect_found(24, 8,
               "a header of 8 bytes before the payload, which struct sdt_data of the program does not say: 3 "
               "live slots say so, and it leaves room for a payload of a known type");
}

TEST_F(SdtLayouts, OneSlotOfManyIsEnoughToContradict) {
  lay_out({leading_8, 24, 0, 8});
  put(2, 0, std::uint32_t{7});
  expect_bytes(
      "a header of 8 bytes before the payload, as struct sdt_data has it, is not what live slots have: the "
      "one in place 2 has the number 7 there; no other known layout goes with all of them");
  lay_out({leading_8, 24, 0, 8});
  put(4, 4, std::int32_t{-1}); // a generation counts up
  expect_bytes(
      "a header of 8 bytes before the payload, as struct sdt_data has it, is not what live slots have");
}

TEST_F(SdtLayouts, ALayoutThatNoReleaseHasIsBytes) {
  lay_out({leading_8, 40, 16, 24});
  expect_bytes(
      "a header of 8 bytes before the payload, as struct sdt_data has it, is not what live slots have: none "
      "of 3 has the number of its place there; no other known layout goes with all of them");
  lay_out({"", 40, 16, 24});
  expect_bytes("their header is of no known layout: none finds the own number of each live slot in it");
}

TEST_F(SdtLayouts, AHeaderThatElementsHaveNoRoomForIsNone) {
  lay_out({"map struct sdt_data 64 tid.idx=56 tid.genn=60 payload=64\n", 40, 16, 24});
  expect_bytes(
      "elements of 40 bytes have no room for a header of 64 bytes before the payload, as struct sdt_data has "
      "it, and no other known layout goes with the live slots");
  lay_out({"map struct sdt_data 8 tid.idx=4294967292 tid.genn=8 payload=8\n", 40, 16, 24});
  expect_bytes("elements of 40 bytes have no room for ");
}

/// A slot is marked before it has its number, and loses it before it is marked free.
TEST_F(SdtLayouts, ASlotOnItsWayIsNoContradiction) {
  lay_out({leading_8, 24, 0, 8});
  put(2, 0, std::uint32_t{0});
  EXPECT_THAT(render().text(), HasSubstr("slot 0 genn 3 at " + at(2) + " live\n"));
  EXPECT_THAT(render().text(), Not(HasSubstr("header_layout")));
}

TEST_F(SdtLayouts, SlotsThatCannotBeReadSayNothing) {
  lay_out({trailing_16, 32, 16, 0});
  host_->memory.erase(arena + slots_at);
  EXPECT_THAT(render().text(), HasSubstr("slots 16 header 0 payload struct task_ctx\n"));
  EXPECT_THAT(render().text(), HasSubstr("slot 4 genn 0 at " + at(4) + " live\n"));
}

/// Payloads of releases before August 2026 begin with a copy of the id (struct scx_bitmap, struct rbnode).
TEST_F(SdtLayouts, ACopyOfTheIdInThePayloadIsNoHeader) {
  lay_out({leading_8, 24, 0, 8});
  for (const std::uint64_t place : {1, 2, 4}) put(place, 8, place | (place + 1) << 32);
  expect_as_told(24, 8);
  lay_out({trailing_16, 32, 16, 0});
  for (const std::uint64_t place : {1, 2, 4}) put(place, 0, place | (place + 1) << 32);
  expect_as_told(16, 0);
}

/// Where the header is only declared, both are where a header may be. The payload's type tells: with a header
/// of 8 bytes before it, it would have the copy where the bits are.
TEST_F(SdtLayouts, ACopyOfTheIdInThePayloadTellsWhereThePayloadIs) {
  lay_out({"map struct task 520 tid.idx=0 tid.genn=4 bits=8\n", 32, 16, 0});
  host_->types.back().members["bits"].bit_size = 0;
  for (const std::uint64_t place : {1, 2, 4}) put(place, 0, place | (place + 1) << 32);
  const std::string text = render().text();
  EXPECT_THAT(text, HasSubstr("slots 16 header 0 payload struct task\n"));
  EXPECT_THAT(
      text,
      HasSubstr("text header_layout a header of 16 bytes behind the payload, as struct sdt_data is only "
                "declared: 3 live slots say so, and payloads have the number once more, where their type "
                "has it\n"));
  EXPECT_THAT(text, HasSubstr(slots()));
}

} // namespace
} // namespace mapscope::test
