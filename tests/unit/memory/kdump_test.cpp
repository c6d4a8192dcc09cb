// SPDX-License-Identifier: Apache-2.0
// kdump-compressed dumps that hold what they say.
#include "tests/unit/memory/small_kdump.hpp"

#include <algorithm>
#include <gmock/gmock.h>
#include <random>

namespace mapscope::memory {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

TEST(Kdump, EveryPackingGivesTheSameBytes) {
  const std::string plain = all_of(Opened(small(Packing::none).bytes()));
  EXPECT_EQ(plain.size(), 5 * 4096U);
  EXPECT_EQ(plain.substr(4096, 8), "addddddd");
  for (const Packing packing : test::all_packings) {
    const Opened source(small(packing).bytes());
    EXPECT_EQ(all_of(source), plain) << test::packing_name(packing);
    const std::string name(packing == Packing::none ? "stored as they are" : packing_name(packing));
    EXPECT_EQ(source.detail("compression"), name + " (6 pages)");
  }
}

TEST(Kdump, SaysWhatItIs) {
  KdumpFile file = small();
  file.dump_level = 31;
  const Opened source(file.bytes());
  EXPECT_EQ(source->format(), "kdump-compressed");
  EXPECT_EQ(source->arch(), "x86_64");
  EXPECT_EQ(source->vmcoreinfo(), "OSRELEASE=6.12.0-test\n");
  EXPECT_TRUE(source->warnings().empty());
  EXPECT_EQ(
      source.detail("dump level"),
      "31: without zero pages, the page cache, its private pages (bit 4), processes' pages, free pages");
  EXPECT_EQ(source.detail("memory ranges"), "0x2000-0x7fff, 0x9000-0x9fff; 12288 bytes of holes");
  EXPECT_EQ(source.detail("flattened"), "no");
  EXPECT_TRUE(source->leaves_out_more_than_zeros());
}

TEST(Kdump, AbsentExcludedAndThereAreApart) {
  const Opened source(small().bytes());
  EXPECT_THAT(source.segments(), ElementsAre("2+5/5", "7+1/0", "9+1/1"));
  EXPECT_EQ(source->left_out_bytes(), 4096U);
  EXPECT_FALSE(source->leaves_out_more_than_zeros());
  EXPECT_EQ(source.read(6 * 4096 + 4092), "gggg");
  EXPECT_EQ(source.read(7 * 4096), "");
  EXPECT_EQ(source->why_absent(7 * 4096), Absence::left_out);
  EXPECT_EQ(source.read(8 * 4096), "");
  EXPECT_EQ(source->why_absent(8 * 4096), Absence::not_described);
  EXPECT_EQ(source->why_absent(1ULL << 50), Absence::not_described);
  EXPECT_TRUE(source->view(~0ULL, 16).empty());
}

TEST(Kdump, ExcludedPagesAreZerosWhereThatIsSaid) {
  const Opened source(small().bytes(), {.zero_excluded = true});
  EXPECT_EQ(source.read(7 * 4096), std::string(8, '\0'));
  EXPECT_EQ(source.read(8 * 4096 - 4, 8), std::string(4, '\0')); // and not beyond
  EXPECT_EQ(source.read(8 * 4096), "");
}

TEST(Kdump, SpansStayAndNeighboursLieBesideEachOther) {
  const Opened source(small().bytes(), {.resident = 4096}); // pages are given back all the time
  const auto second = source->view(3 * 4096, 4096), first = source->view(2 * 4096, 4096);
  EXPECT_EQ(first.data() + first.size(), second.data());
  const auto all = source->whole(2 * 4096, 5 * 4096UL);
  EXPECT_EQ(all.size(), 5 * 4096U);
  EXPECT_EQ(all.data(), first.data());
  EXPECT_EQ(static_cast<char>(second[1]), 'd');
}

TEST(Kdump, OneCallUnpacksALittle) {
  KdumpFile file;
  for (std::uint64_t frame = 0; frame < 64; ++frame) file.page(frame, page_of('x'));
  const Opened source(file.bytes());
  EXPECT_EQ(source->view(0, 64 * 4096UL).size(), 16 * 4096U);
  EXPECT_EQ(source->view(0, 64 * 4096UL).size(), 32 * 4096U); // what is there, and as much again
  EXPECT_EQ(source->whole(0, 64 * 4096UL).size(), 64 * 4096U);
  std::vector<std::byte> buffer;
  EXPECT_EQ(source->glance(0, 64 * 4096UL, buffer).size(), 16 * 4096U);
}

TEST(Kdump, LargePages) { // QEMU's of arm64
  KdumpFile file(Packing::zlib, 65536);
  file.machine = "aarch64";
  file.page(1, std::string(65536, 'q'));
  const Opened source(file.bytes());
  EXPECT_EQ(source->arch(), "aarch64");
  EXPECT_EQ(source.read(65536 + 65532), "qqqq");
  EXPECT_EQ(source->view(65536 + 4096, 4096).size(), 4096U);
}

TEST(Kdump, FlattenedInWhateverOrder) {
  const std::string plain = all_of(Opened(small().bytes()));
  for (const bool backwards : {false, true}) {
    const Opened source(test::flattened(small().bytes(), 1000, backwards));
    EXPECT_EQ(all_of(source), plain);
    EXPECT_EQ(source->vmcoreinfo(), "OSRELEASE=6.12.0-test\n");
    EXPECT_EQ(source.detail("flattened"), "yes, put together for this run");
    EXPECT_TRUE(source->warnings().empty());
  }
}

TEST(Kdump, FlattenedElf) {
  test::CoreFile core;
  core.load(4096, page_of('m'));
  const Opened source(test::flattened(core.bytes()));
  EXPECT_EQ(source->format(), "ELF core");
  EXPECT_EQ(source.detail("flattened"), "yes, put together for this run");
  EXPECT_EQ(source.read(8188), "mmmm");
}

TEST(Kdump, PartsInWhateverOrder) {
  const std::string plain = all_of(Opened(small().bytes()));
  auto parts = small().parts({3, 5, 8, 10});
  std::ranges::reverse(parts);
  const Opened source(parts);
  EXPECT_EQ(all_of(source), plain);
  EXPECT_EQ(source.detail("split"), "4 of 4 parts");
  EXPECT_THAT(source.segments(), ElementsAre("2+5/5", "7+1/0", "9+1/1"));
}

TEST(Kdump, PartsWithoutMemoryHideNothing) {
  const std::string plain = all_of(Opened(small().bytes()));
  const KdumpFile file = small();
  EXPECT_EQ(all_of(Opened({file.part(0, 0), file.part(0, 10), file.part(10, 10)})), plain);
}

TEST(Kdump, FlattenedParts) {
  std::vector<std::string> parts;
  for (const std::string& part : small().parts({5, 10})) parts.push_back(test::flattened(part));
  EXPECT_EQ(all_of(Opened(parts)), all_of(Opened(small().bytes())));
}

TEST(Kdump, DamagedPageIsAGapOfItsOwn) {
  std::string bytes = small().bytes();
  bytes.back() ^= 0x55; // of the last page, whose checksum it is
  const Opened source(bytes);
  EXPECT_EQ(source.read(9 * 4096), "");
  EXPECT_EQ(source->why_absent(9 * 4096), Absence::damaged);
  EXPECT_EQ(all_of(source).size(), 5 * 4096U);
}

/// Whoever unpacks it has room for one page of packed bytes.
TEST(Kdump, PackedBytesThatAreMoreThanAPageAreDamaged) {
  for (const Packing packing : test::all_packings)
    for (const std::uint32_t size : {4097U, 5000U, 8192U}) {
      std::string bytes = small(packing).bytes() + std::string(3 * 4096, 'x');
      describe(bytes, 0, 8, size);
      const Opened source(bytes);
      EXPECT_EQ(source.read(2 * 4096), "");
      EXPECT_EQ(source->why_absent(2 * 4096), Absence::damaged);
      EXPECT_EQ(source.read(3 * 4096), "addddddd");
    }
}

/// Of each page of `letter` the checksum is another.
void damage_pages_of(char letter, std::string& bytes) {
  KdumpFile one;
  one.page(0, page_of(letter));
  const std::string packed = one.bytes(), end = packed.substr(packed.size() - 12);
  for (auto at = bytes.find(end); at != bytes.npos; at = bytes.find(end, at + 1)) bytes[at + 11] ^= 0x55;
}

TEST(Kdump, ManyDamagedPagesCostNoOther) {
  constexpr std::uint64_t count = 300; // more than libkdumpfile keeps
  KdumpFile file;
  std::mt19937_64 random(1);
  std::string noise(4096, '\0'); // stored as it is
  std::ranges::generate(noise, [&] { return static_cast<char>(random()); });
  for (std::uint64_t frame = 0; frame < count; ++frame)
    file.page(frame, frame % 3 == 0 ? noise : page_of(frame % 3 == 1 ? 'd' : 'g'));
  std::string bytes = file.bytes();
  damage_pages_of('d', bytes);
  const Opened source(bytes);
  std::vector<std::byte> buffer;
  for (unsigned i = 0; i < 20000; ++i) {
    const std::uint64_t frame = random() % count;
    const auto page = source->glance(frame * 4096, 4096, buffer); // kept by nobody, so unpacked each time
    const std::string expected = frame % 3 == 0 ? noise : frame % 3 == 1 ? "" : page_of('g');
    ASSERT_TRUE(std::ranges::equal(page, std::as_bytes(std::span(expected)))) << frame;
  }
}

TEST(Kdump, IncompleteIsSaid) {
  KdumpFile file = small();
  file.status = 0x8;
  const Opened source(file.bytes());
  EXPECT_THAT(source->warnings(), ElementsAre(HasSubstr("makedumpfile ran out of space")));
}

} // namespace
} // namespace mapscope::memory
