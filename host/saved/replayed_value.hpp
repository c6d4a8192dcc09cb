// SPDX-License-Identifier: Apache-2.0
// A value of a saved report as the events that it was written from.
//
// Refuses: to believe any of it; what is missing, or of another form than its kind says, is unsupported with
// the reason. Thread rule: one thread; names given to a visitor live as long as their Names.
#pragma once

#include "host/btf/decoder.hpp"
#include "host/plain/value.hpp"

#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

namespace mapscope::saved {

/// What visitors keep views of: names of types, members and enumerators.
class Names {
public:
  std::string_view keep(std::string_view name);

private:
  struct Hash : std::hash<std::string_view> {
    using is_transparent = void;
  };
  std::unordered_set<std::string, Hash, std::equal_to<>> names_;
};

class ReplayedValue final : public btf::Decoder {
public:
  /// `cuts`: what of the map's values is not shown. All is borrowed.
  ReplayedValue(const plain::Json& value, Names& names, const btf::Cuts& cuts)
      : value_(value), names_(names), cuts_(cuts) {}

  btf::Cuts decode(std::span<const std::byte> bytes, btf::ValueVisitor& visitor) const override;
  void decode(std::span<const std::byte> bytes, btf::ValueVisitor& visitor,
              btf::Progress& progress) const override;
  /// What kind of value it is, since what its type is called the report has of structs alone; "" of bytes.
  [[nodiscard]] std::string_view type_name() const override;

private:
  const plain::Json& value_;
  Names& names_;
  const btf::Cuts& cuts_;
};

} // namespace mapscope::saved
