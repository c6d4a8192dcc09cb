// SPDX-License-Identifier: Apache-2.0
// A per-CPU value as text: equal copies of CPUs side by side share a line.
//
// Thread rule: pure.
#pragma once

#include "host/report/cut_reasons.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace mapscope::report {

/// One CPU's.
struct CpuCopy {
  std::string text;
  bool cut = false; ///< the text does not tell all of it
  std::span<const std::byte> bytes;

  /// What a text leaves out is compared as the bytes it stands for.
  [[nodiscard]] bool same(const CpuCopy& other) const;
};

/// Each line behind a newline; no more than `inside` of them (0 = all), and `cuts` then says so.
std::string cpu_lines(std::span<const CpuCopy> copies, std::uint64_t inside, Cuts& cuts);

} // namespace mapscope::report
