// SPDX-License-Identifier: Apache-2.0
#include "contract_suite.hpp"

#include <cstring>
#include <gmock/gmock.h>

namespace mapscope::test {
namespace {

using testing::FakeHost;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::Report;

// Pages 0, 1 and 5 are mapped. Their memory is not in the image: pages would be too long to state.
constexpr Sample arena_sample = {"arena", R"(
struct bpf_arena 512 user_vm_start=256 kern_vm=272 scratch_page=280 nr_pages=288
struct vm_struct 64 addr=8 size=16
target map=0x10000 max_entries=8
@0x10100 u64:0x7f0000001000 zero:8 u64:0x20000 u64:0x8000 u64:3
@0x20000 zero:8 u64:0xffffc90000000000 u64:0x100011000
mapped 0xffffc90000009000 4096 page=0x8100
mapped 0xffffc9000000a000 4096 page=0x8140
mapped 0xffffc9000000e000 4096 page=0x8180
mapped 0xffffc90000011000 4096 page=0x81c0
)",
                                 R"(count 3
object arena
number declared_pages 8
number kern_vm_start 18446683600570056704
number user_vm_start 139637976731648
list runs
object
number user_addr 139637976731648
number pages 2
end
object
number user_addr 139637976752128
number pages 1
end
end
list pages
object
number user_addr 139637976731648
bytes bytes 
end
object
number user_addr 139637976735744
bytes bytes 
end
object
number user_addr 139637976752128
bytes bytes 
end
end
end
note EFAULT 3 mapped pages could not be read
)"};

// The same with the allocator's books: pages 2 to 4 are free in the root's left, 6 and 7 in the root.
constexpr Sample books_sample = {"arena", R"(
struct bpf_arena 512 user_vm_start=256 kern_vm=272 scratch_page=280 nr_pages=288 rt.it_root.rb_root.rb_node=296
struct vm_struct 64 addr=8 size=16
struct range_node 64 rn_rbnode=8 rn_start=48 rn_last=52
struct rb_node 24 rb_right=8 rb_left=16
target map=0x10000 max_entries=8
@0x10100 u64:0x7f0000001000 zero:8 u64:0x20000 u64:0x8000 u64:3 u64:0x30008
@0x20000 zero:8 u64:0xffffc90000000000 u64:0x100011000
@0x30000 zero:24 u64:0x30048 zero:16 u32:6 u32:7 zero:8
@0x30040 zero:48 u32:2 u32:4 zero:8
mapped 0xffffc90000009000 4096 page=0x8100
mapped 0xffffc9000000a000 4096 page=0x8140
mapped 0xffffc9000000e000 4096 page=0x8180
mapped 0xffffc90000011000 4096 page=0x81c0
)",
                                 arena_sample.lines};

INSTANTIATE_TEST_SUITE_P(Arena, Contract, ::testing::Values(arena_sample), sample_name);
INSTANTIATE_TEST_SUITE_P(ArenaWithBooks, Contract, ::testing::Values(books_sample), sample_name);

class Arenas : public ::testing::Test {
protected:
  Report render() { return host_.render(plugin_file("arena")); }
  void poke(std::uint64_t address, std::uint64_t value) {
    auto run = std::prev(host_.memory.upper_bound(address));
    std::memcpy(run->second.data() + (address - run->first), &value, sizeof value);
  }
  FakeHost host_{arena_sample.image};

  static constexpr std::uint64_t user = 0x10100, vm_struct = 0x20000, kernel = 0xffffc90000000000;
};

/// Page 3 is free, and mapped.
class ArenaBooks : public Arenas {
protected:
  ArenaBooks() {
    host_ = FakeHost(books_sample.image);
    host_.regions[kernel + 0xc000] = {.size = 4096, .page = 0x8200, .known = true};
  }
  static constexpr std::uint64_t nr_pages = 0x10120, root = 0x30000, left = 0x30040;
};

TEST_F(ArenaBooks, WhatIsFreeIsPassedOver) { EXPECT_EQ(render().text(), arena_sample.lines); }

TEST_F(ArenaBooks, ThatTheCountDisprovesAreNotBelieved) {
  poke(nr_pages, 4);
  EXPECT_EQ(render().counted, 4U) << "a page that is just being freed";
  poke(nr_pages, 7);
  EXPECT_THAT(render().text(), HasSubstr("count 4\n"));
  EXPECT_THAT(render().text(), HasSubstr("note OK the kernel counts 7 pages\n"));
}

TEST_F(ArenaBooks, ThatAreTornAreNotBelieved) {
  poke(root + 24, 0xdead0000); // a node that is nowhere
  EXPECT_EQ(render().counted, 4U);
  poke(root + 24, root + 8); // round in a circle
  EXPECT_EQ(render().counted, 4U);
  poke(root + 24, left + 8);
  poke(left + 48, 2 | std::uint64_t{6} << 32); // two ranges in one place
  EXPECT_EQ(render().counted, 4U);
  poke(left + 48, 4 | std::uint64_t{2} << 32); // ends before it begins
  EXPECT_EQ(render().counted, 4U);
  poke(left + 48, 2 | std::uint64_t{4} << 32);
  EXPECT_EQ(render().counted, 3U) << "whole again";
}

TEST_F(ArenaBooks, OfAnotherShapeAreLeftAlone) {
  std::string image = books_sample.image;
  image.replace(image.find("rn_start"), 8, "rn_begin");
  host_ = FakeHost(image);
  EXPECT_EQ(render().text(), arena_sample.lines);
}

TEST_F(ArenaBooks, OfAFullArenaAreEmpty) {
  poke(nr_pages + 8, 0);
  poke(nr_pages, 4);
  EXPECT_EQ(render().counted, 4U);
}

TEST_F(Arenas, PagesAreShownInFull) {
  host_.memory[kernel + 0x9000] = std::vector<std::byte>(4096, std::byte{0xab});
  const Report report = render();
  EXPECT_THAT(report.text(), HasSubstr("number user_addr 139637976731648\nbytes bytes ab ab"));
  EXPECT_THAT(report.text(), HasSubstr("note EFAULT 2 mapped pages could not be read"));
}

TEST_F(Arenas, ThatNobodyMappedBeginAtOffsetZero) {
  poke(user, 0);
  host_.regions = {{kernel + 0x8000, {.size = 4096, .page = 1, .known = true}}};
  EXPECT_THAT(render().text(), HasSubstr("user_vm_start 0\nlist runs\nobject\nnumber user_addr 0\n"));
}

TEST_F(Arenas, WhatIsNotMappedIsNoPage) {
  host_.regions.clear();
  const Report report = render();
  EXPECT_EQ(report.text(), "count 0\n"
                           "object arena\n"
                           "number declared_pages 8\n"
                           "number kern_vm_start 18446683600570056704\n"
                           "number user_vm_start 139637976731648\n"
                           "end\n"
                           "note OK the kernel counts 3 pages\n");
}

TEST_F(Arenas, TheLimitCutsPagesAndRuns) {
  host_.target.row_limit = 1;
  const Report report = render();
  EXPECT_EQ(report.counted, 3U);
  EXPECT_THAT(report.text(), HasSubstr("number pages 2\nend\nend\nlist pages\n"));
  EXPECT_THAT(report.text(), HasSubstr("bytes bytes \nend\nend\nflag truncated true\nend\n"));
}

TEST_F(Arenas, MissingTablesAreTold) {
  host_.regions[kernel + 0xb000] = {.size = 0x3000, .page = 0, .known = false};
  EXPECT_THAT(render().text(), HasSubstr("note EFAULT of 3 pages it is not known whether they are mapped"));
  EXPECT_THAT(render().text(), HasSubstr("number user_addr 139637976752128\n"))
      << "what lies behind is found";
}

TEST_F(Arenas, TheScratchPageIsNoPageOfTheArena) {
  host_.regions[kernel + 0xc000] = {.size = 4096, .page = 0x8000, .known = true};
  EXPECT_EQ(render().text(), arena_sample.lines);
}

TEST_F(Arenas, AScratchPageThatCannotBeToldApartIsTold) {
  constexpr auto note = "note OK pages that were touched but never allocated may be among those shown\n";
  auto& memory = host_.memory[user];
  memory.resize(24); // up to scratch_page
  EXPECT_THAT(render().text(), HasSubstr(note));
  host_ = FakeHost(arena_sample.image);
  for (auto& [address, region] : host_.regions) region.page = 0;
  EXPECT_THAT(render().text(), HasSubstr(note));
}

TEST_F(Arenas, WiderThanFourGigabytesAreCut) {
  host_.target.max_entries = ~0U;
  poke(user, 0);
  EXPECT_THAT(render().text(), HasSubstr("number declared_pages 1048576\nflag span_capped true\n"));
}

TEST_F(Arenas, NothingIsLookedAtBeyondTheMultipleOfFourGigabytes) {
  poke(user, 0x7f00fffff000); // the last page that 32 bits reach
  host_.regions = {{kernel + 0x8000 + 0xfffff000, {.size = 4096, .page = 1, .known = true}},
                   {kernel + 0x8000 + 0x100000000, {.size = 4096, .page = 1, .known = true}}};
  EXPECT_EQ(render().counted, 1U);
}

TEST_F(Arenas, LargePagesAreManyPages) {
  host_.regions = {{kernel + 0x8000, {.size = 2 << 20, .page = 1, .known = true}}};
  EXPECT_EQ(render().counted, 8U) << "no more than are declared";
}

TEST_F(Arenas, ThePageSizeComesWithTheGuardZone) {
  poke(vm_struct + 16, 0x100000000 + (192 << 10)); // 64 KiB pages, guard of 128 KiB
  poke(user, 0);
  host_.regions = {{kernel + 0x10000, {.size = 0x10000, .page = 1, .known = true}},
                   {kernel + 0x20000, {.size = 0x10000, .page = 1, .known = true}}};
  EXPECT_THAT(render().text(), HasSubstr("list runs\nobject\nnumber user_addr 0\nnumber pages 2\n"));
}

TEST_F(Arenas, AVmStructOfSomethingElseIsTold) {
  for (const std::uint64_t size : {0ULL, 0x1000ULL, 0x100000000ULL, ~0ULL}) {
    poke(vm_struct + 16, size);
    const Report report = render();
    EXPECT_EQ(report.rc, MSC_OK);
    EXPECT_EQ(report.text(), "note EFAULT its vm_struct is not that of an arena\n"
                             "object arena\n"
                             "number declared_pages 8\n"
                             "number kern_vm_start 0\n"
                             "number user_vm_start 139637976731648\n"
                             "end\n");
  }
}

TEST_F(Arenas, AddressesThatWrapAreRefused) {
  poke(vm_struct + 8, ~0ULL - 0xfff);
  EXPECT_THAT(render().text(), HasSubstr("note EFAULT its vm_struct is not that of an arena\n"));
  poke(vm_struct + 8, kernel);
  poke(user, 0x7f0000001001);
  EXPECT_THAT(render().text(), HasSubstr("note EFAULT its user_vm_start is no page's address\n"));
}

TEST_F(Arenas, AVmStructThatIsMissingLeavesTheUserAddress) {
  host_.memory.erase(vm_struct);
  EXPECT_THAT(render().text(), HasSubstr("number kern_vm_start 0\nnumber user_vm_start 139637976731648\n"));
  host_.memory.clear();
  const Report report = render();
  EXPECT_EQ(report.rc, MSC_OK);
  EXPECT_THAT(report.text(), HasSubstr("number kern_vm_start 0\nnumber user_vm_start 0\n"));
  EXPECT_THAT(report.text(), Not(HasSubstr("list")));
}

} // namespace
} // namespace mapscope::test
