// SPDX-License-Identifier: Apache-2.0
// Symbols, and addresses that were found without them.
//
// Thread rule: as the symbols that it is made of.
#pragma once

#include "host/target/symbols.hpp"

#include <map>
#include <utility>

namespace mapscope::target {

class AddedSymbols final : public Symbols {
public:
  using Addresses = std::map<std::string, std::uint64_t, std::less<>>;

  AddedSymbols(std::unique_ptr<Symbols> own, Addresses added)
      : own_(std::move(own)), added_(std::move(added)) {}

  [[nodiscard]] std::optional<std::uint64_t> find(std::string_view name) const override {
    const auto added = added_.find(name);
    return added != added_.end() ? added->second : own_->find(name);
  }
  void expect(std::span<const std::string> names) const override { own_->expect(names); }
  [[nodiscard]] std::size_t size() const override { return own_->size(); }
  [[nodiscard]] std::optional<SymbolAt> at(std::uint64_t address) const override { return own_->at(address); }

private:
  std::unique_ptr<Symbols> own_;
  Addresses added_;
};

} // namespace mapscope::target
