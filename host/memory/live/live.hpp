// SPDX-License-Identifier: Apache-2.0
// Which way leads to this machine's memory: the program that peeks, else /proc/kcore; or the one that is
// asked for.
//
// Refuses: to take the second way where the first was asked for. Thread rule: plain function.
#pragma once

#include "host/memory/source.hpp"

namespace mapscope::memory {

/// Errors name each way that was tried, and what it lacks.
Result<std::unique_ptr<Source>> open_live(const OpenOptions& options);

} // namespace mapscope::memory
