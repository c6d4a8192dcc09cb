// SPDX-License-Identifier: Apache-2.0
#include "host/catalog/families.hpp"

#include <algorithm>
#include <map>
#include <numeric>

namespace mapscope::catalog {

namespace {

std::size_t root_of(std::vector<std::size_t>& parents, std::size_t of) {
  while (parents[of] != of) of = parents[of] = parents[parents[of]];
  return of;
}

/// The BTF object of the map's own programs; the kernel's own joins nothing.
const std::shared_ptr<const btf::Types>& object_of(const Map& map, const btf::Types* kernel) {
  static const std::shared_ptr<const btf::Types> none;
  const auto& types = map.object();
  return types.get() != kernel ? types : none;
}

bool share_a_program(const Map& a, const Map& b) {
  return std::ranges::any_of(
      a.programs, [&](std::uint32_t program) { return std::ranges::binary_search(b.programs, program); });
}

} // namespace

Families::Families(std::vector<Arena> arenas, const Catalog& catalog, const btf::Types* kernel)
    : arenas_(std::move(arenas)), parents_(catalog.maps.size()), types_(catalog.maps.size()) {
  for (const Map& map : catalog.maps) maps_.push_back(&map);
  lacks_uses_ = catalog.lacks_uses();
  std::iota(parents_.begin(), parents_.end(), std::size_t{0});
  join(catalog, kernel);
  list_members(catalog, kernel);
}

/// Maps meet in the programs that use them and in the BTF objects they are of.
void Families::join(const Catalog& catalog, const btf::Types* kernel) {
  std::map<std::uint32_t, std::size_t> by_program;
  std::map<const btf::Types*, std::size_t> by_object;
  const auto meet = [this](auto& known, auto key, std::size_t map) {
    const auto [first, is_new] = known.emplace(key, map);
    if (!is_new) parents_[root_of(parents_, map)] = root_of(parents_, first->second);
  };
  for (std::size_t i = 0; i < catalog.maps.size(); ++i) {
    for (const std::uint32_t program : catalog.maps[i].programs) meet(by_program, program, i);
    if (const auto& object = object_of(catalog.maps[i], kernel)) meet(by_object, object.get(), i);
  }
  for (std::size_t i = 0; i < parents_.size(); ++i) parents_[i] = root_of(parents_, i);
}

void Families::list_members(const Catalog& catalog, const btf::Types* kernel) {
  for (std::size_t i = 0; i < catalog.maps.size(); ++i) {
    Types& types = types_[parents_[i]];
    const auto& object = object_of(catalog.maps[i], kernel);
    if (object && std::ranges::find(types, object) == types.end()) types.push_back(object);
  }
}

/// Its place among the families; the number of maps for one that is not listed.
std::size_t Families::family(std::uint32_t map) const {
  const auto found = std::ranges::lower_bound(maps_, map, {}, &Map::id);
  if (found == maps_.end() || (*found)->id != map) return maps_.size();
  return parents_[static_cast<std::size_t>(found - maps_.begin())];
}

const Map* Families::map_of(const Arena& arena) const {
  const auto found = std::ranges::lower_bound(maps_, arena.map, {}, &Map::id);
  return found != maps_.end() && (*found)->id == arena.map ? *found : nullptr;
}

std::vector<const Arena*> Families::arenas_of(const Map& map) const {
  const std::size_t own = family(map.id);
  std::vector<const Arena*> used, related, left;
  for (const Arena& arena : arenas_) {
    const Map* of = map_of(arena);
    if (of == nullptr) continue;
    if (of->id == map.id || share_a_program(*of, map)) used.push_back(&arena);
    if (own != maps_.size() && family(of->id) == own) related.push_back(&arena);
    if (of->programs.empty() && map.programs.empty() && arena.user_vm_start != 0) left.push_back(&arena);
  }
  if (!used.empty()) return used;
  return related.empty() ? left : related;
}

std::vector<std::shared_ptr<const btf::Types>> Families::types_of(const Map& map) const {
  const std::size_t own = family(map.id);
  if (own == maps_.size()) return map.types ? Types{map.types} : Types{};
  Types types = types_[own];
  const auto first = std::ranges::find(types, map.object());
  if (first != types.end()) std::rotate(types.begin(), first, first + 1);
  return types;
}

TypeRef Families::definition(const Map& map, std::string_view spelled) const {
  for (const auto& types : types_of(map))
    if (const auto id = types->find(spelled)) return {types, *id};
  return {};
}

} // namespace mapscope::catalog
