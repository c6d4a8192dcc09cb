// SPDX-License-Identifier: Apache-2.0
// Cores that hold what they say, less than they say, or the same address twice.
#include "host/memory/source.hpp"
#include "tests/support/core_file.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace mapscope::memory {
namespace {

using test::CoreFile;
using test::ScratchFile;
using testing::ElementsAre;
using testing::HasSubstr;

/// The source of a core; keeps the file while it is read.
class Opened {
public:
  explicit Opened(std::string_view bytes, const OpenOptions& options = {})
      : file_(bytes), source_(open_source(file_.path(), options)) {
    if (!source_) ADD_FAILURE() << source_.error().text;
  }
  const Source* operator->() const { return source_->get(); }
  [[nodiscard]] bool ok() const { return source_.has_value(); }
  [[nodiscard]] const std::string& path() const { return file_.path(); }

  /// What can be read from `address` on, at most `most` bytes.
  [[nodiscard]] std::string read(std::uint64_t address, std::size_t most = 64) const {
    std::string text(most, '?');
    text.resize((*source_)->read(address, std::as_writable_bytes(std::span(text))));
    return text;
  }
  /// "address+size/present" of each segment.
  [[nodiscard]] std::vector<std::string> segments() const {
    std::vector<std::string> words;
    for (const Segment& s : (*source_)->segments())
      words.push_back(std::to_string(s.address) + "+" + std::to_string(s.size) + "/" +
                      std::to_string(s.present));
    return words;
  }

private:
  ScratchFile file_;
  Result<std::unique_ptr<Source>> source_;
};

TEST(ElfCore, FindsBytesByPhysicalAddressInWhateverOrder) {
  CoreFile core;
  core.load(300, "third");
  core.load(100, "first");
  core.load(105, "second");
  const Opened source(core.bytes());
  ASSERT_TRUE(source.ok());
  EXPECT_EQ(source->format(), "ELF core");
  EXPECT_EQ(source->arch(), "x86_64");
  EXPECT_EQ(source.read(100), "firstsecond"); // over the border of two segments
  EXPECT_EQ(source.read(302), "ird");
  EXPECT_EQ(source.read(99), "");
  EXPECT_EQ(source.read(111), "");
  EXPECT_EQ(source.read(~0ULL), "");
  EXPECT_EQ(source->view(100, 64).size(), 5U); // contiguous in the file, no further
  EXPECT_THAT(source.segments(), ElementsAre("100+5/5", "105+6/6", "300+5/5"));
  EXPECT_TRUE(source->warnings().empty());
}

TEST(ElfCore, MachinesAreNamed) {
  CoreFile core;
  core.header.e_machine = EM_AARCH64;
  core.load(0, "x");
  EXPECT_EQ(Opened(core.bytes())->arch(), "aarch64");
}

TEST(ElfCore, FewerBytesThanMemoryIsAHole) {
  CoreFile core;
  core.load(100, "abc", 10);
  core.load(200, "", 50);
  const Opened source(core.bytes());
  EXPECT_THAT(source.segments(), ElementsAre("100+10/3", "200+50/0"));
  EXPECT_EQ(source.read(100), "abc");
  EXPECT_TRUE(source->warnings().empty()) << "what was never meant to be there is not missing";
}

TEST(ElfCore, MoreBytesThanMemoryIsNoMemory) {
  CoreFile core;
  core.load(100, "abcdef", 2);
  EXPECT_EQ(Opened(core.bytes()).read(100), "ab");
}

TEST(ElfCore, CutFilesKeepWhatTheyHoldAndSayWhatIsMissing) {
  CoreFile core;
  core.load(100, "0123456789");
  core.load(200, "abcdefghij");
  const std::string whole = core.bytes();
  const Opened source(std::string_view(whole).substr(0, whole.size() - 13));
  EXPECT_EQ(source.read(100), "0123456");
  EXPECT_EQ(source.read(200), "");
  EXPECT_THAT(source.segments(), ElementsAre("100+10/7", "200+10/0"));
  ASSERT_EQ(source->warnings().size(), 1U);
  EXPECT_EQ(source->warnings()[0], source.path() + ": the file ends 13 bytes early; what it holds is shown");
}

TEST(ElfCore, SegmentsWithoutAPlaceAreLeftOut) {
  CoreFile core;
  core.load(~0ULL, "vmalloc");
  core.load(100, "ram");
  core.load(~0ULL - 3, "wraps around");
  EXPECT_THAT(Opened(core.bytes()).segments(), ElementsAre("100+3/3"));
}

TEST(ElfCore, OffsetsPastTheFileHoldNothing) {
  CoreFile core;
  core.load(100, "abc").p_offset = 1ULL << 40;
  core.load(200, "def").p_offset = ~0ULL - 400;
  core.load(300, "ghi").p_filesz = ~0ULL;
  core.load(400, "j").p_memsz = (1ULL << 52) - 400;
  const Opened source(core.bytes());
  EXPECT_EQ(source.read(100) + source.read(200), "");
  EXPECT_EQ(source.read(300), "ghi");
  EXPECT_EQ(source.read(400), "j");
}

TEST(ElfCore, HeadersOfNonsenseAreLeftOutAndTold) {
  CoreFile core;
  core.load(100, "ram");
  EXPECT_TRUE(Opened(core.bytes())->warnings().empty());
  core.load(200, "x").p_memsz = 1ULL << 52;
  core.load(1ULL << 52, "y");
  core.load(300, "z").p_type = 0x12345678;
  core.load(400, "nothing").p_type = PT_NULL;
  const Opened source(core.bytes());
  EXPECT_THAT(source.segments(), ElementsAre("100+3/3"));
  ASSERT_EQ(source->warnings().size(), 1U);
  EXPECT_THAT(
      source->warnings()[0],
      HasSubstr(": 3 of its 5 program headers are of no core of a machine (of another type than PT_LOAD "
                "and PT_NOTE, or beyond all memory)"));
}

TEST(ElfCore, BytesThatContradictEachOtherAreTold) {
  const std::string ram(70 * 4096, 'r');
  std::string image = ram.substr(0, 8192);
  CoreFile core;
  core.load(0x1000, ram);
  core.load(0x2000, image);
  EXPECT_TRUE(Opened(core.bytes())->warnings().empty()) << "the same twice";
  image[5000] = 'x';
  core.load(0x5000, image);
  const Opened source(core.bytes());
  ASSERT_EQ(source->warnings().size(), 1U);
  EXPECT_THAT(source->warnings()[0],
              HasSubstr("two program headers have different bytes for the memory at 0x6000; those of the one "
                        "that begins first are shown"));
  EXPECT_EQ(source.read(0x6000 + 5000 - 4096, 1), "r");
}

TEST(ElfCore, MemoryThatLiesInsideAnotherIsReadFromTheOuter) {
  CoreFile core; // as /proc/vmcore has the kernel's image inside the RAM it lies in
  core.load(110, "IMAGE");
  core.load(100, "0123456789image56789");
  const Opened source(core.bytes());
  EXPECT_EQ(source.read(100), "0123456789image56789");
  EXPECT_THAT(source.segments(), ElementsAre("100+20/20"));
}

TEST(ElfCore, BytesThatAreThereWinOverBytesThatAreNot) {
  CoreFile core;
  core.load(100, "ab", 100); // a hole from 102 to 200
  core.load(150, "here", 4);
  core.load(190, "beyond", 20);
  const Opened source(core.bytes());
  EXPECT_EQ(source.read(100), "ab");
  EXPECT_EQ(source.read(150), "here");
  EXPECT_EQ(source.read(190), "beyond");
  EXPECT_THAT(source.segments(), ElementsAre("100+50/2", "150+40/4", "190+20/6"));
}

TEST(ElfCore, PartlyOverlappingSegmentsGiveEachAddressOnce) {
  CoreFile core;
  core.load(100, "aaaaaa");
  core.load(103, "bbbbbb");
  core.load(104, "cc");
  core.load(105, "ddddddd");
  EXPECT_EQ(Opened(core.bytes()).read(100), "aaaaaabbbddd"); // the one that begins first
}

TEST(ElfCore, TheVmcoreinfoNoteIsFoundAmongOthers) {
  CoreFile core;
  core.note("CORE", "registers");
  core.load(100, "x");
  core.note("VMCOREINFO", "OSRELEASE=6.12\n");
  core.note("QEMU", "more");
  EXPECT_EQ(Opened(core.bytes())->vmcoreinfo(), "OSRELEASE=6.12\n");
}

TEST(ElfCore, HostileNotesEndTheSearch) {
  CoreFile lies;
  lies.load(100, "x");
  lies.note("VMCOREINFO", "OSRELEASE=6.12\n").p_filesz = 12 + 12 + 4; // the text is longer than the note
  EXPECT_EQ(Opened(lies.bytes())->vmcoreinfo(), "");
  CoreFile empty;
  empty.load(100, "x");
  empty.note("VMCOREINFO", "").p_filesz = ~0ULL;
  EXPECT_EQ(Opened(empty.bytes())->vmcoreinfo(), "");
}

TEST(ElfCore, NotesBeyondTheirShareAreNotRead) {
  CoreFile core;
  core.load(100, "x");
  core.note("CORE", std::string(16U << 20, 'n'));
  core.note("VMCOREINFO", "OSRELEASE=6.12\n");
  EXPECT_EQ(Opened(core.bytes())->vmcoreinfo(), "");
}

TEST(ElfCore, ManyProgramHeadersAreCountedInTheFirstSection) {
  CoreFile core;
  core.extended_count = true;
  constexpr unsigned many = 70000;
  for (unsigned i = 0; i < many; ++i) core.load(i * 2, "x");
  const Opened source(core.bytes());
  EXPECT_EQ(source->segments().size(), many);
  EXPECT_EQ(source.read(2 * (many - 1)), "x");
}

TEST(ElfCore, AFileThatIsOneByteSaysSo) {
  const ScratchFile file("\x7f");
  EXPECT_THAT(open_source(file.path()).error().text, HasSubstr("1 bytes in no known format"));
}

TEST(ElfCore, WhyBytesAreNotThere) {
  CoreFile core;
  core.load(100, "abc", 10);
  core.load(200, "defgh");
  std::string file = core.bytes();
  file.resize(file.size() - 2);
  const Opened source(file);
  EXPECT_EQ(source->why_absent(103), Absence::left_out);
  EXPECT_EQ(source->why_absent(109), Absence::left_out);
  EXPECT_EQ(source->why_absent(110), Absence::not_described);
  EXPECT_EQ(source->why_absent(203), Absence::cut_off);
  EXPECT_EQ(source->why_absent(205), Absence::not_described);
  EXPECT_EQ(source->left_out_bytes(), 7U);
}

TEST(ElfCore, WhatWasLeftOutIsZeroWhereTheUserSaysSo) {
  CoreFile core;
  core.load(100, "abc", 10);
  core.load(200, "", 100);
  core.load(250, "middle");
  core.load(400, "defgh");
  std::string file = core.bytes();
  file.resize(file.size() - 2);
  const Opened source(file, {.zero_excluded = true});
  EXPECT_EQ(source.read(100), "abc" + std::string(7, '\0'));
  EXPECT_EQ(source.read(245, 15), std::string(5, '\0') + "middle" + std::string(4, '\0'));
  EXPECT_EQ(source.read(290), std::string(10, '\0'));
  EXPECT_EQ(source.read(110), "") << "no part of the file describes it";
  EXPECT_EQ(source.read(400), "def") << "what a cut file lost is not zero";
  EXPECT_EQ(source.read(405), "");
  EXPECT_THAT(source.segments(), ElementsAre("100+10/3", "200+50/0", "250+50/6", "400+5/3"));
}

TEST(ElfCore, WhatIsLostInOnePartIsNotZeroByAnother) {
  CoreFile core;
  core.load(100, "", 10);
  core.load(105, "abcde");
  std::string file = core.bytes();
  file.resize(file.size() - 5);
  const Opened source(file, {.zero_excluded = true});
  EXPECT_EQ(source.read(100), std::string(5, '\0'));
  EXPECT_EQ(source.read(105), "");
  EXPECT_EQ(source->why_absent(105), Absence::cut_off);
  EXPECT_EQ(source->why_absent(104), Absence::left_out);
}

TEST(ElfCore, LargeHolesComeInPieces) {
  CoreFile core;
  core.load(0x1000, "x", 0x40000);
  const Opened source(core.bytes(), {.zero_excluded = true});
  EXPECT_EQ(source->view(0x2000, 0x30000).size(), 0x10000U);
  EXPECT_EQ(source->view(0x40ff0, 0x1000).size(), 0x10U);
  EXPECT_EQ(source.read(0x1000, 0x40000).size(), 0x40000U);
}

} // namespace
} // namespace mapscope::memory
