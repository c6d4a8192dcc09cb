// SPDX-License-Identifier: Apache-2.0
// The names that members of a report may not be given by field(): those that the host gives itself, and those
// that their object has already. JSON with two members of one name means something else to each reader.
//
// The host and the fake host for tests refuse them by this one rule. Thread rule: plain values.
#pragma once

#include <algorithm>
#include <cstddef>
#include <functional>
#include <memory>
#include <span>
#include <string_view>
#include <unordered_set>
#include <vector>

namespace mapscope {

// clang-format off
/// Of a map: its record, the lists of its rows, and how its render ended.
inline constexpr std::string_view map_member_names[] = {
    "name", "full_name", "map_type", "type_name", "key_size", "value_size", "max_entries", "id", "map_flags",
    "flag_names", "map_extra", "map_kva", "btf_id", "btf_key_type_id", "btf_value_type_id", "btf_vmlinux_value_type_id",
    "key_type", "value_type", "frozen", "refcnt", "usercnt", "pinned", "programs", "bytes", "via",
    "types_from", "value", "value_hex", "entries", "array_entries", "elements", "percpu_entries", "percpu_hash_entries",
    "renderer", "status", "entry_count", "error", "limits", "notes", "findings", "stands_in", "value_unreadable",
    "cut_values", "field_forms"};
/// Of a row, whatever its shape.
inline constexpr std::string_view row_member_names[] = {
    "key", "key_hex", "index", "value", "value_hex", "payload", "per_cpu", "per_cpu_hex"};
/// Of an allocator: what the host says of it and of its slots. Not elem_size, which its plugin may give where
/// bytes belong to no slot.
inline constexpr std::string_view allocator_member_names[] = {
    "allocator_name", "map_id", "map_name", "entries", "truncated", "payload_btf_type_id", "payload_type_reason",
    "renderer", "status", "entry_count", "error", "limits", "notes", "findings", "stands_in", "cut_values", "field_forms"};
/// Of a part of the kernel.
inline constexpr std::string_view kernel_member_names[] = {
    "title", "renderer", "status", "entry_count", "error", "limits", "notes", "findings", "stands_in", "cut_values", "field_forms"};
// clang-format on

/// The names that the open objects of one render have.
class MemberNames {
public:
  using Reserved = std::span<const std::string_view>;

  /// `outermost`: those of the map, the allocator, or the part of the kernel.
  explicit MemberNames(Reserved outermost) { open(outermost); }

  /// An object inside the last; of a row with those that the host gives it.
  void open(Reserved reserved = {}) { levels_.push_back({few_.size(), reserved, nullptr}); }
  void close() {
    few_.resize(levels_.back().begin);
    levels_.pop_back();
  }
  /// "" when the innermost object may have a member of that name, and now has it; else what is wrong with it.
  std::string_view take(std::string_view name) {
    Level& level = levels_.back();
    if (std::ranges::find(level.reserved, name) != level.reserved.end()) return "that the host gives itself";
    const std::size_t hash = std::hash<std::string_view>()(name);
    const auto few = std::span(few_).subspan(level.begin);
    if (std::ranges::find(few, hash) != few.end()) return repeated;
    if (few.size() < most_looked_through) {
      few_.push_back(hash);
      return "";
    }
    if (!level.many) level.many = std::make_unique<std::unordered_set<std::size_t>>();
    return level.many->insert(hash).second ? "" : repeated;
  }

private:
  static constexpr std::size_t most_looked_through = 32;
  static constexpr std::string_view repeated = "that its object has already";

  struct Level {
    std::size_t begin; ///< of its names
    Reserved reserved;
    std::unique_ptr<std::unordered_set<std::size_t>> many; ///< behind the first few
  };

  std::vector<std::size_t> few_; ///< hashes of names, level behind level
  std::vector<Level> levels_;
};

} // namespace mapscope
