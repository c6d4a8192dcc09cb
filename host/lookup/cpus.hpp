// SPDX-License-Identifier: Apache-2.0
// The CPUs that per-CPU values have copies of: all possible ones, in ascending order, whether there or not.
//
// Thread rule: plain value.
#pragma once

#include <cstdint>
#include <vector>

namespace mapscope::lookup {

struct Cpus {
  std::vector<std::uint32_t> possible; ///< ascending; none: not known
  /// One more than the highest.
  [[nodiscard]] std::uint32_t count() const { return possible.empty() ? 0 : possible.back() + 1; }

  /// As /sys tells; none where it tells nothing.
  static Cpus of_this_machine();
};

} // namespace mapscope::lookup
