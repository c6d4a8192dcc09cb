// SPDX-License-Identifier: Apache-2.0
// Pointers in values: into arenas, into the kernel, in circles, and more of them than can be shown.
#include "tests/unit/report/pointer_fixture.hpp"

namespace mapscope::report {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class Following : public PointerFixture {};

TEST_F(Following, APointerIntoTheArenaLeadsToItsType) {
  const auto holder = program.holder(program.to_node);
  EXPECT_EQ(decode("u64 0 0 42\n", holder, user),
            "holder{p=0x100000000000(*=node{next=0x0, other=0x0, number=42:uint64})}");
  EXPECT_EQ(decode("zero 8 u64 43\n", program.holder_of(program.u32), user + 8),
            "holder{p=0x100000000008(*=43:uint32)}")
      << "whatever the type";
  EXPECT_EQ(decode("u64 0\n", holder, std::uint64_t{0}), "holder{p=0x0}");
}

TEST_F(Following, TheKernelsAddressOfAnArenaIsAPointerToo) {
  EXPECT_THAT(decode("u64 0 0 42\n", program.holder(program.to_node), direct_at(memory_at)),
              HasSubstr("number=42:uint64"));
}

TEST_F(Following, OnlyATagLetsHalfAnAddressLeadAnywhere) {
  EXPECT_EQ(decode("zero 64 u64 0 0 42\n", program.holder(program.to_node), 0x40), "holder{p=0x40}");
  EXPECT_THAT(decode("zero 64 u64 0 0 42\n", program.holder(program.tagged), 0x40), HasSubstr("number=42"));
  arenas[0].short_pointers = true;
  EXPECT_THAT(decode("zero 64 u64 0 0 42\n", program.holder(program.to_node), 0x40), HasSubstr("number=42"));
  arenas[0] = arena_of(2, "arena", 0);
  EXPECT_THAT(decode("zero 64 u64 0 0 42\n", program.holder(program.to_node), 0x40), HasSubstr("number=42"));
  EXPECT_EQ(decode("u64 0\n", program.holder(program.to_node), unmapped), "holder{p=0x40000000}")
      << "where nobody mapped the arena a small number is no pointer unless it leads somewhere";
}

TEST_F(Following, WhatLeadsNowhereIsPlain) {
  const auto holder = program.holder(program.to_node);
  for (const std::uint64_t value : {user - 8, user + catalog::arena_span, ~std::uint64_t{7}})
    EXPECT_EQ(decode("u64 0\n", holder, value), fmt::format("holder{{p={:#x}}}", value));
  EXPECT_EQ(decode("u64 0\n", program.holder(program.to_function), user), "holder{p=0x100000000000}");
  EXPECT_EQ(decode("u64 0\n", program.holder(program.to_void), user), "holder{p=0x100000000000}");
}

TEST_F(Following, GapsHaveTheirWords) {
  const auto holder = program.holder(program.to_node);
  EXPECT_THAT(decode("u64 0\n", holder, user + unmapped),
              HasSubstr("@deref_skipped_reason=nothing is mapped there"));
  EXPECT_FALSE(lacks_memory);
  EXPECT_THAT(decode("u64 0\n", holder, user + 0x100000),
              HasSubstr("@deref_skipped_reason=the memory there is not in the snapshot"));
  EXPECT_TRUE(lacks_memory);
}

TEST_F(Following, AnObjectMayStraddlePages) {
  EXPECT_THAT(decode("zero 4088 u64 0 0 42\n", program.holder(program.to_node), user + 4088),
              HasSubstr("number=42:uint64"));
}

TEST_F(Following, AnObjectWithoutItsEndIsTruncated) {
  EXPECT_EQ(decode("zero 4088 u64 0 hole 4096\n", program.holder(program.to_node), user + 4088),
            "holder{p=0x100000000ff8(*=truncated(24/8, node{next=0x0, other=truncated(8/0, "
            "truncated(8/0, <>)), number=truncated(8/0, truncated(8/0, <>))}))}");
  EXPECT_TRUE(lacks_memory);
}

TEST_F(Following, NoMoreThanAPageIsReadBehindAPointer) {
  EXPECT_THAT(decode("u64 42 zero 12280\n", program.holder_of(program.large), user),
              HasSubstr("(*=truncated(8008/4096, large{number=42:uint64, rest="));
}

TEST_F(Following, ACircleIsTold) {
  EXPECT_EQ(decode("u64 0x100000000000 0 42\n", program.holder(program.to_node), user),
            "holder{p=0x100000000000(*=node{next=0x100000000000(@deref_skipped_reason=cycle to "
            "0x100000000000), other=0x0, number=42:uint64})}");
}

TEST_F(Following, WhatManyPointToIsShownOnce) {
  const std::string text =
      decode("u64 0x100000000018 0x100000000018 1\nu64 0 0 2\n", program.holder(program.to_node),
             {pack(user), pack(user + 24), pack(user + 24), pack(user)});
  EXPECT_THAT(text, HasSubstr("holder{p=0x100000000000(*=node{next=0x100000000018(*=node{next=0x0, other=0x0,"
                              " number=2:uint64}), other=0x100000000018(@deref_skipped_reason=shown already, "
                              "under entries[0]), number=1:uint64})}"));
  EXPECT_THAT(text, HasSubstr("\nholder{p=0x100000000018(*=node{next=0x0, other=0x0, number=2:uint64})}\n"))
      << "what a value itself points to is shown with it";
  EXPECT_THAT(text, HasSubstr("\nholder{p=0x100000000018(@deref_skipped_reason=shown already, under "
                              "entries[1])}\nholder{p=0x100000000000(@deref_skipped_reason=shown already, "
                              "under entries[0])}"));
}

TEST_F(Following, WhatWasCutShortIsShownAgain) {
  limits.depth = 6; // holder, pointer, node, pointer, node, pointer
  const std::string three = "u64 0x100000000018 0 1\nu64 0x100000000030 0 2\nu64 0 0 3\n";
  const std::string text = decode(three, program.holder(program.to_node), {pack(user), pack(user + 24)});
  EXPECT_THAT(text, HasSubstr("@deref_skipped_reason=nested 6 deep, not followed"));
  EXPECT_THAT(text, HasSubstr("\nholder{p=0x100000000018(*=node{next=0x100000000030(*=node{next=0x0, "));
  EXPECT_THAT(text, Not(HasSubstr("shown already")));
}

/// Each node points to the next two: without memory 2^n of them.
TEST_F(Following, AGraphIsBoundedByTheNodesOfOneMap) {
  std::string memory;
  constexpr unsigned count = 2000;
  for (unsigned i = 0; i < count; ++i)
    memory += fmt::format("u64 {:#x} {:#x} {}\n", user + 24 * ((i + 1) % count),
                          user + 24 * ((i * 7 + 2) % count), i);
  limits.nodes = 1000;
  std::vector<std::vector<std::byte>> values;
  for (unsigned i = 0; i < count; ++i) values.push_back(pack(user + 24 * i));
  const std::string text = decode(memory, program.holder(program.to_node), values);
  EXPECT_THAT(text, HasSubstr("not followed: more than 1000 values lie behind pointers (report.nodes)"));
  EXPECT_GT(left_out, 1000U);
  std::size_t shown = 0;
  for (auto at = text.find("number="); at != text.npos; at = text.find("number=", at + 1)) ++shown;
  EXPECT_LE(shown, 1000U);
}

/// Each row has room of its own, so that the last is not told less than the first.
TEST_F(Following, SoManyObjectsAreShownBehindOneRow) {
  const std::string chain = "u64 0x100000000018 0 1\nu64 0x100000000030 0 2\nu64 0 0 3\nu64 0 0 4\n";
  const auto holder = program.holder(program.to_node);
  inside = 2;
  const std::string text = decode(chain, holder, {pack(user), pack(user + 72)});
  EXPECT_THAT(text, HasSubstr("number=2:uint64"));
  EXPECT_THAT(text, HasSubstr("0x100000000030(@deref_skipped_reason=not followed: report.inside is 2)"));
  EXPECT_THAT(text, HasSubstr("number=4:uint64"));
  EXPECT_THAT(cuts,
              testing::ElementsAre("objects not shown: 1; more than 2 lie behind the pointers of one entry "
                                   "(--set report.inside=0 shows more)"));
  inside = 3;
  EXPECT_THAT(decode(chain, holder, {pack(user), pack(user + 72)}), HasSubstr("number=3:uint64"));
  EXPECT_THAT(cuts, testing::IsEmpty());
}

TEST_F(Following, TheBudgetOfBytesIsThatOfAllRows) {
  bytes = 47; // a node has 24
  const std::string text =
      decode("u64 0 0 1\nu64 0 0 2\n", program.holder(program.to_node), {pack(user), pack(user + 24)});
  EXPECT_THAT(text, HasSubstr("number=1:uint64"));
  EXPECT_THAT(text, HasSubstr("0x100000000018(@deref_skipped_reason=not followed: budget.bytes is 47)"));
  EXPECT_THAT(cuts, testing::ElementsAre(
                        "objects not shown: 1; more than 47 bytes lie behind pointers (budget.bytes)"));
}

TEST_F(Following, AFileMayDefineWhatTheProgramDeclares) {
  BtfBuilder file, other;
  file.record("elsewhere", {{"from_file", file.u64()}});
  other.record("elsewhere", {{"number", other.u64()}});
  given = {file.types("sched.bpf.o")};
  const auto holder = program.holder_of(program.elsewhere);
  EXPECT_THAT(decode("u64 42\n", holder, user), HasSubstr("(*=elsewhere{from_file=42:uint64})"));
  catalog.maps[1].types = other.types("other");
  EXPECT_THAT(decode("u64 42\n", holder, user), HasSubstr("(*=elsewhere{number=42:uint64})"))
      << "another object of the same programs knows better";
}

TEST_F(Following, ValuesOfAFileLeadToTypesOfThatFile) {
  Program file; // with the ids of the program's, and other names
  file.b.patch(file.node, 0, file.b.string("node_of_file"));
  const auto holder = file.holder(file.to_node);
  own = file.b.types("sched.bpf.o");
  EXPECT_THAT(decode("u64 0 0 42\n", holder, user), HasSubstr("its type is not known"));
  given = {program.b.types("other.o"), own};
  EXPECT_EQ(decode("u64 0 0 42\n", holder, user),
            "holder{p=0x100000000000(*=node_of_file{next=0x0, other=0x0, number=42:uint64})}");
}

TEST_F(Following, AnotherObjectMayDefineWhatThisOneDeclares) {
  BtfBuilder other;
  other.record("elsewhere", {{"number", other.u64()}});
  const auto holder = program.holder_of(program.elsewhere);
  EXPECT_THAT(decode("u64 42\n", holder, user),
              HasSubstr("@deref_skipped_reason=struct elsewhere is declared and nowhere defined"));
  catalog.maps[1].types = other.types("other");
  EXPECT_THAT(decode("u64 42\n", holder, user), HasSubstr("(*=elsewhere{number=42:uint64})"));
  catalog.maps[1].programs = {8};
  catalog.maps.emplace_back().id = 3;
  catalog.maps[2].types = catalog.maps[1].types;
  arenas[0].map = 1; // what belongs to nobody else's family does not define it
  EXPECT_THAT(decode("u64 42\n", holder, user), HasSubstr("nowhere defined"));
}

TEST_F(Following, TwoArenasWithOneWindowAreNotGuessedBetween) {
  catalog.maps.emplace_back().id = 3;
  catalog.maps[2].programs = {7};
  arenas.push_back(arena_of(3, "second", user));
  EXPECT_THAT(decode("u64 0\n", program.holder(program.to_node), user),
              HasSubstr("it may lead into the arena arena or into second"));
}

/// Not where the report has the objects of that map alone.
TEST_F(Following, AVariableIsNamedWhereTheReportShowsIt) {
  const auto variable = program.b.variable("tree", program.node);
  section = program.b.section(".addr_space.1", {{variable, 0, 24}});
  flat = true;
  const btf::TypeId type = program.holder(program.to_node);
  EXPECT_EQ(decode("u64 0 0 7\n", type, user),
            "holder{p=0x100000000000(*=node{next=0x0, other=0x0, number=7:uint64})}");
  shown_arenas = {2};
  EXPECT_EQ(decode("u64 0 0 7\n", type, user), "holder{p=0x100000000000(@known_as=tree)}");
}

/// Two slots of 32 bytes at the arena's begin, a header of 8 and a node; the second is free.
class IntoSlots : public Following {
protected:
  explicit IntoSlots(bool has_type = true) {
    payload_types = program.b.types("program");
    SlotPool& pool = slots.add({});
    pool.allocator = "nodes", pool.arena = arenas[0], pool.stride = 32, pool.header = 8;
    if (has_type) pool.payload = {payload_types, program.node};
    pool.slots = {{0, 5, 0, true}, {32, 6, 1, false}};
    slots.order();
  }
  const std::string memory = "u64 5 0 0 42\nu64 0 0 0 0\n";
  const std::string payload = "(@slot=slot 5 of nodes, *=node{next=0x0, other=0x0, number=42:uint64})}";
  std::shared_ptr<const btf::Types> payload_types;
};
class IntoUntypedSlots : public IntoSlots {
protected:
  IntoUntypedSlots() : IntoSlots(false) {}
};

TEST_F(IntoSlots, APointerLeadsToThePayloadWhateverItsType) {
  for (const btf::TypeId type : {program.to_void, program.b.pointer(program.elsewhere), program.tagged}) {
    EXPECT_EQ(decode(memory, program.holder(type), user), "holder{p=0x100000000000" + payload)
        << "the slot's begin: its header is skipped";
    EXPECT_EQ(decode(memory, program.holder(type), user + 8), "holder{p=0x100000000008" + payload)
        << "the payload's begin";
  }
}

TEST_F(IntoSlots, OneSlotIsOneObjectByWhicheverEnd) {
  EXPECT_THAT(decode(memory, program.holder(program.to_void), {pack(user), pack(user + 8)}),
              HasSubstr("\nholder{p=0x100000000008(@deref_skipped_reason=shown already, under entries[0])}"));
}

TEST_F(IntoSlots, AStalePointerIsTold) {
  EXPECT_EQ(decode(memory, program.holder(program.to_node), user + 32),
            "holder{p=0x100000000020(@deref_skipped_reason=slot 6 of nodes, which is free)}");
}

TEST_F(IntoSlots, InsideASlotThePointersOwnTypeIsAllThereIsWhereThePayloadHasIt) {
  EXPECT_EQ(decode(memory, program.holder_of(program.u64), user + 24),
            "holder{p=0x100000000018(*=42:uint64)}");
  EXPECT_EQ(decode(memory, program.holder(program.to_void), user + 24),
            "holder{p=0x100000000018(@deref_skipped_reason=slot 5 of nodes, 24 bytes into it)}");
  EXPECT_EQ(decode(memory + "u64 7\n", program.holder_of(program.u64), user + 64),
            "holder{p=0x100000000040(*=7:uint64)}")
      << "and behind the last";
  EXPECT_EQ(decode(memory, program.holder(program.to_node), user + 24),
            "holder{p=0x100000000018(@deref_skipped_reason=slot 5 of nodes, 24 bytes into it)}")
      << "no node lies there";
}

TEST_F(IntoSlots, ASlotThatIsNotShownIsNamed) {
  inside = 1;
  const auto two = program.b.record("two", {{"a", program.tagged}, {"b", program.to_void}});
  EXPECT_THAT(decode(memory + "u64 0 0 9\n", two, {pack(user + 64, user)}),
              HasSubstr("b=0x100000000000(@slot=slot 5 of nodes, @deref_skipped_reason=not followed: "
                        "report.inside is 1)"));
}

TEST_F(IntoSlots, AListOfSlotsNamesThem) {
  lists_slots = true;
  EXPECT_EQ(decode(memory, program.holder(program.to_node), user + 8),
            "holder{p=0x100000000008(@deref_skipped_reason=slot 5 of nodes)}");
}

TEST_F(IntoUntypedSlots, AreFollowedByThePointersOwnTypeWhereItFits) {
  EXPECT_THAT(decode(memory, program.holder(program.to_node), user + 8), HasSubstr("(*=node{"))
      << "it is as long as the payload";
  EXPECT_THAT(decode(memory, program.holder_of(program.u64), user), HasSubstr("(*=5:uint64)"))
      << "it is as long as the header";
  for (const btf::TypeId type : {program.node, program.large, program.u32})
    EXPECT_THAT(decode(memory, program.holder_of(type), user), HasSubstr("slot 5 of nodes, whose type is"))
        << type;
  EXPECT_THAT(decode(memory, program.holder_of(program.u64), user + 8), HasSubstr("whose type is not known"));
  EXPECT_THAT(decode(memory, program.holder_of(program.u64), user + 24), HasSubstr("24 bytes into it"));
  EXPECT_EQ(decode(memory, program.holder(program.to_void), user),
            "holder{p=0x100000000000(@deref_skipped_reason=slot 5 of nodes, whose type is not known)}");
}

TEST_F(Following, MasksOfCpusAreSafeToShow) {
  arenas.clear();
  limits.cpus = 64;
  const auto holder = program.holder_of(program.mask);
  EXPECT_EQ(decode("u64 0xff00000000000003 0xffffffffffffffff\n", holder, direct_at(memory_at)),
            "holder{p=0xffff888000180000(*=cpus{0-1,56-63})}")
      << "all of the last CPUs of a word are no freed memory";
  limits.cpus = 3;
  EXPECT_THAT(decode("u64 0xff\n", holder, direct_at(memory_at)), HasSubstr("cpus{0-2}"));
  EXPECT_THAT(decode("u64 0\n", holder, direct_at(0x7000000)),
              HasSubstr("@deref_skipped_reason=the memory there is not in the snapshot"));
}

TEST_F(Following, OtherObjectsOfTheKernelAreShownWhenAsked) {
  arenas.clear();
  const auto holder = program.holder_of(program.task);
  const std::string memory = "u32 42 text \"systemd\\0\" zero 36\n";
  EXPECT_EQ(decode(memory, holder, direct_at(memory_at)), "holder{p=0xffff888000180000}");
  typed_kernel = true;
  EXPECT_THAT(decode(memory, holder, direct_at(memory_at)), HasSubstr("(*=task_struct{pid=42:int32, comm="))
      << "a flavour of CO-RE is the kernel's type of that name";
  EXPECT_THAT(decode(memory, program.holder_of(program.node), direct_at(memory_at)),
              HasSubstr("@deref_skipped_reason=the kernel has no struct node"));
}

} // namespace
} // namespace mapscope::report
