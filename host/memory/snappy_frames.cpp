// SPDX-License-Identifier: Apache-2.0
#include "host/memory/snappy_frames.hpp"

#include "host/base/checked.hpp"

#include <algorithm>
#include <array>
#include <snappy.h>
#include <string_view>

namespace mapscope::memory {

namespace {

constexpr std::uint64_t head = 4, crc_bytes = 4;
enum Type : std::uint8_t { compressed = 0, plain = 1, first_skippable = 0x80, stream_identifier = 0xff };
constexpr std::string_view identifier = "sNaPpY";

const char* chars(std::span<const std::byte> bytes) { return reinterpret_cast<const char*>(bytes.data()); }

std::optional<std::uint32_t> unpacked_size(std::uint8_t type, std::span<const std::byte> packed) {
  std::size_t size = packed.size();
  if (type == compressed && !snappy::GetUncompressedLength(chars(packed), packed.size(), &size))
    return std::nullopt;
  if (size > most_in_chunk) return std::nullopt;
  return static_cast<std::uint32_t>(size);
}

/// CRC-32C (Castagnoli), eight bytes a step.
class Crc {
public:
  Crc() {
    for (std::uint32_t i = 0; i < 256; ++i) {
      std::uint32_t crc = i;
      for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1) != 0 ? 0x82F63B78U : 0U);
      table_[0][i] = crc;
    }
    for (std::size_t t = 1; t < 8; ++t)
      for (std::size_t i = 0; i < 256; ++i)
        table_[t][i] = (table_[t - 1][i] >> 8) ^ table_[0][table_[t - 1][i] & 0xff];
  }

  [[nodiscard]] std::uint32_t of(std::span<const std::byte> bytes) const {
    std::uint32_t crc = ~0U;
    for (; bytes.size() >= 8; bytes = bytes.subspan(8)) {
      const auto word = load<std::uint64_t>(bytes.data()) ^ crc;
      crc = 0;
      for (std::size_t i = 0; i < 8; ++i) crc ^= table_[7 - i][word >> (8 * i) & 0xff];
    }
    for (const std::byte byte : bytes)
      crc = (crc >> 8) ^ table_[0][(crc ^ std::to_integer<std::uint32_t>(byte)) & 0xff];
    return ~crc;
  }

private:
  std::array<std::array<std::uint32_t, 256>, 8> table_{};
};

std::uint32_t masked_crc(std::span<const std::byte> bytes) {
  static const Crc crc;
  const std::uint32_t sum = crc.of(bytes);
  return ((sum >> 15) | (sum << 17)) + 0xa282ead8U;
}

} // namespace

ChunkState next_chunk(std::span<const std::byte> file, std::uint64_t offset, SnappyChunk* out) {
  const auto start = load_at<std::uint32_t>(file, offset);
  if (!start) return ChunkState::cut;
  const auto type = static_cast<std::uint8_t>(*start & 0xff);
  const std::uint64_t length = *start >> 8;
  const bool has_data = type == compressed || type == plain;
  if (!has_data && type < first_skippable) return ChunkState::broken;
  if (has_data && (length < crc_bytes || length > crc_bytes + snappy::MaxCompressedLength(most_in_chunk)))
    return ChunkState::broken;
  const auto bytes = slice(file, offset + head, length);
  if (!bytes) return ChunkState::cut;
  *out = {};
  out->whole = head + length;
  if (type == stream_identifier && std::string_view(chars(*bytes), bytes->size()) != identifier)
    return ChunkState::broken;
  if (!has_data) return ChunkState::whole;
  out->crc = load<std::uint32_t>(bytes->data());
  out->packed = bytes->subspan(crc_bytes);
  out->is_packed = type == compressed;
  const auto size = unpacked_size(type, out->packed);
  if (!size) return ChunkState::broken;
  out->size = *size;
  return ChunkState::whole;
}

bool unpack(const SnappyChunk& chunk, std::span<std::byte> to) {
  if (to.size() != chunk.size) return false;
  if (!chunk.is_packed)
    std::ranges::copy(chunk.packed, to.begin());
  else if (!snappy::RawUncompress(chars(chunk.packed), chunk.packed.size(),
                                  reinterpret_cast<char*>(to.data())))
    return false;
  return masked_crc(to) == chunk.crc;
}

} // namespace mapscope::memory
