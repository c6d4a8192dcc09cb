// SPDX-License-Identifier: Apache-2.0
// Other maps: which a plugin may see, what it is told of them, and look-ups by key.
#include "host/plugin/call/call.hpp"
#include "host/plugin/call/key_index.hpp"

#include <mapscope/contract.hpp>

#include <algorithm>
#include <bpf/btf.h>
#include <charconv>
#include <cstring>
#include <fmt/format.h>

using namespace mapscope;

namespace {

constexpr std::size_t longest_name = 256;

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

bool msc_call::may_see(const catalog::Map& map) const {
  return &map == &map_ || choice_.plugin->manifest().any_maps || shared_programs(map, map_) != 0;
}

const catalog::Map* msc_call::own_map() const { return is_kernel_target() ? nullptr : &map_; }

const catalog::Map* msc_call::map_at(std::uint64_t kva) const {
  if (kva == map_.kva) return own_map();
  if (environment_.catalog == nullptr) return nullptr;
  const auto& maps = environment_.catalog->maps;
  const auto found = std::ranges::find(maps, kva, &catalog::Map::kva);
  return found != maps.end() && found->is_read && may_see(*found) ? &*found : nullptr;
}

const catalog::Map* msc_call::map_with(std::uint32_t id) const {
  if (environment_.catalog == nullptr) return nullptr;
  const auto& maps = environment_.catalog->maps;
  const auto found = std::ranges::lower_bound(maps, id, {}, &catalog::Map::id);
  return found != maps.end() && found->id == id && found->is_read && may_see(*found) ? &*found : nullptr;
}

/// Of several, the one that shares most programs with this map, then the lowest id.
const catalog::Map* msc_call::map_called(std::string_view name) const {
  if (const auto id = id_of(name)) return map_with(*id);
  const catalog::Map* best = nullptr;
  if (environment_.catalog == nullptr) return best;
  for (const catalog::Map& map : environment_.catalog->maps) {
    const bool is_called = map.is_read && (map.name == name || map.full_name == name);
    if (!is_called || name.empty() || !may_see(map)) continue;
    if (best == nullptr || shared_programs(map, map_) > shared_programs(*best, map_)) best = &map;
  }
  return best;
}

int msc_call::find_map(const char* name, msc_target* found) {
  if (!contract::begin_filling(*found)) return misuse("find_map() into a record of another size");
  const std::string_view spelled(name, ::strnlen(name, longest_name));
  const catalog::Map* map = map_called(spelled);
  if (map == nullptr) {
    missing_ = fmt::format("no map {} {}", spelled,
                           choice_.plugin->manifest().any_maps ? "in this kernel"
                                                               : "of the programs that use this one");
    missing_of_ = {};
    return MSC_ENOENT;
  }
  *found = target_of(*map);
  return MSC_OK;
}

/// What is true of any map.
msc_target msc_call::target_of(const catalog::Map& map) const {
  const auto types = handles_of(map);
  return {.size = sizeof(msc_target),
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
          .btf_id = map.btf_id.value_or(0)};
}

/// Types of other maps have their map's id in the handle, so that it means the same in each process.
plugin::TypeHandles msc_call::handles_of(const catalog::Map& map) const {
  if (&map == &map_) return {key_type_handle(), value_type_handle()};
  const msc_type tag = (other_tag | map.id) << 32;
  const catalog::TypeRef value = map.value();
  const msc_type of_value = map.vmlinux_value_type != 0 ? (other_tag | other_value_tag | map.id) << 32 : tag;
  return {map.types && map.key_type != 0 ? tag | map.key_type : msc_type{MSC_BYTES},
          value.types ? of_value | value.id : msc_type{MSC_BYTES}};
}

/// Of a handle with `other_tag`: the types of that map's keys and values, or of struct_ops' values.
std::shared_ptr<const btf::Types> msc_call::types_of_other(std::uint64_t tag) const {
  const catalog::Map* map = map_with(static_cast<std::uint32_t>(tag & ~(other_tag | other_value_tag)));
  if (map == nullptr) return nullptr;
  return (tag & other_value_tag) != 0 ? map->vmlinux_types : map->types;
}

int msc_call::lookup(std::uint64_t kva, const void* key, std::size_t size, msc_element* found) {
  if (!contract::begin_filling(*found)) return misuse("lookup() into a record of another size");
  const catalog::Map* map = kva == 0 ? own_map() : map_at(kva);
  if (map == nullptr) return misuse("lookup() in no map that it was given");
  auto& index = indexes_[map->id];
  if (!index) {
    index = std::make_unique<plugin::KeyIndex>(*map, handles_of(*map), index_room_);
    const int rc = walk(*map, *index);
    if (rc < MSC_OK && rc != MSC_EFAULT) return indexes_.erase(map->id), rc;
    if (rc > MSC_OK && !index->is_full()) return rc; // a budget
    if (!index->problem().empty())
      (void)note(MSC_EFAULT, fmt::format("the elements of {}: {}", map->label(), index->problem()).c_str());
  }
  const msc_element* element = index->find({static_cast<const char*>(key), size});
  if (element != nullptr) return *found = *element, MSC_OK;
  if (!index->is_full()) return MSC_ENOENT;
  (void)note(MSC_EFAIL, fmt::format("the elements of {} are too many to be looked up", map->label()).c_str());
  return MSC_EFAIL;
}
