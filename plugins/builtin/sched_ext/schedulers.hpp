// SPDX-License-Identifier: Apache-2.0
// The schedulers there are: the attached one, its sub-schedulers, and those that have left and that somebody
// still holds.
//
// Since 6.16 each is a struct scx_sched. The kernel's own pointers to one that has left are NULL, but whoever
// holds the link of its struct_ops map holds it, too: `priv` of the map's operations is where it is.
// Before 6.16 there is one at most, in variables of the kernel that it is wiped from when it leaves.
#pragma once

#include "../kernfs.hpp"
#include "../list.hpp"
#include "../xarray.hpp"
#include "exit.hpp"

namespace mapscope::builtin {

struct Scheduler {
  std::uint64_t address = 0; ///< struct scx_sched; 0 before 6.16
  std::string source;
  bool attached = false;
  std::optional<std::string> name;
  std::vector<std::pair<const char*, std::uint64_t>> numbers; ///< as they are, by their names in the report
  std::optional<std::uint64_t> level, flags, watchdog_timeout, cgroup_id;
  std::optional<std::string> cgroup_path;
  std::optional<bool> aborting;
  std::optional<std::uint32_t> map; ///< id of the struct_ops map that it is
  bool counts_cids = false;         ///< by topological numbers in place of CPUs', since 7.2
  std::optional<ScxExit> exit;
  std::vector<std::pair<std::string, std::int64_t>> events;
};

class Schedulers {
public:
  Schedulers(Call& call, ScxExits& exits)
      : call_(call), exits_(exits), ops_(call.kernel_type("struct sched_ext_ops")),
        sched_(call.find_type(MSC_KERNEL_BTF, "struct scx_sched.ops")) {}

  /// All of them. What cannot be read is noted, and the others are listed.
  std::vector<Scheduler> find() {
    if (!sched_) {
      find_the_one();
    } else {
      find_root();
      find_all();
      find_held();
    }
    return std::move(found_);
  }

  /// Where the members of a struct scx_sched lie; none before 6.16.
  [[nodiscard]] const std::optional<msc_type>& sched() const { return sched_; }

private:
  static constexpr std::uint64_t most = 1 << 16; ///< sub-schedulers are one a cgroup
  static constexpr std::size_t longest_name = 256;

  void note(const char* what) { call_.note(MSC_EFAULT, what); }

  void find_root() {
    const auto at = call_.symbol_address("scx_root");
    const auto root = at ? load<std::uint64_t>(call_, *at) : std::nullopt;
    if (!root) return note("scx_root could not be read: which scheduler is attached is not known");
    if (*root != 0) add(*root, "scx_root", true);
  }

  /// scx_sched_all, since 7.1: also the sub-schedulers.
  void find_all() {
    const auto member = call_.offset_if(*sched_, "all");
    const auto head = call_.symbol_address("scx_sched_all");
    if (!member || !head || !load<std::uint64_t>(call_, *head)) return;
    List list(call_, *member, most);
    list.for_each(*head, [&](std::uint64_t sched) { add(sched, "scx_sched_all", true); });
    list.note_gaps();
  }

  /// In the operations of every struct_ops map that has to do with sched_ext.
  void find_held() {
    const auto table = call_.symbol_address("map_idr"),
               map_ops = call_.symbol_address("bpf_struct_ops_map_ops");
    const auto wrapper = call_.find_type(MSC_KERNEL_BTF, "struct bpf_struct_ops_sched_ext_ops");
    if (!table || !map_ops || !wrapper) return;
    const msc_type map = call_.kernel_type("struct bpf_map"),
                   holder = call_.kernel_type("struct bpf_struct_ops_map");
    const std::uint64_t priv =
        call_.offset(holder, "kvalue") + call_.offset(*wrapper, "data") + call_.offset(ops_, "priv");
    const auto lost = IdTable(call_).for_each(*table, [&](std::uint64_t at) {
      if (load<std::uint64_t>(call_, at + call_.offset(map, "ops")) != map_ops || !is_sched_ext(at, holder))
        return;
      const auto sched = follow(call_, at + priv);
      const auto id = sched ? load<std::uint32_t>(call_, at + call_.offset(map, "id")) : std::nullopt;
      if (!id) return;
      add(*sched, "struct_ops map " + std::to_string(*id), false);
      std::ranges::find(found_, *sched, &Scheduler::address)->map = *id;
    });
    if (lost != 0) note("maps that may hold a scheduler that has left could not be listed");
  }

  /// Both forms of the operations, sched_ext_ops and sched_ext_ops_cid (7.2), have `priv` in one place.
  bool is_sched_ext(std::uint64_t map, msc_type holder) {
    const auto member = call_.offset_if(holder, "st_ops_desc");
    const auto desc = member ? follow(call_, map + *member) : std::nullopt;
    if (!desc) return false;
    const auto ops =
        follow(call_, *desc + call_.offset(call_.kernel_type("struct bpf_struct_ops_desc"), "st_ops"));
    const auto at =
        ops ? follow(call_, *ops + call_.offset(call_.kernel_type("struct bpf_struct_ops"), "name"))
            : std::nullopt;
    const auto name = at ? load_text(call_, *at, longest_name) : std::nullopt;
    return name && name->starts_with("sched_ext_ops");
  }

  void add(std::uint64_t sched, const std::string& source, bool attached) {
    if (std::ranges::find(found_, sched, &Scheduler::address) != found_.end()) return;
    Scheduler& scheduler = found_.emplace_back();
    scheduler.address = sched, scheduler.source = source, scheduler.attached = attached;
    read_ops(sched + call_.offset(*sched_, "ops"), scheduler);
    scheduler.level = member<std::int32_t>(sched, "level").value_or(0);
    scheduler.watchdog_timeout = member<std::uint64_t>(sched, "watchdog_timeout");
    read_cgroup(sched, scheduler);
    if (const auto aborting = member<std::uint8_t>(sched, "aborting")) scheduler.aborting = *aborting != 0;
    scheduler.counts_cids = member<std::uint8_t>(sched, "is_cid_type").value_or(0) != 0;
    take(scheduler, "id", member<std::uint64_t>(sched, "id"));
    take(scheduler, "slice_dfl", member<std::uint64_t>(sched, "slice_dfl"));
    take(scheduler, "bypass_depth", member<std::uint32_t>(sched, "bypass_depth"));
    const auto info = member<std::uint64_t>(sched, "exit_info");
    read_exit(info, "scx_sched", scheduler);
  }

  /// The cgroup that a sub-scheduler is for, since 7.1; that of the root scheduler is the root.
  void read_cgroup(std::uint64_t sched, Scheduler& scheduler) {
    const auto cgroup = member<std::uint64_t>(sched, "cgrp");
    if (cgroup.value_or(0) == 0 || scheduler.level == 0U) return;
    Cgroups cgroups(call_);
    scheduler.cgroup_id = cgroups.id(*cgroup);
    const auto path = member<std::uint64_t>(sched, "cgrp_path");
    if (path.value_or(0) != 0) scheduler.cgroup_path = load_text(call_, *path, smallest_page);
  }

  /// Before 6.16.
  void find_the_one() {
    const auto at = call_.symbol_address("scx_ops");
    const auto first = at ? load<std::uint8_t>(call_, *at + call_.offset(ops_, "name")) : std::nullopt;
    if (!first) note("scx_ops could not be read: which scheduler is attached is not known");
    if (first.value_or(0) == 0) return;
    Scheduler& scheduler = found_.emplace_back();
    scheduler.source = "scx_ops", scheduler.attached = true, scheduler.level = 0;
    read_ops(*at, scheduler);
    scheduler.watchdog_timeout = variable("scx_watchdog_timeout");
    read_exit(variable("scx_exit_info"), "scx_exit_info", scheduler);
  }

  std::optional<std::uint64_t> variable(const char* name) {
    const auto at = call_.symbol_address(name);
    return at ? load<std::uint64_t>(call_, *at) : std::nullopt;
  }

  void read_ops(std::uint64_t ops, Scheduler& scheduler) {
    scheduler.name = load_name<128>(call_, ops + call_.offset(ops_, "name")); // SCX_OPS_NAME_LEN
    if (!scheduler.name) note("the name of a scheduler could not be read");
    scheduler.flags = load<std::uint64_t>(call_, ops + call_.offset(ops_, "flags"));
    for (const char* name : {"timeout_ms", "exit_dump_len"})
      take(scheduler, name, load<std::uint32_t>(call_, ops + call_.offset(ops_, name)));
  }

  void read_exit(const std::optional<std::uint64_t>& info, const char* source, Scheduler& scheduler) {
    if (!info) return note("the record of a scheduler's exit could not be found");
    if (*info == 0) return;
    scheduler.exit = exits_.read(*info);
    if (!scheduler.exit) return;
    scheduler.exit->source = source;
    scheduler.exit->scheduler = scheduler.name.value_or("");
  }

  template <class T> std::optional<std::uint64_t> member(std::uint64_t sched, const char* name) {
    const auto at = call_.offset_if(*sched_, name);
    const auto value = at ? load<T>(call_, sched + *at) : std::nullopt;
    return value ? std::optional(static_cast<std::uint64_t>(*value)) : std::nullopt;
  }
  static void take(Scheduler& scheduler, const char* name, std::optional<std::uint64_t> value) {
    if (value) scheduler.numbers.emplace_back(name, *value);
  }

  Call& call_;
  ScxExits& exits_;
  msc_type ops_;
  std::optional<msc_type> sched_;
  std::vector<Scheduler> found_;
};

} // namespace mapscope::builtin
