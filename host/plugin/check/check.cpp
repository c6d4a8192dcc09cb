// SPDX-License-Identifier: Apache-2.0
#include "host/plugin/check/check.hpp"

#include "host/base/glob.hpp"
#include "host/plugin/check/check_process.hpp"
#include "host/plugin/check/check_worker.hpp"
#include "host/plugin/select/library.hpp"
#include "host/plugin/verify/elf_image.hpp"

#include <mapscope/testing/conformance.hpp>

#include <algorithm>
#include <bpf/libbpf.h>
#include <fmt/format.h>
#include <linux/bpf.h>

namespace mapscope::plugin {

namespace {

using Verdict = RuleResult::Verdict;

constexpr int most_map_types = 256;

/// Numbers of the map types that an attach line may meet; names and value types are of maps of any type.
std::vector<std::uint32_t> map_types(const Attach& attach) {
  if (attach.kind != AttachKind::map_type)
    return {BPF_MAP_TYPE_ARRAY, BPF_MAP_TYPE_HASH, BPF_MAP_TYPE_PERCPU_ARRAY};
  std::vector<std::uint32_t> types;
  for (int type = 1; type < most_map_types; ++type) {
    const char* name = ::libbpf_bpf_map_type_str(static_cast<bpf_map_type>(type));
    if (name != nullptr && std::ranges::any_of(attach.patterns, [&](const std::string& pattern) {
          return glob_match(pattern, name);
        }))
      types.push_back(static_cast<std::uint32_t>(type));
  }
  // A type that this libbpf does not know yet.
  return types.empty() ? std::vector<std::uint32_t>{most_map_types} : types;
}

/// No map: a part of the kernel.
msc_target kernel_of(std::uint32_t attach) {
  msc_target target{};
  target.size = sizeof target;
  target.attach = attach;
  target.key_type = target.value_type = MSC_BYTES;
  return target;
}

msc_target map_of(std::uint32_t attach, std::uint32_t map_type) {
  msc_target target = kernel_of(attach);
  target.map = 0xffff888000010000;
  target.map_type = map_type;
  target.key_size = sizeof(std::uint32_t);
  target.value_size = 24;
  target.max_entries = 100;
  return target;
}

/// A variable in a section.
msc_target allocator_of(std::uint32_t attach) {
  msc_target target = map_of(attach, BPF_MAP_TYPE_ARRAY);
  target.root = target.map + 0x1000;
  return target;
}

/// Two map types a line are enough: a line for all types would take for ever.
std::vector<msc_target> targets_of(std::uint32_t at, const Attach& attach) {
  constexpr std::size_t most = 2;
  if (attach.kind == AttachKind::allocator) return {allocator_of(at)};
  if (attach.kind == AttachKind::kernel) return {kernel_of(at)};
  std::vector<msc_target> targets;
  for (const std::uint32_t type : map_types(attach))
    if (targets.size() < most) targets.push_back(map_of(at, type));
  return targets;
}

std::map<std::string, std::string, std::less<>> options_of(const Manifest& manifest) {
  std::map<std::string, std::string, std::less<>> values;
  for (const Option& option : manifest.options) values[option.name] = option.fallback.value_or("");
  return values;
}

std::vector<testing::FakeHost> hosts_of(const Plugin& plugin) {
  constexpr std::size_t most = 64;
  std::vector<testing::FakeHost> hosts;
  const auto& attaches = plugin.manifest().attaches;
  for (std::uint32_t at = 0; at < attaches.size(); ++at)
    for (const msc_target& target : targets_of(at, attaches[at]))
      for (testing::FakeHost& host : testing::made_up_hosts(target, options_of(plugin.manifest()))) {
        host.root_name = "a_variable", host.root_type = attaches[at].variable_type;
        if (hosts.size() < most) hosts.push_back(std::move(host));
      }
  return hosts;
}

// In the process of a rule.

CheckAnswer loads(const Plugin& plugin, const CheckProgress& progress) {
  progress("loading it");
  const auto entry = load(plugin);
  if (!entry) return {false, entry.error().text};
  return {true, fmt::format("it loads, and its entry is of interface {}.{}", (*entry)->abi_major,
                            (*entry)->abi_minor)};
}

CheckAnswer keeps(const Plugin& plugin, const testing::Rule& rule, const CheckProgress& progress) {
  progress("loading it");
  const auto entry = load(plugin);
  if (!entry) return {false, entry.error().text};
  const auto finding = rule.run({*entry, hosts_of(plugin), progress});
  return {finding.kept, finding.text};
}

} // namespace

bool check(const Plugin& plugin, const CheckLimits& limits,
           const std::function<void(const RuleResult&)>& say) {
  bool all_kept = true;
  const auto run = [&](const char* name, const auto& rule) {
    const auto answer = in_own_process(limits.time_per_rule, rule);
    all_kept = all_kept && answer.kept;
    say({name, answer.kept ? Verdict::pass : Verdict::fail, printable(answer.text, 512)});
    return answer.kept;
  };
  if (!run("P1", [&](const CheckProgress& progress) { return loads(plugin, progress); })) return false;
  for (const testing::Rule& rule : testing::rules())
    run(rule.name, [&](const CheckProgress& progress) { return keeps(plugin, rule, progress); });
  run("P11", [&](const CheckProgress& progress) {
    return same_in_worker(plugin, hosts_of(plugin), limits, progress);
  });
  return all_kept;
}

} // namespace mapscope::plugin
