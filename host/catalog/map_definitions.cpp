// SPDX-License-Identifier: Apache-2.0
#include "host/catalog/map_definitions.hpp"

#include "host/btf/info.hpp"

#include <bpf/btf.h>
#include <span>

namespace mapscope::catalog {

namespace {

/// libbpf's own definitions have a dozen members; what has more is no definition, or not one worth the time.
constexpr std::uint32_t most_members = 64;

/// __uint(NAME, N) is a pointer to an array of N, __ulong(NAME, N) an enum whose one value is N
/// (bpf_helpers.h, get_map_field_int() and get_map_field_long() in libbpf.c).
std::uint32_t number_of(const btf::Types& types, btf::TypeId member) {
  const btf_type* type = types.type(types.peel(member));
  if (type == nullptr) return 0;
  if (const auto only = types.constant_at(types.peel(member), 0); only && btf::vlen_of(type) == 1)
    return static_cast<std::uint32_t>(only->value);
  const btf_type* array = btf_is_ptr(type) ? types.type(types.peel(type->type)) : nullptr;
  return array != nullptr && btf_is_array(array) ? btf_array(array)->nelems : 0;
}

/// __type(NAME, T) is a pointer to T.
btf::TypeId pointed_to(const btf::Types& types, btf::TypeId member) {
  const btf_type* type = types.type(types.peel(member));
  return type != nullptr && btf_is_ptr(type) ? type->type : 0;
}

std::uint32_t size_of(const btf::Types& types, btf::TypeId type) {
  const auto size = types.size(type);
  return size && *size <= UINT32_MAX ? static_cast<std::uint32_t>(*size) : 0;
}

/// __array(values, T) is an array of pointers to T, a struct like that of a variable.
btf::TypeId declared_in(const btf::Types& types, btf::TypeId member) {
  const btf_type* array = types.type(types.peel(member));
  return array != nullptr && btf_is_array(array) ? pointed_to(types, btf_array(array)->type) : 0;
}

void read_member(const btf::Types& types, const btf::NamedMember& named, MapDefinition& into) {
  const btf::TypeId type = named.member.type;
  if (named.name == "type") into.type = number_of(types, type);
  if (named.name == "max_entries") into.max_entries = number_of(types, type);
  if (named.name == "map_flags") into.flags = number_of(types, type);
  if (named.name == "key_size") into.key_size = number_of(types, type);
  if (named.name == "value_size") into.value_size = number_of(types, type);
  if (named.name == "values") into.inner = declared_in(types, type);
  if (named.name == "key") into.key = pointed_to(types, type), into.key_size = size_of(types, into.key);
  if (named.name == "value")
    into.value = pointed_to(types, type), into.value_size = size_of(types, into.value);
}

std::optional<MapDefinition> definition(const btf::Types& types, btf::TypeId declared) {
  const btf::TypeId record = types.peel(declared);
  const btf_type* type = types.type(record);
  if (type == nullptr || !btf_is_struct(type) || btf::vlen_of(type) > most_members) return std::nullopt;
  MapDefinition read;
  for (std::uint32_t i = 0; const auto member = types.member_at(record, i); ++i)
    read_member(types, *member, read);
  return read;
}

/// The section, of this object and not of what it stands on; null = there is none.
const btf_type* maps_section(const btf::Types& types) {
  const btf::TypeId own = types.base() != nullptr ? types.base()->count() : 1;
  for (const btf::TypeId id : types.find_all(".maps"))
    if (id >= own && btf_is_datasec(types.type(id))) return types.type(id);
  return nullptr;
}

} // namespace

std::vector<MapDefinition> map_definitions(const btf::Types& types) {
  std::vector<MapDefinition> all;
  const btf_type* section = maps_section(types);
  if (section == nullptr) return all;
  for (const btf_var_secinfo& place : std::span(btf_var_secinfos(section), btf::vlen_of(section))) {
    const btf_type* variable = types.type(place.type);
    if (variable == nullptr || !btf_is_var(variable)) continue;
    auto read = definition(types, variable->type);
    if (!read) continue;
    read->name = types.text(variable->name_off);
    if (!read->name.empty()) all.push_back(*read);
  }
  return all;
}

std::optional<MapDefinition> inner_definition(const btf::Types& types, btf::TypeId record) {
  return definition(types, record);
}

} // namespace mapscope::catalog
