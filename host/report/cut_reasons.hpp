// SPDX-License-Identifier: Apache-2.0
// What is said of a map whose values are cut short.
//
// Thread rule: any thread.
#pragma once

#include "host/btf/decoder.hpp"

#include <string>
#include <vector>

namespace mapscope::report {

/// A clause for each limit that left something out, with the key that shows more. The same for every format.
std::vector<std::string> cut_reasons(const btf::Cuts& cuts, const btf::Limits& limits);

} // namespace mapscope::report
