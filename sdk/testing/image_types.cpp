// SPDX-License-Identifier: Apache-2.0
#include "image_types.hpp"

#include <algorithm>

namespace mapscope::testing {

namespace {

/// "ptr:struct:task" as types are called: with spaces.
std::string spelled(std::string_view text) {
  std::string type(text);
  std::ranges::replace(type, ':', ' ');
  return type;
}

/// OFFSET, OFFSET:function or OFFSET:TYPE
FakeHost::Member whole_member(std::string_view text) {
  const auto colon = text.find(':');
  FakeHost::Member member{static_cast<std::uint32_t>(number(text.substr(0, colon)) * 8), 0, false, {}};
  if (colon == text.npos) return member;
  member.type = spelled(text.substr(colon + 1));
  member.is_function = member.type == "function";
  return member;
}

/// OFFSET:WIDTH or OFFSET:WIDTH:TYPE, in bits
FakeHost::Member bitfield(std::string_view text) {
  const auto colon = text.find(':'), second = text.find(':', colon + 1);
  if (colon == text.npos) throw std::invalid_argument("a bitfield is bit:OFFSET:WIDTH");
  return {static_cast<std::uint32_t>(number(text.substr(0, colon))),
          static_cast<std::uint32_t>(number(text.substr(colon + 1, second - colon - 1))), false,
          second == text.npos ? std::string() : spelled(text.substr(second + 1))};
}

FakeHost::Member member(std::string_view text) {
  return text.starts_with("bit:") ? bitfield(text.substr(4)) : whole_member(text);
}

/// Nothing for what no line describes and what is no scalar.
std::optional<std::size_t> size_of(const FakeHost& host, std::uint32_t scope, std::string_view name) {
  if (const auto bracket = name.rfind('['); bracket != name.npos && name.ends_with(']')) {
    const auto count = number(name.substr(bracket + 1, name.size() - bracket - 2));
    const auto each = size_of(host, scope, name.substr(0, bracket));
    return each ? std::optional(*each * count) : std::nullopt;
  }
  if (name.starts_with("ptr ") || name.starts_with("arena ")) return 8;
  constexpr std::pair<std::string_view, std::size_t> scalars[] = {
      {"u8", 1},  {"u16", 2}, {"u32", 4}, {"u64", 8}, {"s8", 1},   {"s16", 2},
      {"s32", 4}, {"s64", 8}, {"f32", 4}, {"f64", 8}, {"bool", 1}, {"char", 1}};
  const auto scalar = std::ranges::find(scalars, name, &std::pair<std::string_view, std::size_t>::first);
  if (scalar != std::end(scalars)) return scalar->second;
  const auto described = host.handle(scope, name);
  if (described == MSC_BYTES) return std::nullopt;
  return std::ranges::find_if(
             host.types, [&](const FakeHost::Type& type) { return type.scope == scope && type.name == name; })
      ->size;
}

/// With what it is made of.
void complete(FakeHost& host, std::uint32_t scope, const std::string& name) {
  if (name.empty() || host.handle(scope, name) != MSC_BYTES) return;
  const auto size = size_of(host, scope, name);
  if (!size) return;
  host.types.push_back({scope, name, *size, {}});
  const auto space = name.find(' '), bracket = name.rfind('[');
  if (bracket != name.npos)
    complete(host, scope, name.substr(0, bracket));
  else if (name.starts_with("ptr ") || name.starts_with("arena "))
    complete(host, scope, name.substr(space + 1));
}

} // namespace

FakeHost::Type type(std::uint32_t scope, std::string_view kind, Words& words) {
  FakeHost::Type type{scope, std::string(kind) + " " + std::string(words.next()), number(words.next()), {}};
  for (auto word = words.next(); !word.empty(); word = words.next()) {
    const auto [path, place] = assignment(word);
    type.members.emplace(path, member(place));
  }
  return type;
}

FakeHost::Type enumeration(std::uint32_t scope, Words& words) {
  FakeHost::Type type{scope, "enum " + std::string(words.next()), number(words.next()), {}};
  for (auto word = words.next(); !word.empty(); word = words.next()) {
    const auto [name, value] = assignment(word);
    type.enumerators.emplace_back(name, static_cast<std::int64_t>(number(value)));
  }
  return type;
}

void complete_types(FakeHost& host) {
  for (std::size_t i = 0, described = host.types.size(); i < described; ++i) {
    const std::uint32_t scope = host.types[i].scope;
    std::vector<std::string> names;
    for (const auto& [path, member] : host.types[i].members) names.push_back(member.type);
    for (const std::string& name : names) complete(host, scope, name);
  }
  complete(host, MSC_MAP_BTF, host.key_type);
  complete(host, MSC_MAP_BTF, host.value_type);
  for (const FakeHost::Map& other : host.others) {
    complete(host, MSC_MAP_BTF, other.key_type);
    complete(host, MSC_MAP_BTF, other.value_type);
  }
}

} // namespace mapscope::testing
