// SPDX-License-Identifier: Apache-2.0
// The helpers that answer questions about types. A type's handle says which BTF object it is of and its id
// there.
#include "host/plugin/call/call.hpp"

#include <mapscope/contract.hpp>

#include <cstring>
#include <fmt/format.h>

namespace {

constexpr std::size_t longest_name = 256;

} // namespace

using namespace mapscope;

msc_type msc_call::key_type_handle() const {
  return map_.types && map_.key_type != 0 ? map_tag | map_.key_type : msc_type{MSC_BYTES};
}

msc_type msc_call::value_type_handle() const {
  const TypeRef value = map_.value();
  if (!value.types) return MSC_BYTES;
  return (map_.vmlinux_value_type != 0 ? value_tag : map_tag) | value.id;
}

std::optional<msc_call::TypeRef> msc_call::resolve(msc_type type) const {
  TypeRef ref;
  if ((type & tag_mask) == kernel_tag) ref.types = environment_.kernel;
  if ((type & tag_mask) == map_tag) ref.types = object_types();
  if ((type & tag_mask) == value_tag) ref.types = map_.vmlinux_types;
  if ((type >> 32 & other_tag) != 0) ref.types = types_of_other(type >> 32);
  ref.id = static_cast<mapscope::btf::TypeId>(type & ~tag_mask);
  if (!ref.types || ref.types->type(ref.id) == nullptr) return std::nullopt;
  return ref;
}

int msc_call::type_find(std::uint32_t scope, const char* name, msc_type* found) {
  if (scope != MSC_KERNEL_BTF && scope != MSC_MAP_BTF)
    return misuse(fmt::format("type_find() in scope {}", scope));
  const mapscope::btf::Types* types =
      scope == MSC_KERNEL_BTF ? environment_.kernel.get() : object_types().get();
  const std::string_view spelled(name, ::strnlen(name, longest_name));
  const std::size_t dot = spelled.find('.');
  const std::string_view member = dot == spelled.npos ? "" : spelled.substr(dot + 1);
  if (types == nullptr) return MSC_ENOENT;
  for (const mapscope::btf::TypeId id : types->find_all(spelled.substr(0, dot))) {
    if (!member.empty() && !types->member(id, member)) continue;
    *found = (scope == MSC_KERNEL_BTF ? kernel_tag : map_tag) | id;
    return MSC_OK;
  }
  missing_ = fmt::format("no {} in the BTF of {}", spelled, types->name());
  missing_of_ = {};
  return MSC_ENOENT;
}

std::string msc_call::missing_text() const {
  if (!missing_of_.types || missing_.empty()) return missing_;
  const std::string meant = missing_of_.types->nearest_member(missing_of_.id, missing_path_);
  return meant.empty() ? missing_ : fmt::format("{} (did you mean {}?)", missing_, meant);
}

int msc_call::no_type(msc_type type, std::string_view helper) {
  if (type != MSC_BYTES) return misuse(fmt::format("{}() of something that is no type", helper));
  missing_ = fmt::format("{}() of bytes without a type", helper);
  missing_of_ = {};
  return MSC_ENOENT;
}

int msc_call::type_size(msc_type type, std::size_t* size) {
  const auto ref = resolve(type);
  if (!ref) return no_type(type, "type_size");
  const auto found = ref->types->size(ref->id);
  if (!found) return MSC_ENOENT;
  *size = *found;
  return MSC_OK;
}

int msc_call::type_member(msc_type type, const char* path, msc_member* member) {
  const auto ref = resolve(type);
  if (!ref) return no_type(type, "type_member");
  const auto found = ref->types->member(ref->id, std::string_view(path, ::strnlen(path, longest_name)));
  if (!found || found->bit_offset > UINT32_MAX) {
    missing_ = found ? "a member too far into its type" : found.error().text;
    missing_of_ = *ref, missing_path_.assign(path, ::strnlen(path, longest_name));
    return MSC_ENOENT;
  }
  const msc_type tag = type & tag_mask;
  *member = {tag | found->type, static_cast<std::uint32_t>(found->bit_offset), found->bit_size};
  return MSC_OK;
}

int msc_call::type_member_at(msc_type type, std::uint32_t index, msc_member_info* info) {
  if (!contract::begin_filling(*info)) return misuse("type_member_at() into a record of another size");
  const auto ref = resolve(type);
  if (!ref) return no_type(type, "type_member_at");
  const auto found = ref->types->member_at(ref->id, index);
  if (!found || found->member.bit_offset > UINT32_MAX) return MSC_ENOENT;
  const auto bit_offset = static_cast<std::uint32_t>(found->member.bit_offset);
  info->member = {(type & tag_mask) | found->member.type, bit_offset, found->member.bit_size};
  info->kind = ref->types->is_function_pointer(found->member.type) ? MSC_KIND_FUNCTION : MSC_KIND_OTHER;
  const std::size_t length = found->name.copy(info->name, sizeof info->name - 1);
  info->name[length] = 0;
  return MSC_OK;
}

int msc_call::type_holder(msc_type held, msc_type after, msc_member_info* info) {
  if (!contract::begin_filling(*info)) return misuse("type_holder() into a record of another size");
  const auto ref = resolve(held);
  if (!ref) return no_type(held, "type_holder");
  if (after != 0 && (after & tag_mask) != (held & tag_mask))
    return misuse("type_holder() behind something that is no such type");
  const auto id = ref->types->next_holder(ref->id, static_cast<mapscope::btf::TypeId>(after & ~tag_mask));
  if (id == 0) return MSC_ENOENT;
  info->kind = MSC_KIND_OTHER;
  info->member = {(held & tag_mask) | id, 0, 0};
  const std::string_view name = ref->types->name_of(id);
  info->name[name.copy(info->name, sizeof info->name - 1)] = 0;
  return MSC_OK;
}
