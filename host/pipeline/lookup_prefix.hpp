// SPDX-License-Identifier: Apache-2.0
// The prefix that a key of a trie is, as text: an address where its type says so, or nothing does and it is
// as long as one.
//
// Thread rule: pure.
#pragma once

#include "host/catalog/catalog.hpp"

#include <cstddef>
#include <span>
#include <string>

namespace mapscope::pipeline {

enum class PrefixKind : std::uint8_t {
  address, ///< its type says so
  guess,   ///< it has the size of one, and nothing says what it is
  other
};
PrefixKind prefix_kind(const catalog::Map& trie);

/// "10.1.0.0/16", "2001:db8::/32"; hexadecimal for what is no address.
std::string prefix_text(std::span<const std::byte> key, PrefixKind kind);

} // namespace mapscope::pipeline
