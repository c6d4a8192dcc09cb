// SPDX-License-Identifier: Apache-2.0
#include "host/memory/raw_image.hpp"
#include "tests/support/core_file.hpp"

#include <gmock/gmock.h>

namespace mapscope::memory {
namespace {

using test::ScratchFile;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

/// Three pages, each of one letter.
std::string pages() {
  return std::string(1, '\0').append(4095, 'a').append(4096, 'b').append(4096, 'c');
}

std::string text_at(const Source& source, std::uint64_t address, std::size_t want = 2) {
  const auto bytes = source.view(address, want);
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

std::unique_ptr<Source> open_with(const ScratchFile& file, const std::string& layout) {
  auto source = open_source(file.path(), {.layout = layout});
  if (!source) throw std::runtime_error(source.error().text);
  return std::move(*source);
}

std::string detail(const Source& source, std::string_view name) {
  for (const Detail& detail : source.details())
    if (detail.name == name) return detail.value;
  return "none of that name";
}

TEST(RawImage, OffsetsAreAddressesUntilSomebodyKnowsBetter) {
  const ScratchFile file(pages());
  const auto source = open_with(file, "");
  EXPECT_EQ(source->format(), "raw image");
  ASSERT_THAT(source->segments(), SizeIs(1));
  EXPECT_EQ(source->segments()[0].size, 12288U);
  EXPECT_EQ(text_at(*source, 4095), "ab");
  EXPECT_EQ(text_at(*source, 12287), "c");
  EXPECT_EQ(text_at(*source, 12288), "");
  EXPECT_NE(source->raw_image(), nullptr);
  EXPECT_THAT(detail(*source, "layout found by"), HasSubstr("assumption"));
  EXPECT_EQ(detail(*source, "holes"), "none");
}

TEST(RawImage, LaidOutAnew) {
  const ScratchFile file(pages());
  const auto source = open_with(file, "");
  const auto laid = source->raw_image()->laid_out({{0, 8192}, {0x100000000, Run::rest}}, "a test");
  EXPECT_EQ(text_at(*laid, 8191), "b");
  EXPECT_EQ(text_at(*laid, 8192), "");
  EXPECT_EQ(laid->why_absent(8192), Absence::not_described);
  EXPECT_EQ(text_at(*laid, 0x100000000), "cc");
  EXPECT_EQ(text_at(*laid, 0x100000fff), "c");
  EXPECT_EQ(detail(*laid, "layout"), "0x0-0x1fff,0x100000000-0x100000fff");
  EXPECT_EQ(detail(*laid, "layout found by"), "a test");
  EXPECT_EQ(detail(*laid, "holes"), "0x2000-0xffffffff");
  EXPECT_THAT(laid->warnings(), IsEmpty());
}

TEST(RawImage, WhatTheFileLacksIsCutOff) {
  const ScratchFile file(pages());
  const auto source = open_with(file, "");
  const auto laid = source->raw_image()->laid_out({{0, 8192}, {0x100000000, 8192}, {0x200000000, 4096}}, "");
  EXPECT_EQ(laid->cut_off_bytes(), 8192U);
  EXPECT_EQ(laid->why_absent(0x100001000), Absence::cut_off);
  EXPECT_EQ(laid->why_absent(0x200000000), Absence::cut_off);
  EXPECT_THAT(laid->warnings(), ElementsAre(HasSubstr("the file ends 8192 bytes early")));
}

TEST(RawImage, WhatBelongsToNoMemoryIsSaid) {
  const ScratchFile file(pages());
  const auto laid = open_with(file, "")->raw_image()->laid_out({{0, 4096}}, "a test");
  EXPECT_EQ(text_at(*laid, 4096), "");
  EXPECT_THAT(laid->warnings(),
              ElementsAre(HasSubstr("the last 8192 bytes of the file belong to no memory, by a "
                                    "test; they are not looked at")));
}

TEST(RawImage, TheUsersLayoutIsTheLastWord) {
  const ScratchFile file(pages());
  const auto source = open_with(file, "0x5000-0x5fff,0x1000-0x2fff");
  EXPECT_EQ(source->raw_image(), nullptr);
  EXPECT_EQ(text_at(*source, 0x5001), "aa");
  EXPECT_EQ(text_at(*source, 0x1000), "bb");
  EXPECT_EQ(detail(*source, "layout found by"), "--layout");
}

TEST(RawImage, ALayoutThatDoesNotFitTheFile) {
  const ScratchFile file(pages());
  const auto refusal = [&](const char* layout) {
    const auto source = open_source(file.path(), {.layout = layout});
    EXPECT_EQ(source ? Errc::io : source.error().code, Errc::usage);
    return source ? "was accepted" : source.error().text;
  };
  EXPECT_EQ(refusal("0-4095"), "--layout: its ranges have 4096 bytes, and the file has 12288");
  EXPECT_EQ(refusal("0-16383"), "--layout: its ranges have 16384 bytes, and the file has 12288");
  EXPECT_EQ(refusal("0-16383,65536-"), "--layout: its ranges have 16384 bytes, and the file has 12288");
  EXPECT_THAT(refusal("nonsense"), HasSubstr("is no range of addresses"));
}

TEST(RawImage, ALayoutForWhatIsNone) {
  test::CoreFile core;
  core.load(0x1000, "memory");
  const ScratchFile file(core.bytes());
  const auto source = open_source(file.path(), {.layout = "0-4095"});
  ASSERT_FALSE(source);
  EXPECT_EQ(source.error().code, Errc::usage);
  EXPECT_EQ(source.error().text,
            "--layout: " + file.path() + " is no raw image: its format (ELF core) says where its pieces lie");
}

} // namespace
} // namespace mapscope::memory
