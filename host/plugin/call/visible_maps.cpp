// SPDX-License-Identifier: Apache-2.0
#include "host/plugin/call/visible_maps.hpp"

#include "host/catalog/families.hpp"
#include "host/plugin/call/environment.hpp"

#include <algorithm>
#include <charconv>
#include <fmt/format.h>

namespace mapscope::plugin {

namespace {

std::size_t shared_programs(const catalog::Map& one, const catalog::Map& other) {
  return static_cast<std::size_t>(std::ranges::count_if(one.programs, [&](std::uint32_t program) {
    return std::ranges::binary_search(other.programs, program);
  }));
}

std::optional<std::uint32_t> id_of(std::string_view spelled) {
  if (!spelled.starts_with("id:")) return std::nullopt;
  std::uint32_t id = 0;
  const auto [end, error] = std::from_chars(spelled.data() + 3, spelled.data() + spelled.size(), id);
  return error == std::errc{} && end == spelled.data() + spelled.size() ? std::optional(id) : std::nullopt;
}

} // namespace

bool VisibleMaps::may_see(const catalog::Map& map) const {
  return &map == &task_.map || task_.manifest().any_maps || shared_programs(map, task_.map) != 0;
}

const catalog::Map* VisibleMaps::at(std::uint64_t kva) const {
  if (kva == task_.map.kva) return own();
  if (task_.environment.catalog == nullptr) return nullptr;
  const auto& maps = task_.environment.catalog->maps;
  const auto found = std::ranges::find(maps, kva, &catalog::Map::kva);
  return found != maps.end() && found->is_read && may_see(*found) ? &*found : nullptr;
}

const catalog::Map* VisibleMaps::with(std::uint32_t id) const {
  if (task_.environment.catalog == nullptr) return nullptr;
  const auto& maps = task_.environment.catalog->maps;
  const auto found = std::ranges::lower_bound(maps, id, {}, &catalog::Map::id);
  return found != maps.end() && found->id == id && found->is_read && may_see(*found) ? &*found : nullptr;
}

/// Of several, the one that shares most programs with this map, then the lowest id.
const catalog::Map* VisibleMaps::called(std::string_view name) const {
  if (const auto id = id_of(name)) return with(*id);
  const catalog::Map* best = nullptr;
  if (task_.environment.catalog == nullptr || name.empty()) return best;
  for (const catalog::Map& map : task_.environment.catalog->maps) {
    const bool is_called = map.is_read && (map.name == name || map.full_name == name);
    if (!is_called || !may_see(map)) continue;
    if (best == nullptr || shared_programs(map, task_.map) > shared_programs(*best, task_.map)) best = &map;
  }
  return best;
}

std::string VisibleMaps::absence(std::string_view name) const {
  return fmt::format("no map {} {}", name,
                     task_.manifest().any_maps ? "in this kernel" : "of the programs that use this one");
}

msc_target VisibleMaps::target_of(const catalog::Map& map) const {
  const auto types = handles(map);
  msc_target target{.size = sizeof(msc_target),
                    .attach = 0,
                    .map = map.kva,
                    .map_type = map.type,
                    .map_flags = map.flags,
                    .key_size = map.key_size,
                    .value_size = map.value_size,
                    .max_entries = map.max_entries,
                    .row_limit = 0,
                    .key_type = types.key,
                    .value_type = types.value,
                    .root = 0,
                    .root_type = 0,
                    .root_name = nullptr,
                    .name = map.full_name.empty() ? map.name.c_str() : map.full_name.c_str(),
                    .id = map.id,
                    .btf_id = object_of(map),
                    .is_running = map.is_live ? 1U : 0U,
                    .unused = 0,
                    .globals = 0,
                    .globals_type = MSC_BYTES};
  add_globals(target, map);
  return target;
}

/// A map that was made without types belongs to the object of its programs, or to that which declares it, if
/// other maps of that tell which it is.
std::uint32_t VisibleMaps::object_of(const catalog::Map& map) const {
  const auto& types = map.object() != nullptr ? map.object() : map.value().types;
  if (map.btf_id || types == nullptr || task_.environment.catalog == nullptr) return map.btf_id.value_or(0);
  const auto& maps = task_.environment.catalog->maps;
  const auto typed = std::ranges::find_if(
      maps, [&](const catalog::Map& other) { return other.btf_id && other.types == types; });
  return typed != maps.end() ? *typed->btf_id : 0;
}

/// Of an arena.
void VisibleMaps::add_globals(msc_target& target, const catalog::Map& map) const {
  if (task_.environment.families == nullptr || map.id == 0) return;
  const auto& arenas = task_.environment.families->arenas();
  const auto arena = std::ranges::find(arenas, map.id, &catalog::Arena::map);
  if (arena == arenas.end() || !arena->globals) return;
  const bool is_own = &map == &task_.map;
  if (!is_own && arena->globals->types != map.object()) return; // no handle would lead to them
  target.globals = arena->kernel_address(arena->user_vm_start + arena->globals->offset);
  target.globals_type = (is_own ? map_tag : (other_tag | map.id) << 32) | arena->globals->section;
}

std::shared_ptr<const btf::Types> VisibleMaps::types_of(std::uint64_t tag) const {
  const catalog::Map* map = with(static_cast<std::uint32_t>(tag & ~(other_tag | other_value_tag)));
  if (map == nullptr) return nullptr;
  return (tag & other_value_tag) != 0 ? map->vmlinux_types : map->object();
}

} // namespace mapscope::plugin
