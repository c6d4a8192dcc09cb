// SPDX-License-Identifier: Apache-2.0
// What a kernel says of the machine it ran on: its name, and if it died, why, where, and what ran there.
//
// Refuses: to guess a death; the kernel says of itself that it panics (panic_cpu). Thread rule: pure.
#pragma once

#include "host/btf/types.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace mapscope::target {
class Target;
} // namespace mapscope::target

namespace mapscope::catalog {

struct Panic {
  std::string text; ///< "sysrq triggered crash"; "" where the log has lost it
  std::uint32_t cpu = 0;
  std::string comm; ///< of the task that ran there; "" = not known
  std::optional<std::int64_t> pid = {};
};

/// uts_namespace's node name, as hostname(1) prints it; "" where it cannot be read.
std::string host_name(const target::Target& target, const btf::Types& kernel);
/// Absent where the kernel runs, or stood still for another reason.
std::optional<Panic> panic_of(const target::Target& target, const btf::Types& kernel);

} // namespace mapscope::catalog
