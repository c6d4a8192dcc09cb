// SPDX-License-Identifier: Apache-2.0
// What the fake host says about types: those it was given, and those it makes up.
#include "fake_render.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

namespace mapscope::testing {

namespace {

/// A struct is embedded when a member of another is of its type.
bool is_embedded(const FakeHost& host, const FakeHost::Type& type) {
  return std::ranges::any_of(host.types, [&](const FakeHost::Type& other) {
    return other.scope == type.scope && std::ranges::any_of(other.members, [&](const auto& member) {
             return member.second.type == type.name;
           });
  });
}

} // namespace

int type_find(Render* call, std::uint32_t scope, const char* name, msc_type* ret) {
  if (const int rc = enter(call); rc != MSC_OK) return rc;
  if (name == nullptr || ret == nullptr) return misuse(call, "type_find() with NULL");
  if (scope != MSC_KERNEL_BTF && scope != MSC_MAP_BTF)
    return misuse(call, "type_find() in scope " + std::to_string(scope));
  const std::string_view spelled(name), type = spelled.substr(0, spelled.find('.'));
  const std::string_view member = type.size() == spelled.size() ? "" : spelled.substr(type.size() + 1);
  const auto& types = call->host.types;
  const auto found = std::ranges::find_if(types, [&](const FakeHost::Type& candidate) {
    return candidate.scope == scope && candidate.name == type &&
           (member.empty() || candidate.members.contains(member));
  });
  const bool has_none = scope == MSC_MAP_BTF && call->host.target.map == 0; // a part of the kernel
  *ret = found != types.end() ? first_type + static_cast<msc_type>(found - types.begin())
         : has_none           ? 0
                              : call->made_up.find(scope, type);
  return *ret != 0 ? MSC_OK : MSC_ENOENT;
}

const FakeHost::Type* known(Render* call, msc_type type) {
  const bool inside = type >= first_type && type - first_type < call->host.types.size();
  return inside ? &call->host.types[type - first_type] : nullptr;
}

/// Bytes have no type, and it is no mistake to ask.
int no_type(Render* call, msc_type type, std::string what) {
  return type == MSC_BYTES ? int{MSC_ENOENT} : misuse(call, std::move(what));
}

int type_size(Render* call, msc_type type, std::size_t* ret) {
  if (const int rc = enter(call); rc != MSC_OK) return rc;
  const auto* found = known(call, type);
  const bool made_up = call->made_up.holds(type);
  if ((found == nullptr && !made_up) || ret == nullptr)
    return no_type(call, type, "type_size() of no type or into NULL");
  *ret = made_up ? call->made_up.size(type) : found->size;
  return MSC_OK;
}

int type_member(Render* call, msc_type type, const char* path, msc_member* ret) {
  if (const int rc = enter(call); rc != MSC_OK) return rc;
  const auto* found = known(call, type);
  const bool made_up = call->made_up.holds(type);
  if ((found == nullptr && !made_up) || path == nullptr || ret == nullptr)
    return no_type(call, type, "type_member() of no type or with NULL");
  if (made_up) {
    *ret = call->made_up.member(type, path);
    return MSC_OK;
  }
  const auto member = found->members.find(std::string_view(path));
  if (member == found->members.end()) return MSC_ENOENT;
  *ret = {call->host.handle(found->scope, member->second.type), member->second.bit_offset,
          member->second.bit_size};
  return MSC_OK;
}

/// In the order of their places; a path with a dot is of a member inside.
int type_member_at(Render* call, msc_type type, std::uint32_t index, msc_member_info* ret) {
  if (const int rc = enter(call); rc != MSC_OK) return rc;
  const auto* found = known(call, type);
  const bool made_up = call->made_up.holds(type);
  if ((found == nullptr && !made_up) || ret == nullptr || !begin_filling(*ret))
    return no_type(call, type, "type_member_at() of no type or into nothing");
  if (made_up) return call->made_up.member_at(type, index, *ret) ? MSC_OK : MSC_ENOENT;
  std::vector<std::pair<std::uint32_t, std::string_view>> places;
  for (const auto& [path, member] : found->members)
    if (path.find('.') == path.npos) places.emplace_back(member.bit_offset, path);
  std::ranges::sort(places);
  if (index >= places.size()) return MSC_ENOENT;
  const std::string_view name = places[index].second;
  const auto& member = found->members.find(name)->second;
  ret->kind = member.is_function ? MSC_KIND_FUNCTION : MSC_KIND_OTHER;
  ret->member = {call->host.handle(found->scope, member.type), member.bit_offset, member.bit_size};
  ret->name[name.copy(ret->name, sizeof ret->name - 1)] = 0;
  return MSC_OK;
}

int type_holder(Render* call, msc_type held, msc_type after, msc_member_info* ret) {
  if (const int rc = enter(call); rc != MSC_OK) return rc;
  const auto* wanted = known(call, held);
  const bool made_up = call->made_up.holds(held) && (after == 0 || call->made_up.holds(after));
  const bool goes_on = made_up || after == 0 || known(call, after) != nullptr;
  if ((wanted == nullptr && !made_up) || !goes_on || ret == nullptr || !begin_filling(*ret))
    return no_type(call, held, "type_holder() of no type or into nothing");
  if (made_up) return call->made_up.holder(held, after, *ret) ? MSC_OK : MSC_ENOENT;
  const auto& types = call->host.types;
  for (std::size_t i = after == 0 ? 0 : after - first_type + 1; i < types.size(); ++i) {
    const auto is_first = [&](const auto& member) {
      return member.second.bit_offset == 0 && member.second.type == wanted->name;
    };
    if (types[i].scope != wanted->scope || !std::ranges::any_of(types[i].members, is_first)) continue;
    const std::string_view name = std::string_view(types[i].name).substr(types[i].name.find(' ') + 1);
    ret->kind = MSC_KIND_OTHER;
    ret->member = {first_type + i, 0, 0};
    ret->name[name.copy(ret->name, sizeof ret->name - 1)] = 0;
    return MSC_OK;
  }
  return MSC_ENOENT;
}

int enumerator_at(Render* call, msc_type type, std::uint32_t index, msc_enumerator* ret) {
  if (const int rc = enter(call); rc != MSC_OK) return rc;
  const auto* found = known(call, type);
  const bool made_up = call->made_up.holds(type);
  if ((found == nullptr && !made_up) || ret == nullptr || !begin_filling(*ret))
    return no_type(call, type, "enumerator_at() of no type or into nothing");
  if (made_up) return call->made_up.enumerator_at(type, index, *ret) ? MSC_OK : MSC_ENOENT;
  if (index >= found->enumerators.size()) return MSC_ENOENT;
  const auto& [name, value] = found->enumerators[index];
  ret->value = value;
  ret->name[name.copy(ret->name, sizeof ret->name - 1)] = 0;
  return MSC_OK;
}

int type_sized(Render* call, std::size_t least, std::size_t most, msc_type after, msc_member_info* ret) {
  if (const int rc = enter(call); rc != MSC_OK) return rc;
  if (ret == nullptr || !begin_filling(*ret)) return misuse(call, "type_sized() into nothing");
  if (after != 0 && known(call, after) == nullptr && !call->made_up.holds(after))
    return misuse(call, "type_sized() behind something that is no type");
  const auto& types = call->host.types;
  for (std::size_t i = after == 0 ? 0 : after - first_type + 1; i < types.size(); ++i) {
    const auto& type = types[i];
    if (type.scope != MSC_MAP_BTF || !type.name.starts_with("struct ") || type.size < least ||
        type.size > most)
      continue;
    const std::string_view name = std::string_view(type.name).substr(7);
    ret->kind = is_embedded(call->host, type) ? MSC_KIND_EMBEDDED : MSC_KIND_OTHER;
    ret->member = {first_type + i, 0, 0};
    ret->name[name.copy(ret->name, sizeof ret->name - 1)] = 0;
    return MSC_OK;
  }
  return MSC_ENOENT;
}

} // namespace mapscope::testing
