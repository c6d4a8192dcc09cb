// SPDX-License-Identifier: Apache-2.0
// Where arenas lie, what leads into them, and which maps they belong to.
#include "host/catalog/families.hpp"
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
using ::testing::IsEmpty;

constexpr std::uint64_t user = 0x7f0000001000;
constexpr std::uint64_t four_gib = 1ULL << 32;

/// A kernel with one arena, whose page 0 lies at physical 0x201000.
class Arenas : public testing::Test {
protected:
  std::vector<Arena> find(std::uint64_t address, std::uint64_t reserved, std::uint64_t user_vm_start = user) {
    BtfBuilder types;
    test::add_kernel_types(types);
    types.record(
        "bpf_arena",
        {{"user_vm_start", types.u64()}, {"kern_vm", types.pointer(0)}, {"scratch_page", types.pointer(0)}});
    types.record("vm_struct", {{"addr", types.pointer(0)}, {"size", types.u64()}});
    image = std::make_unique<test::TextImage>(test::tiny_kernel_text(
        types, "maps: " + test::xa_node_text({}) + "programs: " + test::xa_node_text({}) +
                   "btfs: " + test::xa_node_text({}) +
                   fmt::format("@0x180000 u64 {:#x} area+0xffff888000000000 {:#x}\narea: u64 {:#x} {:#x}\n",
                               user_vm_start, scratch, address, reserved) +
                   "@0x201000 u64 1 zero 4088 u64 2 zero 4088\n" + notes));
    auto opened = target::Target::open(*image, {});
    EXPECT_TRUE(opened) << opened.error().text;
    target = std::move(*opened);
    Map map;
    map.id = 1, map.name = "arena", map.type_name = "arena";
    map.max_entries = 0x100000, map.kva = direct_at(0x180000);
    return find_arenas(*target, *types.types("vmlinux"), std::span(&map, 1));
  }
  std::vector<Arena> find() { return find(direct_at(0x1f8000), four_gib + (68 << 10)); }

  std::uint64_t scratch = 0;
  std::string notes;
  std::unique_ptr<test::TextImage> image;
  std::unique_ptr<target::Target> target;
};

TEST_F(Arenas, LieWhereTheirVmStructSays) {
  const auto arenas = find();
  ASSERT_EQ(arenas.size(), 1U);
  EXPECT_EQ(arenas[0].kern_vm_start, direct_at(0x200000)) << "behind half of the guard zone";
  EXPECT_EQ(arenas[0].kernel_address(user), direct_at(0x201000));
  EXPECT_EQ(arenas[0].size, four_gib);
}

TEST_F(Arenas, OfAnotherSizeAreNone) {
  for (const std::uint64_t reserved : {std::uint64_t{0}, std::uint64_t{0x11000}, four_gib, ~std::uint64_t{0}})
    EXPECT_THAT(find(direct_at(0x1f8000), reserved), IsEmpty());
  EXPECT_THAT(find(~std::uint64_t{0} - 0xfff, four_gib + (68 << 10)), IsEmpty()) << "it would wrap";
  EXPECT_THAT(find(direct_at(0x1f8008), four_gib + (68 << 10)), IsEmpty());
  EXPECT_THAT(find(direct_at(0x1f8000), four_gib + (68 << 10), user + 8), IsEmpty());
}

TEST_F(Arenas, HoldWhatProcessesAndTheKernelCallTheirs) {
  auto arena = find().at(0);
  EXPECT_TRUE(arena.holds(user));
  EXPECT_TRUE(arena.holds(user + four_gib - 1));
  EXPECT_FALSE(arena.holds(user - 1));
  EXPECT_FALSE(arena.holds(user + four_gib));
  EXPECT_TRUE(arena.holds(direct_at(0x201000)));
  EXPECT_FALSE(arena.holds(direct_at(0x200fff)));
  EXPECT_FALSE(arena.holds(0x1000));
  EXPECT_TRUE(arena.holds(0x1000, true)) << "its type says that it is one";
  arena.user_vm_start = ~std::uint64_t{0} - 0xfff; // a hostile window may wrap, an address may not
  EXPECT_FALSE(arena.holds(user));
}

TEST_F(Arenas, AreReadAcrossPagesUpToTheirEnd) {
  auto arena = find().at(0);
  target::Reader reader = target->reader();
  target::Fault fault{};
  std::vector<std::byte> bytes(4104);
  EXPECT_EQ(read_arena(reader, arena, user, bytes, &fault), bytes.size());
  EXPECT_EQ(bytes[0], std::byte{1});
  EXPECT_EQ(bytes[4096], std::byte{2});
  EXPECT_EQ(read_arena(reader, arena, user + 8192, bytes, &fault), 0U);
  EXPECT_EQ(fault, target::Fault::not_in_dump);
  EXPECT_EQ(read_arena(reader, arena, user + 0x40000000, bytes, &fault), 0U);
  EXPECT_EQ(fault, target::Fault::unmapped);
  arena.kern_vm_start = direct_at(0x202000) - 0xffffffff - 1; // the window ends with its first page
  EXPECT_EQ(read_arena(reader, arena, 0xfffff000, bytes, &fault), 4096U);
  EXPECT_EQ(fault, target::Fault::unmapped) << "what lies behind 4 GiB is not the arena's";
}

TEST_F(Arenas, ThePageThatIsNobodysIsNoContent) {
  notes = "note SYMBOL(vmemmap)=ffffea0000000000\nnote SIZE(page)=64\n";
  scratch = 0xffffea0000000000 + 0x202 * 64;
  auto arena = find().at(0);
  EXPECT_EQ(arena.scratch, 0x202000U);
  target::Reader reader = target->reader();
  target::Fault fault{};
  std::vector<std::byte> bytes(4104);
  EXPECT_EQ(read_arena(reader, arena, user, bytes, &fault), 4096U);
  EXPECT_EQ(fault, target::Fault::unmapped);
}

/// Maps 1 to 5 and which programs use them; arenas are those named.
class Families_ : public testing::Test {
protected:
  Map& add(std::uint32_t id, std::vector<std::uint32_t> programs, bool is_arena = false) {
    Map& map = catalog.maps.emplace_back();
    map.id = id, map.programs = std::move(programs);
    if (is_arena) arenas.emplace_back(), arenas.back().map = id, arenas.back().user_vm_start = user;
    return map;
  }
  std::vector<std::uint32_t> arenas_of(std::uint32_t id) {
    const Families families(arenas, catalog, nullptr);
    std::vector<std::uint32_t> maps;
    for (const Arena* arena : families.arenas_of(catalog.maps.at(id - 1))) maps.push_back(arena->map);
    return maps;
  }
  Catalog catalog;
  std::vector<Arena> arenas;
};

TEST_F(Families_, AProgramsMapsLeadIntoItsArena) {
  add(1, {10}), add(2, {10}, true), add(3, {11}), add(4, {11}, true);
  EXPECT_THAT(arenas_of(1), ElementsAre(2));
  EXPECT_THAT(arenas_of(3), ElementsAre(4));
  EXPECT_THAT(arenas_of(2), ElementsAre(2)) << "an arena into itself";
}

TEST_F(Families_, WhatSharesAnObjectOrAMapIsOneFamily) {
  add(1, {}), add(2, {10}), add(3, {10, 11}), add(4, {11}, true), add(5, {}, true);
  BtfBuilder b;
  b.u64();
  catalog.maps[0].types = catalog.maps[1].types = b.types();
  EXPECT_THAT(arenas_of(1), ElementsAre(4)) << "by the object to 2, by program 10 to 3, by 11 to 4";
}

TEST_F(Families_, MapsWithoutProgramsAreLeftWithArenasWithoutPrograms) {
  add(1, {}), add(2, {}, true), add(3, {10}, true), add(4, {11});
  EXPECT_THAT(arenas_of(1), ElementsAre(2));
  EXPECT_THAT(arenas_of(4), IsEmpty());
  arenas[0].user_vm_start = 0;
  EXPECT_THAT(arenas_of(1), IsEmpty()) << "every small number would lead there";
}

TEST_F(Families_, TheKernelsOwnTypesJoinNothing) {
  add(1, {10}), add(2, {}), add(3, {10}, true);
  BtfBuilder b;
  b.u64();
  const auto kernel = b.types();
  catalog.maps[0].types = catalog.maps[1].types = kernel;
  const Families families(arenas, catalog, kernel.get());
  EXPECT_THAT(families.arenas_of(catalog.maps[1]), IsEmpty());
  EXPECT_THAT(families.types_of(catalog.maps[0]), IsEmpty());
}

} // namespace
} // namespace mapscope::catalog
