// SPDX-License-Identifier: Apache-2.0
// Locks, timers, lists, trees and kernel pointers in values: as they are, torn, and in circles.
#include "host/report/special_fields.hpp"
#include "host/target/given_files.hpp"
#include "host/target/target.hpp"
#include "tests/support/text_image.hpp"
#include "tests/support/tiny_kernel.hpp"
#include "tests/support/value_tree.hpp"

#include <gmock/gmock.h>

namespace mapscope::report {
namespace {

using test::BtfBuilder;
using test::direct_at;
using test::pack;
using ::testing::HasSubstr;

constexpr std::uint64_t objects = 0x180000; ///< physical, where the memory of a test begins

std::string to(const std::string& label) { return label + "+0xffff888000000000"; }

void add_timer_types(BtfBuilder& b) {
  const auto u64 = b.u64(), pointer = b.pointer(0), node = b.record("timerqueue_node", {{"expires", u64}});
  const auto hrtimer =
      b.record("hrtimer", {{"node", node}, {"base", pointer}, {"state", b.u8()}, {"padding", b.u8()}});
  b.record("hrtimer_clock_base", {{"clockid", b.u32()}});
  b.record("bpf_hrtimer", {{"timer", hrtimer}, {"callback_fn", pointer}});
}

/// The types of a program: what lists and trees contain, what pointers point to.
struct Program {
  BtfBuilder b;
  btf::TypeId u32 = b.u32(), u64 = b.u64();
  btf::TypeId list_node = b.record("bpf_list_node", {{"opaque", b.array(u64, 3)}}),
              rb_node = b.record("bpf_rb_node", {{"opaque", b.array(u64, 4)}}),
              list_head = b.record("bpf_list_head", {{"opaque", b.array(u64, 2)}}),
              rb_root = b.record("bpf_rb_root", {{"opaque", b.array(u64, 2)}}),
              lock = b.record("bpf_spin_lock", {{"val", u32}}),
              timer = b.record("bpf_timer", {{"opaque", b.array(u64, 2)}});
  btf::TypeId item = b.record("item", {{"node", list_node}, {"number", u32}}),
              leaf = b.record("leaf", {{"number", u64}, {"node", rb_node}});
  btf::TypeId own = b.record("own", {{"next", b.next_id() + 1}, {"number", u64, 64}}, 16);
  btf::TypeId to_own = b.pointer(b.next_id() + 1), tagged = b.type_tag("kptr", own);
  btf::TypeId listed = b.record("listed", {{"list", list_head}}),
              treed = b.record("treed", {{"tree", rb_root}});

  Program() {
    b.patch(b.decl_tag("contains:item:node", listed), 3, 0);
    b.patch(b.decl_tag("contains:leaf:node", treed), 3, 0);
  }
};

class Special : public testing::Test {
protected:
  std::string decode(const std::string& memory, btf::TypeId type, const std::vector<std::byte>& bytes) {
    BtfBuilder types;
    test::add_kernel_types(types);
    add_timer_types(types);
    const test::TextImage image(test::tiny_kernel_text(
        types, "maps: " + test::xa_node_text({}) + "programs: " + test::xa_node_text({}) +
                   "btfs: " + test::xa_node_text({}) + "@0x180000\n" + memory));
    const auto target = target::Target::open(image, {});
    if (!target) return target.error().text;
    const auto own = program.b.types("program");
    const catalog::TypeObjects given = {own};
    SpecialFields behind(**target, types.types("vmlinux"), of_a_file ? nullptr : own, nullptr, {},
                         {.given_types = &given, .inside = inside});
    return test::decode_tree(*btf::Decoder::compile(own, type, {}, &behind), bytes).text();
  }

  Program program;
  bool of_a_file = false;   ///< the map has no types, and its values are given some
  std::uint64_t inside = 0; ///< objects shown behind one row
};

TEST_F(Special, ALockIsHeldOrNot) {
  EXPECT_EQ(decode("u64 0\n", program.lock, pack(1U)), "bpf_spin_lock{val=1:uint32, @locked=true}");
  EXPECT_EQ(decode("u64 0\n", program.lock, pack(0U)), "bpf_spin_lock{val=0:uint32, @locked=false}");
}

TEST_F(Special, ATimerSaysWhetherAndWhenItFires) {
  const std::string timer =
      "timer: u64 5000 " + to("base") + " u8 1 0 align 8 u64 0xffffffff81234560\nbase: u32 1 0\n";
  EXPECT_THAT(decode(timer, program.timer, pack(direct_at(objects), std::uint64_t{0})),
              HasSubstr("@armed=true, @expires_at_ns=5000, @callback=18446744071581156704"));
  EXPECT_THAT(decode(timer, program.timer, pack(std::uint64_t{0}, std::uint64_t{0})),
              HasSubstr("@armed=false}"));
  EXPECT_THAT(decode(timer, program.timer, pack(direct_at(0x7000000), std::uint64_t{0})),
              HasSubstr("@problem=the timer is not in the snapshot"));
}

/// The head lies in the value, which is not in memory here; only its address is needed.
std::string two_items(const std::string& behind_second, const std::string& head = "0xffff888000190000") {
  return "first: u64 " + to("second") + " " + head + " 1 u32 7 0\nsecond: u64 " + behind_second + " " +
         to("first") + " 1 u32 8 0\n";
}

TEST_F(Special, AListShowsWhatItContains) {
  const auto head = pack(direct_at(objects), direct_at(objects + 32));
  const std::string text = decode(two_items("0xffff888000190000"), program.listed, head);
  EXPECT_THAT(text, HasSubstr("@length=2, @elements=[: item{node="));
  EXPECT_THAT(text, HasSubstr("number=7:uint32}, item{"));
  EXPECT_THAT(text, HasSubstr("@linked=true"));
  EXPECT_THAT(text, ::testing::Not(HasSubstr("@problem")));
}

/// What a variable contains is said of the variable: a scheduler's tree of control groups is one.
TEST_F(Special, AListInASectionShowsWhatItContains) {
  BtfBuilder& b = program.b;
  const auto queue = b.variable("queue", program.list_head);
  b.decl_tag("contains:item:node", queue);
  const auto section = b.section(".data.QUEUE", {{queue, 0, 16}});
  const auto head = pack(direct_at(objects), direct_at(objects + 32));
  EXPECT_THAT(decode(two_items("0xffff888000190000"), section, head), HasSubstr("number=7:uint32}, item{"));
}

TEST_F(Special, AListOfTypesFromAFileShowsWhatItContains) {
  of_a_file = true;
  const auto head = pack(direct_at(objects), direct_at(objects + 32));
  EXPECT_THAT(decode(two_items("0xffff888000190000"), program.listed, head),
              HasSubstr("number=7:uint32}, item{"));
}

TEST_F(Special, NodesOfAListCountAsWhatLiesBehindPointers) {
  inside = 1;
  const auto head = pack(direct_at(objects), direct_at(objects + 32));
  const std::string text = decode(two_items("0xffff888000190000"), program.listed, head);
  EXPECT_THAT(text,
              HasSubstr("number=7:uint32}], @nodes_left_out=1 of them not followed: report.inside is 1"));
}

TEST_F(Special, AnEmptyListHasNothing) {
  const std::string empty = "head: u64 " + to("head") + " " + to("head") + "\n";
  EXPECT_THAT(decode(empty, program.listed, pack(direct_at(objects), direct_at(objects))),
              HasSubstr("@length=0, @elements=[:]"));
  EXPECT_THAT(decode(empty, program.listed, pack(std::uint64_t{0}, std::uint64_t{0})),
              HasSubstr("@length=0, @elements=[:]"));
}

TEST_F(Special, AListThatRunsInACircleEnds) {
  const auto head = pack(direct_at(objects), direct_at(objects + 32));
  const std::string text = decode(two_items(to("second")), program.listed, head);
  EXPECT_THAT(text, HasSubstr("@length=2"));
  EXPECT_THAT(text, HasSubstr("@problem=it runs in a circle"));
}

TEST_F(Special, AListWithAGapSaysSo) {
  const auto head = pack(direct_at(objects), direct_at(objects + 32));
  EXPECT_THAT(decode(two_items("0xffff888007000000"), program.listed, head),
              HasSubstr("@unreadable=1, @problem=part of it is not in the snapshot"));
  EXPECT_THAT(decode("u64 0\n", program.listed, pack(direct_at(0x7000000), direct_at(0x7000000))),
              HasSubstr("@length=0, @elements=[:], @problem=part of it is not in the snapshot"));
}

/// A root with a left and a right child; each leaf has its number before its node {parent, right, left}.
std::string three_leaves(const std::string& left_of_left) {
  return "u64 2\nroot: u64 1 " + to("right") + " " + to("left") + " 1\nu64 1\nleft: u64 1 0 " + left_of_left +
         " 1\nu64 3\nright: u64 1 0 0 1\n";
}

TEST_F(Special, ATreeIsWalkedInOrder) {
  const std::string text =
      decode(three_leaves("0"), program.treed, pack(direct_at(objects + 8), std::uint64_t{0}));
  EXPECT_THAT(text, HasSubstr("@length=3"));
  const std::size_t one = text.find("number=1:"), two = text.find("number=2:"),
                    three = text.find("number=3:");
  EXPECT_LT(one, two);
  EXPECT_LT(two, three);
  EXPECT_NE(three, text.npos);
}

TEST_F(Special, ATreeThatIsNoneEnds) {
  EXPECT_THAT(decode(three_leaves(to("root")), program.treed, pack(direct_at(objects + 8), std::uint64_t{0})),
              HasSubstr("@problem=it runs in a circle"));
  EXPECT_THAT(decode(three_leaves("0xffff888007000000"), program.treed,
                     pack(direct_at(objects + 8), std::uint64_t{0})),
              HasSubstr("@length=3"));
}

TEST_F(Special, APointerIsFollowedUntilItRepeats) {
  const btf::TypeId holder = program.b.record("holder", {{"own", program.to_own}});
  const std::string text = decode("own: u64 " + to("own") + " 815\n", holder, pack(direct_at(objects)));
  EXPECT_THAT(text, HasSubstr("holder{own=0xffff888000180000(*=own{next=0xffff888000180000("
                              "@deref_skipped_reason=cycle to 0xffff888000180000), number=815:uint64})}"));
  EXPECT_EQ(decode("u64 0\n", holder, pack(std::uint64_t{0})), "holder{own=0x0}");
  EXPECT_THAT(decode("u64 0\n", holder, pack(direct_at(0x7000000))),
              HasSubstr("@deref_skipped_reason=the memory there is not in the snapshot"));
}

} // namespace
} // namespace mapscope::report
