// SPDX-License-Identifier: Apache-2.0
#include "host/plugin/select/needs.hpp"

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
  if (btf_is_enum(type)) return names_value(types, btf_enum(type), btf_vlen(type), member);
  if (btf_is_enum64(type)) return names_value(types, btf_enum64(type), btf_vlen(type), member);
  return types.member(peeled, member).has_value();
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
    missing = fmt::format("{}.{}", need.type, *first_missing);
  }
  return missing;
}

} // namespace

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
