// SPDX-License-Identifier: Apache-2.0
#include "host/plain/text_difference.hpp"

#include "host/plain/cursor.hpp"
#include "host/plain/object.hpp"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <map>
#include <optional>

namespace mapscope::plain {

namespace {

constexpr std::size_t small = 16U << 10; ///< of both together: as values

std::string path_to(const std::string& path, std::string_view member) {
  if (member.empty()) return path;
  return path.empty() ? name_of(member) : fmt::format("{}.{}", path, name_of(member));
}

/// What tells elements of a list apart, in the order in which it is looked for.
constexpr std::array<std::array<std::string_view, 2>, 9> identities = {
    {{"pid"}, {"dsq_id", "cpu"}, {"dsq_id"}, {"idx"}, {"index"}, {"cpu"}, {"id"}, {"ts_ns"}, {"name"}}};

/// Elements by what they are; nothing where some are not told apart by it.
using Elements = std::map<std::string, std::string_view>;

std::optional<Elements> by_identity(const std::vector<std::string_view>& list,
                                    const std::array<std::string_view, 2>& names) {
  Elements elements;
  for (const std::string_view text : list) {
    const Object object(text);
    std::string is;
    for (const std::string_view name : names) {
      if (name.empty()) continue;
      const std::string_view value = object.find(name);
      if (value.empty() || value.size() > 128) return std::nullopt;
      is += fmt::format("{}{} {}", is.empty() ? "" : ", ", name, text_of(value).value_or(std::string(value)));
    }
    if (!elements.emplace(is, text).second) return std::nullopt;
  }
  return elements;
}

class Differ {
public:
  Differ(const std::string& key, std::vector<Change>& changes) : key_(key), changes_(changes) {}

  Result<void> compare(std::string_view before, std::string_view after, const std::string& path) {
    if (before == after) return {};
    const bool are_values = is_value_text(before) && is_value_text(after);
    if (are_values && before.size() + after.size() > small) return large_values(before, after, path);
    if (!are_values && before.starts_with('{') && after.starts_with('{'))
      return objects(Object(before), Object(after), path);
    if (before.starts_with('[') && after.starts_with('[')) return lists(before, after, path);
    return leaves(before, after, path);
  }

private:
  Result<void> leaves(std::string_view before, std::string_view after, const std::string& path) {
    Piece old, now;
    const Json *const was = old.parse(before), *const is = now.parse(after);
    if (was == nullptr) return fail(Errc::corrupt, old.problem());
    if (is == nullptr) return fail(Errc::corrupt, now.problem());
    rapidjson::Document memory;
    add_changes(key_, path, plain(*was, memory.GetAllocator()), plain(*is, memory.GetAllocator()), changes_);
    return {};
  }

  Result<void> large_values(std::string_view before, std::string_view after, const std::string& path) {
    const Object was(before), is(after);
    if (was.find("kind") != is.find("kind")) return leaves(before, after, path);
    if (was.find("kind") == R"("struct")")
      return members(elements_of(was.find("members")), elements_of(is.find("members")), path);
    if (was.find("kind") != R"("array")" || was.find("is_text") == "true") return leaves(before, after, path);
    return in_order(elements_of(was.find("elements")), elements_of(is.find("elements")), path);
  }

  /// Of one type, as nearly always: the same members in the same order.
  Result<void> members(const std::vector<std::string_view>& before,
                       const std::vector<std::string_view>& after, const std::string& path) {
    std::map<std::string_view, std::string_view> known;
    for (const std::string_view text : before) {
      const Object member(text);
      known[member.find("name")] = member.find("value");
    }
    for (const std::string_view text : after) {
      const Object member(text);
      const auto was = known.find(member.find("name"));
      const std::string own = path_to(path, text_of(member.find("name")).value_or(""));
      if (was == known.end()) {
        if (auto told = one_sided(own, member.find("value"), false); !told) return told;
        continue;
      }
      if (auto told = compare(was->second, member.find("value"), own); !told) return told;
      known.erase(was);
    }
    for (const auto& [name, value] : known)
      if (auto told = one_sided(path_to(path, text_of(name).value_or("")), value, true); !told) return told;
    return {};
  }

  Result<void> objects(const Object& before, const Object& after, const std::string& path) {
    for (const auto& [name, text] : after.members()) {
      const std::string_view was = before.find(name);
      const std::string own = path_to(path, name);
      if (auto told = was.empty() ? one_sided(own, text, false) : compare(was, text, own); !told) return told;
    }
    for (const auto& [name, text] : before.members())
      if (after.find(name).empty())
        if (auto told = one_sided(path_to(path, name), text, true); !told) return told;
    return {};
  }

  Result<void> lists(std::string_view before, std::string_view after, const std::string& path) {
    const auto was = elements_of(before), is = elements_of(after);
    const bool are_objects =
        (!was.empty() && was.front().starts_with('{')) || (!is.empty() && is.front().starts_with('{'));
    for (const auto& names : identities) {
      const auto old = are_objects ? by_identity(was, names) : std::nullopt;
      const auto now = old ? by_identity(is, names) : std::nullopt;
      if (now) return told_apart(*old, *now, path);
    }
    return in_order(was, is, path);
  }

  Result<void> told_apart(const Elements& before, const Elements& after, const std::string& path) {
    for (const auto& [is, text] : after) {
      const auto was = before.find(is);
      const std::string own = fmt::format("{}[{}]", path, is);
      if (auto told = was == before.end() ? one_sided(own, text, false) : compare(was->second, text, own);
          !told)
        return told;
    }
    for (const auto& [is, text] : before)
      if (!after.contains(is))
        if (auto told = one_sided(fmt::format("{}[{}]", path, is), text, true); !told) return told;
    return {};
  }

  Result<void> in_order(const std::vector<std::string_view>& before,
                        const std::vector<std::string_view>& after, const std::string& path) {
    for (std::size_t i = 0; i < std::max(before.size(), after.size()); ++i) {
      const std::string own = fmt::format("{}[{}]", path, i);
      const bool both = i < before.size() && i < after.size();
      const bool is_old = i < before.size();
      if (auto told = both ? compare(before[i], after[i], own)
                           : one_sided(own, is_old ? before[i] : after[i], is_old);
          !told)
        return told;
    }
    return {};
  }

  /// It is in one of the two alone.
  Result<void> one_sided(const std::string& path, std::string_view text, bool is_before) {
    auto plain = plain_text(text);
    if (!plain) return std::unexpected(plain.error());
    changes_.push_back({key_, path, is_before ? *plain : "", is_before ? "" : *plain, {}});
    return {};
  }

  const std::string& key_;
  std::vector<Change>& changes_;
};

} // namespace

Result<void> add_differences(const std::string& key, const std::string& path, std::string_view before,
                             std::string_view after, std::vector<Change>& changes) {
  return Differ(key, changes).compare(before, after, path);
}

Result<std::string> plain_text(std::string_view json) {
  Piece piece;
  const Json* const value = piece.parse(json);
  if (value == nullptr) return fail(Errc::corrupt, piece.problem());
  rapidjson::Document memory;
  return json_text(plain(*value, memory.GetAllocator()), false);
}

} // namespace mapscope::plain
