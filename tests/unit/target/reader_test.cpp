// SPDX-License-Identifier: Apache-2.0
#include "host/target/address_space.hpp"
#include "tests/support/text_image.hpp"

#include <array>
#include <gtest/gtest.h>
#include <map>

namespace mapscope::target {
namespace {

using test::TextImage;

/// Virtual pages to physical ones, as a table.
class Pages final : public Translator {
public:
  explicit Pages(std::map<std::uint64_t, std::uint64_t> pages) : pages_(std::move(pages)) {}
  Fault translate(std::uint64_t address, Mapping* out) const override {
    ++asked;
    const auto found = pages_.find(address & ~0xfffULL);
    if (found == pages_.end()) return Fault::unmapped;
    *out = {found->second + (address & 0xfff), 0x1000 - (address & 0xfff)};
    return Fault::none;
  }
  Region next_region(std::uint64_t, std::uint64_t end, std::uint64_t*) const override {
    return {.fault = Fault::unmapped, .address = end};
  }
  unsigned levels() const override { return 1; }
  std::uint64_t page_size() const override { return 4096; }
  mutable unsigned asked = 0;

private:
  std::map<std::uint64_t, std::uint64_t> pages_;
};

std::string some(Reader& reader, std::uint64_t address, std::size_t size, Fault* fault) {
  std::string text(size, '?');
  text.resize(reader.read_some(address, std::as_writable_bytes(std::span(text)), fault));
  return text;
}

TEST(Reader, SplitsAtPages) {
  const TextImage image("@0x5ffc text \"abcd\" @0x8000 text \"efgh\" zero 4092\n");
  const Pages pages({{0x1000, 0x5000}, {0x2000, 0x8000}, {0x3000, 0x5000}});
  Reader reader({&image, &pages});
  Fault fault{};
  EXPECT_EQ(some(reader, 0x1ffc, 8, &fault), "abcdefgh");
  EXPECT_EQ(fault, Fault::none);
  EXPECT_EQ(reader.get<std::uint32_t>(0x1ffe), 0x66656463U);
  EXPECT_EQ(reader.view(0x1ffc, 8).size(), 4U);
}

TEST(Reader, StopsAtTheFirstMissingByteAndSaysWhy) {
  const TextImage image("@0x5ffc text \"abcd\"\n@0x7000 text \"ef\"\n");
  const Pages pages({{0x1000, 0x5000}, {0x2000, 0x7000}, {0x4000, 0x5000}});
  Reader reader({&image, &pages});
  Fault fault{};
  EXPECT_EQ(some(reader, 0x1ffc, 8, &fault), "abcdef");
  EXPECT_EQ(fault, Fault::not_in_dump);
  EXPECT_EQ(some(reader, 0x4ffc, 8, &fault), "abcd");
  EXPECT_EQ(fault, Fault::unmapped);
  EXPECT_EQ(some(reader, 0x1000, 8, &fault), "");
  EXPECT_EQ(fault, Fault::not_in_dump);
  EXPECT_EQ(some(reader, 0x9000, 0, &fault), "");
  EXPECT_EQ(fault, Fault::none) << "nothing was asked for";
}

TEST(Reader, SegmentsMayEndAndBeginWithinAPage) {
  const TextImage image("@0x5000 text \"ab\"\n@0x5002 text \"cd\" hole 2 text \"gh\"\n");
  const Pages pages(std::map<std::uint64_t, std::uint64_t>{{0x1000, 0x5000}});
  Reader reader({&image, &pages});
  Fault fault{};
  EXPECT_EQ(some(reader, 0x1000, 8, &fault), "abcd");
  EXPECT_EQ(fault, Fault::not_in_dump);
  EXPECT_EQ(some(reader, 0x1006, 2, &fault), "gh");
  EXPECT_EQ(reader.view(0x1000, 8).size(), 2U);
}

TEST(Reader, PagesThatShareAPlaceInTheCacheAreKeptApart) {
  std::map<std::uint64_t, std::uint64_t> table;
  for (const std::uint64_t page : {1, 513, 1025}) table[page << 12] = page << 12;
  const TextImage image("@0x1000 u64 1\n@0x201000 u64 513\n@0x401000 u64 1025\n");
  const Pages pages(table);
  Reader reader({&image, &pages});
  for (int round = 0; round < 2; ++round)
    for (const std::uint64_t page : {1, 513, 1025}) EXPECT_EQ(reader.get<std::uint64_t>(page << 12), page);
  EXPECT_EQ(pages.asked, 6U);
  EXPECT_TRUE(reader.get<std::uint32_t>((1025 << 12) + 4));
  EXPECT_EQ(pages.asked, 6U) << "the same page is not translated again";
  EXPECT_FALSE(reader.get<std::uint8_t>((1537ULL << 12))) << "an unmapped page does not get another's bytes";
  EXPECT_EQ(reader.get<std::uint64_t>(1025ULL << 12), 1025U);
}

TEST(Reader, TextEndsAtNulLengthOrGap) {
  const TextImage image("@0x5ffa text \"ab\\0def\" @0x6000 text \"gh\\0\"\n@0x8000 text \"end\"\n");
  const Pages pages({{0x1000, 0x5000}, {0x2000, 0x6000}, {0x3000, 0x8000}});
  Reader reader({&image, &pages});
  EXPECT_EQ(reader.text(0x1ffa, 100), "ab");
  EXPECT_EQ(reader.text(0x1ffd, 100), "defgh"); // over a page's end
  EXPECT_EQ(reader.text(0x1ffd, 4), "defg");
  EXPECT_EQ(reader.text(0x3000, 100), "end");
  EXPECT_EQ(reader.text(0x7000, 100), "");
}

TEST(Reader, DoesNotGoOnAtZero) {
  const TextImage image("@0x5ffc text \"last\"\n@0x0 text \"first\"\n");
  const Pages pages({{~0xfffULL, 0x5000}, {0, 0}});
  Reader reader({&image, &pages});
  Fault fault{};
  EXPECT_EQ(some(reader, ~3ULL, 8, &fault), "last");
  EXPECT_EQ(fault, Fault::unmapped);
  EXPECT_EQ(reader.text(~3ULL, 8), "last");
}

TEST(Reader, FaultsHaveTheReportsWords) {
  EXPECT_EQ(fault_text(Fault::none), "");
  EXPECT_EQ(fault_text(Fault::unmapped), "unmapped");
  EXPECT_EQ(fault_text(Fault::not_in_dump), "not in the dump");
}

} // namespace
} // namespace mapscope::target
