// SPDX-License-Identifier: Apache-2.0
// The scenarios, and the moment of truth: the guest pauses its own machine, and says what it saw around that.
#include "scheduler.hpp"

#include "guest.hpp"
#include "json.hpp"

#include <algorithm>
#include <csignal>
#include <fcntl.h>
#include <sched.h>
#include <sys/klog.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>
#if defined(__x86_64__)
#include <sys/io.h>
#endif

namespace guest {

namespace {

constexpr const char *output_path = "/scheduler.out", *state_path = "/sys/kernel/sched_ext/state",
                     *tracing = "/sys/kernel/tracing/";

/// Above every task of a scheduler, which gets what is left of the CPUs.
void stay_out_of_its_reach() {
  const sched_param priority{.sched_priority = 50};
  must(sched_setscheduler(0, SCHED_FIFO, &priority), "SCHED_FIFO");
}

/// Its output goes to a file; it stays out of its own reach, so that it answers however badly it schedules.
pid_t start(char* const* command) {
  const pid_t child = must(fork(), "fork");
  if (child != 0) return child;
  const int out = must(open(output_path, O_CREAT | O_WRONLY | O_APPEND, 0600), output_path);
  dup2(out, STDOUT_FILENO), dup2(out, STDERR_FILENO);
  execv(command[0], command);
  give_up(command[0]);
}

std::string state() {
  std::string text = file_text(state_path);
  while (!text.empty() && text.back() == '\n') text.pop_back();
  return text;
}

void wait_for_state(const std::string& wanted, pid_t scheduler) {
  constexpr int seconds = 150; // scx_pair makes thousands of maps first
  for (int tenths = 0; state() != wanted; ++tenths, usleep(100'000))
    if (tenths == seconds * 10 || waitpid(scheduler, nullptr, WNOHANG) == scheduler)
      give_up("the scheduler is " + state() + ", not " + wanted + "; it says: " + file_text(output_path));
}

/// The kernel's own report, whose lines come as events: of a scheduler that runs, as a person at the machine
/// gets it with SysRq-D; else the one that it wrote when it threw the scheduler out.
std::string kernel_dump() {
  if (state() == "enabled") write_file("/proc/sysrq-trigger", "D");
  const std::string events = file_text(std::string(tracing) + "trace"), mark = "sched_ext_dump: ";
  std::string report;
  for (std::size_t at = 0, end = 0; (at = events.find(mark, at)) != std::string::npos; at = end) {
    end = std::min(events.find('\n', at), events.size());
    report += events.substr(at + mark.size(), end - at - mark.size()) + "\n";
  }
  return report;
}

/// Of the kernel's log, every line: what it says of a scheduler has lines that do not name it.
std::string kernel_log() {
  constexpr int read_all = 3, buffer_size = 10;
  std::string text(static_cast<std::size_t>(must(klogctl(buffer_size, nullptr, 0), "size of the log")), '\0');
  text.resize(
      static_cast<std::size_t>(must(klogctl(read_all, text.data(), static_cast<int>(text.size())), "log")));
  return text;
}

/// {"FILE":"TEXT"} of /sys/kernel/sched_ext
std::string sysfs_json() {
  std::string out;
  for (const char* name :
       {"state", "switch_all", "nr_rejected", "hotplug_seq", "enable_seq", "root/ops", "root/events"}) {
    const std::string path = std::string("/sys/kernel/sched_ext/") + name;
    if (access(path.c_str(), R_OK) != 0) continue; // without a scheduler there is no root
    out += (out.empty() ? "" : ",") + json::quoted(name) + ":" + json::text(file_text(path));
  }
  return "{" + out + "}";
}

std::string snapshot_json() {
  return "{\"counters\":" + counters_json() + ",\"sysfs\":" + sysfs_json() + ",\"tasks\":" + tasks_json() +
         "}";
}

/// The port of QEMU's pvpanic device. Told of a panic, QEMU stops the machine; the capture saves its memory
/// and lets it go on.
void pause_machine() {
#if defined(__x86_64__)
  constexpr unsigned short port = 0x505;
  must(ioperm(port, 1, 1), "ioperm");
  outb(1, port);
#else
  give_up("a guest of this architecture cannot pause itself"); // the capture asks for none
#endif
}

/// Schedulers ask libbpf for the kernel's configuration, which this guest has no file of; all that they would
/// know of it is told by the kernel's version, "#1 SMP PREEMPT_DYNAMIC Debian".
void write_configuration() {
  utsname uts{};
  uname(&uts);
  mkdir("/boot", 0755);
  const std::string path = std::string("/boot/config-") + uts.release;
  close(must(open(path.c_str(), O_CREAT | O_WRONLY, 0600), path));
  if (std::string(uts.version).find("PREEMPT") != std::string::npos)
    write_file(path, "CONFIG_PREEMPT_RCU=y\n");
}

void prepare() {
  write_configuration();
  mkdir("/cgroup", 0755);
  must(mount("cgroup2", "/cgroup", "cgroup2", 0, nullptr), "mount /cgroup");
  must(mount("tracefs", tracing, "tracefs", 0, nullptr), "mount tracefs");
  write_file(std::string(tracing) + "events/sched_ext/sched_ext_dump/enable", "1");
  write_file("/proc/sys/kernel/sysrq", "1");
  write_file("/cgroup/cgroup.subtree_control", "+cpu");
  stay_out_of_its_reach();
}

/// A scheduler that ran before and left in peace. Its maps stay: what they hold is no scheduler's any more.
void run_earlier(std::string command) {
  if (command == "none") return;
  char* const words[] = {command.data(), nullptr};
  const pid_t scheduler = start(words);
  wait_for_state("enabled", scheduler);
  hold_maps();
  must(kill(scheduler, SIGINT), "SIGINT to " + command);
  must(waitpid(scheduler, nullptr, 0), "wait for " + command);
  if (state() != "disabled") give_up(command + " is still " + state());
}

void expect_enabled() {
  if (state() != "enabled") give_up("the scheduler is " + state() + "; it says: " + file_text(output_path));
}

bool is_thrown_out(const std::string& scenario) { return scenario == "ejected" || scenario == "gone"; }

void wait_for_scenario(const std::string& scenario, pid_t scheduler) {
  run_short_tasks();
  if (scenario == "ejected") return wait_for_state("disabled", scheduler);
  if (scenario == "gone") return void(must(waitpid(scheduler, nullptr, 0), "wait for the scheduler's end"));
  usleep(2'500'000); // half of what scx_qmap lets the watchdog wait
  expect_enabled();
}

/// JSON members in their order.
using Members = std::vector<std::pair<const char*, std::string>>;

void state_members(std::FILE* out, const Members& members) {
  utsname uts{};
  uname(&uts);
  std::fprintf(out, "{\"release\":\"%s\",\"scheduler\":{", uts.release);
  const char* comma = "";
  for (const auto& [name, json] : members) {
    std::fprintf(out, "%s\n\"%s\":%s", comma, name, json.c_str());
    comma = ",";
  }
  std::fputs("}}\n", out);
}

} // namespace

void run_scheduler(const Scheduling& asked, std::FILE* out) {
  prepare();
  start_dozing_tasks();
  if (asked.scenario == "crowd") start_crowd();
  run_earlier(asked.earlier);
  const pid_t scheduler = start(asked.command);
  wait_for_state("enabled", scheduler);
  // Thrown out, it would end, and with its link the kernel's record of it would go.
  if (asked.scenario == "ejected") must(kill(scheduler, SIGSTOP), "stop the scheduler's process");
  start_busy_tasks();
  Members said = {{"scenario", json::text(asked.scenario)},
                  {"command", json::text(asked.command[0])},
                  {"pid", std::to_string(scheduler)},
                  {"maps", hold_maps()}};
  wait_for_scenario(asked.scenario, scheduler);
  said.emplace_back("dump", json::text(kernel_dump()));
  said.emplace_back("output", json::text(file_text(output_path)));
  said.emplace_back("before", snapshot_json());
  if (!is_thrown_out(asked.scenario)) expect_enabled();
  pause_machine();
  said.emplace_back("after", snapshot_json());
  said.emplace_back("log", json::text(kernel_log()));
  state_members(out, said);
}

} // namespace guest
