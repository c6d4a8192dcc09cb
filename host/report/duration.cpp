// SPDX-License-Identifier: Apache-2.0
#include "host/report/duration.hpp"

#include <array>
#include <fmt/format.h>

namespace mapscope::report {

namespace {

struct Unit {
  std::uint64_t seconds;
  const char* name;
};
constexpr std::array<Unit, 4> units = {{{86'400, "d"}, {3'600, "h"}, {60, "min"}, {1, "s"}}};

} // namespace

/// Two units are as much as tells one span from another.
std::string duration_text(std::uint64_t nanoseconds) {
  constexpr std::uint64_t second = 1'000'000'000;
  if (nanoseconds < 1'000) return fmt::format("{} ns", nanoseconds);
  if (nanoseconds < 1'000'000) return fmt::format("{:.1f} us", static_cast<double>(nanoseconds) / 1e3);
  if (nanoseconds < second) return fmt::format("{:.1f} ms", static_cast<double>(nanoseconds) / 1e6);
  const std::uint64_t whole = nanoseconds / second;
  if (whole < 60) return fmt::format("{:.3f} s", static_cast<double>(nanoseconds) / 1e9);
  std::size_t unit = 0;
  while (whole < units[unit].seconds) ++unit;
  const Unit &large = units[unit], &small = units[unit + 1];
  return fmt::format("{} {} {} {}", whole / large.seconds, large.name, whole % large.seconds / small.seconds,
                     small.name);
}

} // namespace mapscope::report
