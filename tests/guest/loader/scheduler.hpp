// SPDX-License-Identifier: Apache-2.0
// A guest that runs one sched_ext scheduler, and nothing of the other guests. It says what it saw right
// before and right after its memory was saved: what moves in between is known from both sides.
//
// Its statement: {"release", "scheduler":{
//   "scenario", "command", "pid"      what was started
//   "maps":[{"id","name","type"}]     of the scheduler, and of the one before; the guest holds them open
//   "before", "after"                 around the pause, each {"counters", "sysfs", "tasks"}:
//     "counters":{NAME:NUMBER}        the 8-byte numbers of its section .bss, VARIABLE or VARIABLE.MEMBER,
//     and
//                                     of its map `stats`, if it has one, "stats[KEY]" over all CPUs
//     "sysfs":{FILE:TEXT}             of /sys/kernel/sched_ext
//     "tasks":[{"pid","tgid","comm","state","cpu","policy","ext"}]  every thread; "ext": on sched_ext
//   "output"                          what the scheduler printed until the pause
//   "dump"                            the kernel's own report: of SysRq-D, or of the exit
//   "log"                             the kernel's log
// }}
#pragma once

#include <cstdio>
#include <string>

namespace guest {

/// What the kernel's command line asks for behind "--": "scheduler", a scenario, another scheduler that comes
/// and goes before or "none", then the scheduler's own words.
struct Scheduling {
  std::string scenario; ///< as capture has them: what is waited for before the memory is saved
  std::string earlier;
  char* const* command; ///< of the scheduler; ends with null
};

/// Starts tasks and scheduler, waits for the scenario, has the memory saved, and states all of it.
void run_scheduler(const Scheduling& asked, std::FILE* out);

/// Some dozen tasks in three control groups, two of them inside a fourth, busy now and then.
void start_dozing_tasks();
/// A few more that never rest: with them there is always somebody waiting for a CPU.
void start_busy_tasks();
/// Ten thousand that sleep.
void start_crowd();
/// Some that end at once, so that a scheduler has freed what it knew of them.
void run_short_tasks();

/// [{"pid","tgid","comm","policy","state","cpu","ext"}] of every thread of every process.
std::string tasks_json();
/// {"NAME":NUMBER} of the scheduler's 8-byte counters: as above.
std::string counters_json();
/// [{"id","name","type"}] of the maps there are; from then on they stay, whatever their scheduler does.
std::string hold_maps();

std::string file_text(const std::string& path);
/// Gives up when it cannot be written.
void write_file(const std::string& path, const std::string& text);

} // namespace guest
