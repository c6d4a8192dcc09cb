// SPDX-License-Identifier: Apache-2.0
#include "host/catalog/type_places.hpp"

#include "host/btf/same_layout.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <span>

namespace mapscope::catalog {

namespace {

/// That are compared with the one that is taken.
constexpr std::size_t most_of_one_name = 16;

/// In one object, the one that is taken first.
std::vector<btf::TypeId> find_types(const btf::Types& types, std::string_view spelled, std::size_t most) {
  const std::size_t dot = spelled.find('.');
  const std::string_view member = dot == spelled.npos ? "" : spelled.substr(dot + 1);
  std::vector<btf::TypeId> ids;
  for (const btf::TypeId id : types.find_all(spelled.substr(0, dot)))
    if (ids.size() < most && (member.empty() || types.member(id, member))) ids.push_back(id);
  return ids;
}

/// What it stands on is a place of its own.
bool is_of_base(const btf::Types& types, btf::TypeId id) {
  return types.base() != nullptr && id < types.base()->count();
}

/// A type of another layout, in the object that `found` is in or in another.
bool has_other(const btf::Types& types, std::span<const btf::TypeId> ids, const TypeRef& found) {
  return std::ranges::any_of(ids, [&](btf::TypeId id) {
    if (found.types.get() == &types && (id == found.id || is_of_base(types, id))) return false;
    return !btf::same_layout(*found.types, found.id, types, id);
  });
}

} // namespace

std::optional<btf::TypeId> find_type(const btf::Types& types, std::string_view spelled) {
  const auto ids = find_types(types, spelled, 1);
  return ids.empty() ? std::nullopt : std::optional(ids.front());
}

PlacedType find_type(const TypeObjects& places, std::string_view spelled) {
  PlacedType found;
  for (const auto& types : places) {
    if (!types) continue;
    const auto ids = find_types(*types, spelled, most_of_one_name);
    if (ids.empty()) continue;
    const bool is_first = !found.type.types;
    if (is_first) found.type = {types, ids.front()};
    if (has_other(*types, ids, found.type))
      found.others.push_back(types->name() + (is_first ? " itself" : ""));
  }
  return found;
}

std::string others_of(const PlacedType& found) {
  if (found.others.empty()) return "";
  return fmt::format("there is another of that name and of another layout in {}",
                     fmt::join(found.others, " and in "));
}

std::string remark_on_others(const PlacedType& found, std::string_view spelled) {
  const std::string others = others_of(found);
  return others.empty()
             ? ""
             : fmt::format("{} is taken as {} has it; {}", spelled, found.type.types->name(), others);
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
