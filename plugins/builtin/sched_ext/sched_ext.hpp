// SPDX-License-Identifier: Apache-2.0
// The state of sched_ext, the kernel's class of schedulers that are BPF programs (kernel/sched/ext.c since
// 6.12; kernel/sched/ext/ since 7.2): what the files here find, and where the report has it.
//
// In JSON all of it is one object, extensions."mapscope.builtin.sched_ext". Numbers are as the kernel has
// them. What could not be read is left out; `status` is then "partial", and `error` says what is missing.
// Keys, in their order:
//
// clang-format off
//   state          text    "enabling", "enabled", "disabling", "disabled", as /sys/kernel/sched_ext/state has it
//   enable_state   text    the kernel's enumerator: "SCX_ENABLED", in 6.12 "SCX_OPS_ENABLED"
//   exit           object  why the last scheduler left: the attached one if it is on its way out, else, where
//                          none is attached, one that has left. Absent when nothing tells of an exit
//   switched_all   flag    every task but those of real-time classes is a scheduler's
//   nr_rejected, hotplug_seq, enable_seq   number   as in /sys/kernel/sched_ext
//   idle_cpus      text    "0-3,8": CPUs without a task, where the scheduler lets the kernel keep book of them, for
//                          all nodes together
//   jiffies        number  the kernel's clock of ticks when the memory was taken
//   jiffy_ns       number  nanoseconds of a tick, from the clock source "jiffies"; without it there are no *_ms
//   schedulers     list    the attached one, then its sub-schedulers, then those that have left and are held
//   user_exits     list    what schedulers that have left wrote down of it in maps that are still held: their
//                          variables of type struct user_exit_info. Absent when there are none
//   cpus           list    every possible CPU, ascending
//   dsqs           list    dispatch queues: local ones by CPU, then each attached scheduler's
//   map_queues     list    queues that attached schedulers keep in maps of the types queue and stack: maps all of
//                          whose values are pids of their tasks, or ids of control groups. Absent when none is
//   cgroups        list    control groups, the root first: those that tasks of a scheduler are in, or that it has
//                          something of. Absent where no scheduler is attached, or the kernel has none of it
//   nr_tasks       number  tasks on the list scx_tasks, without the kernel's own marks of iterations
//   tasks          list    those of them that have anything of a scheduler's: not those in state NONE
//   log            list    what the kernel's log still holds of sched_ext: {ts_ns, text}, oldest first
//
// exit           source "scx_sched", "scx_exit_info" (6.12), "user_exit_info" where the kernel's record is gone
//                and the scheduler's own is not, or "log"; scheduler (its name); kind; kind_name
//                "SCX_EXIT_ERROR_STALL"; reason; msg; exit_code (signed); exit_cpu (signed; 7.x); flags (7.x);
//                backtrace [{ip, symbol, offset, module, program}]; dump (what the kernel itself wrote).
//                From the log: scheduler, reason, msg, ts_ns; kind and kind_name if the reason stands for one.
//                From the scheduler's own, which has no flags and no backtrace: ts_ns as the log has it
// schedulers     name; source "scx_root", "scx_sched_all", "struct_ops map N" or, in 6.12, "scx_ops"; address;
//                attached (flag); level; cgroup {id, path} of a sub-scheduler; flags; flag_names [text];
//                timeout_ms (as asked for; 0 = the default); exit_dump_len; id; slice_dfl (ns); bypass_depth;
//                watchdog_timeout_ms (in force); aborting (flag); exit {as above, without source and
//                scheduler, and, where it is that one, without its dump and backtrace; absent when nobody has
//                left}; events {NAME: sum over all CPUs, signed}
// user_exits     map (its id); section "scx_qmap.data"; variable "uei"; and as exit above without source and
//                scheduler, and, where it is that one, without its dump
// cpus           cpu; nr_running; cpuperf_target; nr_immed (7.x); kick_sync (6.12: pnt_seq); flags; flag_names;
//                cpu_released (flag); bypassed (flag, true: the kernel dispatches in place of the attached
//                scheduler; 7.x); curr {pid, tgid, comm, cpu, class "ext_sched_class"}; cpus_to_kick,
//                cpus_to_kick_if_idle, cpus_to_preempt, cpus_to_wait, cpus_to_sync (text "0-3,8", of the
//                attached scheduler; only those that are not empty); runnable [task], without the one that
//                runs; longest_waiter {pid, tgid, comm, cpu, waited_ms}; contexts [context]
// dsqs           kind "local", "global", "user", and, only where they have tasks, "bypass", "reject", "rescue";
//                dsq_id; cpu or node; scheduler (name); nr; seq; tasks [{pid, tgid, comm, cpu, waited_ms,
//                dsq_vtime, slice, weight}] in the order of dispatch; longest_waiter
// map_queues     map (its id); name; stack (flag); tasks [place (0 leaves first), then as in dsqs, and
//                in_custody (flag, false): a pid that was left behind] in the order in which they leave, and
//                longest_waiter; or cgroups [{id, path}]
// cgroups        id; path; weight; bw_period_us, bw_quota_us and bw_burst_us of one whose time is limited (7.x);
//                idle (flag); flags; flag_names; nr_tasks; nr_runnable (without those that run);
//                longest_waiter; contexts [context]
// context        what an attached scheduler has of the CPU or group: map (its id); name of the map or, in a
//                section or an arena, of the variable; index (of an array's element: the CPU's number, or its
//                topological number where the scheduler goes by these); keys (of a hash: how many there are, all
//                of them ids of control groups); value
// task           pid; tgid; comm; cpu; scheduler (name, where there are several); state "ENABLED" of enum
//                scx_ent_flags; flags (without the state); flag_names; weight; dsq (the queue's kind; absent
//                on none); dsq_id; slice (ns); dsq_vtime; in the list of all tasks cgroup (id of the group that
//                it is in, if not the root); and of runnable ones: waited_ms; ops_state "QUEUED";
//                ops_qseq; dsq_flags; sticky_cpu; holding_cpu; cpus (allowed, "0-1"); migration_disabled
// clang-format on
//
// waited_ms is jiffies - runnable_at: how long a task has been runnable without running, which is what the
// watchdog goes by. Lists are cut at report.limit. Findings: why a scheduler left; tasks that have waited
// longer than a second.
#pragma once
