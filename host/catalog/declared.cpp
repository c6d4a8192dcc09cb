// SPDX-License-Identifier: Apache-2.0
#include "host/base/utf8.hpp"
#include "host/catalog/map_definitions.hpp"

#include <algorithm>
#include <bpf/btf.h>
#include <fmt/format.h>
#include <map>
#include <tuple>
#include <unordered_map>
#include <utility>

namespace mapscope::catalog {

namespace {

using Object = std::shared_ptr<const btf::Types>;

/// The kernel keeps 15 characters of a name (BPF_OBJ_NAME_LEN - 1), and libbpf passes it the first 15.
bool may_be_called(const MapDefinition& definition, const Map& map) {
  if (definition.type != 0 && definition.type != map.type) return false;
  return map.name.size() == kernel_name_length ? definition.name.starts_with(map.name)
                                               : definition.name == map.name;
}

bool same(std::uint32_t declared, std::uint32_t is) { return declared == 0 || is == 0 || declared == is; }

/// What the loader does not change, or takes the types away when it does.
bool agrees(const MapDefinition& definition, const Map& map) {
  return same(definition.key_size, map.key_size) && same(definition.value_size, map.value_size);
}

/// Down to what a loader may well have set otherwise.
bool is_exact(const MapDefinition& definition, const Map& map) {
  return agrees(definition, map) && definition.max_entries == map.max_entries &&
         definition.flags == map.flags;
}

/// The only one of `from` that satisfies; null when there is none or more than one.
template <class Fits>
const MapDefinition* only(const std::vector<const MapDefinition*>& from, const Fits& fits) {
  const auto found = std::ranges::find_if(from, fits);
  if (found == from.end() || std::any_of(found + 1, from.end(), fits)) return nullptr;
  return *found;
}

/// Which maps are which declarations, in one object. Maps whose names the kernel cuts to the same are told
/// apart by what was declared of them. Sizes of maps are often set at run time: they count only where they
/// give every declaration of that name a map of its own.
class Matching {
public:
  Matching(const btf::Types& types, const std::vector<MapDefinition>& definitions,
           const std::vector<const Map*>& maps)
      : types_(types), definitions_(definitions) {
    for (const Map* map : maps) by_name_[{map->name, map->type}].push_back(map);
    for (const auto& [name, alike] : by_name_) match(alike);
  }

  [[nodiscard]] const MapDefinition* of(const Map& map) const {
    const auto found = found_.find(map.id);
    return found != found_.end() ? found->second : nullptr;
  }

private:
  /// libbpf hands the kernel the very ids that are declared.
  [[nodiscard]] bool has_its_types(const MapDefinition& definition, const Map& map) const {
    return map.types.get() != &types_ ||
           (same(definition.key, map.key_type) && same(definition.value, map.value_type));
  }

  void match(const std::vector<const Map*>& alike) {
    std::vector<const MapDefinition*> possible;
    for (const MapDefinition& definition : definitions_)
      if (may_be_called(definition, *alike.front())) possible.push_back(&definition);
    const bool no_other = possible.size() == 1;
    for (const Map* map : alike)
      if (const auto* definition = only(possible, [&](const auto* d) {
            return has_its_types(*d, *map) && (no_other || agrees(*d, *map));
          }))
        found_[map->id] = definition;
    match_exactly(alike, possible);
  }

  void match_exactly(const std::vector<const Map*>& alike,
                     const std::vector<const MapDefinition*>& possible) {
    if (alike.size() != possible.size()) return;
    std::map<const MapDefinition*, const Map*> matched;
    for (const Map* map : alike)
      if (const auto* definition =
              only(possible, [&](const auto* d) { return has_its_types(*d, *map) && is_exact(*d, *map); }))
        matched.emplace(definition, map);
    if (matched.size() != alike.size()) return;
    for (const auto& [definition, map] : matched) found_[map->id] = definition;
  }

  const btf::Types& types_;
  const std::vector<MapDefinition>& definitions_;
  std::map<std::pair<std::string, std::uint32_t>, std::vector<const Map*>> by_name_;
  std::unordered_map<std::uint32_t, const MapDefinition*> found_;
};

/// A declaration and the object that it is in.
struct Declared {
  Object types;
  const MapDefinition* definition;
};

class Declarations {
public:
  Declarations(std::vector<Map>& maps, const std::vector<Program>& programs,
               const std::vector<InnerMap>& inner_maps, const std::function<Object(std::uint64_t)>& types_at)
      : maps_(maps), types_at_(types_at) {
    for (const Program& program : programs) btf_of_.emplace(program.id, program.btf);
    std::unordered_map<std::uint32_t, const Map*> by_id;
    for (const Map& map : maps) by_id.emplace(map.id, &map);
    for (const auto& [outer, inner] : inner_maps)
      if (by_id.contains(outer) && by_id.contains(inner)) {
        auto& outers = outers_[inner];
        if (outers.empty() || outers.back()->id != outer) outers.push_back(by_id.at(outer));
      }
    for (const Map& map : maps) {
      if (!is_wanting(map)) continue;
      if (map.types) add(map, map.types);
      add_programs_of(map, map);
      if (const auto outers = outers_.find(map.id); outers != outers_.end())
        for (const Map* outer : outers->second) add_programs_of(*outer, map);
    }
  }

  void apply() {
    for (const Members& object : objects_) {
      const Matching matching(*object.types, object.definitions, object.maps);
      for (const Map* map : object.maps)
        if (const MapDefinition* definition = matching.of(*map))
          found_[map->id].push_back({object.types, definition});
    }
    for (Map& map : maps_) take_name_of_section(map);
    for (Map& map : maps_)
      if (const auto found = found_.find(map.id); found != found_.end()) apply(found->second, map);
    for (Map& map : maps_)
      if (const auto outers = outers_.find(map.id); outers != outers_.end() && is_untyped(map))
        for (const Map* outer : outers->second) apply_inner(*outer, map);
  }

private:
  struct Members {
    Object types;
    std::vector<MapDefinition> definitions;
    std::vector<const Map*> maps;
  };

  static bool is_wanting(const Map& map) { return map.name.size() == kernel_name_length || is_untyped(map); }
  static bool is_untyped(const Map& map) { return !map.types && map.vmlinux_value_type == 0; }

  /// The map of a section of its own, ".data.NAME", is called like the section, which is the type of its
  /// value (libbpf's internal_map_name()).
  static void take_name_of_section(Map& map) {
    const btf_type* section = map.types ? map.types->type(map.value_type) : nullptr;
    if (map.name.size() != kernel_name_length || section == nullptr || !btf_is_datasec(section)) return;
    const std::string_view name = map.types->name_of(map.value_type);
    if (name.size() > map.name.size() && name.starts_with(map.name)) map.full_name = valid_utf8(name);
  }

  void add_programs_of(const Map& of, const Map& map) {
    for (const std::uint32_t program : of.programs)
      if (const auto btf = btf_of_.find(program); btf != btf_of_.end() && btf->second != 0)
        add(map, types_at_(btf->second));
  }

  void add(const Map& map, const Object& types) {
    if (!types) return;
    const auto [known, is_new] = places_.emplace(types.get(), objects_.size());
    if (is_new) objects_.push_back({types, map_definitions(*types), {}});
    Members& members = objects_[known->second];
    if (members.maps.empty() || members.maps.back() != &map) members.maps.push_back(&map);
  }

  static void apply(const std::vector<Declared>& all, Map& map) {
    const bool one_name = std::ranges::all_of(
        all, [&](const Declared& other) { return other.definition->name == all[0].definition->name; });
    if (one_name && all[0].definition->name.size() > map.name.size())
      map.full_name = valid_utf8(all[0].definition->name);
    if (is_untyped(map)) apply_types(all, map);
  }

  /// The kernel lets a map into another only where types and sizes are those declared of what is in it
  /// (bpf_map_meta_equal(), kernel/bpf/map_in_map.c): this is what the programs take it for.
  void apply_inner(const Map& outer, Map& map) {
    const auto found = found_.find(outer.id);
    if (found == found_.end() || !is_untyped(map)) return;
    std::vector<MapDefinition> templates;
    for (const auto& [types, definition] : found->second)
      if (const auto inner = inner_definition(*types, definition->inner))
        if (inner->type == map.type) templates.push_back(*inner);
    if (templates.empty() || templates.size() != found->second.size()) return;
    std::vector<Declared> all;
    all.reserve(templates.size());
    for (std::size_t i = 0; i < templates.size(); ++i) all.push_back({found->second[i].types, &templates[i]});
    apply_types(all, map);
    if (!map.types_from.empty())
      map.types_from = fmt::format(".maps, of what is in {}", outer.names().longest());
  }

  /// Programs of several objects may use one map; what each of them declares must be the same.
  static void apply_types(const std::vector<Declared>& all, Map& map) {
    const auto said = [](const Declared& one) {
      const auto& [types, definition] = one;
      return std::tuple(types->spell(definition->key), definition->key_size, types->spell(definition->value),
                        definition->value_size);
    };
    const auto& [types, definition] = all[0];
    for (const Declared& other : all)
      if (said(other) != said(all[0]))
        return void(map.untyped =
                        fmt::format("{} and {} declare it differently", types->name(), other.types->name()));
    take(types, definition->key, map.key_size, "key", map.key_type, map);
    take(types, definition->value, map.value_size, "value", map.value_type, map);
    if (map.key_type != 0 || map.value_type != 0) map.types = types, map.types_from = ".maps";
  }

  static void take(const Object& types, btf::TypeId type, std::uint32_t size, const char* what,
                   btf::TypeId& into, Map& map) {
    if (type == 0) return;
    if (types->size(type).value_or(0) == size)
      into = type;
    else
      map.untyped = fmt::format("the {} type {} that {} declares for it does not have its {} bytes", what,
                                types->spell(type), types->name(), size);
  }

  std::vector<Map>& maps_;
  const std::function<Object(std::uint64_t)>& types_at_;
  std::unordered_map<std::uint32_t, std::uint64_t> btf_of_;
  std::unordered_map<std::uint32_t, std::vector<const Map*>> outers_; ///< by the id of what is in them
  std::vector<Members> objects_; ///< as the maps come: what is said does not depend on addresses
  std::unordered_map<const btf::Types*, std::size_t> places_;
  std::unordered_map<std::uint32_t, std::vector<Declared>> found_;
};

} // namespace

void apply_definitions(std::vector<Map>& maps, const std::vector<Program>& programs,
                       const std::vector<InnerMap>& inner_maps,
                       const std::function<Object(std::uint64_t)>& types_at) {
  Declarations(maps, programs, inner_maps, types_at).apply();
}

} // namespace mapscope::catalog
