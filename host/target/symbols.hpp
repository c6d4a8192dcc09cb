// SPDX-License-Identifier: Apache-2.0
// Names of the kernel image to addresses.
//
// Refuses: to filter by the type letter (on 7.x x86 data symbols are marked as text).
// Thread rule: const members may be called from any thread at once.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace mapscope::target {

class Symbols {
public:
  virtual ~Symbols() = default;
  /// Address of `name` (run-time, with the slide); a name with a suffix after '.' matches as second try.
  [[nodiscard]] virtual std::optional<std::uint64_t> find(std::string_view name) const = 0;
  [[nodiscard]] virtual std::size_t size() const = 0;
};

} // namespace mapscope::target
