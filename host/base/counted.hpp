// SPDX-License-Identifier: Apache-2.0
// Numbers of things as people say them: "1 entry", "2 entries".
//
// Thread rule: pure function.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace mapscope {

/// `thing` is a regular noun in the singular; its "y" follows a consonant.
[[nodiscard]] inline std::string counted(std::uint64_t number, std::string_view thing) {
  std::string text = std::to_string(number) + " ";
  if (number == 1) return text += thing;
  if (!thing.ends_with('y')) return (text += thing) += "s";
  return (text += thing.substr(0, thing.size() - 1)) += "ies";
}

} // namespace mapscope
