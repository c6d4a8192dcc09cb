// SPDX-License-Identifier: Apache-2.0
// Lists and trees of the kernel and of arenas, whole, torn and running in circles.
#include "face.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace mapscope::test {
namespace {

using ::testing::HasSubstr;

void number_of(Call& call, Object object) { call.number(nullptr, object.get<std::uint32_t>("n")); }

void ring(Call& call) {
  List list(call, "struct item", "link", {.most = 8});
  call.list("items");
  const bool whole = list.each(0x100, [&](Object item) { number_of(call, item); });
  call.end();
  call.flag("whole", whole);
}

const std::string ring_types =
    "struct list_head 16 next=0 prev=8\nstruct item 32 n=0:u32 link=8 link.next=8\n";

TEST(Lists, EndInTheirHead) {
  EXPECT_EQ(rendered(plugin_of<ring>, ring_types + "@0x100 u64:0x1008\n@0x1000 u32:1 zero:4 u64:0x2008\n"
                                                   "@0x2000 u32:2 zero:4 u64:0x100\n"),
            "list items\nnumber 1\nnumber 2\nend\nflag whole true\n");
  EXPECT_EQ(rendered(plugin_of<ring>, ring_types + "@0x100 u64:0x100\n"),
            "list items\nend\nflag whole true\n");
}

TEST(Lists, ThatAreTornEnd) {
  EXPECT_EQ(rendered(plugin_of<ring>, ring_types + "@0x100 u64:0x1008\n@0x1000 u32:1 zero:4 u64:0x2008\n"),
            "list items\nnumber 1\nnote EFAULT a list of struct item breaks off where memory lacks\nend\n"
            "flag whole false\n");
  EXPECT_THAT(rendered(plugin_of<ring>, ring_types + "@0x100 u64:0x1008\n@0x1000 u32:1 zero:4 u64:0x1008\n"),
              HasSubstr("note EFAULT a list of struct item runs in a circle\n"));
  EXPECT_THAT(rendered(plugin_of<ring>, ring_types + "@0x100 u64:0x1008\n@0x1000 u32:1 zero:4 u64:0\n"),
              HasSubstr("a list of struct item ends in a null pointer\n"));
  std::string longer = ring_types + "@0x100 u64:0x1008\n";
  for (int i = 1; i < 16; ++i) // each one is new
    longer +=
        "@" + std::to_string(i * 0x1000) + " u32:1 zero:4 u64:" + std::to_string((i + 1) * 0x1000 + 8) + "\n";
  EXPECT_THAT(rendered(plugin_of<ring>, longer), HasSubstr("does not end: the rest was given up\n"));
}

void two_rings(Call& call) {
  List list(call, "struct item", "link");
  list.each(0x500, [](Object) {});
  list.each(0x600, [](Object) {});
}

TEST(Lists, TellOneGapOfEachWalker) {
  EXPECT_EQ(rendered(plugin_of<two_rings>, ring_types),
            "note EFAULT a list of struct item breaks off where memory lacks\n");
}

void chains(Call& call) {
  Hlist hlist(call, "struct item", "node");
  call.list("hlist");
  hlist.each(0x1010, [&](Object item) { number_of(call, item); });
  call.end();
  Chain chain(call, "struct entry", "next", "", in_arena);
  call.list("chain");
  chain.each(0x7f0000002000, [&](Object entry) {
    number_of(call, entry);
    return entry.address() != 0x7f0000003000;
  });
  call.end();
}

TEST(Chains, EndInNullOrWhenItIsEnough) {
  EXPECT_EQ(rendered(plugin_of<chains>, R"(
struct hlist_node 16 next=0 pprev=8
struct item 32 n=0:u32 node=16
map struct entry 16 next=0 n=8:u32
target map=0x1
arena base=0x100000000
@0x1000 u32:1 zero:12 u64:0x2010
@0x2000 u32:2 zero:12 u64:0
@0x100002000 u64:0x7f0000003000 u32:3
@0x100003000 u64:0x7f0000002000 u32:4
)"),
            "list hlist\nnumber 1\nnumber 2\nend\nlist chain\nnumber 3\nnumber 4\nend\n");
}

void tree(Call& call) {
  Tree tree(call, "struct item", "node");
  call.list("items");
  const bool whole = tree.each(0x4008, [&](Object item) { number_of(call, item); });
  call.end();
  call.flag("whole", whole);
}

const std::string tree_types = "struct rb_node 24 __rb_parent_color=0 rb_right=8 rb_left=16\n"
                               "struct item 32 n=0:u32 node=8\n"
                               "@0x4000 u32:4 zero:4 zero:8 u64:0x6008 u64:0x2008\n";

TEST(Trees, AreWalkedFromTheLeftToTheRight) {
  EXPECT_EQ(rendered(plugin_of<tree>, tree_types + "@0x2000 u32:2 zero:4 zero:8 u64:0x3008 u64:0x1008\n"
                                                   "@0x1000 u32:1 zero:28\n@0x3000 u32:3 zero:28\n"
                                                   "@0x6000 u32:6 zero:28\n"),
            "list items\nnumber 1\nnumber 2\nnumber 3\nnumber 4\nnumber 6\nend\nflag whole true\n");
}

TEST(Trees, GoOnBehindWhatIsMissing) {
  EXPECT_EQ(
      rendered(plugin_of<tree>, tree_types + "@0x6000 u32:6 zero:28\n"),
      "list items\nnumber 4\nnumber 6\nnote EFAULT a tree of struct item breaks off where memory lacks\nend\n"
      "flag whole false\n");
}

TEST(Trees, ThatRunInCirclesEnd) {
  EXPECT_THAT(rendered(plugin_of<tree>, tree_types + "@0x2000 u32:2 zero:4 zero:8 u64:0 u64:0x4008\n"
                                                     "@0x6000 u32:6 zero:28\n"),
              HasSubstr("a tree of struct item is higher than any tree\n"));
  EXPECT_THAT(rendered(plugin_of<tree>, tree_types + "@0x2000 u32:2 zero:28\n"
                                                     "@0x6000 u32:6 zero:4 zero:8 u64:0x6008 u64:0\n"),
              HasSubstr("a tree of struct item runs in a circle\n"));
}

} // namespace
} // namespace mapscope::test
