// SPDX-License-Identifier: Apache-2.0
#include "host/plugin/select/select_attach.hpp"

#include "host/base/glob.hpp"
#include "host/plugin/verify/map_types.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace mapscope::plugin {

namespace {

/// The ops type of a struct_ops map: its value is the kernel's wrapper bpf_struct_ops_NAME around NAME
/// (STRUCT_OPS_VALUE_PREFIX, kernel/bpf/bpf_struct_ops.c).
std::string ops_type(const catalog::Map& map) {
  constexpr std::string_view prefix = "bpf_struct_ops_";
  if (map.vmlinux_value_type == 0 || !map.vmlinux_types) return "";
  const std::string_view name = map.vmlinux_types->name_of(map.vmlinux_value_type);
  return name.starts_with(prefix) ? std::string(name.substr(prefix.size())) : "";
}

} // namespace

std::vector<std::string> value_type_names(const catalog::Map& map) {
  const auto [types, id] = map.value();
  if (!types) return {""};
  std::vector<std::string> names{types->spell(id)};
  if (std::string peeled = types->spell(types->peel(id)); peeled != names.front())
    names.push_back(std::move(peeled));
  return names;
}

std::string attach_subject(AttachKind kind, const catalog::Map& map) {
  switch (kind) {
  case AttachKind::allocator:
  case AttachKind::kernel:
    return "";
  case AttachKind::map_name:
    return std::string(map.names().longest());
  case AttachKind::value_type:
    return value_type_names(map).front();
  case AttachKind::struct_ops:
    return ops_type(map);
  case AttachKind::map_type:
    return map.type_name;
  }
  return "";
}

namespace {

/// "struct x" is also called "x".
std::string_view without_keyword(std::string_view type) {
  for (const std::string_view keyword : {"struct ", "union ", "enum "})
    if (type.starts_with(keyword)) return type.substr(keyword.size());
  return type;
}

/// By its number too: what a plugin's author has to write of a type whose name mapscope does not know yet.
bool is_of_number(const AttachCondition& attach, const catalog::Map& map) {
  return attach.kind == AttachKind::map_type &&
         std::ranges::any_of(attach.patterns, [number = map_type_number(map.type)](const auto& pattern) {
           return glob_match(pattern, number);
         });
}

bool is_one_of(const AttachCondition& attach, const std::string& name) {
  const bool is_type = attach.kind == AttachKind::value_type || attach.kind == AttachKind::struct_ops;
  return !name.empty() && std::ranges::any_of(attach.patterns, [&](const std::string& pattern) {
    return is_type ? glob_match(without_keyword(pattern), without_keyword(name)) : glob_match(pattern, name);
  });
}

} // namespace

bool matches_map(const AttachCondition& attach, const catalog::Map& map) {
  if (attach.kind == AttachKind::map_name)
    return !map.name.empty() && std::ranges::any_of(attach.patterns, [&](const std::string& pattern) {
      return map.names().fit(pattern);
    });
  if (is_of_number(attach, map)) return true;
  if (attach.kind == AttachKind::value_type)
    return std::ranges::any_of(value_type_names(map),
                               [&](const std::string& name) { return is_one_of(attach, name); });
  return is_one_of(attach, attach_subject(attach.kind, map));
}

bool matches_map(const Attach& attach, const catalog::Map& map) {
  return matches_map(static_cast<const AttachCondition&>(attach), map) &&
         std::ranges::all_of(attach.also,
                             [&](const AttachCondition& condition) { return matches_map(condition, map); });
}

std::optional<std::uint32_t> best_attach(const Manifest& manifest, const catalog::Map& map) {
  const auto rank = [&](std::uint32_t i) {
    const Attach& attach = manifest.attaches[i];
    return std::pair(attach.kind, -std::int64_t{attach.priority});
  };
  std::optional<std::uint32_t> best;
  for (std::uint32_t i = 0; i < manifest.attaches.size(); ++i)
    if (matches_map(manifest.attaches[i], map) && (!best || rank(i) < rank(*best))) best = i;
  return best;
}

std::string describe(const Attach& attach, const catalog::Map& map) {
  std::string what = fmt::format("{}:{}", attach_kind_name(attach.kind), attach_subject(attach.kind, map));
  for (const AttachCondition& condition : attach.also)
    what += fmt::format(" {}:{}", attach_kind_name(condition.kind), attach_subject(condition.kind, map));
  return fmt::format("{} prio {}", what, attach.priority);
}

} // namespace mapscope::plugin
