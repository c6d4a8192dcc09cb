// SPDX-License-Identifier: Apache-2.0
#include "host/plugin/verify/map_types.hpp"

#include "host/base/glob.hpp"
#include "host/base/nearest.hpp"
#include "host/plugin/verify/manifest_words.hpp"

#include <array>
#include <fmt/format.h>

namespace mapscope::plugin {

namespace {

/// enum bpf_map_type of include/uapi/linux/bpf.h, as of 7.3: numbers that never change. An own list, as that
/// of Debian 12's libbpf ends with cgrp_storage.
constexpr std::array<std::string_view, 36> names = {"unspec",
                                                    "hash",
                                                    "array",
                                                    "prog_array",
                                                    "perf_event_array",
                                                    "percpu_hash",
                                                    "percpu_array",
                                                    "stack_trace",
                                                    "cgroup_array",
                                                    "lru_hash",
                                                    "lru_percpu_hash",
                                                    "lpm_trie",
                                                    "array_of_maps",
                                                    "hash_of_maps",
                                                    "devmap",
                                                    "sockmap",
                                                    "cpumap",
                                                    "xskmap",
                                                    "sockhash",
                                                    "cgroup_storage",
                                                    "reuseport_sockarray",
                                                    "percpu_cgroup_storage",
                                                    "queue",
                                                    "stack",
                                                    "sk_storage",
                                                    "devmap_hash",
                                                    "struct_ops",
                                                    "ringbuf",
                                                    "inode_storage",
                                                    "task_storage",
                                                    "bloom_filter",
                                                    "user_ringbuf",
                                                    "cgrp_storage",
                                                    "arena",
                                                    "insn_array",
                                                    "rhash"};
constexpr std::uint32_t most_types = 4096; // numbers that a kernel may come to
constexpr std::string_view by_number = "type_";

} // namespace

std::string map_type_number(std::uint32_t type) { return fmt::format("{}{}", by_number, type); }

std::string map_type_name(std::uint32_t type) {
  return type < names.size() ? std::string(names[type]) : map_type_number(type);
}

bool is_map_type(std::string_view name) {
  if (std::ranges::find(names, name) != names.end()) return true;
  return name.starts_with(by_number) && decimal<std::uint32_t>(name.substr(by_number.size()));
}

std::vector<std::uint32_t> map_types_like(std::string_view glob) {
  std::vector<std::uint32_t> found;
  for (std::uint32_t type = 1; type < most_types && (type < names.size() || found.empty()); ++type)
    if (glob_match(glob, map_type_name(type)) || glob_match(glob, map_type_number(type)))
      found.push_back(type);
  return found;
}

std::string nearest_map_type(std::string_view wrong) {
  const std::vector<std::string> words(names.begin() + 1, names.end());
  return nearest(wrong, words);
}

} // namespace mapscope::plugin
