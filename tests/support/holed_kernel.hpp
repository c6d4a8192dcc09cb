// SPDX-License-Identifier: Apache-2.0
// A tiny kernel in a machine with RAM below and above a hole: its list of its memory lies above.
//
// Thread rule: pure functions.
#pragma once

#include "host/memory/layout.hpp"
#include "tests/support/text_image.hpp"

#include <cstdint>
#include <string>

namespace mapscope::test {

struct HoledKernel {
  std::uint64_t low = 2U << 20;                ///< bytes of RAM below the hole
  std::uint64_t kept = 0x20000;                ///< of these, at the end, firmware keeps for itself
  std::uint64_t high = 1U << 20;               ///< bytes of RAM from 4 GiB on; 0: none
  std::string map = "first";                   ///< the name of its map
  std::uint64_t list_at = (1ULL << 32) + 4096; ///< physical, of the list
  std::uint64_t vmcoreinfo_at = 0; ///< 0: the kernel has no symbols of the numbers beside the list
  bool circular = false;           ///< the list's last entry leads to its first
  bool is_crash_kernel = false;    ///< of one that crashed, whose memory is not in the list

  [[nodiscard]] TextImage image() const;
  /// Of a file of its RAM, each run with its size.
  [[nodiscard]] memory::Layout layout() const;
};

} // namespace mapscope::test
