// SPDX-License-Identifier: Apache-2.0
// The first page of a report in text: what to look at, the parts of the kernel in a few lines each, and a
// table of the maps.
//
// Thread rule: pure.
#pragma once

#include "host/report/writer.hpp"

#include <span>
#include <string>

namespace mapscope::report {

[[nodiscard]] std::string heading_text(std::string_view text, const Options& options);
[[nodiscard]] std::string findings_text(std::span<const Finding> findings, const Options& options);
[[nodiscard]] std::string overview_text(const Overview& page, const Options& options);

} // namespace mapscope::report
