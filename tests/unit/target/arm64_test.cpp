// SPDX-License-Identifier: Apache-2.0
// Page tables of a few entries for every granule; the image lies at physical 0 of a place of its own.
#include "host/target/arm64.hpp"
#include "tests/support/text_image.hpp"
#include "tests/unit/target/fake_symbols.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace mapscope::target {
namespace {

using test::TextImage;

constexpr std::uint64_t image_base = 0xffff800080000000; // KIMAGE_VADDR without a slide
constexpr std::uint64_t kib = 1024, mib = 1ULL << 20, gib = 1ULL << 30;

struct Granule {
  unsigned page_shift, va_bits, actual;
};

Arm64::Parameters tables_at(std::uint64_t physical, const Granule& granule = {12, 48, 48}) {
  Arm64::Parameters p{.root = image_base + physical, .kimage_voffset = image_base};
  p.page_shift = granule.page_shift, p.va_bits = granule.va_bits, p.actual_va_bits = granule.actual;
  return p;
}

/// A table page: entry `index` has `value`, all others are empty.
std::string table(std::uint64_t at, std::uint64_t index, std::uint64_t value, std::uint64_t page = 4 * kib) {
  return fmt::format("@{:#x} zero {} u64 {:#x} align {}\n", at, index * 8, value, page);
}

/// "0x5123+0xedd" or the fault.
std::string walked(const Arm64& translator, std::uint64_t address) {
  Mapping mapping;
  const Fault fault = translator.walk(address, &mapping);
  return fault == Fault::none ? fmt::format("{:#x}+{:#x}", mapping.physical, mapping.size)
                              : std::string(fault_text(fault));
}

std::string walked(const std::string& text, const Granule& granule, std::uint64_t root,
                   std::uint64_t address) {
  const TextImage image(text);
  return walked(Arm64(image, tables_at(root, granule)), address);
}

unsigned levels(const Granule& granule) {
  const TextImage none("");
  return Arm64(none, tables_at(0, granule)).levels();
}

TEST(Arm64Walk, LevelsFollowFromThePageAndTheAddress) {
  EXPECT_EQ(levels({12, 39, 39}), 3U);
  EXPECT_EQ(levels({12, 48, 48}), 4U);
  EXPECT_EQ(levels({12, 52, 52}), 5U);
  EXPECT_EQ(levels({12, 52, 48}), 4U) << "without LPA2 the fifth is folded away";
  EXPECT_EQ(levels({14, 36, 36}), 2U);
  EXPECT_EQ(levels({14, 47, 47}), 3U);
  EXPECT_EQ(levels({14, 48, 48}), 4U);
  EXPECT_EQ(levels({14, 52, 52}), 4U);
  EXPECT_EQ(levels({14, 52, 47}), 3U);
  EXPECT_EQ(levels({16, 42, 42}), 2U);
  EXPECT_EQ(levels({16, 48, 48}), 3U);
  EXPECT_EQ(levels({16, 52, 52}), 3U);
  EXPECT_EQ(levels({16, 52, 48}), 3U);
}

TEST(Arm64Walk, Pages4KAnd39Bits) {
  const std::string text = table(0x1000, 402, 0x2003) + table(0x2000, 3, 0x3003) + table(0x3000, 7, 0x5703);
  constexpr std::uint64_t address = 0xffffff8000000000 + (402ULL << 30) + (3ULL << 21) + (7ULL << 12);
  EXPECT_EQ(walked(text, {12, 39, 39}, 0x1000, address + 0x123), "0x5123+0xedd");
  EXPECT_EQ(walked(text, {12, 39, 39}, 0x1000, address + 0x1000), "unmapped");
  EXPECT_EQ(walked(text, {12, 39, 39}, 0x1000, address & ~(1ULL << 39)), "unmapped") << "not of 39 bits";
}

TEST(Arm64Walk, Pages4KAnd48Bits) {
  const std::string text = table(0x1000, 256, 0x2003) + table(0x2000, 1, 0x3003) + table(0x3000, 2, 0x4003) +
                           table(0x4000, 3, 0x0078000000005703);
  constexpr std::uint64_t address =
      0xffff000000000000 + (256ULL << 39) + (1ULL << 30) + (2ULL << 21) + (3ULL << 12);
  EXPECT_EQ(walked(text, {12, 48, 48}, 0x1000, address), "0x5000+0x1000") << "attributes are no address";
  EXPECT_EQ(walked(text, {12, 52, 48}, 0x1000, address), "0x5000+0x1000") << "bits 9:8 are shareability";
  EXPECT_EQ(walked(text, {12, 48, 48}, 0x1000, address + (1ULL << 30)), "unmapped");
}

TEST(Arm64Walk, Pages4KAnd52Bits) {
  // With LPA2 bits 9:8 are 51:50 of the address, and bits 49:48 are where they belong.
  const std::string text = table(0x1000, 15, 0x2003) + table(0x2000, 256, 0x3003) + table(0x3000, 0, 0x4003) +
                           table(0x4000, 0, 0x6003) + table(0x6000, 5, 0x0003000000005303);
  EXPECT_EQ(walked(text, {12, 52, 52}, 0x1000, 0xffff800000005008), "0xf000000005008+0xff8");
  EXPECT_EQ(walked(text, {12, 52, 52}, 0x1000, 0xfff0000000000000), "unmapped");
  EXPECT_EQ(walked(text, {12, 52, 52}, 0x1000, 0xffef000000000000), "unmapped") << "not of 52 bits";
}

TEST(Arm64Walk, Pages16K) {
  constexpr std::uint64_t page = 16 * kib;
  // 47 bits: three levels of 2048 entries; 48: two entries in front.
  const std::string three =
      table(0x4000, 1024, 0x8003, page) + table(0x8000, 2, 0xc003, page) + table(0xc000, 3, 0x14703, page);
  constexpr std::uint64_t address = (2ULL << 25) + (3ULL << 14) + 0x10;
  EXPECT_EQ(walked(three, {14, 47, 47}, 0x4000, 0xffffc00000000000 + address), "0x14010+0x3ff0");
  EXPECT_EQ(walked(three, {14, 52, 47}, 0x4000, 0xffffc00000000000 + address), "0x14010+0x3ff0");
  const std::string four = table(0x10000, 1, 0x4003) + three;
  EXPECT_EQ(walked(four, {14, 48, 48}, 0x10000, 0xffffc00000000000 + address), "0x14010+0x3ff0");
  EXPECT_EQ(walked(four, {14, 48, 48}, 0x10000, 0xffff400000000000 + address), "unmapped");
  const std::string lpa2 = table(0x10000, 31, 0x4003) + three;
  EXPECT_EQ(walked(lpa2, {14, 52, 52}, 0x10000, 0xffffc00000000000 + address), "0xc000000014010+0x3ff0");
}

TEST(Arm64Walk, Pages64K) {
  constexpr std::uint64_t page = 64 * kib;
  // Bits 15:12 of a descriptor are 51:48 of the address.
  const std::string lower = table(0x20000, 2, 0x30003, page) + table(0x30000, 3, 0x5a703, page);
  constexpr std::uint64_t address = (2ULL << 29) + (3ULL << 16) + 4;
  EXPECT_EQ(walked(table(0x10000, 63, 0x20003) + lower, {16, 48, 48}, 0x10000, 0xfffffc0000000000 + address),
            "0xa000000050004+0xfffc");
  EXPECT_EQ(walked(lower, {16, 42, 42}, 0x20000, 0xfffffc0000000000 + address), "0xa000000050004+0xfffc");
  // A kernel for 52 bits indexes with ten bits of the top level on every machine.
  const std::string wide = table(0x10000, 1023, 0x20003) + lower;
  EXPECT_EQ(walked(wide, {16, 52, 52}, 0x10000, 0xfffffc0000000000 + address), "0xa000000050004+0xfffc");
  EXPECT_EQ(walked(wide, {16, 52, 48}, 0x10000, 0xfffffc0000000000 + address), "0xa000000050004+0xfffc");
}

TEST(Arm64Walk, Blocks) {
  const auto block = [](const Granule& granule, unsigned level, std::uint64_t entry) {
    const TextImage none("");
    const unsigned all = Arm64(none, tables_at(0, granule)).levels(), index_bits = granule.page_shift - 3;
    const std::uint64_t page = 1ULL << granule.page_shift;
    std::string text;
    for (std::uint64_t at = 1; at <= all - level; ++at) // entry 0 of each leads to the next
      text += table(at * page, 0, at == all - level ? entry : ((at + 1) * page | 3), page);
    const unsigned shift = granule.page_shift + index_bits * level;
    const std::uint64_t first = ~0ULL << granule.actual;
    return walked(text, granule, page, first + (1ULL << shift) - 16);
  };
  EXPECT_EQ(block({12, 48, 48}, 1, 0x40000701), "0x401ffff0+0x10") << "2 MiB";
  EXPECT_EQ(block({12, 48, 48}, 2, 0x40000701), "0x7ffffff0+0x10") << "1 GiB";
  EXPECT_EQ(block({12, 48, 48}, 3, 0x8000000701), "unmapped") << "512 GiB need LPA2";
  EXPECT_EQ(block({12, 52, 52}, 3, 0x8000000401), "0xfffffffff0+0x10");
  EXPECT_EQ(block({12, 52, 52}, 4, 0x401), "unmapped");
  EXPECT_EQ(block({14, 47, 47}, 1, 0x40000701), "0x41fffff0+0x10") << "32 MiB";
  EXPECT_EQ(block({14, 47, 47}, 2, 0x1000000701), "unmapped");
  EXPECT_EQ(block({14, 52, 52}, 2, 0x1000000401), "0x1ffffffff0+0x10") << "64 GiB";
  EXPECT_EQ(block({16, 48, 48}, 1, 0x40000701), "0x5ffffff0+0x10") << "512 MiB";
  EXPECT_EQ(block({16, 48, 48}, 2, 0x40000701), "unmapped");
  EXPECT_EQ(block({12, 48, 48}, 0, 0x5701), "unmapped") << "the last level has pages alone";
}

std::string three_levels() {
  return table(0x1000, 0, 0x2003) + table(0x2000, 0, 0x3003) + table(0x3000, 0, 0x5703);
}
constexpr Granule bits39{12, 39, 39};
constexpr std::uint64_t first39 = 0xffffff8000000000;

TEST(Arm64Walk, ATablePageThatIsNotThereIsNotAnEmptyOne) {
  const std::string text = table(0x1000, 0, 0x2003) + "@0x2000 u64 0x3003 0 align 4096\n";
  EXPECT_EQ(walked(text, bits39, 0x1000, first39), "not in the dump");
  EXPECT_EQ(walked(text, bits39, 0x1000, first39 + (1 << 21)), "unmapped");
}

TEST(Arm64Walk, AddressesOfProcessesAreRefused) {
  const TextImage image(three_levels());
  const Arm64 translator(image, tables_at(0x1000, bits39));
  Mapping mapping;
  for (const std::uint64_t address : {0ULL, 0x7fffffffffULL, 0xffffff7fffffffffULL, 0xff00000000000000ULL})
    EXPECT_EQ(translator.translate(address, &mapping), Fault::unmapped) << address;
}

TEST(Arm64Tags, AreNoPartOfTheAddress) {
  EXPECT_EQ(Arm64::untagged(0xf4ff800012345678), 0xffff800012345678);
  EXPECT_EQ(Arm64::untagged(0xff7f800012345678), 0x007f800012345678) << "bit 55: of a process";
  EXPECT_EQ(Arm64::untagged(0x1200000000401000), 0x0000000000401000U);
  const TextImage image(three_levels() + "@0x5000 u64 77 text \"tagged\\0\" align 4096\n");
  const Arm64 translator(image, tables_at(0x1000, bits39));
  Reader reader({&image, &translator});
  for (const std::uint64_t tag : {0xffULL, 0xf4ULL, 0x00ULL, 0x80ULL}) {
    const std::uint64_t address = (first39 & ~(0xffULL << 56)) | tag << 56;
    EXPECT_EQ(reader.get<std::uint64_t>(address), 77U) << tag;
    EXPECT_EQ(reader.text(address + 8, 16), "tagged") << tag;
  }
}

TEST(Arm64Tags, SayNothingOfWhoseAnAddressIs) {
  const TextImage none("");
  const Arm64 translator(none, tables_at(0));
  EXPECT_TRUE(translator.is_kernels(0x34ff000012345678));
  EXPECT_FALSE(translator.is_kernels(0xf400ffff12345678));
}

TEST(Arm64Tags, SignaturesAreNoPartOfAPointerToCode) {
  const TextImage none("");
  auto parameters = tables_at(0);
  EXPECT_EQ(Arm64(none, parameters).code_address(0xffa3800012345678), 0xffa3800012345678) << "not signed";
  parameters.signature = 0xffff000000000000;
  EXPECT_EQ(Arm64(none, parameters).code_address(0xffa3800012345678), 0xffff800012345678);
  EXPECT_EQ(Arm64(none, parameters).code_address(0x0003000012345678), 0x0003000012345678U);
}

/// Everything the scan finds in [begin, end), one a line.
std::string scanned(const Arm64& translator, std::uint64_t begin, std::uint64_t end) {
  std::string text;
  for (const std::uint64_t first = begin; begin < end;) {
    std::uint64_t entries = 1 << 16;
    const Region region = translator.next_region(begin, end, &entries);
    begin = region.address + region.size;
    if (region.fault == Fault::unmapped) continue;
    text += fmt::format("{:#x}+{:#x} ", region.address - first, region.size);
    text += region.fault == Fault::none ? fmt::format("{:#x}\n", region.physical)
                                        : fmt::format("{}\n", fault_text(region.fault));
  }
  return text;
}

TEST(Arm64Scan, FindsEveryPageAndPassesOverWhatIsAbsent) {
  constexpr std::uint64_t page = 16 * kib;
  const TextImage image(table(0x4000, 0, 0x8003, page) +
                        "@0x8000 u64 0 0xc003 0x4000701 0x14003 align 16384\n" +
                        "@0xc000 u64 0x10703 0x18702 0x1c701 0x18703 align 16384\n");
  const Arm64 translator(image, tables_at(0x4000, {14, 47, 47}));
  constexpr std::uint64_t first = 0xffff800000000000;
  EXPECT_EQ(scanned(translator, first, first + 4 * gib), "0x2000000+0x4000 0x10000\n"
                                                         "0x200c000+0x4000 0x18000\n"
                                                         "0x4000000+0x2000000 0x4000000\n"
                                                         "0x6000000+0x2000000 not in the dump\n");
  EXPECT_EQ(scanned(translator, first + 0x2003ff0, first + 0x200c008), "0x0+0x10 0x13ff0\n"
                                                                       "0x8010+0x8 0x18000\n");
}

TEST(Arm64Scan, FindsWhatATaggedRangeHolds) {
  const TextImage image(three_levels());
  const Arm64 translator(image, tables_at(0x1000, bits39));
  constexpr std::uint64_t tagged = 0xf3ffff8000000000;
  EXPECT_EQ(scanned(translator, tagged, tagged + gib), "0x0+0x1000 0x5000\n");
  EXPECT_EQ(scanned(translator, 0, 1ULL << 47), "") << "addresses of processes are not in these tables";
}

TEST(Arm64Scan, EndsWhereItsEntriesDo) {
  // Every table leads to itself: as deep as there are levels, and no further.
  std::string text = "@0x1000";
  for (unsigned i = 0; i < 512; ++i) text += " u64 0x1003";
  const TextImage image(text + '\n');
  const Arm64 translator(image, tables_at(0x1000));
  std::uint64_t entries = 3; // four levels need four
  const Region none = translator.next_region(0xffff000000000000, ~0ULL, &entries);
  EXPECT_EQ(none.fault, Fault::unmapped);
  EXPECT_EQ(entries, 0U);
  entries = 1000;
  const Region page = translator.next_region(0xffff000000000000, ~0ULL, &entries);
  EXPECT_EQ(page.fault, Fault::none);
  EXPECT_EQ(page.size, 4 * kib);
}

TEST(Arm64Image, IsReadByArithmeticWhereTablesAreMissing) {
  const TextImage image("@0x5000 u64 9\n");
  auto parameters = tables_at(0x1000);
  parameters.image_begin = image_base + 0x1000, parameters.image_end = image_base + 0x6000;
  const Arm64 translator(image, parameters);
  Reader reader({&image, &translator});
  EXPECT_EQ(reader.get<std::uint64_t>(image_base + 0x5000), 9U);
  EXPECT_FALSE(reader.get<std::uint64_t>(image_base + 0x6000));
}

TEST(Arm64Image, IsNotUsedWhenAWalkContradictsIt) {
  // 0xffff800080000000: entries 256 and 2 of the first tables.
  const TextImage image(table(0x1000, 256, 0x2003) + table(0x2000, 2, 0x40000701));
  Arm64 translator(image, tables_at(0x1000));
  EXPECT_FALSE(translator.use_image(image_base, image_base + mib)) << "leads elsewhere";
  EXPECT_FALSE(translator.use_image(image_base + 2 * gib, image_base + 3 * gib)) << "leads nowhere";
  EXPECT_FALSE(translator.use_image(0x1000, 0x2000)) << "an address of a process";
  EXPECT_FALSE(translator.use_image(image_base, image_base)) << "nothing";
  const TextImage right(table(0x1000, 256, 0x2003) + table(0x2000, 2, 0x701));
  Arm64 other(right, tables_at(0x1000));
  ASSERT_TRUE(other.use_image(image_base, image_base + mib));
  Mapping mapping;
  ASSERT_EQ(other.translate(image_base + 0x1234, &mapping), Fault::none);
  EXPECT_EQ(mapping.physical, 0x1234U);
  EXPECT_EQ(mapping.size, mib - 0x1234);
}

/// The first GiB of the linear map of 48 bits, whose memory begins at `physical`.
std::string linear_tables(std::uint64_t physical) {
  return table(0x40001000, 0, 0x40002003) + table(0x40002000, 0, physical | 0x701);
}

Arm64::Parameters linear(std::uint64_t phys_offset, const Granule& granule = {12, 48, 48}) {
  auto parameters = tables_at(0x40001000, granule);
  parameters.phys_offset = phys_offset;
  return parameters;
}

TEST(Arm64Linear, IsUsedOnceAWalkConfirmsIt) {
  const TextImage image(linear_tables(0x40000000));
  Arm64 translator(image, linear(0x40000000));
  ASSERT_TRUE(translator.use_linear_map());
  Mapping mapping;
  ASSERT_EQ(translator.translate(0xffff000000001234, &mapping), Fault::none);
  EXPECT_EQ(mapping.physical, 0x40001234U);
  EXPECT_EQ(mapping.size, 0x3000 - 0x1234U) << "up to the end of the memory";
  ASSERT_EQ(translator.translate(0xf5ff000000001234, &mapping), Fault::none);
  EXPECT_EQ(mapping.physical, 0x40001234U);
}

TEST(Arm64Linear, IsNotUsedWhenAWalkContradictsItOrFindsNothing) {
  const TextImage elsewhere(linear_tables(0x80000000));
  EXPECT_FALSE(Arm64(elsewhere, linear(0x40000000)).use_linear_map());
  const TextImage image(linear_tables(0x40000000));
  EXPECT_FALSE(Arm64(image, linear(0x400000000)).use_linear_map()) << "below the linear map";
  EXPECT_FALSE(Arm64(image, tables_at(0x40001000)).use_linear_map()) << "PHYS_OFFSET is not known";
  const TextImage empty("");
  EXPECT_FALSE(Arm64(empty, linear(0x40000000)).use_linear_map());
}

TEST(Arm64Linear, StandsInForMissingTables) {
  const TextImage image("@0x40005000 u64 9\n"); // no table page at all
  Arm64 translator(image, linear(0x40000000));
  ASSERT_TRUE(translator.use_linear_map());
  EXPECT_EQ(Reader({&image, &translator}).get<std::uint64_t>(0xffff000000005000), 9U);
}

TEST(Arm64Linear, WrapsWhere52BitsRunOnLess) {
  // PHYS_OFFSET is so far below 0 that memory lies where 48 bits reach.
  constexpr std::uint64_t offset = 0x40000000 - 0xf000000000000;
  const TextImage image(linear_tables(0x40000000));
  Arm64 translator(image, linear(offset, {12, 52, 48}));
  ASSERT_TRUE(translator.use_linear_map());
  Mapping mapping;
  ASSERT_EQ(translator.translate(0xffff000000000008, &mapping), Fault::none);
  EXPECT_EQ(mapping.physical, 0x40000008U);
}

TEST(Arm64Linear, PassesOverMemoryThatIsNotTheKernels) {
  const TextImage image("@0x0 zero 4096\n" + linear_tables(0x40000000) + "@0x80000000 zero 4096\n");
  Arm64 translator(image, linear(0x40000000));
  ASSERT_TRUE(translator.use_linear_map());
  Mapping mapping;
  EXPECT_EQ(translator.translate(0xffff000040000000, &mapping), Fault::unmapped);
}

std::string info(const std::string& more) {
  return "NUMBER(kimage_voffset)=0xffff800040000000\nSYMBOL(swapper_pg_dir)=ffff800081000000\n"
         "SYMBOL(_stext)=ffff800080010000\nSYMBOL(init_uts_ns)=ffff800082000000\n" +
         more;
}

TEST(Arm64Parameters, ComeFromVmcoreinfo) {
  const auto p = Arm64::parameters(
      Vmcoreinfo::parse(info("NUMBER(VA_BITS)=52\nPAGESIZE=16384\nNUMBER(TCR_EL1_T1SZ)=0x11\n"
                             "NUMBER(PHYS_OFFSET)=0x40000000\nSYMBOL(kallsyms_names)=1\n")));
  ASSERT_TRUE(p);
  EXPECT_EQ(p->page_shift, 14U);
  EXPECT_EQ(p->va_bits, 52U);
  EXPECT_EQ(p->actual_va_bits, 47U);
  EXPECT_EQ(p->phys_offset, 0x40000000U);
  EXPECT_EQ(p->image_begin, 0xffff800080010000);
  EXPECT_GE(p->image_end, 0xffff800082000000);
}

TEST(Arm64Parameters, MustBeInTheirRange) {
  const auto known = [](const std::string& more) {
    return Arm64::parameters(Vmcoreinfo::parse(info(more))).has_value();
  };
  EXPECT_TRUE(known("NUMBER(VA_BITS)=48\nPAGESIZE=4096\n"));
  for (const char* wrong : {"PAGESIZE=4096\n", "NUMBER(VA_BITS)=48\n", "NUMBER(VA_BITS)=48\nPAGESIZE=8192\n",
                            "NUMBER(VA_BITS)=48\nPAGESIZE=0\n", "NUMBER(VA_BITS)=35\nPAGESIZE=4096\n",
                            "NUMBER(VA_BITS)=53\nPAGESIZE=4096\n", "NUMBER(VA_BITS)=-1\nPAGESIZE=4096\n",
                            "NUMBER(VA_BITS)=48\nPAGESIZE=4096\nNUMBER(TCR_EL1_T1SZ)=0xc\n",
                            "NUMBER(VA_BITS)=48\nPAGESIZE=4096\nNUMBER(TCR_EL1_T1SZ)=0x40\n",
                            "NUMBER(VA_BITS)=48\nPAGESIZE=4096\nNUMBER(TCR_EL1_T1SZ)=-1\n"})
    EXPECT_FALSE(known(wrong)) << wrong;
  EXPECT_FALSE(Arm64::parameters(
      Vmcoreinfo::parse("NUMBER(VA_BITS)=48\nPAGESIZE=4096\nSYMBOL(swapper_pg_dir)=ffff800081000000\n")));
}

} // namespace
} // namespace mapscope::target
