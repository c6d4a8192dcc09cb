// SPDX-License-Identifier: Apache-2.0
// Control groups as sched_ext has them: struct scx_task_group in the task_group of the CPU controller (since
// 6.12, where its members stand in the task_group itself).
//
// Tasks of groups that the kernel made for sessions (autogroup) count to the root, as schedulers are told.
#pragma once

#include "contexts.hpp"
#include "tasks.hpp"

#include "../kernfs.hpp"

namespace mapscope::builtin {

struct ScxGroup {
  std::uint64_t address = 0;    ///< struct cgroup
  std::uint64_t task_group = 0; ///< address, too
  std::optional<std::uint64_t> id;
  std::optional<std::string> path;
  std::vector<std::pair<const char*, std::uint64_t>> numbers; ///< as they are, by their names in the report
  std::optional<std::uint64_t> flags;
  std::optional<bool> idle;
  std::uint64_t nr_tasks = 0;
  std::vector<std::size_t> runnable; ///< places in ScxTasks
  std::vector<Context> contexts;
};

class Groups {
public:
  explicit Groups(Call& call)
      : call_(call), cgroups_(call), type_(call.find_type(MSC_KERNEL_BTF, "struct task_group.list")) {}

  /// By their ids, of which the root's is the lowest. None where the kernel has none of it.
  std::vector<ScxGroup> read() {
    const auto head = call_.symbol_address("task_groups");
    if (!type_ || !head || !(has("scx.weight") || has("scx_weight"))) return {};
    List list(call_, call_.offset(*type_, "list"), most);
    list.for_each(*head, [&](std::uint64_t group) { add(group); });
    list.note_gaps();
    std::ranges::sort(groups_, {}, &ScxGroup::id);
    for (std::size_t i = 0; i < groups_.size(); ++i) places_[groups_[i].task_group] = i;
    for (const std::uint64_t session : sessions_) places_[session] = 0;
    return std::move(groups_);
  }

  /// Place of the one that a task is in, by its task_group.
  [[nodiscard]] std::optional<std::size_t> place(std::uint64_t task_group) const {
    const auto found = places_.find(task_group);
    return found != places_.end() ? std::optional(found->second) : std::nullopt;
  }

private:
  static constexpr std::uint64_t most = 1 << 20;

  bool has(const char* path) { return call_.offset_if(*type_, path).has_value(); }

  void add(std::uint64_t task_group) {
    const auto cgroup = load<std::uint64_t>(call_, task_group + call_.offset(*type_, "css.cgroup"));
    if (!cgroup) return call_.note(MSC_EFAULT, "a control group could not be read");
    if (*cgroup == 0) return sessions_.push_back(task_group);
    ScxGroup& group = groups_.emplace_back();
    group.address = *cgroup, group.task_group = task_group;
    group.id = cgroups_.id(*cgroup);
    group.path = cgroups_.path_of(*cgroup);
    take<std::uint32_t>(group, "weight", task_group);
    if (const auto at = place_of("bw_quota_us"); at && is_limited(task_group + *at))
      for (const char* name : {"bw_period_us", "bw_quota_us", "bw_burst_us"})
        take<std::uint64_t>(group, name, task_group);
    if (const auto at = place_of("flags")) group.flags = load<std::uint32_t>(call_, task_group + *at);
    if (const auto at = place_of("idle"))
      if (const auto idle = load<std::uint8_t>(call_, task_group + *at)) group.idle = *idle != 0;
  }

  bool is_limited(std::uint64_t quota) {
    constexpr std::uint64_t none = UINT64_MAX; // RUNTIME_INF
    return load<std::uint64_t>(call_, quota).value_or(none) != none;
  }

  template <class T> void take(ScxGroup& group, const char* name, std::uint64_t task_group) {
    const auto at = place_of(name);
    const auto value = at ? load<T>(call_, task_group + *at) : std::nullopt;
    if (value) group.numbers.emplace_back(name, *value);
  }

  std::optional<std::uint32_t> place_of(const std::string& member) {
    if (const auto at = call_.offset_if(*type_, ("scx." + member).c_str())) return at; // since 6.17
    return call_.offset_if(*type_, ("scx_" + member).c_str());
  }

  Call& call_;
  Cgroups cgroups_;
  std::optional<msc_type> type_;
  std::vector<ScxGroup> groups_;
  std::vector<std::uint64_t> sessions_;                   ///< addresses of task_groups
  std::unordered_map<std::uint64_t, std::size_t> places_; ///< by the task_group's address
};

} // namespace mapscope::builtin
