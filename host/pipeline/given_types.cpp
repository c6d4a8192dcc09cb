// SPDX-License-Identifier: Apache-2.0
#include "host/pipeline/given_types.hpp"

#include "host/base/clause.hpp"
#include "host/base/utf8.hpp"
#include "host/catalog/type_places.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <spdlog/spdlog.h>

namespace mapscope::pipeline {

/// Its keys, or its values.
struct GivenTypes::Part {
  const char* key; ///< of the configuration
  const char* name;
  std::optional<std::string> config::MapRule::* said;
  std::uint32_t catalog::Map::* size;
  catalog::TypeRef catalog::Map::* given;
};

namespace {

/// Why a type is of no use for a part of the map; "" when it is.
std::string misfit(const catalog::TypeRef& type, std::uint32_t size, const char* part) {
  const auto bytes = type.types->size(type.id);
  if (!bytes) return fmt::format("has no size ({})", bytes.error().text);
  if (*bytes == size) return "";
  return size == 0 ? fmt::format("has {} bytes, and the map has no {}s", *bytes, part)
                   : fmt::format("has {} bytes, and the map's {}s have {}", *bytes, part, size);
}

bool is_ring(const catalog::Map& map) {
  return map.type_name == "ringbuf" || map.type_name == "user_ringbuf";
}

/// Storage of tasks, inodes, sockets and control groups: what user space has for a key finds the owner, and
/// is kept nowhere.
bool goes_by_owner(const catalog::Map& map) {
  return map.type_name.ends_with("_storage") && !map.type_name.ends_with("cgroup_storage");
}

/// "" where the map itself has it.
std::string place_of(const catalog::TypeRef& given, const std::string& declared, bool is_typed) {
  if (given.types) return given.types->name();
  return is_typed ? declared : "";
}

/// "sched.bpf.o", where that is so of all that it has; else "sched.bpf.o (value)".
std::string types_from(const catalog::Map& map) {
  std::string key = place_of(map.given_key, map.types_from, map.key_type != 0),
              value = place_of(map.given_value, map.types_from, map.value_type != 0);
  if (key == value || (key.empty() && map.key_size == 0)) return value;
  std::vector<std::string> parts;
  if (!key.empty()) parts.push_back(key + " (key)");
  if (!value.empty()) parts.push_back(value + " (value)");
  return fmt::format("{}", fmt::join(parts, ", "));
}

} // namespace

Result<GivenTypes> GivenTypes::read(const std::vector<std::string>& first, const config::Config& config) {
  GivenTypes given;
  std::vector<std::string> paths = first;
  paths.insert(paths.end(), config.types.begin(), config.types.end());
  for (const std::string& path : paths) {
    auto file = btf::TypesFile::read(path);
    if (!file) return std::unexpected(std::move(file.error()));
    given.files_.push_back(std::move(*file));
  }
  std::ranges::copy_if(config.maps, std::back_inserter(given.rules_),
                       [](const config::MapRule& rule) { return rule.key_type || rule.value_type; });
  return given;
}

Result<void> GivenTypes::stand_on(const std::shared_ptr<const btf::Types>& kernel) {
  kernel_ = kernel;
  objects_.clear();
  for (const btf::TypesFile& file : files_) {
    auto types = file.types(kernel);
    if (!types) return std::unexpected(std::move(types.error()));
    spdlog::info("{}: {} types", file.path(), (*types)->count() - 1);
    objects_.push_back(std::move(*types));
  }
  return {};
}

void GivenTypes::apply(std::vector<catalog::Map>& maps) const {
  const Part key{"key_type", "key", &config::MapRule::key_type, &catalog::Map::key_size,
                 &catalog::Map::given_key},
      value{"value_type", "value", &config::MapRule::value_type, &catalog::Map::value_size,
            &catalog::Map::given_value};
  if (rules_.empty()) return;
  for (catalog::Map& map : maps) {
    if (!map.is_read) continue;
    apply(map, key), apply(map, value);
    if (map.given_key.types || map.given_value.types) map.types_from = types_from(map);
  }
}

void GivenTypes::apply(catalog::Map& map, const Part& part) const {
  const auto rule = std::ranges::find_if(rules_, [&](const config::MapRule& candidate) {
    return candidate.*part.said && map.names().fit(candidate.glob);
  });
  if (rule == rules_.end()) return;
  const std::string& spelled = *((*rule).*part.said);
  const std::string origin = valid_utf8(fmt::format("{}: {}", rule->origin_of(part.key), part.key));
  if (map.vmlinux_value_type != 0)
    return map.type_notes.push_back(origin + ": what a struct_ops map holds the kernel itself says");
  if (goes_by_owner(map) && part.said == &config::MapRule::key_type)
    return map.type_notes.push_back(origin + ": its entries go by their owners, and have no keys");
  if (is_ring(map))
    return map.type_notes.push_back(fmt::format(
        "{}: a ring buffer has records in place of keys and values: config.record_type = \"{}\" types them",
        origin, spelled));
  map.*part.given = find(map, part, spelled, origin);
}

catalog::TypeRef GivenTypes::find(catalog::Map& map, const Part& part, const std::string& spelled,
                                  const std::string& origin) const {
  catalog::TypeObjects places = {map.object()};
  places.insert(places.end(), objects_.begin(), objects_.end());
  places.push_back(kernel_);
  const auto found = catalog::find_type(places, spelled);
  const auto note = [&](const std::string& text) {
    map.type_notes.push_back(fmt::format("{}: {}", origin, text));
    return catalog::TypeRef{};
  };
  if (!found.type.types)
    return note(fmt::format("there is no {} among the types of {}", spelled,
                            catalog::listed(places, map.object().get())));
  if (const auto why = misfit(found.type, map.*part.size, part.name); !why.empty())
    return note(with_clause(fmt::format("{}, of {}, {}; it is shown as if nothing were said", spelled,
                                        found.type.types->name(), why),
                            catalog::others_of(found)));
  if (const auto others = catalog::remark_on_others(found, spelled); !others.empty()) (void)note(others);
  return found.type;
}

} // namespace mapscope::pipeline
