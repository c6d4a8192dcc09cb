// SPDX-License-Identifier: Apache-2.0
#include "host/btf/enumeration.hpp"

#include "host/btf/info.hpp"

#include <algorithm>
#include <bpf/btf.h>

namespace mapscope::btf {

namespace {

constexpr std::uint64_t mask(std::uint32_t bits) { return bits >= 64 ? ~0ULL : (1ULL << bits) - 1; }

/// True when whoever wrote the object knew the sign flag of enums, which came with ENUM64 in 6.0.
bool knows_signs(const Types& types) {
  for (TypeId id = 1; id < types.count(); ++id) {
    const btf_type* type = types.type(id);
    if (btf_is_enum64(type) || (btf_is_enum(type) && btf_kflag(type))) return true;
  }
  return false;
}

bool has_negative(const btf_type* type) {
  return std::ranges::any_of(std::span(btf_enum(type), vlen_of(type)),
                             [](const struct btf_enum& constant) { return constant.val < 0; });
}

} // namespace

void append_constants(const Types& types, const btf_type* type, std::uint32_t bits,
                      std::vector<Constant>& to) {
  const auto first = static_cast<std::ptrdiff_t>(to.size());
  if (btf_is_enum64(type)) {
    for (const struct btf_enum64& constant : std::span(btf_enum64(type), vlen_of(type)))
      to.emplace_back(btf_enum64_value(&constant) & mask(bits), types.text(constant.name_off));
  } else {
    for (const auto& [name, value] : std::span(btf_enum(type), vlen_of(type)))
      to.emplace_back(static_cast<std::uint64_t>(std::int64_t{value}) & mask(bits), types.text(name));
  }
  std::ranges::stable_sort(to.begin() + first, to.end(), {}, &Constant::first);
  const auto repeated = std::ranges::unique(to.begin() + first, to.end(), {}, &Constant::first);
  to.erase(repeated.begin(), to.end());
}

std::optional<NamedConstant> Types::constant_at(TypeId enumeration, std::uint32_t index) const {
  const btf_type* found = type(peel(enumeration));
  if (found == nullptr || !btf_is_any_enum(found) || index >= vlen_of(found)) return std::nullopt;
  if (btf_is_enum64(found)) {
    const struct btf_enum64& constant = btf_enum64(found)[index];
    return NamedConstant{text(constant.name_off), static_cast<std::int64_t>(btf_enum64_value(&constant))};
  }
  const auto& [name, value] = btf_enum(found)[index];
  if (value < 0 && !is_signed_enum(*this, found))
    return NamedConstant{text(name), std::int64_t{static_cast<std::uint32_t>(value)}};
  return NamedConstant{text(name), value};
}

bool is_signed_enum(const Types& types, const btf_type* type) {
  if (btf_kflag(type)) return true;
  return btf_is_enum(type) && has_negative(type) && !knows_signs(types);
}

} // namespace mapscope::btf
