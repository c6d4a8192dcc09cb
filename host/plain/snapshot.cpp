// SPDX-License-Identifier: Apache-2.0
#include "host/plain/snapshot.hpp"

#include "host/plain/entries.hpp"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <string_view>
#include <unordered_set>

namespace mapscope::plain {

namespace {

using Memory = rapidjson::Document::AllocatorType;

/// Of a map's record what is told elsewhere, or changes with every look.
constexpr std::array<std::string_view, 36> left_out = {"name",
                                                       "full_name",
                                                       "id",
                                                       "map_type",
                                                       "type_name",
                                                       "value_size",
                                                       "key_size",
                                                       "max_entries",
                                                       "map_flags",
                                                       "flag_names",
                                                       "map_kva",
                                                       "map_extra",
                                                       "btf_id",
                                                       "btf_key_type_id",
                                                       "btf_value_type_id",
                                                       "btf_vmlinux_value_type_id",
                                                       "key_type",
                                                       "value_type",
                                                       "refcnt",
                                                       "usercnt",
                                                       "programs",
                                                       "renderer",
                                                       "types_from",
                                                       "notes",
                                                       "limits",
                                                       "error",
                                                       "entries",
                                                       "elements",
                                                       "percpu_entries",
                                                       "array_entries",
                                                       "percpu_hash_entries",
                                                       "allocator_name",
                                                       "map_name",
                                                       "field_forms",
                                                       "cut_values",
                                                       "stands_in"};

} // namespace

bool is_compared(std::string_view name, Beside beside) {
  if (std::ranges::find(left_out, name) != left_out.end()) return false;
  if (beside.elements && (name == "value" || name == "value_hex")) return false;
  return !name.ends_with("_hex") || !beside.value;
}

namespace {

/// Without the lists inside that are entries of their own.
Json rest_of(const Json& map, Memory& memory) {
  const Beside beside{.value = find(map, "value") != nullptr,
                      .elements = find(map, "array_entries") != nullptr};
  Json rest(rapidjson::kObjectType);
  for (const auto& [name, member] : map.GetObject()) {
    if (!is_compared(name.GetString(), beside)) continue;
    Json content = plain(member, memory);
    if (content.IsObject())
      for (const char* const list : {"slots", "entries", "records", "pages", "indices"})
        content.RemoveMember(list);
    rest.AddMember(Json(name, memory), content, memory);
  }
  return rest;
}

const char* text_at(const Json& object, const char* name) {
  const Json* const text = find(object, name);
  return text != nullptr && text->IsString() ? text->GetString() : "";
}

Part part_of(const Json& map) {
  Part part;
  part.name = text_at(map, find(map, "full_name") != nullptr ? "full_name" : "name");
  part.type = text_at(map, "type_name");
  if (const Json* const id = find(map, "id"); id != nullptr && id->IsUint()) part.id = id->GetUint();
  rapidjson::Document scratch;
  part.rest = json_text(rest_of(map, scratch.GetAllocator()), false);
  std::unordered_set<std::string> seen;
  for (const Entry& entry : entries_of(map)) {
    rapidjson::Document own;
    std::string identity = identity_of(entry);
    for (unsigned nth = 2; !seen.insert(identity).second; ++nth)
      identity = fmt::format("{}#{}", identity_of(entry), nth);
    part.entries.push_back(
        {key_text(entry), identity, json_text(plain_content(entry, own.GetAllocator()), false)});
  }
  const Json* const count = find(map, "entry_count");
  part.total = std::max<std::uint64_t>(part.entries.size(),
                                       count != nullptr && count->IsUint64() ? count->GetUint64() : 0);
  const std::string_view status = text_at(map, "status");
  part.is_cut = !status.empty() && status != "complete";
  return part;
}

} // namespace

std::uint64_t Snapshot::entry_count() const {
  std::uint64_t count = 0;
  for (const Part& part : parts) count += part.total;
  return count;
}

std::uint64_t Snapshot::compared() const {
  std::uint64_t count = 0;
  for (const Part& part : parts) count += part.entries.size();
  return count;
}

Snapshot snapshot_of(const rapidjson::Document& report) {
  Snapshot snapshot;
  if (const Json* const maps = find(report, "maps"); maps != nullptr && maps->IsArray())
    for (const Json& map : maps->GetArray()) snapshot.parts.push_back(part_of(map));
  if (const Json* const all = find(report, "sdt_allocations"); all != nullptr && all->IsArray())
    for (const Json& allocator : all->GetArray()) {
      snapshot.parts.push_back(part_of(allocator));
      snapshot.parts.back().name = text_at(allocator, "allocator_name");
      snapshot.parts.back().type = "allocator";
    }
  if (const Json* const extensions = find(report, "extensions");
      extensions != nullptr && extensions->IsObject())
    for (const auto& [name, content] : extensions->GetObject()) {
      rapidjson::Document scratch;
      snapshot.parts.push_back({.name = name.GetString(),
                                .type = "kernel",
                                .rest = json_text(plain(content, scratch.GetAllocator()), false)});
    }
  return snapshot;
}

} // namespace mapscope::plain
