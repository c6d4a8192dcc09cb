// SPDX-License-Identifier: Apache-2.0
#include "host/plugin/call/type_helpers.hpp"

#include "host/plugin/call/environment.hpp"
#include "host/plugin/call/type_handles.hpp"
#include "host/plugin/call/visible_maps.hpp"
#include "host/plugin/call/words.hpp"

#include "host/btf/info.hpp"
#include "host/catalog/type_places.hpp"

#include <mapscope/contract.hpp>

#include <algorithm>
#include <bpf/btf.h>
#include <cstring>
#include <fmt/format.h>

namespace mapscope::plugin {

namespace {

constexpr std::size_t longest_name = 256;

/// Structs that something has inside of it: what is only ever pointed to is likelier to be allocated.
std::unordered_set<btf::TypeId> embedded_types(const btf::Types& types) {
  std::unordered_set<btf::TypeId> found;
  const btf::TypeId first = types.base() != nullptr ? types.base()->count() : 1;
  for (btf::TypeId id = first; id < types.count(); ++id) {
    const btf_type* type = types.type(id);
    if (btf_is_var(type)) found.insert(types.peel(type->type));
    if (btf_is_array(type)) found.insert(types.peel(btf_array(type)->type));
    if (btf_is_composite(type))
      for (unsigned i = 0; i < btf::vlen_of(type); ++i) found.insert(types.peel(btf_members(type)[i].type));
  }
  return found;
}

} // namespace

std::shared_ptr<const btf::Types> TypeHelpers::given(std::uint64_t tag) const {
  const std::uint64_t place = tag & (given_tag - 1);
  const auto* const files = task_.environment.given_types;
  return files != nullptr && place < files->size() ? (*files)[place] : nullptr;
}

std::optional<catalog::TypeRef> TypeHelpers::resolve(msc_type type) const {
  catalog::TypeRef ref;
  if ((type & tag_mask) == kernel_tag) ref.types = task_.environment.kernel;
  if ((type & tag_mask) == map_tag) ref.types = task_.map.object();
  if ((type & tag_mask) == value_tag) ref.types = task_.map.vmlinux_types;
  if ((type >> 32 & ~std::uint64_t{given_tag - 1}) == given_tag) ref.types = given(type >> 32);
  if ((type >> 32 & other_tag) != 0) ref.types = maps_.types_of(type >> 32);
  ref.id = static_cast<btf::TypeId>(type & ~tag_mask);
  if (!ref.types || ref.types->type(ref.id) == nullptr) return std::nullopt;
  return ref;
}

void TypeHelpers::miss(std::string what, catalog::TypeRef of, std::string_view path) {
  missing_ = std::move(what), missing_of_ = std::move(of), missing_path_ = path;
}

int TypeHelpers::find(std::uint32_t scope, const char* name, msc_type* found) {
  if (scope != MSC_KERNEL_BTF && scope != MSC_MAP_BTF)
    return words_.misuse(fmt::format("type_find() in scope {}", scope));
  const btf::Types* types =
      scope == MSC_KERNEL_BTF ? task_.environment.kernel.get() : task_.map.object().get();
  const std::string_view spelled(name, ::strnlen(name, longest_name));
  if (const auto given = scope == MSC_MAP_BTF ? find_given(spelled) : std::nullopt)
    return *found = *given, MSC_OK;
  if (types == nullptr) return MSC_ENOENT;
  if (const auto id = catalog::find_type(*types, spelled)) {
    *found = (scope == MSC_KERNEL_BTF ? kernel_tag : map_tag) | *id;
    return MSC_OK;
  }
  miss(fmt::format("no {} in the BTF of {}", spelled, types->name()));
  return MSC_ENOENT;
}

bool TypeHelpers::is_configured(std::string_view spelled) const {
  return std::ranges::any_of(task_.manifest().options, [&](const Option& option) {
    const auto value = options_.find(option.name);
    return option.type == OptionType::type && value != options_.end() && !spelled.empty() &&
           value->second == spelled;
  });
}

/// A name that a person chose is also looked for in the files that were given with it. Any other is a
/// question about the program, which files that happen to have the name do not answer.
std::optional<msc_type> TypeHelpers::find_given(std::string_view spelled) {
  const auto* const files = task_.environment.given_types;
  if (files == nullptr || files->empty() || !is_configured(spelled)) return std::nullopt;
  catalog::TypeObjects places = {task_.map.object()};
  places.insert(places.end(), files->begin(), files->end());
  places.push_back(task_.environment.kernel);
  const auto found = catalog::find_type(places, spelled);
  if (!found.type.types) return std::nullopt;
  const auto tag = tag_of_given(task_.environment, found.type.types.get());
  if (const auto others = catalog::remark_on_others(found, spelled); !others.empty())
    (void)words_.note(MSC_OK, others.c_str());
  else if (tag)
    (void)words_.note(MSC_OK, fmt::format("{} is of {}", spelled, found.type.types->name()).c_str());
  return tag ? std::optional(*tag | found.type.id) : std::nullopt;
}

std::string TypeHelpers::missing_text() const {
  if (!missing_of_.types || missing_.empty()) return missing_;
  const std::string meant = missing_of_.types->nearest_member(missing_of_.id, missing_path_);
  return meant.empty() ? missing_ : fmt::format("{} (did you mean {}?)", missing_, meant);
}

int TypeHelpers::no_type(msc_type type, std::string_view helper) {
  if (type != MSC_BYTES) return words_.misuse(fmt::format("{}() of something that is no type", helper));
  miss(fmt::format("{}() of bytes without a type", helper));
  return MSC_ENOENT;
}

int TypeHelpers::size(msc_type type, std::size_t* size) {
  const auto ref = resolve(type);
  if (!ref) return no_type(type, "type_size");
  const auto found = ref->types->size(ref->id);
  if (!found) return MSC_ENOENT;
  *size = *found;
  return MSC_OK;
}

int TypeHelpers::member(msc_type type, const char* path, msc_member* member) {
  const auto ref = resolve(type);
  if (!ref) return no_type(type, "type_member");
  const auto found = ref->types->member(ref->id, std::string_view(path, ::strnlen(path, longest_name)));
  if (!found || found->bit_offset > UINT32_MAX) {
    miss(found ? "a member too far into its type" : found.error().text, *ref,
         {path, ::strnlen(path, longest_name)});
    return MSC_ENOENT;
  }
  const msc_type tag = type & tag_mask;
  *member = {tag | found->type, static_cast<std::uint32_t>(found->bit_offset), found->bit_size};
  return MSC_OK;
}

int TypeHelpers::member_at(msc_type type, std::uint32_t index, msc_member_info* info) {
  if (!contract::begin_filling(*info)) return words_.misuse("type_member_at() into a record of another size");
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

int TypeHelpers::holder(msc_type held, msc_type after, msc_member_info* info) {
  if (!contract::begin_filling(*info)) return words_.misuse("type_holder() into a record of another size");
  const auto ref = resolve(held);
  if (!ref) return no_type(held, "type_holder");
  if (after != 0 && (after & tag_mask) != (held & tag_mask))
    return words_.misuse("type_holder() behind something that is no such type");
  const auto id = ref->types->next_holder(ref->id, static_cast<btf::TypeId>(after & ~tag_mask));
  if (id == 0) return MSC_ENOENT;
  info->kind = MSC_KIND_OTHER;
  info->member = {(held & tag_mask) | id, 0, 0};
  const std::string_view name = ref->types->name_of(id);
  info->name[name.copy(info->name, sizeof info->name - 1)] = 0;
  return MSC_OK;
}

int TypeHelpers::sized(std::size_t least, std::size_t most, msc_type after, msc_member_info* info) {
  if (!contract::begin_filling(*info)) return words_.misuse("type_sized() into a record of another size");
  const auto& types = task_.map.object();
  if (!types) return MSC_ENOENT;
  if (after != 0 && !resolve(after)) return words_.misuse("type_sized() behind something that is no type");
  const btf::TypeId first = types->base() != nullptr ? types->base()->count() : 1;
  auto id = static_cast<btf::TypeId>(after);
  for (id = id == 0 ? first : id + 1; id < types->count(); ++id) {
    const btf_type* type = types->type(id);
    if (!btf_is_struct(type) || type->name_off == 0 || type->size < least || type->size > most) continue;
    if (!embedded_) embedded_ = embedded_types(*types);
    info->kind = embedded_->contains(id) ? MSC_KIND_EMBEDDED : MSC_KIND_OTHER;
    info->member = {map_tag | id, 0, 0};
    const std::string_view name = types->text(type->name_off);
    info->name[name.copy(info->name, sizeof info->name - 1)] = 0;
    return MSC_OK;
  }
  return MSC_ENOENT;
}

int TypeHelpers::enumerator_at(msc_type type, std::uint32_t index, msc_enumerator* info) {
  if (!contract::begin_filling(*info)) return words_.misuse("enumerator_at() into a record of another size");
  const auto ref = resolve(type);
  if (!ref) return no_type(type, "enumerator_at");
  const auto found = ref->types->constant_at(ref->id, index);
  if (!found) return MSC_ENOENT;
  info->value = found->value;
  info->name[found->name.copy(info->name, sizeof info->name - 1)] = 0;
  return MSC_OK;
}

} // namespace mapscope::plugin
