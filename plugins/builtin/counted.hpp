// SPDX-License-Identifier: Apache-2.0
// Numbers of things in notes: "1 chain breaks off", "2 chains break off".
//
// Thread rule: pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace mapscope::builtin {

/// `forms`: how it goes on for one, and for any other number: "slot|slots", "chain ends|chains end".
[[nodiscard]] inline std::string counted(std::uint64_t number, std::string_view forms,
                                         std::string_view rest = "") {
  const std::size_t bar = forms.find('|');
  const std::string_view form = number == 1 ? forms.substr(0, bar) : forms.substr(bar + 1);
  return (((std::to_string(number) += ' ') += form) += ' ') += rest;
}

} // namespace mapscope::builtin
