// SPDX-License-Identifier: Apache-2.0
// What a scheduler has of each CPU and of each control group, in maps and variables of its own.
//
// Of a CPU: its copy in per-CPU arrays of one element, and the element with its number in arrays that are at
// least as long as there are CPUs and one word of whose name is "cpu"; schedulers of the form with
// topological numbers (cid, since 7.2) count these by such. Of a control group: its value in storage of
// control groups, and in hashes all of whose keys are ids of control groups. Refuses: to take an array for
// one by CPU for its length alone, and tables of statistics, whose maps show them by CPU.
#pragma once

#include "object_maps.hpp"

#include <functional>
#include <unordered_map>

namespace mapscope::builtin {

struct Context {
  std::uint32_t map = 0;
  std::string name;                   ///< of the map or of the variable: "cpu_ctx", "qa.cpu_ctxs"
  std::optional<std::uint64_t> index; ///< of an array's element
  std::optional<std::uint64_t> keys;  ///< of a hash: how many are ids of control groups, which is all
  msc_type type = MSC_BYTES;
  std::vector<std::byte> bytes;

  void set(const msc_value& value) {
    type = value.type;
    const auto* const first = static_cast<const std::byte*>(value.data);
    bytes.assign(first, first + (first != nullptr ? value.size : 0));
  }
};

inline void emit_contexts(Call& call, const std::vector<Context>& contexts) {
  if (contexts.empty()) return;
  call.list("contexts");
  for (const Context& context : contexts) {
    call.object(nullptr);
    call.number("map", context.map);
    call.text("name", context.name);
    if (context.index) call.number("index", *context.index);
    if (context.keys) call.number("keys", *context.keys);
    call.typed("value", context.bytes, context.type);
    call.end();
  }
  call.end();
}

class CpuContexts {
public:
  /// `number_of` is what a scheduler counts each CPU by, from 0.
  CpuContexts(Call& call, const ObjectMaps& maps, std::vector<std::uint64_t> number_of)
      : call_(call), maps_(maps), number_of_(std::move(number_of)), found_(number_of_.size()) {}

  /// By CPU, of the object whose BTF that is.
  std::vector<std::vector<Context>> of_object(std::uint32_t btf_id) {
    for (const Map& map : maps_.all()) {
      if (map.target.btf_id != btf_id) continue;
      if (map.target.map_type == percpu_array && map.target.max_entries == 1) take_copies(map);
      if (map.target.map_type == array && map.target.max_entries >= least_length()) take_elements(map);
      if (ObjectMaps::is_section(map)) take_section(map);
      if (map.target.globals != 0) take_globals(map);
    }
    return std::move(found_);
  }

private:
  static constexpr std::uint32_t array = 2, percpu_array = 6; // enum bpf_map_type
  static constexpr std::uint32_t most_members = 4096;
  static constexpr std::size_t largest = 64 << 10; ///< bytes of one element
  static constexpr unsigned deepest = 2;           ///< structs that a variable's array lies in

  /// Bytes of a variable, by their place in its section.
  using Read = std::function<bool(std::uint64_t offset, std::span<std::byte> to)>;

  /// How long an array by CPU is at least.
  [[nodiscard]] std::uint64_t least_length() const {
    std::uint64_t length = number_of_.size();
    for (const std::uint64_t number : number_of_) length = std::max(length, number + 1);
    return length;
  }
  /// "cpu_ctxs", "cpu_to_cid"; not "cid_to_cpu".
  static bool is_by_cpu(std::string_view name) {
    name = name.substr(name.rfind('.') + 1);
    name = name.substr(0, name.find("_to_"));
    while (!name.empty()) {
      const std::string_view word = name.substr(0, name.find('_'));
      if (word == "cpu" || word == "cpus" || word == "percpu" || word == "pcpu") return true;
      name.remove_prefix(std::min(name.size(), word.size() + 1));
    }
    return false;
  }
  /// What stands before "_to_" is no number of the scheduler's own making.
  [[nodiscard]] std::uint64_t number_in(const std::string& name, std::uint32_t cpu) const {
    return name.find("_to_") != name.npos ? cpu : number_of_[cpu];
  }

  void take_copies(const Map& map) {
    call_.elements(map, [&](Element& element) {
      for (std::uint32_t cpu = 0; cpu < found_.size(); ++cpu)
        if (element.has_cpu(cpu) && element.copies()[cpu].data != nullptr)
          add(cpu, map, map.name).set(element.copies()[cpu]);
    });
  }

  void take_elements(const Map& map) {
    if (!is_by_cpu(map.name)) return;
    call_.elements(map, [&](Element& element) {
      const auto index = element.key_if<std::uint32_t>();
      if (!index || element.value().data == nullptr) return;
      for (std::uint32_t cpu = 0; cpu < found_.size(); ++cpu)
        if (number_in(map.name, cpu) == *index) add(cpu, map, map.name, *index).set(element.value());
    });
  }

  void take_section(const Map& map) {
    call_.elements(map, [&](Element& section) {
      const Bytes bytes(static_cast<const std::byte*>(section.value().data), section.value().size);
      if (bytes.data() == nullptr) return;
      look_into(map, map.target.value_type, [&](std::uint64_t offset, std::span<std::byte> to) {
        if (offset > bytes.size() || to.size() > bytes.size() - offset) return false;
        std::ranges::copy(bytes.subspan(offset, to.size()), to.begin());
        return true;
      });
    });
  }

  /// Of an arena.
  void take_globals(const Map& map) {
    look_into(map, map.target.globals_type, [&](std::uint64_t offset, std::span<std::byte> to) {
      return call_.try_read(MSC_KERNEL, map.target.globals + offset, to);
    });
  }

  void look_into(const Map& map, msc_type section, const Read& read) {
    left_ = most_members;
    look_at_members(map, "", section, 0, read, deepest + 1);
  }
  void look_at_members(const Map& map, const std::string& before, msc_type type, std::uint64_t offset,
                       const Read& read, unsigned depth) {
    msc_member_info found{};
    for (std::uint32_t i = 0; left_ != 0 && call_.member_at(type, i, found); ++i, --left_) {
      const msc_member member = found.member;
      if (member.bit_size != 0 || found.name[0] == 0) continue;
      const std::string name = before + found.name;
      const std::uint64_t at = offset + member.bit_offset / 8;
      if (is_by_cpu(name) && take_array(map, name, member.type, at, read)) continue;
      if (depth > 1) look_at_members(map, name + ".", member.type, at, read, depth - 1);
    }
  }

  /// Characters are a text, of whatever it speaks.
  bool take_array(const Map& map, const std::string& name, msc_type type, std::uint64_t offset,
                  const Read& read) {
    const auto stride = call_.offset_if(type, "[1]");
    if (stride.value_or(0) == 0 || *stride > largest || call_.size(type) / *stride < least_length())
      return false;
    const msc_type element = call_.type_of(type, "[0]");
    if (*stride == 1 && !is_flag(element)) return false;
    for (std::uint32_t cpu = 0; cpu < found_.size(); ++cpu) {
      std::vector<std::byte> bytes(*stride);
      const std::uint64_t index = number_in(name, cpu);
      if (!call_.cpu_possible(cpu) || !read(offset + index * *stride, bytes)) continue;
      add(cpu, map, name, index).set({element, bytes.data(), bytes.size()});
    }
    return true;
  }
  bool is_flag(msc_type type) {
    constexpr std::byte zero{};
    return Object(call_, msc_value{type, &zero, 1}).member("").kind == MSC_SCALAR_BOOL;
  }

  Context& add(std::uint32_t cpu, const Map& map, const std::string& name,
               std::optional<std::uint64_t> index = std::nullopt) {
    Context& context = found_[cpu].emplace_back();
    context.map = map.target.id, context.name = name, context.index = index;
    return context;
  }

  Call& call_;
  const ObjectMaps& maps_;
  std::vector<std::uint64_t> number_of_;
  std::vector<std::vector<Context>> found_; ///< by CPU
  std::uint32_t left_ = 0;                  ///< members that are still looked at
};

class GroupContexts {
public:
  GroupContexts(Call& call, const ObjectMaps& maps) : call_(call), maps_(maps) {}

  /// By the group's address; `ids` are of all groups there are, with theirs.
  std::unordered_map<std::uint64_t, std::vector<Context>>
  of_object(std::uint32_t btf_id, const std::unordered_map<std::uint64_t, std::uint64_t>& ids) {
    for (const Map& map : maps_.all()) {
      if (map.target.btf_id != btf_id) continue;
      if (map.target.map_type == cgroup_storage) take_storage(map);
      if (map.target.map_type == hash && map.target.key_size == sizeof(std::uint64_t)) take_hash(map, ids);
    }
    return std::move(found_);
  }

private:
  static constexpr std::uint32_t hash = 1, cgroup_storage = 32; // enum bpf_map_type

  void take_storage(const Map& map) {
    call_.elements(map, [&](Element& element) {
      if (element.owner() != 0 && element.value().data != nullptr)
        add(element.owner(), map).set(element.value());
    });
  }

  /// One key may be a small number that is some group's id by chance.
  void take_hash(const Map& map, const std::unordered_map<std::uint64_t, std::uint64_t>& ids) {
    std::vector<std::pair<std::uint64_t, Context>> entries;
    const bool are_ids = call_.elements(map, [&](Element& element) {
      const auto key = element.key_if<std::uint64_t>();
      const auto group = key ? ids.find(*key) : ids.end();
      if (group == ids.end()) return entries.clear(), false;
      entries.emplace_back(group->second, Context{map.target.id, map.name, {}, {}, MSC_BYTES, {}});
      entries.back().second.set(element.value());
      return true;
    });
    if (!are_ids || entries.size() < 2) return;
    for (auto& [group, context] : entries) {
      context.keys = entries.size();
      found_[group].push_back(std::move(context));
    }
  }

  Context& add(std::uint64_t group, const Map& map) {
    return found_[group].emplace_back(Context{map.target.id, map.name, {}, {}, MSC_BYTES, {}});
  }

  Call& call_;
  const ObjectMaps& maps_;
  std::unordered_map<std::uint64_t, std::vector<Context>> found_;
};

} // namespace mapscope::builtin
