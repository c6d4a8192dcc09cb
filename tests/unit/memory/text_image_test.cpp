// SPDX-License-Identifier: Apache-2.0
// The test double itself: others' tests are worth no more than it.
#include "tests/support/text_image.hpp"

#include <array>
#include <gtest/gtest.h>
#include <stdexcept>

namespace mapscope::test {
namespace {

std::string read_text(const memory::Source& source, std::uint64_t address, std::size_t count) {
  std::string text(count, '?');
  text.resize(source.read(address, std::as_writable_bytes(std::span(text))));
  return text;
}

TEST(TextImage, NumbersTextAndBytesLieWhereTheyAreSaidTo) {
  const TextImage image("@0x1000 u8 1 2 u16 0x403 u32 -1 # comment u8 9\n"
                        "text \"a\\0\\x41\" bytes 9f EB\n");
  EXPECT_EQ(read_text(image, 0x1000, 64), std::string("\x01\x02\x03\x04\xff\xff\xff\xff"
                                                      "a\0A\x9f\xeb",
                                                      13));
  EXPECT_TRUE(image.view(0xfff, 1).empty());
  EXPECT_TRUE(image.view(0x100d, 1).empty());
}

TEST(TextImage, LabelsMayBeUsedBeforeTheyAreWritten) {
  const FlatMemory memory("@0x1000 u64 later+0x67 later-1 later\n"
                          "@0x3000 later: u64 7\n",
                          0xffff888000000000);
  auto reader = memory.reader();
  EXPECT_EQ(memory.at("later"), 0xffff888000003000U);
  EXPECT_EQ(reader.get<std::uint64_t>(0xffff888000001000), 0x3067U);
  EXPECT_EQ(reader.get<std::uint64_t>(0xffff888000001008), 0x2fffU);
  EXPECT_EQ(reader.get<std::uint64_t>(0xffff888000001010), 0x3000U);
  EXPECT_EQ(reader.get<std::uint64_t>(memory.at("later")), 7U);
}

TEST(TextImage, HolesAreDescribedAndNotThere) {
  const TextImage image("@0x1000 zero 8\nhole 0x100\nu8 5\n@0x8000 align 16 u8 1 align 16\n");
  ASSERT_EQ(image.segments().size(), 3U);
  EXPECT_EQ(image.segments()[0].size, 0x108U);
  EXPECT_EQ(image.segments()[0].present, 8U);
  EXPECT_EQ(image.segments()[1].address, 0x1108U);
  EXPECT_EQ(image.segments()[2].size, 16U);
  EXPECT_TRUE(image.view(0x1008, 1).empty());
}

TEST(TextImage, NotesNameLabelsInHex) {
  const TextImage image("arch aarch64\nnote OSRELEASE=6.12 # not a comment\n"
                        "note SYMBOL(root)={root+0xffffffff80000000}\n@0x1000 root: u64 0");
  EXPECT_EQ(image.arch(), "aarch64");
  EXPECT_EQ(image.vmcoreinfo(), "OSRELEASE=6.12 # not a comment\nSYMBOL(root)=ffffffff80001000\n");
}

TEST(TextImage, MistakesNameTheirLine) {
  const std::array<std::pair<const char*, const char*>, 9> mistakes{{
      {"@0x0\nu64 nowhere", "line 2: there is no label \"nowhere\""},
      {"u64", "line 1: \"u64\" needs something behind it"},
      {"u64 0x1g", "line 1: \"0x1g\" is neither a number nor a label"},
      {"text \"abc", "line 1: the quote does not end"},
      {"bytes 123", "line 1: \"123\" is not one byte in hex"},
      {"zero 99999999999", "line 1: 99999999999 bytes are more than a test image may hold"},
      {"a: u8 1\na: u8 2", "line 2: label \"a:\" is there twice"},
      {"word 1", "line 1: \"word\" means nothing here"},
      {"@0x10 zero 16\n@0x18 u8 1", "two things lie at 0x18"},
  }};
  for (const auto& [text, sentence] : mistakes) {
    SCOPED_TRACE(text);
    try {
      const TextImage image{text};
      ADD_FAILURE() << "was accepted";
    } catch (const std::invalid_argument& error) {
      EXPECT_STREQ(error.what(), sentence);
    }
  }
}

TEST(FlatTranslator, MapsNothingBelowItsBase) {
  const FlatMemory memory("@0x0 zero 8192", 0x10000);
  auto reader = memory.reader();
  EXPECT_FALSE(reader.get<std::uint8_t>(0xffff));
  EXPECT_EQ(reader.get<std::uint64_t>(0x10ffc), 0U); // over a page boundary
}

} // namespace
} // namespace mapscope::test
