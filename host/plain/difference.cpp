// SPDX-License-Identifier: Apache-2.0
#include "host/plain/difference.hpp"

#include <algorithm>
#include <cmath>
#include <fmt/format.h>
#include <map>
#include <string_view>
#include <unordered_map>

namespace mapscope::plain {

namespace {

using Fate = PartDifference::Fate;
/// A scalar, or an empty list or object, by its path.
using Leaves = std::vector<std::pair<std::string, const Json*>>;

void add_leaves(const Json& node, const std::string& path, Leaves& leaves) {
  if (node.IsObject() && node.MemberCount() != 0)
    for (const auto& [name, member] : node.GetObject())
      add_leaves(member, path.empty() ? name.GetString() : fmt::format("{}.{}", path, name.GetString()),
                 leaves);
  else if (node.IsArray() && !node.Empty())
    for (rapidjson::SizeType i = 0; i < node.Size(); ++i)
      add_leaves(node[i], fmt::format("{}[{}]", path, i), leaves);
  else
    leaves.emplace_back(path, &node);
}

bool is_whole(const Json& number) { return number.IsUint64() || number.IsInt64(); }
std::uint64_t bits_of(const Json& whole) {
  return whole.IsUint64() ? whole.GetUint64() : static_cast<std::uint64_t>(whole.GetInt64());
}

/// By how much a counter went on, also past its end. Of numbers one of which is negative the distance may be
/// larger than any counter's.
std::optional<Distance> distance(const Json& from, const Json& to) {
  if (!from.IsNumber() || !to.IsNumber()) return std::nullopt;
  const double about = to.GetDouble() - from.GetDouble();
  if (!is_whole(from) || !is_whole(to)) return about;
  const bool are_counters = from.IsUint64() && to.IsUint64();
  if (!are_counters && std::abs(about) >= 0x1p63) return about;
  return static_cast<std::int64_t>(bits_of(to) - bits_of(from));
}

} // namespace

double real(const Distance& distance) {
  return std::visit([](auto number) { return static_cast<double>(number); }, distance);
}

void add_changes(const std::string& key, const std::string& path_to, const Json& before, const Json& after,
                 std::vector<Change>& changes) {
  Leaves old_leaves, leaves;
  add_leaves(before, path_to, old_leaves), add_leaves(after, path_to, leaves);
  std::unordered_map<std::string_view, const Json*> known;
  for (const auto& [path, value] : old_leaves) known.emplace(path, value);
  for (const auto& [path, value] : leaves) {
    const auto was = known.find(path);
    if (was == known.end()) {
      changes.push_back({key, path, "", json_text(*value, false), {}});
      continue;
    }
    if (*was->second != *value)
      changes.push_back({key, path, json_text(*was->second, false), json_text(*value, false),
                         distance(*was->second, *value)});
    known.erase(was);
  }
  for (const auto& [path, value] : old_leaves)
    if (known.contains(path)) changes.push_back({key, path, json_text(*value, false), "", {}});
}

namespace {

/// What changed between two texts of one thing.
void add_changes(const std::string& key, const std::string& before, const std::string& after,
                 std::vector<Change>& changes) {
  if (before == after) return;
  const auto old = parse(before), now = parse(after);
  if (old && now) plain::add_changes(key, "", *old, *now, changes);
}

void compare_entries(const Part& before, const Part& after, PartDifference& found) {
  std::unordered_map<std::string_view, const Item*> known;
  for (const Item& item : before.entries) known.emplace(item.identity, &item);
  for (const Item& item : after.entries) {
    const auto was = known.find(item.identity);
    if (was == known.end()) {
      if (!before.is_cut) found.added.emplace_back(item.key, item.text);
      continue;
    }
    add_changes(item.key, was->second->text, item.text, found.changed);
    known.erase(was);
  }
  if (after.is_cut) return;
  for (const Item& item : before.entries)
    if (known.contains(item.identity)) found.gone.push_back(item.key);
}

PartDifference compare(const Part* before, const Part& after) {
  PartDifference found{.name = after.name, .type = after.type, .id = after.id};
  if (before == nullptr) {
    found.fate = Fate::came;
    for (const Item& item : after.entries) found.added.emplace_back(item.key, item.text);
    return found;
  }
  add_changes("", before->rest, after.rest, found.changed);
  compare_entries(*before, after, found);
  return found;
}

/// A map by its id; what has none by its name and, where several share it, their order.
using Identity = std::tuple<std::uint32_t, std::string_view, std::string_view, std::size_t>;

std::map<Identity, const Part*> by_identity(const Snapshot& snapshot) {
  std::map<Identity, const Part*> parts;
  for (const Part& part : snapshot.parts) {
    std::size_t nth = 0;
    while (!parts.emplace(Identity{part.id, part.type, part.id != 0 ? "" : part.name, nth}, &part).second)
      ++nth;
  }
  return parts;
}

} // namespace

std::vector<PartDifference> difference(const Snapshot& before, const Snapshot& after) {
  auto known = by_identity(before);
  std::map<const Part*, const Part*> pairs;
  for (const auto& [identity, part] : by_identity(after))
    if (const auto was = known.find(identity); was != known.end()) {
      pairs.emplace(part, was->second);
      known.erase(was);
    }
  std::vector<PartDifference> all;
  for (const Part& part : after.parts) {
    const auto was = pairs.find(&part);
    auto found = compare(was != pairs.end() ? was->second : nullptr, part);
    if (!found.is_none()) all.push_back(std::move(found));
  }
  for (const auto& [identity, part] : known)
    all.push_back({.name = part->name, .type = part->type, .id = part->id, .fate = Fate::went});
  return all;
}

} // namespace mapscope::plain
