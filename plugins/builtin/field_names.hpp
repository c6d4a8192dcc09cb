// SPDX-License-Identifier: Apache-2.0
// Fields that are called like members of a type of the kernel's.
#pragma once

#include <algorithm>
#include <functional>
#include <string_view>

namespace mapscope::builtin {

/// All members of real types do, each once; in a hostile BTF a name may be anything, and come again.
/// `name_of` takes the name of one of those before.
template <class List, class NameOf>
bool names_field(std::string_view name, const List& before, NameOf name_of) {
  constexpr std::string_view allowed = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_";
  return !name.empty() && name.size() <= 63 && name.find_first_not_of(allowed) == name.npos &&
         std::ranges::none_of(before, [&](const auto& one) { return std::invoke(name_of, one) == name; });
}

} // namespace mapscope::builtin
