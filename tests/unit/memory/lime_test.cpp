// SPDX-License-Identifier: Apache-2.0
// LiME's ranges, and AVML's packed ones: right, cut, and such as nobody wrote.
#include "host/memory/source.hpp"
#include "tests/support/core_file.hpp"
#include "tests/support/memory_files.hpp"

#include <cstdlib>
#include <gmock/gmock.h>
#include <random>

namespace mapscope::memory {
namespace {

using test::Bytes;
using test::ScratchFile;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

/// A source, with the file that it may need.
struct Opened {
  explicit Opened(const std::string& content) : file(content), source(open_source(file.path())) {}

  [[nodiscard]] const Source& operator*() const { return **source; }
  [[nodiscard]] const Source* operator->() const { return source->get(); }
  [[nodiscard]] std::string refusal() const {
    return source ? "was accepted" : source.error().text.substr(file.path().size() + 2);
  }
  [[nodiscard]] std::string text(std::uint64_t address, std::size_t want) const {
    std::string text(want, '?');
    text.resize((*source)->read(address, std::as_writable_bytes(std::span(text))));
    return text;
  }

  ScratchFile file;
  Result<std::unique_ptr<Source>> source;
};

const std::string low(4096, 'l'), high(8192, 'h');
const std::vector<Bytes> memory = {{0x1000, low}, {0x100000000, high}};

/// What does not pack, then what packs well, then zeros.
std::string mixed() {
  std::minstd_rand random(7);
  std::string text(300000, '\0');
  for (char& c : text) c = static_cast<char>(random());
  return text + std::string(200000, 'p') + std::string(3U << 20, '\0') + "end";
}

TEST(Lime, EachRangeInItsPlace) {
  const Opened lime(test::lime_image(memory));
  ASSERT_TRUE(lime.source) << lime.refusal();
  EXPECT_EQ(lime->format(), "LiME image");
  ASSERT_THAT(lime->segments(), SizeIs(2));
  EXPECT_EQ(lime.text(0x1000, 5000), low);
  EXPECT_EQ(lime.text(0x100000000, 9000), high);
  EXPECT_EQ(lime->why_absent(0x3000), Absence::not_described);
  EXPECT_THAT(lime->warnings(), IsEmpty());
  EXPECT_EQ(lime->details().at(0).value, "2");
}

TEST(Lime, ACutFileIsShownAsFarAsItGoes) {
  const std::string whole = test::lime_image(memory);
  const Opened cut(whole.substr(0, whole.size() - 1000));
  ASSERT_TRUE(cut.source);
  EXPECT_EQ(cut.text(0x100000000, 9000), high.substr(1000));
  EXPECT_EQ(cut->cut_off_bytes(), 1000U);
  EXPECT_EQ(cut->why_absent(0x100001fff), Absence::cut_off);
  EXPECT_THAT(cut->warnings(),
              ElementsAre(HasSubstr("the file ends 1000 bytes early; what it holds is shown")));

  const Opened in_header(whole.substr(0, 32 + 4096 + 20));
  EXPECT_EQ(in_header.text(0x1000, 5000), low);
  EXPECT_THAT(in_header->warnings(), ElementsAre(HasSubstr("ends within the header of a range")));
}

TEST(Lime, WhatIsNoHeaderEndsIt) {
  const Opened torn(test::lime_image({memory[0]}) + std::string(5000, 'x'));
  EXPECT_EQ(torn.text(0x1000, 5000), low);
  EXPECT_THAT(torn->warnings(),
              ElementsAre(HasSubstr("at 0x1020 of the file should be the header of a range and is something "
                                    "else; what comes before is read, and 5000 bytes are not")));
}

TEST(Lime, RangesThatCannotBe) {
  const auto with = [](std::uint64_t first, std::uint64_t last) {
    return Opened(test::range_header("EMiL", 1, first, last) + low).refusal();
  };
  EXPECT_THAT(with(0x2000, 0x1000), HasSubstr("whose first header makes no sense"));
  EXPECT_THAT(with(0, ~0ULL), HasSubstr("whose first header makes no sense"));
  EXPECT_THAT(with(~0ULL, ~0ULL), HasSubstr("whose first header makes no sense"));
  EXPECT_THAT(with(1, ~0ULL - 1), HasSubstr("whose first header makes no sense"));
  EXPECT_THAT(with(1, 1ULL << 52), HasSubstr("whose first header makes no sense"));
  const Opened huge(test::range_header("EMiL", 1, 1, (1ULL << 52) - 1) + low);
  EXPECT_EQ(huge.text(1, 5000), low);
  EXPECT_EQ(huge->cut_off_bytes(), (1ULL << 52) - 1 - 4096);
  EXPECT_THAT(Opened(test::range_header("EMiL", 2, 0, 4095) + low).refusal(),
              HasSubstr("in LiME's form, of a version that is not known"));
  EXPECT_THAT(Opened("EMiL\1").refusal(), HasSubstr("in LiME's form"));
}

TEST(Lime, OfOverlappingRangesTheFirst) {
  const Opened lime(test::lime_image({{0x1000, low}, {0x1800, std::string(4096, 'x')}}));
  EXPECT_EQ(lime.text(0x1000, 9000), low + std::string(2048, 'x'));
  EXPECT_THAT(lime->warnings(),
              ElementsAre(HasSubstr("two ranges have different bytes for the memory at 0x1800")));
  const Opened same(test::lime_image({{0x1000, low}, {0x1800, low}}));
  EXPECT_THAT(same->warnings(), IsEmpty());
}

TEST(Lime, NoMoreRangesThanAMachineHas) {
  std::string many;
  for (std::uint64_t i = 0; i < 65537; ++i) many += test::range_header("EMiL", 1, 2 * i, 2 * i) + "m";
  const Opened lime(many);
  EXPECT_EQ(lime->details().at(0).value, "65536");
  EXPECT_THAT(lime->warnings(), ElementsAre(HasSubstr("only the first 65536 ranges")));
}

TEST(Avml, IsUnpacked) {
  const std::string bytes = mixed();
  const Opened avml(test::avml_image({{0x1000, low}, {0x100000000, bytes}, {0x200000000, high}}));
  ASSERT_TRUE(avml.source) << avml.refusal();
  EXPECT_EQ(avml->format(), "AVML image");
  EXPECT_EQ(avml.text(0x1000, 5000), low);
  EXPECT_TRUE(avml.text(0x100000000, bytes.size() + 1) == bytes);
  EXPECT_EQ(avml.text(0x200000000, 9000), high);
  EXPECT_THAT(avml->warnings(), IsEmpty());
  EXPECT_EQ(avml->why_absent(0x2000), Absence::not_described);
}

TEST(Avml, ChunksThatAreNotPackedAndOnesToPassOver) {
  const std::string stream = test::snappy_chunk(low.substr(0, 96), false) + "\x80\2" + std::string(2, '\0') +
                             "xx" + "\xfe\1" + std::string(2, '\0') + "p" +
                             test::snappy_chunk(low.substr(96));
  const Opened avml(test::range_header("AVML", 2, 0x1000, 0x1fff) + stream + "12345678");
  ASSERT_TRUE(avml.source) << avml.refusal();
  EXPECT_EQ(avml.text(0x1000, 5000), low);
  EXPECT_THAT(avml->warnings(), IsEmpty());
}

TEST(Avml, ACutFileIsShownAsFarAsItGoes) {
  const std::string bytes = mixed(), whole = test::avml_image({{0x1000, low}, {0x10000, bytes}});
  const Opened cut(whole.substr(0, 200000));
  ASSERT_TRUE(cut.source) << cut.refusal();
  EXPECT_EQ(cut.text(0x1000, 5000), low);
  EXPECT_TRUE(cut.text(0x10000, 400000) == bytes.substr(0, 3 * 65536)) << "three whole chunks";
  EXPECT_EQ(cut->cut_off_bytes(), bytes.size() - 3 * 65536);
  EXPECT_EQ(cut->why_absent(0x10000 + 3 * 65536), Absence::cut_off);
  EXPECT_THAT(cut->warnings(),
              ElementsAre(HasSubstr("not all of it could be unpacked, since the file ends early; "
                                    "what comes before is read")));
}

TEST(Avml, ADamagedChunkIsMissingAndTheOthersAreNot) {
  const std::string bytes = mixed();
  std::string file = test::avml_image({{0x10000, bytes}});
  file[32 + 10 + 8 + 65536 + 100] ^= 1; // within the second chunk
  const Opened avml(file);
  ASSERT_TRUE(avml.source) << avml.refusal();
  EXPECT_TRUE(avml.text(0x10000, 400000) == bytes.substr(0, 65536));
  EXPECT_TRUE(avml.text(0x30000, bytes.size()) == bytes.substr(0x20000));
  EXPECT_THAT(avml->warnings(), ElementsAre(HasSubstr("65536 bytes of memory are damaged in the file")));
  EXPECT_EQ(avml->why_absent(0x20000), Absence::damaged);
}

TEST(Avml, OfOverlappingRangesTheFirst) {
  const Opened avml(test::avml_image({{0x1000, low}, {0x1800, std::string(4096, 'x')}}));
  EXPECT_EQ(avml.text(0x1000, 9000), low + std::string(2048, 'x'));
  EXPECT_THAT(avml->warnings(),
              ElementsAre(HasSubstr("two ranges have different bytes for the memory at 0x1800")));
}

TEST(Avml, WhatIsNoChunkEndsIt) {
  const auto after = [](const std::string& chunk) {
    Opened avml(test::range_header("AVML", 2, 0x1000, 0x2fff) + test::snappy_chunk(low) + chunk +
                std::string(9000, '\0'));
    EXPECT_TRUE(avml.source) << avml.refusal();
    EXPECT_EQ(avml.text(0x1000, 8192), low);
    EXPECT_THAT(avml->warnings(), ElementsAre(HasSubstr("damaged at 0x")));
    EXPECT_EQ(avml->why_absent(0x2000), Absence::damaged);
    EXPECT_EQ(avml->cut_off_bytes(), 0U) << "the file does not end";
  };
  after(std::string("\2\4\0\0", 4));       // of a type that may not be passed over
  after(std::string("\0\3\0\0", 4));       // without room for its checksum
  after(std::string("\0\xff\xff\xff", 4)); // longer than any may be
  after("\xff" + std::string("\6\0\0", 3) + "sNaPpX");
  after(test::snappy_chunk(high));                              // more than the range has
  after(std::string("\0\x09\0\0cccc\xff\xff\xff\xff\x0f", 13)); // said to unpack to 4 GiB
  after(std::string("\0\x05\0\0cccc\x80", 9));                  // a length that does not end
}

TEST(Avml, OfWhichNothingCanBeUnpacked) {
  for (const std::string& file :
       {test::range_header("AVML", 2, 0, 4095), test::range_header("AVML", 2, 5, 4) + low,
        test::range_header("AVML", 2, 0, ~0ULL) + test::snappy_chunk(low),
        test::range_header("AVML", 2, 0, 4095) + std::string("\2\4\0\0", 4)})
    EXPECT_THAT(Opened(file).refusal(), HasSubstr("of which nothing could be unpacked"));
}

/// Every byte that is said to be there is read.
void read_all(const Source& source) {
  std::vector<std::byte> buffer;
  for (const Segment& segment : source.segments())
    for (std::uint64_t done = 0; done < segment.present;) {
      const auto bytes = source.view(segment.address + done, segment.present - done);
      ASSERT_FALSE(bytes.empty());
      EXPECT_EQ(
          std::ranges::count(bytes, std::byte{1}),
          std::ranges::count(source.glance(segment.address + done, bytes.size(), buffer), std::byte{1}));
      done += bytes.size();
    }
}

TEST(AnyForm, MayBeCutAndDamagedAnywhere) {
  const std::vector<Bytes> small = {{0x1000, std::string(100, 'a') + std::string(70000, '\0')},
                                    {0x20000, "b"}};
  std::minstd_rand random(11);
  for (const std::string& whole : {test::lime_image(small), test::avml_image(small)})
    for (int i = 0; i < 2000; ++i) {
      std::string file = whole.substr(0, i % 3 == 0 ? random() % whole.size() : whole.size());
      for (int flips = i % 5; flips > 0 && !file.empty(); --flips)
        file[random() % std::min<std::size_t>(file.size(), 400)] ^= static_cast<char>(1U << random() % 8);
      if (file.empty()) continue;
      const Opened opened(file);
      if (opened.source)
        read_all(*opened);
      else
        EXPECT_THAT(opened.source.error().text, testing::StartsWith(opened.file.path()));
    }
}

TEST(Avml, NoRoomToUnpackIsASentence) {
  const char* const before = std::getenv("TMPDIR");
  const std::string kept = before != nullptr ? before : "";
  const ScratchFile file(test::avml_image(memory));
  ::setenv("TMPDIR", "/nonexistent", 1);
  const auto source = open_source(file.path());
  before != nullptr ? ::setenv("TMPDIR", kept.c_str(), 1) : ::unsetenv("TMPDIR");
  ASSERT_FALSE(source);
  EXPECT_EQ(source.error().code, Errc::io);
  EXPECT_EQ(source.error().text,
            file.path() +
                ": cannot be unpacked into /nonexistent: No such file or directory; let TMPDIR name a "
                "directory with room for the machine's memory");
}

} // namespace
} // namespace mapscope::memory
