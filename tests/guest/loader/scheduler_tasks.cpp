// SPDX-License-Identifier: Apache-2.0
// The tasks that a scheduler gets to see, and what the kernel says of all tasks.
#include "scheduler.hpp"

#include "guest.hpp"
#include "json.hpp"

#include <algorithm>
#include <cctype>
#include <climits>
#include <dirent.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

namespace guest {

namespace {

struct Group {
  const char *name, *folder;
  unsigned weight; ///< of 100 that a group has by default
  int nice;
};

constexpr Group groups[] = {{"batch", "/cgroup/batch", 50, 19},
                            {"web", "/cgroup/site/web", 200, 0},
                            {"db", "/cgroup/site/db", 100, -5}};

[[noreturn]] void spin() {
  for (volatile unsigned counter = 0;;) counter = counter + 1;
}

/// Busy now and then.
[[noreturn]] void doze(unsigned microseconds) {
  for (;;) {
    usleep(microseconds);
    for (volatile unsigned counter = 0; counter < 10'000;) counter = counter + 1;
  }
}

/// A child in the control group, an ordinary task whatever its parent is.
template <class Work>
pid_t start_task(const std::string& group, const std::string& name, int nice, Work work) {
  const pid_t child = must(fork(), "fork");
  if (child != 0) return child;
  write_file(group + "/cgroup.procs", "0");
  const sched_param none{};
  must(sched_setscheduler(0, SCHED_OTHER, &none), "SCHED_OTHER");
  must(setpriority(PRIO_PROCESS, 0, nice), "nice");
  prctl(PR_SET_NAME, name.c_str());
  work();
  _exit(0);
}

void start_threads(const std::string& name, unsigned count) {
  for (unsigned i = 0; i < count; ++i)
    std::thread([i, name] {
      prctl(PR_SET_NAME, (name + "." + std::to_string(i)).c_str());
      doze(2000 + 500 * i);
    }).detach();
  for (;;) pause();
}

void make_group(const std::string& group, unsigned weight) {
  must(mkdir(group.c_str(), 0755), group);
  write_file(group + "/cpu.weight", std::to_string(weight));
}

void start_group(const std::string& name, const std::string& group, unsigned weight, int nice) {
  make_group(group, weight);
  for (unsigned i = 0; i < 6; ++i)
    start_task(group, name + "-doze" + std::to_string(i), nice, [i] { doze(1000 * (i + 1)); });
  start_task(group, name + "-pool", nice, [&name] { start_threads(name + "-pool", 4); });
}

std::vector<std::string> numbers_in(const std::string& folder) {
  std::vector<std::string> names;
  DIR* const listing = opendir(folder.c_str());
  if (listing == nullptr) return names; // it ended meanwhile
  while (const dirent* entry = readdir(listing))
    if (std::isdigit(static_cast<unsigned char>(entry->d_name[0])) != 0) names.emplace_back(entry->d_name);
  closedir(listing);
  return names;
}

/// Word number `place` of /proc/PID/stat, counted from 1 as proc(5) does; the second may hold blanks.
std::string stat_word(const std::string& stat, int place) {
  std::size_t at = stat.rfind(')') + 2;
  for (int i = 3; i < place && at < stat.size(); ++i) at = stat.find(' ', at) + 1;
  return stat.substr(at, stat.find(' ', at) - at);
}

/// Of /proc/PID/sched: whether the class of schedulers in BPF has it.
bool is_ext(const std::string& folder) {
  const std::string text = file_text(folder + "/sched");
  const std::size_t line = text.find("ext.enabled");
  return line != std::string::npos && text.find(": ", line) != std::string::npos &&
         text.compare(text.find_first_not_of(" :", line + 11), 1, "1") == 0;
}

std::string task_json(const std::string& tgid, const std::string& pid) {
  const std::string folder = "/proc/" + tgid + "/task/" + pid, stat = file_text(folder + "/stat");
  if (stat.empty()) return "";
  const std::size_t open = stat.find('(');
  return "{\"pid\":" + pid + ",\"tgid\":" + tgid +
         ",\"comm\":" + json::text(stat.substr(open + 1, stat.rfind(')') - open - 1)) +
         ",\"state\":" + json::text(stat_word(stat, 3)) + ",\"cpu\":" + stat_word(stat, 39) +
         ",\"policy\":" + stat_word(stat, 41) + ",\"ext\":" + (is_ext(folder) ? "true" : "false") + "}";
}

} // namespace

std::string file_text(const std::string& path) {
  std::string text;
  const int fd = open(path.c_str(), O_RDONLY | O_NONBLOCK);
  if (fd < 0) return text;
  char piece[1 << 16];
  for (ssize_t count = 0; (count = read(fd, piece, sizeof piece)) > 0;)
    text.append(piece, static_cast<std::size_t>(count));
  close(fd);
  return text;
}

void write_file(const std::string& path, const std::string& text) {
  const int fd = must(open(path.c_str(), O_WRONLY | O_TRUNC), path);
  if (write(fd, text.data(), text.size()) != static_cast<ssize_t>(text.size())) give_up("writing " + path);
  close(fd);
}

void start_dozing_tasks() {
  make_group("/cgroup/site", 300);
  write_file("/cgroup/site/cgroup.subtree_control", "+cpu");
  for (const Group& group : groups) start_group(group.name, group.folder, group.weight, group.nice);
}

void start_busy_tasks() {
  for (const Group& group : groups)
    for (int i = 0; i < 3; ++i)
      start_task(group.folder, std::string(group.name) + "-spin" + std::to_string(i), 0, spin);
}

namespace {

void* sleep_for_ever(void* /*unused*/) {
  for (;;) pause();
}

void start_sleeping_threads(unsigned count) {
  pthread_attr_t small;
  pthread_attr_init(&small);
  pthread_attr_setstacksize(&small, PTHREAD_STACK_MIN);
  for (pthread_t thread{}; count != 0; --count)
    must(-pthread_create(&thread, &small, sleep_for_ever, nullptr), "a sleeping thread");
  sleep_for_ever(nullptr);
}

/// Behind the slash of "0.00 0.01 0.05 1/10123 140".
long all_tasks() {
  const std::string text = file_text("/proc/loadavg");
  return std::stol(text.substr(text.find('/') + 1));
}

} // namespace

void start_crowd() {
  constexpr long count = 10'000;
  write_file("/proc/sys/kernel/threads-max", "20000");
  for (int i = 0; i < 10; ++i)
    start_task("/cgroup/batch", "crowd" + std::to_string(i), 0,
               [] { start_sleeping_threads(count / 10 - 1); });
  while (all_tasks() < count) usleep(100'000);
}

void run_short_tasks() {
  constexpr int count = 20;
  for (int i = 0; i < count; ++i) {
    const pid_t child = start_task("/cgroup/site/web", "web-short" + std::to_string(i), 0, [] {});
    must(waitpid(child, nullptr, 0), "wait");
  }
}

std::string tasks_json() {
  std::vector<std::string> all;
  for (const std::string& tgid : numbers_in("/proc"))
    for (const std::string& pid : numbers_in("/proc/" + tgid + "/task"))
      if (std::string task = task_json(tgid, pid); !task.empty()) all.push_back(std::move(task));
  return json::list(all);
}

} // namespace guest
