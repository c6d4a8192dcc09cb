// SPDX-License-Identifier: Apache-2.0
#include "host/plugin/check/targets.hpp"

#include "host/plugin/verify/attach_line.hpp"
#include "host/plugin/verify/map_types.hpp"

#include <mapscope/testing/conformance.hpp>

#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <linux/bpf.h>

namespace mapscope::plugin {

namespace {

constexpr std::size_t most_hosts = 384, most_of_target = 64;
constexpr std::uint32_t value_size = 24;

/// What a map of a type has, in bytes (the alloc_check of each, kernel/bpf/*.c).
struct Sizes {
  std::uint32_t key = sizeof(std::uint32_t), value = value_size, entries = 100, flags = 0;
};

Sizes sizes_of(std::uint32_t type) {
  constexpr std::uint32_t rhash = 35, insn_array = 34, arena = 33;
  switch (type) {
  case BPF_MAP_TYPE_HASH:
  case BPF_MAP_TYPE_PERCPU_HASH:
  case BPF_MAP_TYPE_LRU_HASH:
  case BPF_MAP_TYPE_LRU_PERCPU_HASH:
  case rhash:
    return {.key = 8};
  case BPF_MAP_TYPE_PROG_ARRAY:
  case BPF_MAP_TYPE_PERF_EVENT_ARRAY:
  case BPF_MAP_TYPE_CGROUP_ARRAY:
  case BPF_MAP_TYPE_ARRAY_OF_MAPS:
  case BPF_MAP_TYPE_HASH_OF_MAPS:
  case BPF_MAP_TYPE_XSKMAP:
    return {.value = 4};
  case BPF_MAP_TYPE_DEVMAP:
  case BPF_MAP_TYPE_DEVMAP_HASH:
  case BPF_MAP_TYPE_CPUMAP:
  case BPF_MAP_TYPE_SOCKMAP:
  case BPF_MAP_TYPE_SOCKHASH:
  case BPF_MAP_TYPE_REUSEPORT_SOCKARRAY:
    return {.value = 8};
  case BPF_MAP_TYPE_STACK_TRACE:
    return {.value = 127 * 8}; // PERF_MAX_STACK_DEPTH addresses
  case BPF_MAP_TYPE_LPM_TRIE:
    return {.key = 8, .flags = BPF_F_NO_PREALLOC}; // a u32 prefix length and four bytes
  case BPF_MAP_TYPE_CGROUP_STORAGE:
  case BPF_MAP_TYPE_PERCPU_CGROUP_STORAGE:
    return {.key = sizeof(bpf_cgroup_storage_key), .entries = 0};
  case BPF_MAP_TYPE_SK_STORAGE:
  case BPF_MAP_TYPE_INODE_STORAGE:
  case BPF_MAP_TYPE_TASK_STORAGE:
  case 32: // cgrp_storage
    return {.entries = 0, .flags = BPF_F_NO_PREALLOC};
  case BPF_MAP_TYPE_QUEUE:
  case BPF_MAP_TYPE_STACK:
  case BPF_MAP_TYPE_BLOOM_FILTER:
    return {.key = 0};
  case BPF_MAP_TYPE_RINGBUF:
  case 31: // user_ringbuf
    return {.key = 0, .value = 0, .entries = 4096};
  case arena:
    return {.key = 0, .value = 0, .flags = BPF_F_MMAPABLE};
  case insn_array:
    return {.value = 16};
  case BPF_MAP_TYPE_STRUCT_OPS:
    return {.value = 128, .entries = 1};
  default:
    return {};
  }
}

/// One made-up target, before it has memory.
struct Target {
  msc_target target{};
  std::string about, key_type = {}, value_type = {};
  bool is_kernels = false; ///< the value's type is of the kernel
};

/// A part of the kernel: no map.
msc_target kernel_of(std::uint32_t attach) {
  msc_target target{};
  target.size = sizeof target;
  target.attach = attach;
  target.key_type = target.value_type = MSC_BYTES;
  return target;
}

/// "" as a type: the map has none, as maps in the field often do not.
Target map_of(std::uint32_t attach, std::uint32_t type, std::string value_type = "") {
  const Sizes sizes = sizes_of(type);
  Target made{.target = kernel_of(attach), .about = ""};
  made.target.map = 0xffff888000010000;
  made.target.map_type = type;
  made.target.key_size = sizes.key, made.target.value_size = sizes.value;
  made.target.max_entries = sizes.entries, made.target.map_flags = sizes.flags;
  made.is_kernels = type == BPF_MAP_TYPE_STRUCT_OPS;
  if (sizes.value != 0) made.value_type = std::move(value_type);
  if (sizes.key != 0 && !made.value_type.empty()) made.key_type = "struct a_key";
  made.about =
      fmt::format("a made-up {} map, key of {} bytes, value of {} bytes{}", map_type_name(type), sizes.key,
                  sizes.value, made.value_type.empty() ? ", without types" : " of type " + made.value_type);
  return made;
}

/// A name that a glob matches.
std::string name_like(std::string glob) {
  std::erase(glob, '*');
  std::ranges::replace(glob, '?', 'x');
  return glob.empty() ? "made_up" : glob;
}

bool has_keyword(std::string_view type) {
  constexpr std::string_view keywords[] = {"struct ", "union ", "enum ", "typedef "};
  return std::ranges::any_of(keywords, [&](std::string_view keyword) { return type.starts_with(keyword); });
}

/// A type that a pattern matches, as type_find() takes it; "x" may be any kind, and most are structs.
std::string type_like(const std::string& pattern) {
  std::string name = name_like(pattern);
  return has_keyword(name) || name.find('[') != name.npos ? name : "struct " + name;
}

/// What has values that a program may give a type or a name.
constexpr std::uint32_t any_map_type[] = {
    BPF_MAP_TYPE_HASH,         BPF_MAP_TYPE_ARRAY,       BPF_MAP_TYPE_PERCPU_ARRAY,
    BPF_MAP_TYPE_LRU_HASH,     BPF_MAP_TYPE_PERCPU_HASH, BPF_MAP_TYPE_LRU_PERCPU_HASH,
    BPF_MAP_TYPE_TASK_STORAGE, BPF_MAP_TYPE_LPM_TRIE,    BPF_MAP_TYPE_CGROUP_STORAGE,
    BPF_MAP_TYPE_QUEUE,        BPF_MAP_TYPE_HASH_OF_MAPS};

std::vector<Target> of_map_types(std::uint32_t at, const Attach& attach) {
  std::vector<std::uint32_t> types;
  for (const std::string& pattern : attach.patterns)
    for (const std::uint32_t type : map_types_like(pattern))
      if (std::ranges::find(types, type) == types.end()) types.push_back(type);
  std::vector<Target> targets;
  for (const std::uint32_t type : types) {
    const bool is_ops = type == BPF_MAP_TYPE_STRUCT_OPS; // whose value's type is the kernel's
    targets.push_back(map_of(at, type, is_ops ? "struct bpf_struct_ops_made_up" : "struct a_value"));
    if (!targets.back().value_type.empty()) targets.push_back(map_of(at, type));
  }
  return targets;
}

std::vector<Target> of_value_types(std::uint32_t at, const Attach& attach) {
  std::vector<Target> targets;
  for (const std::uint32_t type : any_map_type)
    for (const std::string& pattern : attach.patterns)
      targets.push_back(map_of(at, type, type_like(pattern)));
  return targets;
}

std::vector<Target> of_struct_ops(std::uint32_t at, const Attach& attach) {
  std::vector<Target> targets;
  for (const std::string& pattern : attach.patterns) {
    std::string ops = type_like(pattern);
    ops = ops.substr(ops.find(' ') + 1);
    targets.push_back(map_of(at, BPF_MAP_TYPE_STRUCT_OPS, "struct bpf_struct_ops_" + ops));
  }
  return targets;
}

/// The name of a map is not handed over; its type may be any.
std::vector<Target> of_names(std::uint32_t at) {
  std::vector<Target> targets;
  for (const std::uint32_t type : any_map_type) {
    targets.push_back(map_of(at, type, "struct a_value"));
    targets.push_back(map_of(at, type));
  }
  targets.push_back(map_of(at, BPF_MAP_TYPE_RINGBUF));
  return targets;
}

/// A variable in a section.
std::vector<Target> of_allocator(std::uint32_t at, const Attach& attach) {
  Target made = map_of(at, BPF_MAP_TYPE_ARRAY);
  made.target.root = made.target.map + 0x1000;
  made.about = fmt::format("a made-up variable of type {}", attach.variable_type);
  return {made};
}

std::vector<Target> targets_of_kind(std::uint32_t at, const Attach& attach) {
  switch (attach.kind) {
  case AttachKind::allocator:
    return of_allocator(at, attach);
  case AttachKind::map_name:
    return of_names(at);
  case AttachKind::value_type:
    return of_value_types(at, attach);
  case AttachKind::struct_ops:
    return of_struct_ops(at, attach);
  case AttachKind::map_type:
    return of_map_types(at, attach);
  case AttachKind::kernel:
    return {{.target = kernel_of(at), .about = "a made-up kernel"}};
  }
  return {};
}

bool is_of_type(const AttachCondition& condition, const Target& target) {
  return std::ranges::any_of(condition.patterns, [&](const std::string& pattern) {
    return std::ranges::count(map_types_like(pattern), target.target.map_type) != 0;
  });
}

/// Those that the line's further conditions let through, as far as these are about what a target has.
std::vector<Target> targets_of(std::uint32_t at, const Attach& attach) {
  auto targets = targets_of_kind(at, attach);
  for (const AttachCondition& condition : attach.also)
    if (condition.kind == AttachKind::map_type)
      std::erase_if(targets, [&](const Target& target) { return !is_of_type(condition, target); });
  return targets;
}

/// What a person may set in place of the default; of texts nobody knows what they may be.
std::string other_value(const Option& option) {
  const std::string fallback = option.fallback.value_or("");
  switch (option.type) {
  case OptionType::boolean:
    return fallback == "true" ? "false" : "true";
  case OptionType::u64:
    return fallback == "1" ? "1000" : "1";
  case OptionType::type:
    return fallback.empty() ? "struct a_value" : fallback;
  case OptionType::string:
    break;
  }
  return fallback;
}

std::map<std::string, std::string, std::less<>> options_of(const Manifest& manifest, bool are_set) {
  std::map<std::string, std::string, std::less<>> values;
  for (const Option& option : manifest.options)
    values[option.name] = are_set ? other_value(option) : option.fallback.value_or("");
  return values;
}

/// Types that are certain: with the sizes of the map, and the members that the manifest says it needs.
std::map<std::string, testing::Beyond::Type, std::less<>> types_of(const Manifest& manifest,
                                                                   const Target& made) {
  std::map<std::string, testing::Beyond::Type, std::less<>> types;
  for (const Need& need : manifest.needs)
    for (const std::string& member : need.members)
      types[need.type].members.push_back(member.substr(0, member.find('.')));
  if (!made.value_type.empty()) types[made.value_type].size = made.target.value_size;
  if (!made.key_type.empty()) types[made.key_type].size = made.target.key_size;
  return types;
}

void add_hosts(const Manifest& manifest, const Attach& attach, const Target& made, std::size_t count,
               std::vector<testing::FakeHost>& hosts) {
  const auto types = types_of(manifest, made);
  bool are_set = false; // on every other
  for (testing::FakeHost& host : testing::made_up_hosts(made.target, {}, count)) {
    host.config = options_of(manifest, are_set);
    host.root_name = "a_variable", host.root_type = attach.variable_type;
    host.key_type = made.key_type, host.value_type = made.value_type;
    host.value_scope = made.is_kernels ? MSC_KERNEL_BTF : MSC_MAP_BTF;
    host.beyond->types = types;
    host.about =
        made.about + ", " + host.about + (are_set && !host.config.empty() ? ", with options set" : "");
    are_set = !are_set;
    hosts.push_back(std::move(host));
  }
}

} // namespace

std::string attach_line(const Manifest& manifest, std::size_t at) {
  const Attach& attach = manifest.attaches[at];
  return "attach=" + attach_text(attach);
}

std::vector<testing::FakeHost> hosts_of_line(const Manifest& manifest, std::uint32_t at) {
  const Attach& attach = manifest.attaches[at];
  const auto targets = targets_of(at, attach);
  if (targets.empty()) return {}; // a glob that matches no map type that there is
  const std::size_t share = most_hosts / manifest.attaches.size();
  const std::size_t each = std::clamp<std::size_t>(share / targets.size(), 2, most_of_target);
  const std::size_t most = std::max<std::size_t>(share, 2);
  std::vector<testing::FakeHost> hosts;
  for (const Target& target : targets)
    if (hosts.size() < most) add_hosts(manifest, attach, target, each, hosts);
  return hosts;
}

std::vector<testing::FakeHost> made_up_hosts_of(const Manifest& manifest) {
  std::vector<testing::FakeHost> hosts;
  for (std::uint32_t at = 0; at < manifest.attaches.size(); ++at)
    for (testing::FakeHost& host : hosts_of_line(manifest, at)) hosts.push_back(std::move(host));
  return hosts;
}

} // namespace mapscope::plugin
