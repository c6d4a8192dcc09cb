// SPDX-License-Identifier: Apache-2.0
// The little JSON the statement needs, straight into a FILE. Names here are plain ASCII.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <string>

namespace guest {

inline std::string hex(const void* data, std::size_t size, const char* between = "") {
  const auto* bytes = static_cast<const unsigned char*>(data);
  std::string out;
  for (std::size_t i = 0; i < size; ++i) {
    char pair[4];
    std::snprintf(pair, sizeof pair, "%02x", bytes[i]);
    if (i != 0) out += between;
    out += pair;
  }
  return out;
}

inline std::string quoted(const std::string& text) { return '"' + text + '"'; }

} // namespace guest
