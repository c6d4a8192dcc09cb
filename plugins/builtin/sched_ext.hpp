// SPDX-License-Identifier: Apache-2.0
// The state of sched_ext, the kernel's class of schedulers that are BPF programs (kernel/sched/ext.c,
// since 6.12; kernel/sched/ext/ since 7.2): what the files sched_ext*.hpp here find, and where the report has
// it.
//
// In JSON all of it is one object, extensions."mapscope.builtin.sched_ext". Numbers are as the kernel has
// them; what could not be read is left out and a note in `error` says so. Keys, in their order:
//
//   state              text     "enabling", "enabled", "disabling", "disabled", as
//   /sys/kernel/sched_ext/state has it enable_state       text     the same as the kernel's enumerator:
//   "SCX_ENABLED", 6.12: "SCX_OPS_ENABLED" exit               object   why the last scheduler left: the
//   attached one's if it is on its way out, else that of
//                               one that is gone. Absent when nothing tells of an exit.
//   switched_all       flag     every task but those of real-time classes is a scheduler's
//   nr_rejected, hotplug_seq, enable_seq   number   as in /sys/kernel/sched_ext
//   jiffies            number   the kernel's clock of ticks when the memory was taken
//   jiffy_ns           number   nanoseconds of a tick, from the clock source "jiffies"; without it no *_ms is
//   there schedulers         list     the attached one first, then its sub-schedulers, then those that are
//   gone and still held cpus               list     every possible CPU, ascending dsqs               list
//   dispatch queues: local ones by CPU, then each scheduler's tasks              list     tasks with anything
//   of a scheduler's: those in state NONE are only counted log                list     what the kernel's log
//   still holds of sched_ext: {ts_ns, text}, oldest first
//
// exit:        source ("scx_sched", "scx_exit_info" (6.12) or "log"), scheduler (its name), kind, kind_name
//              ("SCX_EXIT_ERROR_STALL"), reason, msg, exit_code (signed), exit_cpu (signed; 7.x), flags
//              (7.x), backtrace [{ip, symbol, offset, module, program}], dump (text: what the kernel itself
//              dumped). From the log only: scheduler, reason, msg, ts_ns, kind and kind_name where the reason
//              stands for one.
// schedulers:  name, source ("scx_root", "scx_sched_all", "scx_ops" (6.12), "struct_ops map N"), address,
//              attached (flag), level, id, cgroup {id, path} (7.x), flags, flag_names [text], timeout_ms (as
//              the program asked; 0 = default), watchdog_timeout_ms (in force), exit_dump_len, slice_dfl
//              (ns), bypass_depth, aborting (flag), exit {as above, without source and scheduler; kind
//              always}, events {NAME: signed sum}
// cpus:        cpu, nr_running, flags, flag_names, cpu_released (flag), cpuperf_target, kick_sync (6.12:
// pnt_seq),
//              nr_immed, curr {pid, tgid, comm, class ("ext_sched_class")}, cpus_to_kick,
//              cpus_to_kick_if_idle, cpus_to_preempt, cpus_to_wait, cpus_to_sync (text "0-3,8"; only where
//              not empty, of the attached scheduler), runnable [task], longest_waiter {pid, comm, waited_ms}
// dsqs:        kind ("local", "global", "bypass", "reject", "rescue", "user"), dsq_id, cpu or node, scheduler
// (name),
//              nr, seq, tasks [{pid, comm, waited_ms, dsq_vtime, slice, weight}] in the order of dispatch,
//              longest_waiter
// task:        pid, tgid, comm, cpu, scheduler (name; where there are several), state ("ENABLED"; enum
// scx_ent_flags),
//              flags, flag_names (without the state), weight, dsq ("local", "global", ...; absent when on
//              none), dsq_id, slice (ns), dsq_vtime; where runnable also: waited_ms, ops_state ("QUEUED"),
//              ops_qseq, dsq_flags, sticky_cpu, holding_cpu, cpus (allowed, "0-1"), migration_disabled
//
// waited_ms is jiffies - runnable_at: the time a task has been runnable without running, which the watchdog
// goes by.
#pragma once
