// SPDX-License-Identifier: Apache-2.0
#include "host/plain/look_up.hpp"

#include "host/base/clause.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>

namespace mapscope::plain {

namespace {

using Path = std::vector<Step>;

std::string_view type_of(const Json& map) {
  const Json* const type = find(map, "type_name");
  return type != nullptr && type->IsString() ? std::string_view(type->GetString()) : "";
}

bool has_one_element(const Json& map) {
  const Json* const most = find(map, "max_entries");
  return find(map, "array_entries") == nullptr &&
         (most == nullptr || !most->IsUint() || most->GetUint() <= 1);
}

/// What a map is whose content is no list: its one value, or an arena's variables.
const Json* only_value(const Json& map) {
  if (const Json* const value = find(map, "value"); value != nullptr && has_one_element(map)) return value;
  const Json* const arena = find(map, "arena");
  return arena != nullptr ? find(*arena, "globals") : nullptr;
}

/// By its type it has entries with keys, however many there are now.
bool is_of_entries(const Json& map) {
  const std::string_view type = type_of(map);
  if (type == "array") return !has_one_element(map);
  for (const std::string_view other : {"", "arena", "struct_ops", "bloom_filter", "ringbuf", "user_ringbuf"})
    if (type == other) return false;
  return true;
}

/// The first of the places that has it; else what the one says that the path begins in, or the first.
Result<const Json*> follow_from(std::initializer_list<const Json*> places, const Path& path,
                                const Json& all) {
  std::optional<Error> first;
  bool has_begun = false;
  for (const Json* const place : places) {
    if (place == nullptr) continue;
    auto found = follow(*place, path, all);
    if (found) return found;
    const bool begins = !has_begun && follow(*place, Path{path.front()}, all).has_value();
    has_begun |= begins;
    if (!first || begins) first = std::move(found.error());
  }
  return std::unexpected(first ? std::move(*first) : Error{Errc::not_found, "there is nothing", {}});
}

std::string keys_text(const std::vector<Entry>& entries, const OtherKeys& others) {
  constexpr std::size_t most = 12;
  std::vector<std::string> keys = others.first;
  for (const Entry& entry : entries)
    if (keys.size() < most) keys.push_back(key_text(entry));
  const std::uint64_t all = others.count + entries.size();
  if (all == 0) return "it has no entries";
  return fmt::format("it has {}{}", fmt::join(keys, ", "),
                     all > keys.size() ? fmt::format(" and {} more", all - keys.size()) : "");
}

std::string bytes_text(const Entry& entry) {
  std::string bytes = identity_of(entry);
  std::erase(bytes, ' ');
  return bytes;
}

Result<const Entry*> entry_of(const std::vector<Entry>& entries, const Key& key, const OtherKeys& others) {
  const auto fits = [&](const Entry& entry) { return is_entry(entry, key); };
  const auto found = std::ranges::find_if(entries, fits);
  if (found == entries.end())
    return fail(Errc::not_found,
                fmt::format("no entry has the key {}; {}", key.text(), keys_text(entries, others)));
  if (const auto count = std::ranges::count_if(entries, fits); count > 1)
    return fail(Errc::usage,
                fmt::format("{} entries have the key {}; name all of its members, or its bytes as hex:{}",
                            count, key.text(), bytes_text(*found)));
  return &*found;
}

Result<const Json*> inside(const Entry& entry, const Path& path, const Json& map) {
  const Json& content = content_of(entry);
  if (path.empty()) return &content;
  const bool is_per_cpu = &content == find(*entry.row, "per_cpu");
  auto found = follow_from({&content, entry.row}, path, map);
  if (!found && is_per_cpu && !path.front().index)
    return fail(Errc::not_found,
                fmt::format("each CPU has a copy, and {} names none of the {}; say which first, as 0.{}",
                            path.front().name, content.Size(), path.front().name));
  return found;
}

Result<const Json*> with_key(const Json& map, const std::vector<Entry>& entries, const std::string& word,
                             const Path& path, const OtherKeys& others) {
  const auto key = Key::parse(word);
  if (!key) return std::unexpected(key.error());
  const Json* const only = only_value(map);
  if (only != nullptr && key->is(Json(0U))) return follow(*only, path, map);
  if (only != nullptr && entries.empty() && others.count == 0)
    return fail(Errc::not_found, fmt::format("it has one value, and {} is not its key (0)", word));
  const auto entry = entry_of(entries, *key, others);
  return entry ? inside(**entry, path, map) : std::unexpected(entry.error());
}

/// A word alone: a key, else the way to a member.
Result<const Json*> with_word(const Json& map, const std::vector<Entry>& entries, const std::string& word,
                              const OtherKeys& others) {
  auto by_key = with_key(map, entries, word, {}, others);
  const bool has_list = !entries.empty() || others.count != 0;
  if (by_key || is_of_entries(map) || (has_list && by_key.error().code == Errc::usage)) return by_key;
  const auto path = parse_path(word);
  if (!path) return has_list ? by_key : std::unexpected(path.error());
  auto by_path = follow_from({only_value(map), &map, find(map, "arena"), find(map, "ringbuf"),
                              find(map, "struct_ops"), find(map, "bloom_filter")},
                             *path, map);
  return by_path || !has_list ? by_path : by_key;
}

} // namespace

Result<Found> look_up(const Json& map, const Words& words, const OtherKeys& others) {
  std::vector<Entry> entries = entries_of(map);
  if (!words.key) {
    if (const Json* const only = only_value(map); only != nullptr) return Found(only);
    return entries.empty() && !is_of_entries(map) ? Found(&map) : Found(AllEntries{std::move(entries)});
  }
  const auto path = parse_path(words.path.value_or(""));
  if (!path) return std::unexpected(path.error());
  const auto found = words.path ? with_key(map, entries, *words.key, *path, others)
                                : with_word(map, entries, *words.key, others);
  if (!found) return std::unexpected(found.error());
  return Found(*found);
}

} // namespace mapscope::plain
