// SPDX-License-Identifier: Apache-2.0
// What a worker process sends: the bytes as they come, in pieces, and the content of every frame among them.
#include "host/plugin/worker/frames.hpp"
#include "input.hpp"

#include <algorithm>

namespace {

using namespace mapscope::plugin;

/// Reads all that a value points to: whatever lies outside the frame is for the sanitizer to see.
unsigned touch(const msc_value& value) {
  unsigned sum = 0;
  const auto* bytes = static_cast<const unsigned char*>(value.data);
  for (std::size_t i = 0; bytes != nullptr && i < value.size; ++i) sum += bytes[i];
  return sum;
}

unsigned touch(const RowFrame& frame) {
  unsigned sum = touch(frame.row.key) + touch(frame.row.value);
  for (std::size_t i = 0; i < frame.row.copy_count; ++i) sum += touch(frame.row.copies[i]);
  return sum;
}

/// Every kind of content, whatever the frame says it is.
unsigned look_at(std::span<const std::byte> content) {
  unsigned sum = 0;
  RowFrame row;
  FieldFrame field;
  if (parse_row(content, row)) sum += touch(row);
  if (parse_field(content, field)) sum += touch(field.field.value);
  if (const auto note = parse_text(content)) sum += static_cast<unsigned>(note->text.size());
  if (const auto slots = parse_slots(content)) sum += static_cast<unsigned>(slots->reason.size());
  if (const auto slot = parse_slot(content)) sum += slot->live;
  if (const auto end = parse_end(content)) sum += static_cast<unsigned>(end->missing.size());
  if (const auto crash = parse_crash(content)) sum += static_cast<unsigned>(crash->symbol.back());
  return sum;
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr std::size_t longest = 4096;
  auto bytes = mapscope::fuzz::as_bytes(data, size);
  const std::size_t piece = size == 0 ? 1 : data[0] % 64U + 1;
  FrameReader reader(longest);
  volatile unsigned sum = look_at(bytes);
  while (!bytes.empty()) {
    const auto part = bytes.first(std::min(piece, bytes.size()));
    std::ranges::copy(part, reader.room().begin());
    reader.filled(part.size());
    bytes = bytes.subspan(part.size());
    while (const auto frame = reader.next().value_or(std::nullopt)) {
      if (frame->content.size() > longest) __builtin_trap();
      sum = sum + look_at(frame->content);
    }
  }
  return 0;
}
