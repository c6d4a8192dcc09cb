// SPDX-License-Identifier: Apache-2.0
// Page tables of a few entries; physical = image address - image_base throughout but where phys_base is the
// question.
#include "host/target/x86_64.hpp"
#include "tests/support/text_image.hpp"

#include <array>
#include <fmt/format.h>
#include <gtest/gtest.h>

namespace mapscope::target {
namespace {

using test::TextImage;

constexpr std::uint64_t vmalloc = 0xffffc90000000000; // indices 402, 0, 0, 0
constexpr std::uint64_t direct = 0xffff888000000000;  // index 273

X86_64::Parameters tables_at(std::uint64_t physical) {
  return {.phys_base = 0, .root = X86_64::image_base + physical};
}

/// A table page: entry `index` has `value`, all others are empty.
std::string table(std::uint64_t at, std::uint64_t index, std::uint64_t value) {
  return fmt::format("@{:#x} zero {} u64 {:#x} align 4096\n", at, index * 8, value);
}

/// "0x5123+0xedd" or the fault.
std::string walked(const X86_64& translator, std::uint64_t address) {
  Mapping mapping;
  const Fault fault = translator.walk(address, &mapping);
  return fault == Fault::none ? fmt::format("{:#x}+{:#x}", mapping.physical, mapping.size)
                              : std::string(fault_text(fault));
}

std::string four_levels() {
  return table(0x1000, 402, 0x2003) + table(0x2000, 0, 0x3003) + table(0x3000, 0, 0x4003) +
         table(0x4000, 0, 0x5003);
}

TEST(X86Image, IsArithmeticThatWrapsWithPhysBase) {
  const TextImage image("@0x1000 zero 16\n");
  const X86_64 moved(image, {.phys_base = 0 - 0x1e000000ULL, .root = X86_64::image_base});
  Mapping mapping;
  ASSERT_EQ(moved.translate(X86_64::image_base + 0x1e001008, &mapping), Fault::none);
  EXPECT_EQ(mapping.physical, 0x1008U);
  EXPECT_EQ(mapping.size, (1ULL << 30) - 0x1e001008);
  Reader reader({&image, &moved});
  EXPECT_EQ(reader.get<std::uint64_t>(X86_64::image_base + 0x1e001008), 0U);
}

TEST(X86Image, EndsWithItsSize) {
  const TextImage image(table(0x1000, 511, 0x2003) + table(0x2000, 510, 0x3003) + "@0x3000 zero 4096\n");
  auto parameters = tables_at(0x1000);
  parameters.image_size = 0x20000000;
  const X86_64 translator(image, parameters);
  Mapping mapping;
  EXPECT_EQ(translator.translate(X86_64::image_base + 0x1fffffff, &mapping), Fault::none);
  EXPECT_EQ(mapping.size, 1U);
  EXPECT_EQ(translator.translate(X86_64::image_base + 0x20000000, &mapping), Fault::unmapped);
}

TEST(X86Walk, FourLevels) {
  const TextImage image(four_levels());
  const X86_64 translator(image, tables_at(0x1000));
  EXPECT_EQ(translator.levels(), 4U);
  EXPECT_EQ(walked(translator, vmalloc + 0x123), "0x5123+0xedd");
  EXPECT_EQ(walked(translator, vmalloc + 0x1000), "unmapped");
  EXPECT_EQ(walked(translator, vmalloc + (1 << 21)), "unmapped");
  EXPECT_EQ(walked(translator, vmalloc + (1 << 30)), "unmapped");
  EXPECT_EQ(walked(translator, vmalloc + (1ULL << 39)), "unmapped");
}

TEST(X86Walk, FiveLevels) {
  constexpr std::uint64_t address = 0xff91000000000000; // index 401 of the top, 0 below
  ASSERT_EQ(address >> 48 & 511, 401U);
  const TextImage image(table(0x8000, 401, 0x9003) + table(0x9000, 0, 0x2003) + table(0x2000, 0, 0x3003) +
                        table(0x3000, 0, 0x4003) + table(0x4000, 0, 0x5003));
  auto parameters = tables_at(0x8000);
  parameters.levels = 5;
  EXPECT_EQ(walked(X86_64(image, parameters), address + 8), "0x5008+0xff8");
  parameters.levels = 4; // 57 bits are not canonical for 48
  EXPECT_EQ(walked(X86_64(image, parameters), address + 8), "unmapped");
}

TEST(X86Walk, LargePages) {
  // Bit 12 of a large page is PAT and no address bit.
  const TextImage image(table(0x1000, 402, 0x2003) +
                        "@0x2000 u64 0x40001083 0x3003 align 4096 @0x3000 u64 0x601083 align 4096\n");
  const X86_64 translator(image, tables_at(0x1000));
  EXPECT_EQ(walked(translator, vmalloc + 0x12345678), "0x52345678+0x2dcba988");
  EXPECT_EQ(walked(translator, vmalloc + (1ULL << 30) + 0x12345), "0x612345+0x1edcbb");
}

TEST(X86Walk, BitsAboveTheAddressAreNone) { // NX is bit 63, protection keys are 59 to 62
  const TextImage image(table(0x1000, 402, 0x2003) + table(0x2000, 0, 0xf800000000003003) +
                        table(0x3000, 0, 0x4003) + table(0x4000, 0, 0x8000000000005063));
  EXPECT_EQ(walked(X86_64(image, tables_at(0x1000)), vmalloc), "0x5000+0x1000");
}

TEST(X86Walk, EncryptionBitIsClearedOnEveryLevel) {
  constexpr std::uint64_t c = 1ULL << 47;
  const TextImage image(table(0x1000, 402, c | 0x2003) + table(0x2000, 0, c | 0x3003) +
                        table(0x3000, 0, c | 0x4003) + table(0x4000, 0, c | 0x5003));
  auto parameters = tables_at(0x1000);
  EXPECT_EQ(walked(X86_64(image, parameters), vmalloc), "not in the dump");
  parameters.sme_mask = c;
  EXPECT_EQ(walked(X86_64(image, parameters), vmalloc), "0x5000+0x1000");
}

TEST(X86Walk, ATablePageThatIsNotThereIsNotAnEmptyOne) {
  const TextImage image(table(0x1000, 402, 0x2003) + "@0x2000 u64 0x3003 0 align 4096\n");
  const X86_64 translator(image, tables_at(0x1000));
  EXPECT_EQ(walked(translator, vmalloc), "not in the dump");
  EXPECT_EQ(walked(translator, vmalloc + (1 << 30)), "unmapped");
}

TEST(X86Walk, AFilteredDump) {
  const auto image = TextImage::load(MAPSCOPE_TEST_DATA "/torn_tables.mem");
  const X86_64 translator(image, tables_at(0x1000));
  Reader reader({&image, &translator});
  std::array<std::byte, 0x3000> to{};
  Fault fault{};
  EXPECT_EQ(reader.read_some(vmalloc, to, &fault), 0x1000U);
  EXPECT_EQ(fault, Fault::not_in_dump);
  EXPECT_EQ(reader.read(vmalloc + 0x2000, std::span(to).first(1)), Fault::unmapped);
  EXPECT_EQ(reader.read(vmalloc + 0x200000, std::span(to).first(1)), Fault::not_in_dump);
  EXPECT_EQ(reader.text(vmalloc + 0x400000, 100), "large");
  EXPECT_EQ(reader.read_some(vmalloc + 0x400000, to, &fault), 8U);
  EXPECT_EQ(fault, Fault::not_in_dump);
}

TEST(X86Walk, AddressesOfProcessesAreRefused) {
  const TextImage image(table(0x1000, 0, 0x2003) +
                        table(0x2000, 0, 0x83)); // an identity map of the firmware's
  const X86_64 translator(image, tables_at(0x1000));
  for (const std::uint64_t address : {0ULL, 0x1000ULL, 0x7fffffffffffULL}) // lower half
    EXPECT_EQ(walked(translator, address), "unmapped") << address;
  for (const std::uint64_t address : {0x800000000000ULL, 0xffff7fffffffffffULL}) // neither half
    EXPECT_EQ(walked(translator, address), "unmapped") << address;
}

TEST(X86Walk, TheLastPageOfAllDoesNotWrap) {
  const TextImage image(table(0x1000, 511, 0x2003) + table(0x2000, 511, 0x3003) + table(0x3000, 511, 0x4003) +
                        table(0x4000, 511, 0x5003) + "@0x5000 zero 4092 u32 7\n@0x0 zero 16\n");
  const X86_64 translator(image, tables_at(0x1000));
  EXPECT_EQ(walked(translator, ~0ULL), "0x5fff+0x1");
  Reader reader({&image, &translator});
  EXPECT_EQ(reader.get<std::uint32_t>(~0ULL - 3), 7U);
  EXPECT_FALSE(reader.get<std::uint64_t>(~0ULL - 3));
  EXPECT_EQ(reader.text(~0ULL - 2, 100), "");
}

/// Everything the scan finds in [begin, end), one a line; at most `most` regions.
std::string scanned(const X86_64& translator, std::uint64_t begin, std::uint64_t end, unsigned most = 100) {
  std::string text;
  for (; begin < end && most-- != 0;) {
    std::uint64_t entries = 1 << 16;
    const Region region = translator.next_region(begin, end, &entries);
    begin = region.address + region.size;
    if (region.fault == Fault::unmapped) continue;
    text += fmt::format("{:#x}+{:#x} ", region.address - vmalloc, region.size);
    text += region.fault == Fault::none ? fmt::format("{:#x}\n", region.physical)
                                        : fmt::format("{}\n", fault_text(region.fault));
  }
  return text;
}

constexpr std::uint64_t gib = 1ULL << 30, mib2 = 1ULL << 21;

/// Pages 0, 1, 9 and 511 of a table behind an empty one; then a large page, and a huge one.
std::string sparse_tables() {
  return table(0x1000, 402, 0x2003) + "@0x2000 u64 0x3003 0x80000083 align 4096\n" +
         "@0x3000 u64 0 0x4003 0x600083 align 4096\n" +
         "@0x4000 u64 0x5003 0x9003 0x7002 0 0 0 0 0 0 0xa003 zero 4008 u64 0xb003\n";
}

TEST(X86Scan, FindsEveryPageAndPassesOverWhatIsAbsent) {
  const TextImage image(sparse_tables());
  const X86_64 translator(image, tables_at(0x1000));
  EXPECT_EQ(scanned(translator, vmalloc, vmalloc + 512 * gib), "0x200000+0x1000 0x5000\n"
                                                               "0x201000+0x1000 0x9000\n"
                                                               "0x209000+0x1000 0xa000\n"
                                                               "0x3ff000+0x1000 0xb000\n"
                                                               "0x400000+0x200000 0x600000\n"
                                                               "0x40000000+0x40000000 0x80000000\n");
  std::uint64_t entries = 1 << 16;
  EXPECT_EQ(translator.next_region(vmalloc + 2 * gib, vmalloc + 512 * gib, &entries).address,
            vmalloc + 512 * gib);
  EXPECT_LE((1U << 16) - entries, 1024U) << "absent tables cost nothing";
}

TEST(X86Scan, StaysInsideItsRange) {
  const TextImage image(sparse_tables());
  const X86_64 translator(image, tables_at(0x1000));
  EXPECT_EQ(scanned(translator, vmalloc + mib2 + 0x1800, vmalloc + 2 * mib2 + 0x10),
            "0x201800+0x800 0x9800\n"
            "0x209000+0x1000 0xa000\n"
            "0x3ff000+0x1000 0xb000\n"
            "0x400000+0x10 0x600000\n");
  EXPECT_EQ(scanned(translator, vmalloc + gib + 5, vmalloc + gib + 9), "0x40000005+0x4 0x80000005\n");
  EXPECT_EQ(scanned(translator, vmalloc + mib2, vmalloc + mib2), "");
  EXPECT_EQ(scanned(translator, 0, 1ULL << 47), "") << "addresses of processes are not in these tables";
  EXPECT_EQ(scanned(translator, ~0ULL - 1, ~0ULL), "");
}

TEST(X86Scan, FiveLevels) {
  const TextImage image("@0x8000 zero 4088 u64 0x1003\n" + sparse_tables());
  auto parameters = tables_at(0x8000);
  parameters.levels = 5;
  EXPECT_EQ(scanned(X86_64(image, parameters), vmalloc + mib2, vmalloc + mib2 + 0x2000),
            "0x200000+0x1000 0x5000\n"
            "0x201000+0x1000 0x9000\n");
}

TEST(X86Scan, TellsTablesThatAreMissing) {
  const auto image = TextImage::load(MAPSCOPE_TEST_DATA "/torn_tables.mem");
  const X86_64 translator(image, tables_at(0x1000));
  EXPECT_EQ(scanned(translator, vmalloc, vmalloc + gib), "0x0+0x1000 0x5000\n"
                                                         "0x1000+0x1000 0x6000\n"
                                                         "0x200000+0x200000 not in the dump\n"
                                                         "0x400000+0x200000 0x200000\n");
  const TextImage cut(table(0x1000, 402, 0x2003) + "@0x2000 u64 0 0x3003\n"); // the rest of that table, too
  EXPECT_EQ(scanned(X86_64(cut, tables_at(0x1000)), vmalloc, vmalloc + 512 * gib),
            "0x40000000+0x40000000 not in the dump\n"
            "0x80000000+0x7f80000000 not in the dump\n");
}

TEST(X86Scan, EndsWhereItsEntriesDo) {
  // Every table but the last leads to the next with all its entries: 512^3 tables to look at, none with a
  // page.
  std::string text;
  for (std::uint64_t at = 0x1000; at <= 0x3000; at += 0x1000) {
    text += fmt::format("@{:#x}", at);
    for (unsigned i = 0; i < 512; ++i) text += fmt::format(" u64 {:#x}", (at + 0x1000) | 3);
    text += '\n';
  }
  const TextImage image(text + "@0x4000 zero 4096\n");
  const X86_64 translator(image, tables_at(0x1000));
  std::uint64_t entries = 10'000;
  const Region first = translator.next_region(vmalloc, ~0ULL, &entries);
  EXPECT_EQ(first.fault, Fault::unmapped);
  EXPECT_EQ(entries, 0U);
  EXPECT_GT(first.address, vmalloc + 19 * mib2);
  EXPECT_LT(first.address, vmalloc + 20 * mib2);
  entries = 10'000;
  EXPECT_GT(translator.next_region(first.address, ~0ULL, &entries).address, first.address + 19 * mib2);
}

TEST(X86Scan, ATableThatLeadsToItselfMapsOnlyWhatTheRangeHolds) {
  std::string text = "@0x1000";
  for (unsigned i = 0; i < 512; ++i) text += " u64 0x1003";
  const TextImage image(text + '\n');
  const X86_64 translator(image, tables_at(0x1000));
  std::uint64_t pages = 0;
  for (std::uint64_t at = vmalloc; at < vmalloc + gib; ++pages) {
    std::uint64_t entries = 64;
    const Region region = translator.next_region(at, vmalloc + gib, &entries);
    ASSERT_EQ(region.fault, Fault::none);
    ASSERT_EQ(region.address, at);
    at += region.size;
  }
  EXPECT_EQ(pages, gib / 4096);
}

TEST(X86Direct, IsUsedOnceAWalkConfirmsIt) {
  const TextImage image(table(0x1000, 273, 0x2003) + table(0x2000, 0, 0x83));
  X86_64 translator(image, tables_at(0x1000));
  Mapping mapping;
  ASSERT_TRUE(translator.use_direct_map(direct));
  EXPECT_EQ(translator.translate(direct + 0x1234, &mapping), Fault::none);
  EXPECT_EQ(mapping.physical, 0x1234U);
  EXPECT_EQ(mapping.size, 0x3000 - 0x1234U); // up to the end of the memory
}

TEST(X86Direct, IsNotUsedWhenAWalkContradictsItOrFindsNothing) {
  const TextImage image(table(0x1000, 273, 0x2003) + table(0x2000, 0, 0x40000083));
  X86_64 translator(image, tables_at(0x1000));
  EXPECT_FALSE(translator.use_direct_map(direct));                // leads elsewhere
  EXPECT_FALSE(translator.use_direct_map(direct + (1ULL << 39))); // leads nowhere
  EXPECT_FALSE(translator.use_direct_map(0x1000));                // an address of a process
  const TextImage empty("");
  EXPECT_FALSE(X86_64(empty, tables_at(0x1000)).use_direct_map(direct));
}

TEST(X86Direct, StandsInForMissingTables) {
  const TextImage image("@0x5000 u64 9\n"); // no table page at all
  X86_64 translator(image, tables_at(0x1000));
  ASSERT_TRUE(translator.use_direct_map(direct));
  EXPECT_EQ(Reader({&image, &translator}).get<std::uint64_t>(direct + 0x5000), 9U);
}

TEST(X86Direct, EndsBelowMemoryThatIsNotMapped) {
  // A device's memory at 65 TiB: its place in the direct map would be inside vmalloc's range.
  const TextImage image(table(0x1000, 273, 0x2003) + table(0x2000, 0, 0x83) + "@0x410000000000 zero 4096\n");
  X86_64 translator(image, tables_at(0x1000));
  ASSERT_TRUE(translator.use_direct_map(direct));
  Mapping mapping;
  EXPECT_EQ(translator.translate(vmalloc, &mapping), Fault::unmapped);
}

TEST(X86Parameters, ComeFromVmcoreinfo) {
  const auto parameters = X86_64::parameters(Vmcoreinfo::parse(
      "NUMBER(phys_base)=-4096\nSYMBOL(swapper_pg_dir)=ffffffff80001000\n"
      "NUMBER(pgtable_l5_enabled)=1\nNUMBER(KERNEL_IMAGE_SIZE)=-1\nNUMBER(sme_mask)=0x800\n"));
  ASSERT_TRUE(parameters);
  EXPECT_EQ(parameters->phys_base, ~0xfffULL);
  EXPECT_EQ(parameters->levels, 5U);
  EXPECT_EQ(parameters->image_size, 1ULL << 30);
  EXPECT_EQ(parameters->sme_mask, 0x800U);
  EXPECT_FALSE(X86_64::parameters(Vmcoreinfo::parse("NUMBER(phys_base)=0\n")));
  EXPECT_FALSE(X86_64::parameters(Vmcoreinfo::parse("SYMBOL(swapper_pg_dir)=1\n")));
}

} // namespace
} // namespace mapscope::target
