// SPDX-License-Identifier: Apache-2.0
#include "host/plain/path.hpp"

#include "host/base/nearest.hpp"

#include <algorithm>
#include <charconv>
#include <fmt/format.h>
#include <fmt/ranges.h>

namespace mapscope::plain {

namespace {

std::optional<std::uint64_t> number(std::string_view digits) {
  std::uint64_t value = 0;
  const auto [rest, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (digits.empty() || error != std::errc{} || rest != digits.data() + digits.size()) return std::nullopt;
  return value;
}

std::string step_text(const Step& step) {
  return step.name.empty() ? fmt::format("[{}]", *step.index) : step.name;
}

/// What a pointer leads to, as far as the report has followed it.
Result<const Json*> behind(const Json& pointer) {
  const Json* at = find(pointer, "deref");
  if (const Json* const cast = find(pointer, "cast"); at == nullptr && cast != nullptr)
    at = find(*cast, "deref");
  if (at != nullptr) return at;
  const Json* const why = find(pointer, "deref_skipped_reason");
  const Json* const address = find(pointer, "value");
  if (address != nullptr && address->IsUint64() && address->GetUint64() == 0)
    return fail(Errc::not_found, "is a null pointer");
  return fail(Errc::not_found, why != nullptr && why->IsString()
                                   ? fmt::format("is a pointer that is not followed: {}", why->GetString())
                                   : "is a pointer that is not followed");
}

std::string what_there_is(std::string_view wanted, const std::vector<std::string>& names) {
  constexpr std::size_t most = 20;
  if (names.empty()) return "it has no members";
  const std::string meant = nearest(wanted, names);
  if (!meant.empty()) return fmt::format("did you mean {}?", meant);
  const std::size_t shown = std::min(names.size(), most);
  return fmt::format("there is {}{}",
                     fmt::join(names.begin(), names.begin() + static_cast<long>(shown), ", "),
                     names.size() > most ? fmt::format(" and {} more", names.size() - most) : "");
}

Result<const Json*> element(const Json& list, std::uint64_t index) {
  if (index < list.Size()) return &list[static_cast<rapidjson::SizeType>(index)];
  return fail(Errc::not_found, fmt::format("has {} elements", list.Size()));
}

const Json* member(const Json& node, const std::string& name) {
  const Json* found = nullptr;
  for_members(node, [&](const Json& own, const Json& value) {
    if (found == nullptr && name == own.GetString()) found = &value;
  });
  if (found != nullptr || name == "members" || name == "kind") return found;
  return find(node, name.c_str()); // what stands beside the bytes, and what is no value
}

/// Whether the pointer itself is not followed because its object is shown elsewhere.
bool is_elsewhere(const Json& pointer) {
  const Json* const why = find(pointer, "deref_skipped_reason");
  if (why == nullptr || !why->IsString()) return false;
  const std::string_view text = why->GetString();
  return text.starts_with("cycle ") || text.starts_with("shown already") ||
         text.find("in the chain ") != text.npos;
}

/// visit(what lies there) for each pointer to the same address that is followed, until it says true.
template <class Visit> bool for_same(const Json& in, const Json& address, Visit& visit) {
  if (in.IsArray())
    return std::ranges::any_of(in.GetArray(), [&](const Json& one) { return for_same(one, address, visit); });
  if (!in.IsObject()) return false;
  const Json* const there = is_kind(in, "ptr") ? find(in, "deref") : nullptr;
  const Json* const value = there != nullptr ? find(in, "value") : nullptr;
  if (value != nullptr && *value == address && visit(*there)) return true;
  return std::ranges::any_of(in.GetObject(),
                             [&](const auto& member) { return for_same(member.value, address, visit); });
}

Result<const Json*> one_step(const Json& from, const Step& step, const Json& all);

Result<const Json*> step_behind(const Json& pointer, const Step& step, const Json& all) {
  const auto at = behind(pointer);
  if (at) return one_step(**at, step, all);
  const Json* const address = find(pointer, "value");
  const Json* found = nullptr;
  const auto visit = [&](const Json& there) {
    if (const auto next = is_kind(there, "ptr") ? at : one_step(there, step, all); next) found = *next;
    return found != nullptr;
  };
  if (address != nullptr && is_elsewhere(pointer) && for_same(all, *address, visit)) return found;
  return at;
}

Result<const Json*> one_step(const Json& from, const Step& step, const Json& all) {
  const Json& node = whole_or_part(from);
  if (node.IsArray() && step.index) return element(node, *step.index);
  const Json* const elements = is_kind(node, "array") ? find(node, "elements") : nullptr;
  if (elements != nullptr && elements->IsArray() && step.index) return element(*elements, *step.index);
  if (is_kind(node, "ptr") || find(node, "cast") != nullptr) return step_behind(node, step, all);
  if (!step.name.empty())
    if (const Json* const found = member(node, step.name); found != nullptr) return found;
  return fail(Errc::not_found,
              fmt::format("has no {}; {}", step_text(step), what_there_is(step.name, names_in(node))));
}

} // namespace

Result<std::vector<Step>> parse_path(std::string_view text) {
  const std::string_view whole = text;
  const auto wrong = [&] {
    return fail(Errc::usage,
                fmt::format("\"{}\" is no path; one is like stats.nr or list[3].next.pid", whole));
  };
  std::vector<Step> path;
  while (!text.empty()) {
    if (!path.empty() && text.front() == '.') text.remove_prefix(1);
    if (text.starts_with('[')) {
      const std::size_t end = text.find(']');
      if (end == text.npos) return wrong();
      const auto index = number(text.substr(1, end - 1));
      if (!index) return wrong();
      path.push_back({"", index});
      text.remove_prefix(end + 1);
      if (!text.empty() && text.front() != '.' && text.front() != '[') return wrong();
      continue;
    }
    const std::size_t end = std::min(text.find_first_of(".["), text.size());
    if (end == 0) return wrong();
    path.push_back({std::string(text.substr(0, end)), number(text.substr(0, end))});
    text.remove_prefix(end);
    if (text == ".") return wrong();
  }
  return path;
}

Result<const Json*> follow(const Json& from, std::span<const Step> path, const Json& all) {
  const Json* at = &from;
  std::string so_far;
  for (const Step& step : path) {
    auto next = one_step(*at, step, all);
    if (!next)
      return fail(next.error().code, fmt::format("{} {}", so_far.empty() ? "it" : so_far, next.error().text));
    if (!so_far.empty() && !step.name.empty()) so_far += '.';
    so_far += step_text(step);
    at = *next;
  }
  return at;
}

std::vector<std::string> names_in(const Json& node) {
  std::vector<std::string> names;
  for_members(node, [&](const Json& name, const Json&) { names.emplace_back(name.GetString()); });
  if (!names.empty() || is_value(node) || !node.IsObject()) return names;
  for (const auto& [name, value] : node.GetObject()) names.emplace_back(name.GetString());
  return names;
}

} // namespace mapscope::plain
