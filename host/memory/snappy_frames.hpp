// SPDX-License-Identifier: Apache-2.0
// Snappy's framing: which chunks a stream has, without unpacking any, and the bytes of one.
//
// Google's framing_format.txt: each chunk has a type, 3 bytes of length, and its bytes; those with data begin
// with a CRC-32C, and unpack to at most 64 KiB. Refuses: chunks of types that a reader may not skip.
// Thread rule: plain functions.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

namespace mapscope::memory {

constexpr std::size_t most_in_chunk = 65536; ///< unpacked

struct SnappyChunk {
  std::span<const std::byte> packed; ///< behind the CRC; borrowed
  std::uint32_t crc = 0;             ///< masked, of what is unpacked
  std::uint32_t size = 0;            ///< unpacked; 0: a chunk without data, to be passed over
  bool is_packed = false;            ///< else the bytes as they stand
  std::uint64_t whole = 0;           ///< bytes of the stream that the chunk takes
};

enum class ChunkState : std::uint8_t { whole, cut, broken };

/// The chunk at `offset` of the file; cut when the file ends within it.
ChunkState next_chunk(std::span<const std::byte> file, std::uint64_t offset, SnappyChunk* out);

/// Unpacks into exactly chunk.size bytes; false when the bytes are damaged.
bool unpack(const SnappyChunk& chunk, std::span<std::byte> to);

} // namespace mapscope::memory
