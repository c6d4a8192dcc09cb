// SPDX-License-Identifier: Apache-2.0
// Where the variables lie that programs have in an arena, and which of them an address is.
#include "host/catalog/arena_globals.hpp"

#include "host/target/given_files.hpp"
#include "host/target/target.hpp"
#include "tests/support/text_image.hpp"
#include "tests/support/tiny_kernel.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>

namespace mapscope::catalog {
namespace {

using test::BtfBuilder;
using test::direct_at;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr std::uint64_t user = 0x7f0000000000, page = 4096;
constexpr std::uint64_t memory_at = 0x180000, direct_map_end = 0x40000000, program_at = 0x200000;

/// One arena, and one program with variables in it: a counter, and a struct of many members.
class ArenaGlobals_ : public testing::Test {
protected:
  ArenaGlobals_() {
    catalog.maps.resize(1), catalog.programs.resize(1);
    catalog.maps[0].id = 1, catalog.maps[0].type_name = "arena", catalog.maps[0].programs = {7};
    catalog.programs[0].id = 7, catalog.programs[0].kva = direct_at(program_at);
    kernel.record("bpf_prog", {{"len", kernel.u32()}, {"pad", kernel.u32()}, {"insnsi", kernel.u64()}});
    arena.map = 1, arena.page_size = page, arena.size = 4 * page;
    arena.user_vm_start = user, arena.kern_vm_start = direct_at(memory_at);
  }
  /// Of one that loads the address of a variable.
  static std::string program_that_loads(std::uint64_t address) {
    return fmt::format("@{:#x} u32 2 0\nu64 {:#x} {:#x}\n", program_at, 0x18 | address << 32,
                       address >> 32 << 32);
  }

  const Arena& find() {
    BtfBuilder vmlinux;
    test::add_kernel_types(vmlinux);
    const test::TextImage image(test::tiny_kernel_text(
        vmlinux, "maps: " + test::xa_node_text({}) + "programs: " + test::xa_node_text({}) +
                     "btfs: " + test::xa_node_text({}) + memory));
    const auto target = target::Target::open(image, {});
    EXPECT_TRUE(target) << target.error().text;
    catalog.maps[0].program_types = program.types("program");
    catalog.maps[0].type_notes.clear(), arena.globals.reset();
    find_arena_globals(**target, *kernel.types("vmlinux"), catalog, std::span(&arena, 1));
    return arena;
  }
  [[nodiscard]] const std::vector<std::string>& notes() const { return catalog.maps[0].type_notes; }

  BtfBuilder kernel, program;
  btf::TypeId u64 = program.u64();
  btf::TypeId node = program.record("node", {{"next", program.pointer(0)}, {"number", u64}});
  Catalog catalog;
  Arena arena;
  std::string memory = fmt::format("@{:#x} zero {}\n", memory_at, 4 * page) + program_that_loads(0);
};

class Placed : public ArenaGlobals_ {
protected:
  btf::TypeId section = program.section(
      ".addr_space.1", {{program.variable("a", u64), 0, 8}, {program.variable("b", u64), 8, 8}});
};

TEST_F(Placed, AreWhereProgramsSay) {
  for (const std::uint64_t begin : {std::uint64_t{0}, 3 * page}) {
    memory = fmt::format("@{:#x} zero {}\n", memory_at, 4 * page) + program_that_loads(user + begin + 8);
    ASSERT_TRUE(find().globals) << begin;
    EXPECT_EQ(arena.globals->offset, begin);
    EXPECT_EQ(global_at(arena, user + begin + 8, u64), "b");
    EXPECT_EQ(global_at(arena, user + begin + 9, u64), "");
    EXPECT_EQ(global_at(arena, user + begin + 16, u64), "");
    EXPECT_EQ(global_at(arena, user + begin - 8, u64), "");
  }
}

TEST_F(Placed, AreWhereThereArePages) {
  arena.size = 2 * direct_map_end;
  ASSERT_TRUE(find().globals);
  EXPECT_EQ(arena.globals->offset, 0U);
  EXPECT_THAT(notes(), IsEmpty());
}

TEST_F(Placed, AreSaidToBeMissingWhereNothingTells) {
  EXPECT_FALSE(find().globals);
  EXPECT_THAT(notes(), ElementsAre("its programs' variables are not shown: they may lie at its start or at "
                                   "its end, where there are pages"));
}

/// A page that the dump left out may as well be that of the variables.
TEST_F(Placed, ArePutNowhereBecauseAPageIsNotInTheDump) {
  memory = fmt::format("@{:#x} zero {}\n", memory_at, page) + program_that_loads(0);
  EXPECT_FALSE(find().globals);
  EXPECT_THAT(notes(), ElementsAre(HasSubstr("they may lie at its start or at its end")));
}

TEST_F(Placed, AreNowhereWhereNobodyWroteThem) {
  arena.user_vm_start = 0;
  EXPECT_FALSE(find().globals);
  EXPECT_THAT(notes(), ElementsAre(HasSubstr("no process has mapped it")));
}

TEST_F(ArenaGlobals_, LargerThanTheArenaAreSaidToBe) {
  program.section(".addr_space.1",
                  {{program.variable("all", program.array(u64, 0x10000000)), 0, 0x80000000}});
  EXPECT_FALSE(find().globals);
  EXPECT_THAT(notes(), ElementsAre(HasSubstr("their 2147483648 bytes are more than the 16384 of the arena")));
}

TEST_F(ArenaGlobals_, AreNamedThroughMembersAndElements) {
  const auto choice = program.union_of("choice", {{"node", node}, {"small", program.u8()}});
  const auto inner = program.record(
      "inner",
      {{"none", program.array(u64, 0)}, {"grid", program.array(program.array(node, 3), 2)}, {"", choice}});
  program.section(".addr_space.1",
                  {{program.variable("first", u64), 0, 8}, {program.variable("in", inner), 8, 112}});
  arena.size = page;
  ASSERT_TRUE(find().globals);
  EXPECT_EQ(global_at(arena, user + 8, node), "in.grid[0][0]");
  EXPECT_EQ(global_at(arena, user + 8 + 80, node), "in.grid[1][2]");
  EXPECT_EQ(global_at(arena, user + 8 + 84, node), "");
  EXPECT_EQ(global_at(arena, user + 8 + 96, node), "in.node");
  EXPECT_EQ(global_at(arena, user + 8, inner), "in");
}

/// As many as there are pointers may be looked for.
TEST_F(ArenaGlobals_, AreFoundAmongManyMembersAndVariables) {
  constexpr std::uint32_t count = 20'000;
  std::vector<test::Field> fields;
  std::vector<test::Variable> variables;
  for (std::uint32_t i = 0; i < count; ++i) {
    fields.push_back({fmt::format("m{}", i), node});
    variables.push_back({program.variable(fmt::format("v{}", i), node), 16 * i, 16});
  }
  variables.push_back({program.variable("wide", program.record("wide", fields)), 16 * count, 16 * count});
  program.section(".addr_space.1", variables);
  arena.size = (2 * 16 * count + page - 1) / page * page;
  ASSERT_TRUE(find().globals);
  for (std::uint32_t i = 0; i < count; ++i) {
    ASSERT_EQ(global_at(arena, user + 16 * i, node), fmt::format("v{}", i));
    ASSERT_EQ(global_at(arena, user + 16 * (count + i), node), fmt::format("wide.m{}", i));
  }
}

} // namespace
} // namespace mapscope::catalog
