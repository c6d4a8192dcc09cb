// SPDX-License-Identifier: Apache-2.0
// Names of the kernel image to addresses.
//
// Refuses: to filter by the type letter (on 7.x x86 data symbols are marked as text).
// Thread rule: const members may be called from any thread at once.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace mapscope::target {

/// The name an address of the kernel image falls under.
struct SymbolAt {
  std::string name;
  std::uint64_t offset = 0; ///< bytes from the symbol's start
};

class Symbols {
public:
  virtual ~Symbols() = default;
  /// Address of `name` (run-time, with the slide); a name with a suffix after '.' matches as second try.
  [[nodiscard]] virtual std::optional<std::uint64_t> find(std::string_view name) const = 0;
  /// Names that will be asked for. Where a look-up is a pass over all symbols, one pass does for all of them.
  virtual void expect(std::span<const std::string> /*names*/) const {}
  [[nodiscard]] virtual std::size_t size() const = 0;
  /// The last symbol at or before `address`, of several there the first in the table; nothing before _stext
  /// and from _end on.
  [[nodiscard]] virtual std::optional<SymbolAt> at(std::uint64_t address) const = 0;
};

} // namespace mapscope::target
