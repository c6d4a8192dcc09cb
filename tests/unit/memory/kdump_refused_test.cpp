// SPDX-License-Identifier: Apache-2.0
// kdump files that are not what they claim, and choices of files that make no dump.
#include "host/memory/source.hpp"
#include "tests/support/core_file.hpp"
#include "tests/support/kdump_file.hpp"

#include <cstring>
#include <filesystem>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <random>

namespace mapscope::memory {
namespace {

using test::KdumpFile;
using test::ScratchFile;
using testing::HasSubstr;

KdumpFile small(std::uint64_t frames = 10) {
  KdumpFile file;
  for (std::uint64_t frame = 0; frame < frames; ++frame)
    file.page(frame, std::string(4096, static_cast<char>('a' + frame % 26)));
  file.vmcoreinfo = "OSRELEASE=6.12.0-test\n";
  return file;
}

/// The error for these files, without the name it begins with; `at` counts which one is named.
std::string refusal(const std::vector<std::string>& contents, std::size_t at = 0, Errc code = Errc::usage) {
  std::vector<std::unique_ptr<ScratchFile>> files;
  std::vector<std::string> names;
  for (const std::string& content : contents)
    names.push_back(files.emplace_back(std::make_unique<ScratchFile>(content))->path());
  const auto source = open_source(names);
  if (source) return "none";
  EXPECT_EQ(source.error().code, code) << source.error().text;
  EXPECT_THAT(source.error().text, testing::StartsWith(names[at] + ": "));
  std::string text = source.error().text.substr(std::min(names[at].size() + 2, source.error().text.size()));
  for (const auto& name : names)
    if (const auto found = text.find(name); found != text.npos) text.replace(found, name.size(), "NAME");
  return text;
}
std::string damaged(const std::string& content) { return refusal({content}, 0, Errc::corrupt); }
std::string unknown(const std::string& content) { return refusal({content}, 0, Errc::unsupported); }

template <class T> std::string with(std::string bytes, std::size_t at, T value) {
  std::memcpy(bytes.data() + at, &value, sizeof value);
  return bytes;
}

TEST(KdumpRefused, Sets) {
  const auto parts = small().parts({4, 7, 10});
  EXPECT_EQ(refusal({parts[0]}),
            "a part of a split dump, and the part behind it (frames 0x4 to 0xa of 0xa) is "
            "missing; give all parts together");
  EXPECT_EQ(refusal({parts[2], parts[1]}, 1),
            "a part of a split dump, and the part before it (frames 0x0 to 0x4 "
            "of 0xa) is missing; give all parts together");
  EXPECT_THAT(refusal({parts[2], parts[0]}, 1), HasSubstr("behind it (frames 0x4 to 0x7"));
  EXPECT_EQ(refusal({parts[0], parts[1], parts[1], parts[2]}, 2),
            "the same part of the dump as NAME; give each part once");
  EXPECT_EQ(refusal({parts[0], small().bytes()}, 1),
            "a whole dump, not a part of a split one; give it alone");
  EXPECT_EQ(refusal({parts[0], small().part(3, 10)}, 1),
            "a part of the dump that NAME has in part; give the parts of one");
  EXPECT_EQ(refusal({parts[0], "none"}, 1),
            "no part of a split kdump-compressed dump, and only the parts of one "
            "are given together; give one file");
  KdumpFile other = small();
  other.release = "6.1.0-other";
  EXPECT_EQ(refusal({parts[0], other.part(4, 10)}, 1),
            "a part of another dump than NAME; give the parts of one");
}

TEST(KdumpRefused, TheSameFileTwice) {
  const ScratchFile file(small().part(0, 10));
  const std::vector<std::string> names = {file.path(), file.path()};
  EXPECT_EQ(open_source(names).error().text,
            file.path() + ": the same file as " + file.path() + "; give each part of a split dump once");
}

TEST(KdumpRefused, Headers) {
  const std::string good = small().bytes();
  EXPECT_THAT(damaged("KDUMP   more"),
              HasSubstr("ends within its first header (12 bytes); was it cut short"));
  EXPECT_THAT(damaged(good.substr(0, 9000)), HasSubstr("ends within its bitmaps (9000 bytes)"));
  EXPECT_THAT(unknown(with(good, 8, 0x06000000)),
              HasSubstr("of version 0x6000000; it is damaged, or of a big-en"));
  EXPECT_THAT(unknown(with(good, 12 + 4 * 65, std::array{'s', '3', '9', '0', 'x', '\0', '\0'})),
              HasSubstr("for s390x; only x86_64 and aarch64"));
  EXPECT_THAT(damaged(with(good, 428, 4097)), HasSubstr("whose pages have 4097 bytes"));
  EXPECT_THAT(damaged(with(good, 428, 1 << 30)), HasSubstr("whose pages have"));
  EXPECT_THAT(damaged(with(good, 436, 0x7ffffffe)), HasSubstr("ends within its bitmaps"));
  EXPECT_THAT(damaged(with(good, 432, -1)), HasSubstr("whose second header has"));
  EXPECT_THAT(damaged(with(good, 4096 + 96, std::uint64_t{1} << 60)),
              HasSubstr("whose bitmaps have room for"));
  EXPECT_THAT(damaged(with(good, 4096 + 40, std::uint64_t{1} << 40)), HasSubstr("notes lie outside"));
  EXPECT_THAT(damaged(with(good, 4096 + 56, ~std::uint64_t{0})), HasSubstr("notes lie outside"));
  EXPECT_THAT(damaged(with(good, 4096 + 64, ~std::uint64_t{0}).replace(4096 + 72, 1, "\1")),
              HasSubstr("notes lie outside"));
}

TEST(KdumpRefused, Flattened) {
  const std::string good = test::flattened(small().bytes());
  EXPECT_THAT(damaged("makedumpfile"), HasSubstr("a flattened dump without a beginning"));
  EXPECT_THAT(damaged(good.substr(0, 4100)), HasSubstr("without a beginning"));
  EXPECT_THAT(damaged(with(good, 4096, 0x7fU)), HasSubstr("which a file of"));
  EXPECT_THAT(damaged(test::flattened("KDUMP   ")), HasSubstr("its first header"));
}

/// A file with a hole behind its begin, in which each piece would be of no size.
TEST(KdumpRefused, FlattenedWithoutEnd) {
  const std::string stream = test::flattened(small().bytes());
  const ScratchFile file(stream.substr(0, stream.size() - 16));
  std::filesystem::resize_file(file.path(), 1ULL << 40);
  EXPECT_TRUE(open_source(file.path())) << "what comes before is there";
  std::string empty = stream.substr(0, stream.size() - 16);
  for (int i = 0; i < 2000; ++i) empty += std::string("\0\0\0\0\0\0\0\1", 8) + std::string(8, '\0');
  EXPECT_THAT(damaged(empty), HasSubstr("pieces of no size"));
}

TEST(KdumpRefused, FlattenedWithoutItsHeaders) {
  const std::string file = small().bytes();
  const auto without = [&](std::size_t at) { // a piece
    const std::string stream = test::flattened(file, 4096);
    return stream.substr(0, 4096 + (16 + 4096) * at) + stream.substr(4096 + (16 + 4096) * (at + 1));
  };
  EXPECT_THAT(damaged(without(0)), HasSubstr("without a beginning"));
  EXPECT_THAT(damaged(without(1)), HasSubstr("in a flattened file that lacks its second header"));
  EXPECT_THAT(damaged(without(2)), HasSubstr("whose bitmaps cannot be read"));
  EXPECT_THAT(damaged(without(3)), HasSubstr("whose bitmaps cannot be read"));
}

TEST(KdumpRefused, PackedInAWayThatIsNotKnown) {
  KdumpFile file;
  file.page_flags = 0x40;
  file.page(0, "text");
  EXPECT_THAT(unknown(file.bytes()), HasSubstr("packed in a way that is not known (flags 0x40)"));
}

/// Whatever the bytes say, nothing faults, hangs, or takes memory without end.
TEST(KdumpRefused, FlippedBits) {
  const std::string good = small().bytes();
  std::mt19937 random(7); // NOLINT(cert-msc51-cpp): the same each time
  for (int i = 0; i < 600; ++i) {
    std::string bytes = good;
    for (int flips = 0; flips < 3; ++flips)
      bytes[random() % (i % 2 == 0 ? bytes.size() : 4096 + 128)] ^= static_cast<char>(1U << random() % 8);
    const ScratchFile file(bytes);
    const auto source = open_source(file.path());
    if (!source) continue;
    for (const Segment& segment : (*source)->segments())
      for (std::uint64_t at = 0; at < std::min<std::uint64_t>(segment.size, 1U << 20); at += 4096)
        if ((*source)->view(segment.address + at, 4096).empty())
          (void)(*source)->why_absent(segment.address + at);
    (void)(*source)->details();
  }
}

} // namespace
} // namespace mapscope::memory
