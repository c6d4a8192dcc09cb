// SPDX-License-Identifier: Apache-2.0
// The allocator of sched_ext schedulers: a tree of nodes with eight children here, 512 in the real one.
#include "contract_suite.hpp"

#include <cstring>
#include <gmock/gmock.h>

namespace mapscope::test {
namespace {

using testing::FakeHost;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::Report;
using ::testing::StartsWith;

// Slots 8 and 10 are in use, 9 was freed three times. At the upper levels no bit is set: no child is full.
constexpr Sample sdt_sample = {"sdt_alloc", R"(
map struct scx_allocator 40 pool.elem_size=8 root=32
map struct sdt_desc 24 allocated=0:struct:bitmap nr_free=8 chunk=16
map struct bitmap 1
map struct sdt_chunk 64 data=0
map struct sdt_data 8 tid.idx=0 tid.genn=4 payload=8
map struct task_ctx 16 weight=0
config payload_type
arena base=0x5500000000
root 0x2000 struct scx_allocator scx_task_allocator
target map=0x1f00
@0x2000 zero:8 u64:24 zero:16 u64:0x100000001000
@0x5500001000 u64:0 u64:8 u64:0x100000001100
@0x5500001100 u64:0x100000001200 zero:56
@0x5500001200 u64:0 u64:8 u64:0x100000001300
@0x5500001300 u64:0 u64:0x100000001400 zero:48
@0x5500001400 u64:5 u64:6 u64:0x100000001500
@0x5500001500 u64:0x100000001600 u64:0x100000001618 u64:0x100000001630 zero:40
@0x5500001600 u32:8 u32:0 u64:100 u64:0 u32:0 u32:3 zero:16 u32:10 u32:1 u64:200 u64:0
)",
                               R"(slots 24 header 8 payload struct task_ctx
text payload_type_guess by its size: the only struct of the payload's 16 bytes
slot 8 genn 0 at 17592186050048 live
slot 9 genn 3 at 17592186050072 free
slot 10 genn 1 at 17592186050096 live
number skipped_subtrees 0
)"};

INSTANTIATE_TEST_SUITE_P(SdtAlloc, Contract, ::testing::Values(sdt_sample), sample_name);

class SdtAlloc : public ::testing::Test {
protected:
  Report render() { return host_.render(plugin_file("sdt_alloc")); }
  void poke(std::uint64_t address, std::uint64_t value) {
    auto run = std::prev(host_.memory.upper_bound(address));
    std::memcpy(run->second.data() + (address - run->first), &value, sizeof value);
  }
  void add_struct(const std::string& name, std::size_t size, std::uint32_t scope = MSC_MAP_BTF) {
    host_.types.push_back({scope, "struct " + name, size, {}});
  }
  void drop_struct(const std::string& name) {
    std::erase_if(host_.types, [&](const auto& type) { return type.name == "struct " + name; });
    host_.target.root_type = host_.handle(MSC_MAP_BTF, "struct scx_allocator");
  }
  std::string payload() {
    const std::string text = render().text();
    const std::size_t at = text.find(" payload ") + 9;
    return text.substr(at, text.find('\n') - at);
  }
  FakeHost host_{sdt_sample.image};

  static constexpr std::uint64_t variable = 0x2000, arena = 0x5500000000, user = 0x100000000000;
  static constexpr std::uint64_t top = arena + 0x1000, leaf = arena + 0x1400;
};

TEST_F(SdtAlloc, BitsAboveTheLeavesDecideNothing) {
  poke(top, ~std::uint64_t{0});
  EXPECT_EQ(render().text(), sdt_sample.lines);
}

TEST_F(SdtAlloc, ASlotOnItsWayIsLeftOut) {
  poke(arena + 0x1500, 0); // the bit is set before the pointer is there
  EXPECT_THAT(render().text(), Not(HasSubstr("slot 8")));
  EXPECT_THAT(render().text(), HasSubstr("slot 10 genn 1"));
  EXPECT_THAT(render().text(), HasSubstr("number skipped_subtrees 0"));
}

TEST_F(SdtAlloc, ASlotThatCannotBeReadKeepsItsPlace) {
  host_.memory.erase(arena + 0x1600);
  EXPECT_THAT(render().text(), HasSubstr("slot 8 genn 0 at 17592186050048 live\nslot 9 genn 0 at "));
}

TEST_F(SdtAlloc, BranchesThatAreNoneAreCounted) {
  poke(leaf + 8, 9); // more free than there are
  EXPECT_THAT(render().text(), HasSubstr("number skipped_subtrees 1"));
  EXPECT_THAT(render().text(), Not(HasSubstr("slot 8")));
  host_ = FakeHost(sdt_sample.image);
  poke(leaf + 16, 0); // no chunk
  EXPECT_THAT(render().text(), HasSubstr("number skipped_subtrees 1"));
  host_ = FakeHost(sdt_sample.image);
  poke(top + 0x100, user + 0x700000); // no memory
  EXPECT_THAT(render().text(), HasSubstr("number skipped_subtrees 1"));
}

TEST_F(SdtAlloc, ATreeThatBitesItsTailEnds) {
  poke(arena + 0x1308, user + 0x1000);
  const Report report = render();
  EXPECT_EQ(report.rc, MSC_OK);
  EXPECT_THAT(report.text(), HasSubstr("number skipped_subtrees 1"));
}

TEST_F(SdtAlloc, OneThatWasNeverInitialisedSaysSo) {
  poke(variable + 8, 0), poke(variable + 32, 0);
  EXPECT_EQ(render().text(), "slots 0 header 0 payload unknown\n");
}

TEST_F(SdtAlloc, OneWithoutSlotsYetHasTheirSize) {
  poke(variable + 32, 0);
  EXPECT_THAT(render().text(), StartsWith("slots 24 header 8 payload struct task_ctx\n"));
  EXPECT_THAT(render().text(), Not(HasSubstr("slot ")));
}

TEST_F(SdtAlloc, SizesThatAreNoSlotsAreRefused) {
  for (const std::uint64_t size :
       {std::uint64_t{1}, std::uint64_t{8}, std::uint64_t{1} << 21, ~std::uint64_t{0}}) {
    poke(variable + 8, size);
    EXPECT_EQ(render().rc, MSC_EFAIL);
    EXPECT_THAT(render().text(), HasSubstr(" bytes are no allocator's"));
  }
  poke(variable + 8, 8192);
  EXPECT_THAT(render().text(), HasSubstr("slots 8192 header 8 ")) << "more than a page is a slot";
}

TEST_F(SdtAlloc, WithoutAnArenaThereAreNoSlots) {
  host_.arena.reset();
  const Report report = render();
  EXPECT_EQ(report.rc, MSC_EFAIL);
  EXPECT_THAT(report.text(), HasSubstr("it is not known which arena its slots are in"));
}

TEST_F(SdtAlloc, AMapIsNoAllocator) {
  host_.target.root = 0, host_.target.root_type = 0;
  const Report report = render();
  EXPECT_EQ(report.rc, MSC_EFAIL);
  EXPECT_EQ(report.misuse, std::vector<std::string>{});
}

TEST_F(SdtAlloc, NodesAndSlotsMayBeDeclaredOnly) {
  drop_struct("sdt_chunk"), drop_struct("sdt_data");
  std::string text = render().text();
  const std::string basis =
      "text header_layout a header of 8 bytes before the payload, as struct sdt_data is "
      "only declared: 2 live slots say so\n";
  ASSERT_THAT(text, HasSubstr(basis));
  EXPECT_EQ(text.erase(text.find(basis), basis.size()), sdt_sample.lines);
}

TEST_F(SdtAlloc, TheNumberOfLevelsIsTheProgramsOwn) {
  host_.types.push_back({MSC_MAP_BTF, "enum sdt_consts", 4, {}, {{"SDT_TASK_LEVELS", 2}}});
  EXPECT_THAT(render().text(), HasSubstr("slot 1 genn 0 at 17592186049536 free\n"))
      << "a node, where a slot is";
  host_.types.back().enumerators = {{"SDT_TASK_LEVELS", 3}};
  EXPECT_EQ(render().text(), sdt_sample.lines);
  host_.types.back().enumerators = {{"SDT_TASK_LEVELS", 6}};
  EXPECT_EQ(render().rc, MSC_EFAIL);
}

TEST_F(SdtAlloc, TheConfigurationNamesThePayload) {
  add_struct("other_ctx", 12), add_struct("long_ctx", 17);
  host_.config["payload_type"] = "struct other_ctx";
  EXPECT_EQ(payload(), "struct other_ctx");
  host_.config["payload_type"] = "struct long_ctx";
  EXPECT_EQ(payload(),
            "unknown struct long_ctx, which the configuration names, has 17 bytes, and a payload 16");
  host_.config["payload_type"] = "struct none";
  EXPECT_EQ(payload(), "unknown the program has no type struct none, which the configuration names");
}

TEST_F(SdtAlloc, TheAllocatorsNameGoesBeforeSizes) {
  add_struct("task", 16);
  EXPECT_EQ(payload(), "struct task");
  add_struct("scx_task", 13);
  EXPECT_EQ(payload(), "struct scx_task") << "its size rounds up to the payload's";
  host_.types.back().size = 24;
  EXPECT_EQ(payload(), "struct task") << "a struct of another size only has the name";
  EXPECT_THAT(render().text(), Not(HasSubstr("payload_type_guess")));
}

TEST_F(SdtAlloc, AStrangerOfThatSizeIsNotTakenForTheOneThatHasTheName) {
  add_struct("task", 8);
  EXPECT_EQ(payload(),
            "unknown struct task, which the allocator is named after, has 8 bytes, and a payload 16");
  add_struct("task", 8, MSC_KERNEL_BTF);
  EXPECT_EQ(payload(), "struct task_ctx") << "the kernel's has nothing to do with it";
}

TEST_F(SdtAlloc, OneThatIsNamedMayLackTheEndOfItsLastMember) {
  add_struct("scx_task", 520);
  host_.types.back().members["tid"].bit_offset = 0, host_.types.back().members["bits"].bit_offset = 64;
  EXPECT_EQ(payload(), "struct scx_task");
  EXPECT_THAT(
      render().text(),
      HasSubstr("text payload_type_guess struct scx_task, which the allocator is named after, has 520 "
                "bytes, and a payload 16: its last member, bits, is taken to be as long as there is "
                "room\n"));
  host_.types.back().members["bits"].bit_offset = 128;
  EXPECT_THAT(payload(), StartsWith("unknown struct scx_task")) << "nothing of bits is there";
}

TEST_F(SdtAlloc, ATypeByItsSizeIsMarkedAsAGuess) {
  add_struct("stats", 16);
  EXPECT_THAT(render().text(), HasSubstr("text payload_type_guess by its size, and of 2 structs of the "
                                         "payload's 16 bytes by its name and use\n"));
}

TEST_F(SdtAlloc, OfSeveralTheContextIsMeant) {
  add_struct("some_ctx", 16), add_struct("cgrp_ctx", 16);
  EXPECT_EQ(payload(), "struct task_ctx");
  drop_struct("task_ctx");
  EXPECT_THAT(payload(), HasSubstr("unknown 2 structs have the payload's 16 bytes (some_ctx, cgrp_ctx); "
                                   "payload_type decides"));
  add_struct("my_task_ctx", 16);
  EXPECT_EQ(payload(), "struct my_task_ctx");
  add_struct("my_arena_ctx", 16);
  EXPECT_EQ(payload(), "struct my_arena_ctx");
}

TEST_F(SdtAlloc, ASizeThatIsNoMultipleOfEightFits) {
  drop_struct("task_ctx"), add_struct("odd", 11), add_struct("small", 8);
  EXPECT_EQ(payload(), "struct odd");
}

TEST_F(SdtAlloc, WhatSomethingHasInsideIsNotAllocated) {
  drop_struct("task_ctx"), add_struct("stats", 16), add_struct("holder", 64);
  host_.types.back().members["stats"] = {0, 0, false, "struct stats"};
  EXPECT_EQ(payload(),
            "unknown the only struct of the payload's 16 bytes, stats, is a variable's or a member's; "
            "payload_type decides");
  add_struct("pointed_to", 16);
  EXPECT_EQ(payload(), "struct pointed_to");
}

TEST_F(SdtAlloc, CopiesOfTheKernelsTypesAreNotMeant) {
  drop_struct("task_ctx"), add_struct("rb_root", 16), add_struct("rb_root", 16, MSC_KERNEL_BTF);
  EXPECT_EQ(payload(), "unknown no struct of the program's own has the payload's 16 bytes");
}

TEST_F(SdtAlloc, TheAllocatorsOwnTypesAreNotMeant) {
  poke(variable + 8, 32); // as large as struct sdt_desc and its header
  EXPECT_EQ(payload(), "unknown no struct of the program's own has the payload's 24 bytes");
}

} // namespace
} // namespace mapscope::test
