// SPDX-License-Identifier: Apache-2.0
// Range arithmetic on numbers that come from a file or a target: nothing here can wrap.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <type_traits>

namespace mapscope {

/// True when [offset, offset + length) lies inside [0, size).
constexpr bool fits(std::uint64_t offset, std::uint64_t length, std::uint64_t size) {
  return offset <= size && length <= size - offset;
}

/// The bytes [offset, offset + length) of `bytes`, or nothing when they are not all there.
inline std::optional<std::span<const std::byte>> slice(std::span<const std::byte> bytes, std::uint64_t offset,
                                                       std::uint64_t length) {
  if (!fits(offset, length, bytes.size())) return std::nullopt;
  return bytes.subspan(offset, length);
}

/// Reads a T from unaligned bytes; the caller has checked that sizeof(T) bytes are there.
template <class T>
  requires std::is_trivially_copyable_v<T>
T load(const std::byte* from) {
  T value;
  std::memcpy(&value, from, sizeof value);
  return value;
}

/// Reads a T at `offset`, or nothing when it does not lie inside `bytes`.
template <class T> std::optional<T> load_at(std::span<const std::byte> bytes, std::uint64_t offset) {
  if (!fits(offset, sizeof(T), bytes.size())) return std::nullopt;
  return load<T>(bytes.data() + offset);
}

} // namespace mapscope
