// SPDX-License-Identifier: Apache-2.0
#include "host/plugin/check.hpp"

#include "host/base/glob.hpp"
#include "host/plugin/check_process.hpp"
#include "host/plugin/elf_image.hpp"
#include "host/plugin/library.hpp"

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

msc_target target_of(std::uint32_t attach, std::uint32_t map_type) {
  msc_target target{};
  target.size = sizeof target;
  target.attach = attach;
  target.map = 0xffff888000010000;
  target.map_type = map_type;
  target.key_size = sizeof(std::uint32_t);
  target.value_size = 24;
  target.max_entries = 100;
  target.key_type = target.value_type = MSC_BYTES;
  return target;
}

/// Two map types a line are enough: a line for all types would take for ever.
std::vector<msc_target> targets_of(const Manifest& manifest) {
  constexpr std::size_t most_per_line = 2, most = 8;
  std::vector<msc_target> targets;
  for (std::uint32_t i = 0; i < manifest.attaches.size(); ++i) {
    const auto types = map_types(manifest.attaches[i]);
    for (std::size_t at = 0; at < std::min(types.size(), most_per_line) && targets.size() < most; ++at)
      targets.push_back(target_of(i, types[at]));
  }
  return targets;
}

std::map<std::string, std::string, std::less<>> options_of(const Manifest& manifest) {
  std::map<std::string, std::string, std::less<>> values;
  for (const Option& option : manifest.options) values[option.name] = option.fallback.value_or("");
  return values;
}

/// In the child.
CheckAnswer run_rule(const Plugin& plugin, const testing::Rule* rule, const CheckProgress& progress) {
  progress("loading it");
  const auto entry = load(plugin);
  if (!entry) return {false, entry.error().text};
  if (rule == nullptr)
    return {true, fmt::format("it loads, and its entry is of interface {}.{}", (*entry)->abi_major,
                              (*entry)->abi_minor)};
  testing::Subject subject{
      *entry, testing::made_up_hosts(targets_of(plugin.manifest()), options_of(plugin.manifest())), progress};
  const auto finding = rule->run(subject);
  return {finding.kept, finding.text};
}

} // namespace

bool check(const Plugin& plugin, std::chrono::milliseconds time_per_rule,
           const std::function<void(const RuleResult&)>& say) {
  bool all_kept = true;
  const auto run = [&](const char* name, const testing::Rule* rule) {
    const auto answer = in_own_process(
        time_per_rule, [&](const CheckProgress& progress) { return run_rule(plugin, rule, progress); });
    all_kept = all_kept && answer.kept;
    say({name, answer.kept ? Verdict::pass : Verdict::fail, printable(answer.text, 512)});
    return answer.kept;
  };
  if (!run("P1", nullptr)) return false;
  for (const testing::Rule& rule : testing::rules()) run(rule.name, &rule);
  return all_kept;
}

} // namespace mapscope::plugin
