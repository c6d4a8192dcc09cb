// SPDX-License-Identifier: Apache-2.0
// Frames there and back, and what a plugin may make of them when it writes its own.
#include "host/plugin/worker/frames.hpp"

#include <array>
#include <cstring>
#include <gmock/gmock.h>
#include <unistd.h>

namespace mapscope::plugin {
namespace {

using testing::HasSubstr;

/// A pipe: what the writer writes, the reader reads.
class Wire {
public:
  Wire() { EXPECT_EQ(::pipe(ends_.data()), 0); }
  ~Wire() {
    for (const int fd : ends_) ::close(fd);
  }
  [[nodiscard]] int in() const { return ends_[1]; }
  /// Everything that has been written so far, at most 64 KiB.
  void read_into(FrameReader& reader) const {
    const auto room = reader.room();
    const ssize_t got = ::read(ends_[0], room.data(), room.size());
    ASSERT_GT(got, 0);
    reader.filled(static_cast<std::size_t>(got));
  }

private:
  std::array<int, 2> ends_{};
};

constexpr std::size_t longest = 1 << 20;

/// The bytes of one frame with this content.
std::vector<std::byte> frame_bytes(std::uint32_t kind, std::string_view content, std::uint32_t claimed) {
  std::vector<std::byte> bytes(8 + content.size());
  std::memcpy(bytes.data(), &kind, 4);
  std::memcpy(bytes.data() + 4, &claimed, 4);
  std::ranges::copy(std::as_bytes(std::span(content)), bytes.begin() + 8);
  return bytes;
}

void give(FrameReader& reader, std::span<const std::byte> bytes) {
  std::ranges::copy(bytes, reader.room().begin());
  reader.filled(bytes.size());
}

msc_value value_of(const std::string& text) { return {MSC_BYTES, text.data(), text.size()}; }

std::string text_of(const msc_value& value) { return {static_cast<const char*>(value.data), value.size}; }

Frame must_take(FrameReader& reader) {
  const auto frame = reader.next();
  EXPECT_TRUE(frame && *frame);
  return frame && *frame ? **frame : Frame{};
}

TEST(Frames, ARowWithCopies) {
  const Wire wire;
  FrameWriter writer(wire.in());
  const std::string key = "key", one = "first copy";
  const std::array copies = {value_of(one), msc_value{MSC_DECLARED, nullptr, 10}, msc_value{}};
  msc_row row{};
  row.size = sizeof row;
  row.shape = MSC_PERCPU_ENTRY;
  row.key = value_of(key);
  row.copies = copies.data(), row.copy_count = copies.size();
  row.flags = MSC_ROW_OPEN;
  writer.row(row);
  writer.flush();

  FrameReader reader(longest);
  wire.read_into(reader);
  const Frame frame = must_take(reader);
  ASSERT_EQ(frame.kind, FrameKind::row);
  RowFrame parsed;
  ASSERT_TRUE(parse_row(frame.content, parsed));
  EXPECT_EQ(parsed.row.shape, MSC_PERCPU_ENTRY);
  EXPECT_EQ(parsed.row.flags, MSC_ROW_OPEN);
  EXPECT_EQ(text_of(parsed.row.key), key);
  EXPECT_EQ(parsed.row.key.type, MSC_BYTES);
  EXPECT_EQ(parsed.row.value.data, nullptr);
  ASSERT_EQ(parsed.row.copy_count, 3U);
  EXPECT_EQ(text_of(parsed.row.copies[0]), one);
  EXPECT_EQ(parsed.row.copies[1].data, nullptr) << "it could not be read";
  EXPECT_EQ(parsed.row.copies[1].size, 10U);
  EXPECT_EQ(parsed.row.copies[2].size, 0U) << "that CPU does not exist";
  EXPECT_TRUE(reader.is_empty());
}

TEST(Frames, Fields) {
  const Wire wire;
  FrameWriter writer(wire.in());
  const std::string bytes = "content";
  writer.field({sizeof(msc_field), MSC_STRING, "name", 1, 0.5, value_of(bytes)});
  writer.field({sizeof(msc_field), MSC_NUMBER, nullptr, ~0ULL, 0, {MSC_BYTES, bytes.data(), 99}});
  writer.flush();
  FrameReader reader(longest);
  wire.read_into(reader);
  FieldFrame parsed;
  ASSERT_TRUE(parse_field(must_take(reader).content, parsed));
  EXPECT_STREQ(parsed.field.name, "name");
  EXPECT_EQ(parsed.field.real, 0.5);
  EXPECT_EQ(text_of(parsed.field.value), bytes);
  ASSERT_TRUE(parse_field(must_take(reader).content, parsed));
  EXPECT_EQ(parsed.field.name, nullptr);
  EXPECT_EQ(parsed.field.number, ~0ULL);
  EXPECT_EQ(parsed.field.value.data, nullptr) << "a number has no bytes, whatever stands beside it";
}

TEST(Frames, NotesAndTheEnd) {
  const Wire wire;
  FrameWriter writer(wire.in());
  writer.note(MSC_EFAULT, "part is missing");
  writer.end({.rc = MSC_STOP,
              .spent = 2,
              .bug = true,
              .lacks_memory = true,
              .counted = 7,
              .read_bytes = 9,
              .fault = std::pair<std::uint64_t, std::uint8_t>{0x123, 2},
              .missing = "struct x"});
  FrameReader reader(longest);
  wire.read_into(reader);
  const auto note = parse_text(must_take(reader).content);
  ASSERT_TRUE(note);
  EXPECT_EQ(note->number, MSC_EFAULT);
  EXPECT_EQ(note->text, "part is missing");
  const auto end = parse_end(must_take(reader).content);
  ASSERT_TRUE(end);
  EXPECT_EQ(end->rc, MSC_STOP);
  EXPECT_EQ(end->spent, 2);
  EXPECT_TRUE(end->bug && end->lacks_memory);
  EXPECT_EQ(end->counted, 7U);
  EXPECT_EQ(end->read_bytes, 9U);
  EXPECT_EQ(end->fault->first, 0x123U);
  EXPECT_EQ(end->missing, "struct x");
}

TEST(Frames, ACrashComesBehindWhatIsWhole) {
  const Wire wire;
  FrameWriter writer(wire.in());
  writer.note(MSC_OK, "whole");
  CrashFrame crash{};
  crash.signal = 11, crash.address = 8;
  crash.symbol.fill('x');
  writer.crash(crash);
  FrameReader reader(longest);
  wire.read_into(reader);
  EXPECT_EQ(must_take(reader).kind, FrameKind::note);
  const auto parsed = parse_crash(must_take(reader).content);
  ASSERT_TRUE(parsed);
  EXPECT_EQ(parsed->signal, 11);
  EXPECT_EQ(std::strlen(parsed->symbol.data()), parsed->symbol.size() - 1) << "always ended";
}

TEST(FrameReader, GivesNothingBeforeItIsWhole) {
  const auto bytes = frame_bytes(3, "some content", 12);
  FrameReader reader(longest);
  for (const std::byte byte : bytes) {
    const auto early = reader.next();
    ASSERT_TRUE(early);
    EXPECT_FALSE(*early);
    give(reader, {&byte, 1});
  }
  EXPECT_EQ(must_take(reader).content.size(), 12U);
  EXPECT_TRUE(reader.is_empty());
}

TEST(FrameReader, RefusesWhatIsNoFrame) {
  for (const std::uint32_t kind : {0U, 12U, ~0U}) {
    FrameReader reader(longest);
    give(reader, frame_bytes(kind, "", 0));
    EXPECT_THAT(reader.next().error().text, HasSubstr("a frame of unknown kind"));
    EXPECT_FALSE(reader.next()) << "and nothing behind it";
  }
  FrameReader reader(longest);
  give(reader, frame_bytes(1, "", longest + 1));
  EXPECT_EQ(reader.next().error().text, "a frame of 1048577 bytes");
}

TEST(FrameReader, ManyFramesThroughASmallBuffer) {
  FrameReader reader(longest);
  const std::string content(50'000, 'x');
  const auto bytes = frame_bytes(3, content, 50'000);
  for (int i = 0; i < 20; ++i) {
    give(reader, std::span(bytes).first(30'000)), give(reader, std::span(bytes).subspan(30'000));
    EXPECT_EQ(must_take(reader).content.size(), 50'000U);
  }
}

/// Each content cut at every length: refused, and never read beyond.
TEST(Frames, TornContentIsRefused) {
  const Wire wire;
  FrameWriter writer(wire.in());
  const std::string key = "key", value = "value";
  msc_row row{};
  row.size = sizeof row, row.shape = MSC_ENTRY;
  row.key = value_of(key), row.value = value_of(value);
  writer.row(row);
  writer.field({sizeof(msc_field), MSC_HEX, "name", 0, 0, value_of(value)});
  writer.note(MSC_OK, "text");
  writer.end({});
  FrameReader reader(longest);
  wire.read_into(reader);
  const auto torn = [&](auto parse) {
    const Frame frame = must_take(reader);
    EXPECT_TRUE(parse(frame.content));
    for (std::size_t size = 0; size < frame.content.size(); ++size) {
      const std::vector<std::byte> cut(frame.content.begin(),
                                       frame.content.begin() + static_cast<long>(size));
      EXPECT_FALSE(parse(std::span(cut))) << size;
    }
    std::vector<std::byte> more(frame.content.begin(), frame.content.end());
    more.push_back({});
    EXPECT_FALSE(parse(std::span(more)));
  };
  RowFrame row_frame;
  FieldFrame field_frame;
  torn([&](std::span<const std::byte> content) { return parse_row(content, row_frame).has_value(); });
  torn([&](std::span<const std::byte> content) { return parse_field(content, field_frame).has_value(); });
  torn([&](std::span<const std::byte> content) { return parse_text(content).has_value(); });
  torn([&](std::span<const std::byte> content) { return parse_end(content).has_value(); });
}

TEST(Frames, MoreCopiesThanBytes) {
  std::array<std::uint64_t, 9> head{};
  head[0] = MSC_PERCPU_ENTRY;
  head[2] = 1ULL << 60;
  RowFrame row;
  EXPECT_EQ(parse_row(std::as_bytes(std::span(head)), row).error().text, "a row with more copies than bytes");
}

} // namespace
} // namespace mapscope::plugin
