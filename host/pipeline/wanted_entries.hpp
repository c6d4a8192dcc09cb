// SPDX-License-Identifier: Apache-2.0
// Which entries of maps a person wants to see, as it was written; see choice.hpp.
//
// Thread rule: plain values.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace mapscope::pipeline {

/// Nothing: all, as they come.
struct WantedEntries {
  std::optional<std::string> where = {}, key = {}, sort = {};
  std::optional<std::uint64_t> top = {};
  [[nodiscard]] bool any() const { return where || key || sort || top; }
};

} // namespace mapscope::pipeline
