// SPDX-License-Identifier: Apache-2.0
#include "host/plugin/select/needs.hpp"

#include "host/base/nearest.hpp"
#include "host/btf/info.hpp"

#include <algorithm>
#include <bpf/btf.h>
#include <fmt/format.h>

namespace mapscope::plugin {

namespace {

template <class Value>
bool names_value(const btf::Types& types, const Value* values, unsigned count, std::string_view name) {
  return std::any_of(values, values + count,
                     [&](const Value& value) { return name == types.string(value.name_off); });
}

/// A record's member, or an enum's value.
bool has_member(const btf::Types& types, btf::TypeId id, const std::string& member) {
  const btf::TypeId peeled = types.peel(id);
  const btf_type* type = types.type(peeled);
  if (type == nullptr) return false;
  if (btf_is_enum(type)) return names_value(types, btf_enum(type), btf::vlen_of(type), member);
  if (btf_is_enum64(type)) return names_value(types, btf_enum64(type), btf::vlen_of(type), member);
  return types.member(peeled, member).has_value();
}

/// " (did you mean buckets?)" of a type's member or an enum's value, or "".
std::string hint(const btf::Types& types, btf::TypeId id, const std::string& wrong) {
  std::string meant = types.nearest_member(id, wrong);
  std::vector<std::string> values;
  for (std::uint32_t i = 0; const auto value = types.constant_at(id, i); ++i)
    values.emplace_back(value->name);
  if (!values.empty()) meant = nearest(wrong, values);
  return meant.empty() ? "" : fmt::format(" (did you mean {}?)", meant);
}

/// What is missing, or nothing. Generic names ("struct bucket") exist more than once; the type that has most
/// of the members is meant.
std::optional<std::string> missing_in(const btf::Types& types, const Need& need) {
  std::optional<std::string> missing = need.type;
  std::size_t most_found = 0;
  for (const btf::TypeId id : types.find_all(need.type)) {
    const auto first_missing = std::ranges::find_if_not(
        need.members, [&](const std::string& member) { return has_member(types, id, member); });
    if (first_missing == need.members.end()) return std::nullopt;
    const auto found = static_cast<std::size_t>(first_missing - need.members.begin());
    if (found < most_found) continue;
    most_found = found;
    missing = fmt::format("{}.{}{}", need.type, *first_missing, hint(types, id, *first_missing));
  }
  return missing;
}

bool is_called(const btf_type& type, std::string_view keyword) {
  if (keyword == "struct") return btf_is_struct(&type);
  if (keyword == "union") return btf_is_union(&type);
  if (keyword == "enum") return btf_is_enum(&type) || btf_is_enum64(&type);
  if (keyword == "typedef") return btf_is_typedef(&type);
  return btf_is_composite(&type) || btf_is_enum(&type) || btf_is_typedef(&type);
}

/// A slip rarely is in the first letter, and that leaves few of a hundred thousand names to compare.
std::string nearest_type(const btf::Types& types, std::string_view spelled) {
  const std::size_t space = spelled.find(' ');
  const std::string_view keyword = space == spelled.npos ? "" : spelled.substr(0, space);
  const std::string_view wrong = space == spelled.npos ? spelled : spelled.substr(space + 1);
  constexpr std::size_t most_longer = 3;
  std::vector<std::string> names;
  for (btf::TypeId id = 1; id < types.count(); ++id) {
    const btf_type* type = types.type(id);
    const std::string_view name = types.name_of(id);
    const bool is_near = !name.empty() && name[0] == wrong[0] && name.size() + most_longer >= wrong.size() &&
                         name.size() <= wrong.size() + most_longer;
    if (type != nullptr && is_near && is_called(*type, keyword)) names.emplace_back(name);
  }
  const std::string meant = nearest(wrong, names);
  return meant.empty() || keyword.empty() ? meant : fmt::format("{} {}", keyword, meant);
}

} // namespace

std::string nearest_need(const Manifest& manifest, const btf::Types& kernel) {
  for (const Need& need : manifest.needs)
    if (const auto missing = missing_in(kernel, need))
      return *missing == need.type ? nearest_type(kernel, need.type) : "";
  return "";
}

std::string missing_need(const Manifest& manifest, const btf::Types& kernel, const btf::Types* program) {
  for (const Need& need : manifest.needs) {
    const auto in_kernel = missing_in(kernel, need);
    if (!in_kernel) continue;
    const auto in_program = program != nullptr ? missing_in(*program, need) : in_kernel;
    if (!in_program) continue;
    // The side that has the type at all says more.
    const std::string& missing = *in_kernel != need.type ? *in_kernel : *in_program;
    return fmt::format("needs {}: not in this kernel or program", missing);
  }
  return "";
}

} // namespace mapscope::plugin
