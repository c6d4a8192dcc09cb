// SPDX-License-Identifier: Apache-2.0
// kdump-compressed dumps that hold less than they say: cut, with parts of a flattened file lost, or
// with descriptors that make no sense.
#include "tests/unit/memory/small_kdump.hpp"

#include <algorithm>
#include <gmock/gmock.h>

namespace mapscope::memory {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

/// A cut shows: pages behind it are absent, for that reason, and never zeros.
TEST(KdumpLost, CutAnywhereLosesPagesAndInventsNone) {
  for (const Packing packing : test::all_packings) {
    const std::string whole = small(packing).bytes();
    const std::string plain = all_of(Opened(whole));
    for (std::size_t size = whole.size() - 1; size > 4 * 4096; size -= std::min<std::size_t>(size, 61)) {
      const ScratchFile file(std::string_view(whole).substr(0, size));
      const auto source = open_source(file.path());
      if (!source) {
        EXPECT_THAT(source.error().text, HasSubstr("damaged?"));
        continue;
      }
      EXPECT_NE((*source)->cut_off_bytes(), 0U) << size;
      for (std::uint64_t frame = 2; frame < 7; ++frame) {
        const auto bytes = (*source)->view(frame * 4096, 4096);
        if (bytes.empty())
          EXPECT_EQ((*source)->why_absent(frame * 4096), Absence::cut_off);
        else
          EXPECT_EQ(std::memcmp(bytes.data(), plain.data() + (frame - 2) * 4096, 4096), 0);
      }
    }
  }
}

TEST(KdumpLost, CutFlattened) {
  const std::string whole = test::flattened(small(Packing::none).bytes(), 4096);
  const ScratchFile file(std::string_view(whole).substr(0, whole.size() - 10000));
  const auto source = open_source(file.path());
  ASSERT_TRUE(source) << source.error().text;
  EXPECT_THAT((*source)->warnings(), ElementsAre(HasSubstr("the file ends before")));
  EXPECT_TRUE((*source)->view(9 * 4096, 1).empty());
  EXPECT_EQ((*source)->why_absent(9 * 4096), Absence::cut_off);
}

/// The stream without its pieces for [begin, end) of the file.
std::string without_pieces(const std::string& stream, std::uint64_t begin, std::uint64_t end) {
  std::string left = stream.substr(0, 4096);
  const auto number = [&](std::size_t at) {
    std::uint64_t value = 0;
    std::memcpy(&value, stream.data() + at, sizeof value);
    return __builtin_bswap64(value);
  };
  for (std::size_t at = 4096; at < stream.size();) {
    const std::uint64_t offset = number(at), size = offset == ~0ULL ? 0 : number(at + 8);
    if (offset == ~0ULL || offset + size <= begin || offset >= end) left += stream.substr(at, 16 + size);
    at += 16 + size;
  }
  return left;
}

/// Whatever the order and whether or not the end is there.
TEST(KdumpLost, WhatAFlattenedFileLostIsMissingAndNotZeros) {
  const std::string file = small(Packing::none).bytes(), plain = all_of(Opened(file));
  const std::uint64_t third = 4 * 4096 + 6 * 24 + 2 * 4096; // where its bytes lie
  for (const bool backwards : {false, true})
    for (const std::size_t end_mark : {0, 16}) {
      const std::string stream =
          without_pieces(test::flattened(file, 512, backwards), third + 600, third + 601);
      const Opened source(stream.substr(0, stream.size() - end_mark));
      EXPECT_EQ(source.read(4 * 4096), "");
      EXPECT_EQ(source->why_absent(4 * 4096), Absence::damaged);
      EXPECT_EQ(source->cut_off_bytes(), 0U) << "that is said of what lies behind the end";
      EXPECT_EQ(source.read(2 * 4096, 3 * 4096), plain.substr(0, 2 * 4096));
      EXPECT_EQ(source.read(5 * 4096, 3 * 4096), plain.substr(3 * 4096));
      EXPECT_THAT(source->warnings(), ElementsAre(HasSubstr("parts of the flattened file are missing, and "
                                                            "with them 1 of its 6 pages")));
    }
}

TEST(KdumpLost, OfLostDescriptorsThePagesAreMissing) {
  const std::string stream = test::flattened(small(Packing::none).bytes(), 8);
  const Opened source(without_pieces(stream, 4 * 4096 + 24, 4 * 4096 + 28)); // of the second page
  EXPECT_EQ(source.read(3 * 4096), "");
  EXPECT_EQ(source->why_absent(3 * 4096), Absence::damaged);
  EXPECT_EQ(source.read(2 * 4096), "accccccc");
}

TEST(KdumpLost, WhatAFlattenedElfLostIsMissingAndNotZeros) {
  test::CoreFile core;
  core.load(4096, page_of('m') + page_of('n') + page_of('o'));
  const std::string file = core.bytes();
  for (const bool backwards : {false, true}) {
    const std::string stream = test::flattened(file, 1024, backwards);
    const std::uint64_t at = file.find('n') + 100;
    const Opened source(without_pieces(stream, at, at + 1));
    EXPECT_EQ(source->view(4096, 12288).size() % 1024, (1024 - file.find('m') % 1024) % 1024);
    EXPECT_EQ(source->why_absent(2 * 4096 + 100), Absence::damaged);
    EXPECT_EQ(source.read(3 * 4096), "oooooooo");
    EXPECT_THAT(source->warnings(), ElementsAre(HasSubstr("parts of the flattened file are missing, and "
                                                          "with them 1024 bytes of memory")));
  }
}

/// Writers leave room between what stands in front of the pages.
TEST(KdumpLost, RoomThatNobodyWroteIsNotMissed) {
  const std::string stream =
      without_pieces(test::flattened(small().bytes(), 512), 512, 4096); // behind the first header
  const Opened source(stream);
  EXPECT_EQ(all_of(source), all_of(Opened(small().bytes())));
  EXPECT_TRUE(source->warnings().empty());
}

/// Not behind the end of a file that was cut short, nor where the headers are.
TEST(KdumpLost, ADescriptorThatMakesNoSenseIsDamaged) {
  for (const std::uint64_t offset : {0ULL, 8ULL, 4 * 4096ULL, 4 * 4096 + 5 * 24ULL, 1ULL << 40, ~0ULL})
    for (const std::size_t index : {0, 2, 5}) {
      std::string bytes = small(Packing::none).bytes();
      describe(bytes, index, 0, offset);
      if (index == 5 && offset >= 1ULL << 40) continue; // nothing tells it from the last page of a cut file
      const Opened source(bytes);
      const std::uint64_t at = (index == 5 ? 9 : 2 + index) * 4096;
      EXPECT_EQ(source.read(at), "") << offset;
      EXPECT_EQ(source->why_absent(at), Absence::damaged) << offset;
      EXPECT_EQ(source->cut_off_bytes(), 0U) << offset;
      EXPECT_TRUE(source->warnings().empty()) << offset;
    }
}

/// With pages of zeros at the end, which share their bytes.
TEST(KdumpLost, ACutFileIsKnownByItsLastPageOfItsOwn) {
  std::string bytes = small(Packing::none).bytes();
  for (const std::size_t index : {4, 5}) describe(bytes, index, 0, std::uint64_t{4 * 4096 + 6 * 24});
  bytes.resize(bytes.size() - 3 * 4096 + 100); // the last of the others has 100 bytes
  const Opened source(bytes);
  EXPECT_EQ(source->cut_off_bytes(), 4096U);
  EXPECT_EQ(source->why_absent(5 * 4096), Absence::cut_off);
  EXPECT_EQ(source.read(9 * 4096), source.read(2 * 4096));
}

TEST(KdumpLost, OfASetTheFileThatIsCutIsNamed) {
  auto parts = small(Packing::none).parts({3, 5, 10});
  parts[1].resize(parts[1].size() - 1);
  const Opened source(parts);
  EXPECT_THAT(source->warnings(),
              ElementsAre(testing::StartsWith(source.path(1) + ": the file ends before 1 of its 2 pages")));
  EXPECT_EQ(source->cut_off_bytes(), 4096U);
}

} // namespace
} // namespace mapscope::memory
