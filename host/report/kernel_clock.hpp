// SPDX-License-Identifier: Apache-2.0
// What time it was in the snapshot, as its timekeeper last knew it: at most one tick before.
//
// Thread rule: immutable after construction.
#pragma once

#include "host/btf/types.hpp"

#include <cstdint>
#include <optional>

namespace mapscope::target {
class Target;
} // namespace mapscope::target

namespace mapscope::report {

class KernelClock {
public:
  KernelClock(const target::Target& target, const btf::Types& kernel);
  /// Nanoseconds on CLOCK_MONOTONIC (1), CLOCK_REALTIME (0) or CLOCK_BOOTTIME (7).
  [[nodiscard]] std::optional<std::int64_t> now(std::int32_t clock) const;

  [[nodiscard]] bool is_known() const { return monotonic_.has_value(); }

private:
  std::optional<std::int64_t> monotonic_, realtime_, boottime_;
};

} // namespace mapscope::report
