// SPDX-License-Identifier: Apache-2.0
#include "host/catalog/type_places.hpp"

#include "host/btf/same_layout.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace mapscope::catalog {

std::optional<btf::TypeId> find_type(const btf::Types& types, std::string_view spelled) {
  const std::size_t dot = spelled.find('.');
  const std::string_view member = dot == spelled.npos ? "" : spelled.substr(dot + 1);
  for (const btf::TypeId id : types.find_all(spelled.substr(0, dot)))
    if (member.empty() || types.member(id, member)) return id;
  return std::nullopt;
}

PlacedType find_type(const TypeObjects& places, std::string_view spelled) {
  PlacedType found;
  for (const auto& types : places) {
    const auto id = types ? find_type(*types, spelled) : std::nullopt;
    if (!id) continue;
    if (!found.type.types)
      found.type = {types, *id};
    else if (!btf::same_layout(*found.type.types, found.type.id, *types, *id))
      found.others.push_back(types->name());
  }
  return found;
}

std::string remark_on_others(const PlacedType& found, std::string_view spelled) {
  if (found.others.empty()) return "";
  return fmt::format("{} is taken as {} has it; there is another of that name and of another layout in {}",
                     spelled, found.type.types->name(), fmt::join(found.others, " and in "));
}

std::string listed(const TypeObjects& places, const btf::Types* own) {
  std::vector<std::string> names;
  for (const auto& types : places)
    if (types) names.push_back(types.get() == own ? "the map" : types->name());
  if (names.empty()) return "no types are known";
  const std::string last = std::move(names.back());
  names.pop_back();
  return names.empty() ? last : fmt::format("{} and of {}", fmt::join(names, ", of "), last);
}

} // namespace mapscope::catalog
