// SPDX-License-Identifier: Apache-2.0
// Which pages of an arena something leads to.
#include "host/catalog/arena_reach.hpp"

#include "host/target/given_files.hpp"
#include "host/target/target.hpp"
#include "tests/support/text_image.hpp"
#include "tests/support/tiny_kernel.hpp"

#include <array>
#include <cstring>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gtest/gtest.h>
#include <vector>

namespace mapscope::catalog {
namespace {

using test::BtfBuilder;
using test::direct_at;

constexpr std::uint64_t user = 0x7f0000000000, page = 4096, memory_at = 0x180000, pages = 8;

/// Eight pages with something in each but the last. The variables are in page 0; `head` leads to a struct
/// wide, which fills two pages.
class ArenaReach_ : public testing::Test {
protected:
  ArenaReach_() {
    const auto types = program.types("program");
    arena.map = 1, arena.page_size = page, arena.size = pages * page;
    arena.user_vm_start = user, arena.kern_vm_start = direct_at(memory_at);
    arena.globals = ArenaGlobals{types, section, 8, 0};
    for (std::uint64_t i = 0; i + 1 < pages; ++i) put(i, 4000, 1);
  }
  void put(std::uint64_t number, std::uint64_t offset, std::uint64_t word) {
    words[(number * page + offset) / sizeof word] = word;
  }
  static std::uint64_t pointer(std::uint64_t number, std::uint64_t offset = 0) {
    return user + number * page + offset;
  }

  /// With a map's value that is this number.
  std::optional<std::uint64_t> unreached(std::uint64_t value = 0) {
    BtfBuilder vmlinux;
    test::add_kernel_types(vmlinux);
    const test::TextImage image(test::tiny_kernel_text(
        vmlinux, "maps: " + test::xa_node_text({}) + "programs: " + test::xa_node_text({}) +
                     "btfs: " + test::xa_node_text({}) +
                     fmt::format("@{:#x} u64 {:#x}\n", memory_at, fmt::join(words, " "))));
    const auto target = target::Target::open(image, {});
    EXPECT_TRUE(target) << target.error().text;
    ArenaReach reach(**target, arena);
    std::array<std::byte, sizeof value> bytes{};
    std::memcpy(bytes.data(), &value, sizeof value);
    reach.add(bytes, {});
    return reach.unreached();
  }

  BtfBuilder program;
  btf::TypeId wide = program.record("wide", {{"words", program.array(program.u64(), 2 * page / 8)}});
  btf::TypeId section =
      program.section(".addr_space.1", {{program.variable("head", program.pointer(wide)), 0, 8}});
  Arena arena;
  std::vector<std::uint64_t> words = std::vector<std::uint64_t>(pages * page / 8);
};

TEST_F(ArenaReach_, IsOfTheVariablesAlone) { EXPECT_EQ(unreached(), 6U); }

TEST_F(ArenaReach_, TakesAllPagesOfAnObjectAlong) {
  put(0, 0, pointer(2));
  EXPECT_EQ(unreached(), 4U); // not 2 and 3
}

TEST_F(ArenaReach_, GoesOnFromPageToPageAndComesToAnEnd) {
  put(0, 0, pointer(2));
  put(3, 64, pointer(4, 123)), put(4, 64, pointer(2)), put(4, 72, pointer(4));
  put(4, 80, direct_at(memory_at + 5 * page)); // as the kernel has it
  EXPECT_EQ(unreached(), 2U);
}

TEST_F(ArenaReach_, BeginsAtValuesOfMaps) {
  EXPECT_EQ(unreached(pointer(6, 8)), 5U);
  EXPECT_EQ(unreached(6 * page + 8), 6U) << "a small number is no pointer";
  EXPECT_EQ(unreached(pointer(pages)), 6U) << "behind the arena";
  EXPECT_EQ(unreached(~0ULL), 6U);
}

TEST_F(ArenaReach_, IsNotKnownWherePointersAreShortOrNobodysAre) {
  arena.short_pointers = true;
  EXPECT_EQ(unreached(), std::nullopt);
  arena.short_pointers = false, arena.user_vm_start = 0;
  EXPECT_EQ(unreached(), std::nullopt);
}

} // namespace
} // namespace mapscope::catalog
