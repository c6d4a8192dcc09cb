// SPDX-License-Identifier: Apache-2.0
// kdump-compressed dumps that hold what they say, and less.
#include "host/memory/source.hpp"
#include "tests/support/core_file.hpp"
#include "tests/support/kdump_file.hpp"

#include <algorithm>
#include <cstring>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <random>

namespace mapscope::memory {
namespace {

using test::KdumpFile;
using test::Packing;
using test::ScratchFile;
using testing::ElementsAre;
using testing::HasSubstr;

/// The source of one dump, in as many files.
class Opened {
public:
  explicit Opened(const std::vector<std::string>& contents, const OpenOptions& options = {})
      : source_(open(contents, options)) {
    if (!source_) ADD_FAILURE() << source_.error().text;
  }
  explicit Opened(const std::string& content, const OpenOptions& options = {})
      : Opened(std::vector{content}, options) {}
  const Source* operator->() const { return source_->get(); }

  /// What can be read from `address` on, at most `most` bytes.
  [[nodiscard]] std::string read(std::uint64_t address, std::size_t most = 8) const {
    std::string text(most, '?');
    text.resize((*source_)->read(address, std::as_writable_bytes(std::span(text))));
    return text;
  }
  /// "address+size/present" of each segment, in pages.
  [[nodiscard]] std::vector<std::string> segments() const {
    std::vector<std::string> words;
    for (const Segment& s : (*source_)->segments())
      words.push_back(std::to_string(s.address / 4096) + "+" + std::to_string(s.size / 4096) + "/" +
                      std::to_string(s.present / 4096));
    return words;
  }
  [[nodiscard]] const std::string& path(std::size_t file) const { return files_[file]->path(); }
  [[nodiscard]] std::string detail(std::string_view name) const {
    for (const Detail& detail : (*source_)->details())
      if (detail.name == name) return detail.value;
    return "";
  }

private:
  Result<std::unique_ptr<Source>> open(const std::vector<std::string>& contents, const OpenOptions& options) {
    std::vector<std::string> names;
    for (const std::string& content : contents)
      names.push_back(files_.emplace_back(std::make_unique<ScratchFile>(content))->path());
    return open_source(names, options);
  }
  std::vector<std::unique_ptr<ScratchFile>> files_;
  Result<std::unique_ptr<Source>> source_;
};

std::string page_of(char letter) { return std::string(4096, letter); }

/// Letters in frames 2 to 6 and 9; 7 is left out, and nothing is said of 8.
KdumpFile small(Packing packing = Packing::zlib) {
  KdumpFile file(packing);
  for (const std::uint64_t frame : {2, 3, 4, 5, 6, 9}) {
    std::string page = page_of(static_cast<char>('a' + frame));
    for (std::size_t at = 0; at < 512; ++at) page[at * 8] = static_cast<char>('a' + at % 16); // not one run
    file.page(frame, page);
  }
  file.leave_out(7);
  file.vmcoreinfo = "OSRELEASE=6.12.0-test\n";
  return file;
}

/// Changes the descriptor of the index-th page of small().
template <class T> void describe(std::string& bytes, std::size_t index, std::size_t field, T value) {
  constexpr std::size_t descriptors_at = 4 * 4096; // behind two headers and two bitmaps of one block
  std::memcpy(bytes.data() + descriptors_at + index * 24 + field, &value, sizeof value);
}

std::string all_of(const Opened& source) { return source.read(2 * 4096UL, 5 * 4096UL); }

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

/// A cut shows: pages behind it are absent, for that reason, and never zeros.
TEST(Kdump, CutAnywhereLosesPagesAndInventsNone) {
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

TEST(Kdump, CutFlattened) {
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
TEST(Kdump, WhatAFlattenedFileLostIsMissingAndNotZeros) {
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

TEST(Kdump, OfLostDescriptorsThePagesAreMissing) {
  const std::string stream = test::flattened(small(Packing::none).bytes(), 8);
  const Opened source(without_pieces(stream, 4 * 4096 + 24, 4 * 4096 + 28)); // of the second page
  EXPECT_EQ(source.read(3 * 4096), "");
  EXPECT_EQ(source->why_absent(3 * 4096), Absence::damaged);
  EXPECT_EQ(source.read(2 * 4096), "accccccc");
}

TEST(Kdump, WhatAFlattenedElfLostIsMissingAndNotZeros) {
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
TEST(Kdump, RoomThatNobodyWroteIsNotMissed) {
  const std::string stream =
      without_pieces(test::flattened(small().bytes(), 512), 512, 4096); // behind the first header
  const Opened source(stream);
  EXPECT_EQ(all_of(source), all_of(Opened(small().bytes())));
  EXPECT_TRUE(source->warnings().empty());
}

/// Not behind the end of a file that was cut short, nor where the headers are.
TEST(Kdump, ADescriptorThatMakesNoSenseIsDamaged) {
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
TEST(Kdump, ACutFileIsKnownByItsLastPageOfItsOwn) {
  std::string bytes = small(Packing::none).bytes();
  for (const std::size_t index : {4, 5}) describe(bytes, index, 0, std::uint64_t{4 * 4096 + 6 * 24});
  bytes.resize(bytes.size() - 3 * 4096 + 100); // the last of the others has 100 bytes
  const Opened source(bytes);
  EXPECT_EQ(source->cut_off_bytes(), 4096U);
  EXPECT_EQ(source->why_absent(5 * 4096), Absence::cut_off);
  EXPECT_EQ(source.read(9 * 4096), source.read(2 * 4096));
}

TEST(Kdump, OfASetTheFileThatIsCutIsNamed) {
  auto parts = small(Packing::none).parts({3, 5, 10});
  parts[1].resize(parts[1].size() - 1);
  const Opened source(parts);
  EXPECT_THAT(source->warnings(),
              ElementsAre(testing::StartsWith(source.path(1) + ": the file ends before 1 of its 2 pages")));
  EXPECT_EQ(source->cut_off_bytes(), 4096U);
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
