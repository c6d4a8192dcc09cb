// SPDX-License-Identifier: Apache-2.0
// Where a report's kernel was found, in the words of the formats that people read.
//
// Thread rule: pure function.
#pragma once

#include <string>

namespace mapscope::report {

struct Meta;

/// "an ELF core", "a guest as it runs (qmp): what is shown was read while it changed".
std::string origin_of(const Meta& meta);

} // namespace mapscope::report
