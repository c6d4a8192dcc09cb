// SPDX-License-Identifier: Apache-2.0
// Spans of time as people say them: "3 d 4 h", "2 min 5 s", "1.250 s", "16.7 ms".
//
// Thread rule: pure.
#pragma once

#include <cstdint>
#include <string>

namespace mapscope::report {

[[nodiscard]] std::string duration_text(std::uint64_t nanoseconds);

} // namespace mapscope::report
