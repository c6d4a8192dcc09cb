// SPDX-License-Identifier: Apache-2.0
// Bytes in one number that is another where they are: for looks at much memory, of which the first is not
// kept. Of no use against who means it.
//
// Thread rule: pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

namespace mapscope::builtin {

/// Never 0.
[[nodiscard]] inline std::uint64_t digest(std::span<const std::byte> bytes) {
  constexpr std::uint64_t odd = 0x9e3779b97f4a7c15;
  std::uint64_t sum = bytes.size() * odd;
  while (!bytes.empty()) {
    const std::size_t size = bytes.size() < sizeof sum ? bytes.size() : sizeof sum;
    std::uint64_t word = 0;
    std::memcpy(&word, bytes.data(), size);
    sum = (sum ^ word) * odd;
    sum ^= sum >> 32;
    bytes = bytes.subspan(size);
  }
  return sum | 1;
}

} // namespace mapscope::builtin
