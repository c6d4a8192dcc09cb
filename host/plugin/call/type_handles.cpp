// SPDX-License-Identifier: Apache-2.0
#include "host/plugin/call/type_handles.hpp"

#include "host/plugin/call/environment.hpp"

#include <algorithm>

namespace mapscope::plugin {

namespace {

/// Of what a person says that keys or values are; `own` is the tag of the map's object.
msc_type handle_of(const catalog::TypeRef& given, const catalog::Map& map, const Environment& environment,
                   msc_type own) {
  if (const auto tag = tag_of_given(environment, given.types.get())) return *tag | given.id;
  if (given.types == map.object()) return own | given.id;
  return given.types == environment.kernel ? kernel_tag | given.id : msc_type{MSC_BYTES};
}

} // namespace

std::optional<msc_type> tag_of_given(const Environment& environment, const btf::Types* types) {
  if (environment.given_types == nullptr) return std::nullopt;
  const auto found =
      std::ranges::find(*environment.given_types, types, &catalog::TypeObjects::value_type::get);
  if (found == environment.given_types->end()) return std::nullopt;
  return (given_tag | static_cast<std::uint64_t>(found - environment.given_types->begin())) << 32;
}

TypeHandles handles_of(const catalog::Map& map, bool is_own, const Environment& environment) {
  const msc_type tag = is_own ? map_tag : (other_tag | map.id) << 32;
  const msc_type of_value = is_own ? value_tag : (other_tag | other_value_tag | map.id) << 32;
  const catalog::TypeRef key = map.key(), value = map.value();
  TypeHandles handles;
  if (key.types) handles.key = tag | key.id;
  if (value.types) handles.value = (map.vmlinux_value_type != 0 ? of_value : tag) | value.id;
  if (map.given_key.types) handles.key = handle_of(map.given_key, map, environment, tag);
  if (map.given_value.types) handles.value = handle_of(map.given_value, map, environment, tag);
  return handles;
}

} // namespace mapscope::plugin
