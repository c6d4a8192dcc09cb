// SPDX-License-Identifier: Apache-2.0
// Process 1 of the guest whose object hides pointers in numbers: eight sleeping tasks in two control groups,
// whose addresses a program keeps, some more that have ended since, and a million numbers that are none.
//
// Its statement: {"release", "hidden":{
//   "tasks":[{"pid","comm","cgroup_id","context"}]   that sleep; "context": an address in the arena
//   "gone":[PID]                                     tasks that were remembered and have ended
//   "live":[PID]                                     every process
//   "statistics":ADDRESS, "static_pages":N           a range of pages that a variable leads to
//   "lost":ADDRESS, "lost_pages":N                   one that nothing leads to
//   "noise":N                                        numbers in the map of that name
// }}
#include "../loader/guest.hpp"
#include "../loader/json.hpp"
#include "hidden.h"

#include <cctype>
#include <csignal>
#include <dirent.h>
#include <fcntl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <sys/wait.h>

namespace {

using namespace guest;

constexpr const char* groups[] = {"/cgroup/even", "/cgroup/odd"};

void write_text(const std::string& path, const std::string& text) {
  const int fd = must(open(path.c_str(), O_WRONLY), path);
  if (write(fd, text.data(), text.size()) != static_cast<ssize_t>(text.size())) give_up(path);
  close(fd);
}

void make_groups() {
  mkdir("/cgroup", 0755);
  must(mount("cgroup2", "/cgroup", "cgroup2", 0, nullptr), "mount /cgroup");
  for (const char* group : groups) must(mkdir(group, 0755), group);
}

/// The kernel's id of a control group is its directory's inode.
u64 group_id(unsigned number) {
  struct stat found{};
  must(stat(groups[number % 2], &found), groups[number % 2]);
  return found.st_ino;
}

std::string name_of(unsigned number) { return "hidden" + std::to_string(number); }

pid_t start_task(unsigned number) {
  const pid_t child = must(fork(), "fork");
  if (child != 0) {
    write_text(std::string(groups[number % 2]) + "/cgroup.procs", std::to_string(child));
    return child;
  }
  prctl(PR_SET_NAME, name_of(number).c_str());
  for (;;) pause();
}

/// The library asks libbpf for parts of the kernel's configuration. Its lock refuses a kernel that is made
/// for more than 1024 CPUs, as Debian's is; told of the few that are here, it works.
void write_configuration() {
  utsname uts{};
  uname(&uts);
  mkdir("/boot", 0755);
  const std::string path = std::string("/boot/config-") + uts.release;
  close(must(open(path.c_str(), O_CREAT | O_WRONLY, 0600), path));
  write_text(path, "CONFIG_X86_64=y\nCONFIG_NR_CPUS=" + std::to_string(libbpf_num_possible_cpus()) + "\n");
}

class Object {
public:
  explicit Object(const char* path) : object_(bpf_object__open_file(path, nullptr)) {
    if (object_ == nullptr) give_up(path);
    must(bpf_object__load(object_), "load the object");
  }

  [[nodiscard]] int map(const char* name) const {
    return must(bpf_object__find_map_fd_by_name(object_, name), name);
  }
  [[nodiscard]] bpf_program* program(const char* name) const {
    bpf_program* const found = bpf_object__find_program_by_name(object_, name);
    if (found == nullptr) give_up(name);
    return found;
  }
  void run(const char* name, void* context, u32 size) const {
    LIBBPF_OPTS(bpf_test_run_opts, options, .ctx_in = context, .ctx_size_in = size); // written to as well
    must(bpf_prog_test_run_opts(bpf_program__fd(program(name)), &options), name);
    if (options.retval != 0) give_up(std::string(name) + " says " + std::to_string(options.retval));
  }
  /// For each task.
  void iterate(const char* name) const {
    const bpf_link* const link = bpf_program__attach_iter(program(name), nullptr);
    if (link == nullptr) give_up(name);
    const int fd = must(bpf_iter_create(bpf_link__fd(link)), name);
    char text[64];
    while (must(static_cast<int>(read(fd, text, sizeof text)), name) > 0) {
    }
    close(fd);
  }

private:
  bpf_object* object_;
};

/// Numbers of all sizes, times, and what has the upper half of a task's address; the same on every run but
/// for that half.
void fill_with_noise(int fd, u64 task) {
  u64 state = 0x9e3779b97f4a7c15;
  for (u32 i = 0; i < NOISE; ++i) {
    state ^= state << 13, state ^= state >> 7, state ^= state << 17;
    const u64 kinds[] = {state, state >> (i % 64), (task & ~u64{0xffffffff}) | (state & 0xfffffff8),
                         1'700'000'000'000'000'000 + (state >> 30)};
    must(bpf_map_update_elem(fd, &i, &kinds[i % 4], BPF_ANY), "noise");
  }
}

hidden value_of(int fd, u32 key) {
  hidden found{};
  must(bpf_map_lookup_elem(fd, &key, &found), "look-up of what was hidden");
  return found;
}

std::string task_json(int by_pid, u32 pid, unsigned place) {
  const hidden of_task = value_of(by_pid, pid);
  return "{\"pid\":" + std::to_string(pid) + ",\"comm\":" + json::quoted(name_of(place)) +
         ",\"cgroup_id\":" + std::to_string(group_id(place)) +
         ",\"context\":" + std::to_string(of_task.context) + "}";
}

/// Tasks that a program remembers and that have ended when the memory is saved.
std::vector<std::string> let_tasks_end(const Object& object) {
  constexpr unsigned count = 4;
  std::vector<pid_t> tasks;
  std::vector<std::string> pids;
  for (unsigned i = 0; i < count; ++i) tasks.push_back(start_task(HIDDEN_TASKS + i));
  object.iterate("remember");
  for (const pid_t task : tasks) {
    must(kill(task, SIGKILL), "kill");
    must(waitpid(task, nullptr, 0), "wait");
    pids.push_back(std::to_string(task));
  }
  sleep(1); // the kernel frees them when nobody can hold them any more
  return pids;
}

std::vector<std::string> processes() {
  std::vector<std::string> pids;
  DIR* const folder = opendir("/proc");
  if (folder == nullptr) give_up("/proc");
  while (const dirent* const entry = readdir(folder))
    if (std::isdigit(static_cast<unsigned char>(entry->d_name[0])) != 0) pids.emplace_back(entry->d_name);
  closedir(folder);
  return pids;
}

void hide_and_state(std::FILE* out) {
  make_groups();
  write_configuration();
  const Object object("/hidden.bpf.o");
  std::vector<pid_t> tasks;
  for (unsigned i = 0; i < HIDDEN_TASKS; ++i) tasks.push_back(start_task(i));
  object.run("arena_buddy_reset", nullptr, 0);
  allocated said{.loader = static_cast<u64>(getpid()), .lost = 0, .fixed = 0};
  object.run("allocate", &said, sizeof said);
  object.iterate("remember");
  const int by_pid = object.map("hidden_hash");
  std::vector<std::string> stated;
  for (unsigned i = 0; i < HIDDEN_TASKS; ++i)
    stated.push_back(task_json(by_pid, static_cast<u32>(tasks[i]), i));
  fill_with_noise(object.map("noise"), value_of(by_pid, static_cast<u32>(tasks[0])).task);
  const auto gone = let_tasks_end(object);
  utsname uts{};
  uname(&uts);
  std::fprintf(out,
               "{\"release\":\"%s\",\"hidden\":{\n\"tasks\":%s,\n\"gone\":%s,\n\"live\":%s,\n"
               "\"statistics\":%llu,\"static_pages\":%d,\"lost\":%llu,\"lost_pages\":%d,\"noise\":%d}}\n",
               uts.release, json::list(stated).c_str(), json::list(gone).c_str(),
               json::list(processes()).c_str(), static_cast<unsigned long long>(said.fixed), STATIC_PAGES,
               static_cast<unsigned long long>(said.lost), LOST_PAGES, NOISE);
}

} // namespace

int main() {
  boot();
  std::FILE* const out = open_statement();
  hide_and_state(out);
  std::fputs("\f\n", out); // what bpftool printed comes behind: nothing
  close_statement(out);
  for (;;) pause();
}
