// SPDX-License-Identifier: Apache-2.0
// Symbols as a test says they are. Thread rule: as Symbols.
#pragma once

#include "host/target/symbols.hpp"

#include <map>
#include <utility>

namespace mapscope::test {

class FakeSymbols final : public target::Symbols {
public:
  FakeSymbols(std::initializer_list<std::pair<const std::string, std::uint64_t>> symbols)
      : symbols_(symbols) {}
  [[nodiscard]] std::optional<std::uint64_t> find(std::string_view name) const override {
    const auto found = symbols_.find(std::string(name));
    return found == symbols_.end() ? std::nullopt : std::optional(found->second);
  }
  [[nodiscard]] std::size_t size() const override { return symbols_.size(); }
  [[nodiscard]] std::optional<target::SymbolAt> at(std::uint64_t /*address*/) const override {
    return std::nullopt; // nothing that is tested with these asks
  }

private:
  std::map<std::string, std::uint64_t> symbols_;
};

} // namespace mapscope::test
