// SPDX-License-Identifier: Apache-2.0
// Values with special fields: locks, timers, lists, trees, kernel pointers, workqueues, in the states that
// matter.
#include "guest.hpp"

#include "../bpf/special.h"
#include "expect.hpp"
#include "json.hpp"

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <cstring>
#include <sys/utsname.h>
#include <unistd.h>

namespace guest {

namespace {

using namespace json;

bool kernel_has_function(const char* name) {
  btf* kernel = btf__load_vmlinux_btf();
  const bool has = kernel != nullptr && btf__find_by_name_kind(kernel, name, BTF_KIND_FUNC) > 0;
  btf__free(kernel);
  return has;
}

bpf_object* try_load(const char* path) {
  bpf_object* object = bpf_object__open_file(path, nullptr);
  if (object == nullptr) give_up(path);
  return bpf_object__load(object) == 0 ? object : nullptr;
}

bpf_object* load(const char* path) {
  bpf_object* object = try_load(path);
  if (object == nullptr) give_up(path);
  return object;
}

void run(bpf_object* object, const char* name) {
  unsigned char packet[64] = {};
  LIBBPF_OPTS(bpf_test_run_opts, options, .data_in = packet, .data_size_in = sizeof packet);
  must(bpf_prog_test_run_opts(bpf_program__fd(bpf_object__find_program_by_name(object, name)), &options),
       name);
  if (options.retval != 0) give_up(std::string(name) + " returned " + std::to_string(options.retval));
}

int map_of(bpf_object* object, const char* name) {
  return must(bpf_object__find_map_fd_by_name(object, name), name);
}

/// The kernel's own name of a BPF program's function: bpf_prog_<tag>_<name>.
std::string program_symbol(const std::string& function) {
  std::FILE* symbols = std::fopen("/proc/kallsyms", "r");
  if (symbols == nullptr) give_up("/proc/kallsyms");
  char line[1024], name[512];
  std::string found;
  while (found.empty() && std::fgets(line, sizeof line, symbols) != nullptr)
    if (std::sscanf(line, "%*s %*s %511s", name) == 1 && std::strncmp(name, "bpf_prog_", 9) == 0 &&
        std::string(name).ends_with("_" + function))
      found = name;
  std::fclose(symbols);
  if (found.empty()) give_up("no symbol of " + function);
  return found;
}

std::string facts(const std::string& inside) { return "{" + inside + "}"; }

/// bpf_timer_init() refuses there.
bool is_realtime() {
  utsname uts{};
  uname(&uts);
  return std::strstr(uts.version, "PREEMPT_RT") != nullptr;
}

void create_lock(int guarded) {
  const unsigned key = 7, value[2] = {0, 99};
  put(guarded, &key, value);
  hide(guarded, 0, 4);
  expect(guarded, "{\"entries\":[{\"key_hex\":\"07 00 00 00\",\"value\":" +
                      record("guarded", {{"lock", facts("\"locked\":false")}, {"count", number(99U)}}) +
                      "}]}");
}

void create_timers(bpf_object* object) {
  const int timed = map_of(object, "timed_array");
  run(object, "arm");
  hide(timed, 8, 16);
  const auto element = [](unsigned index, const std::string& timer) {
    return "{\"key\":" + std::to_string(index) +
           ",\"value\":" + record("timed", {{"number", number(0ULL)}, {"timer", timer}}) + "}";
  };
  expect(timed, "{\"array_entries\":[" +
                    element(0, facts("\"armed\":true,\"callback\":" + quoted(program_symbol("on_tick")))) +
                    "," + element(1, facts("\"armed\":false")) + "," + element(2, facts("\"armed\":false")) +
                    "]}");
}

/// Timers are not of every kernel that has locks.
void create_locks_and_timers() {
  bpf_object* object = bpf_object__open_file("/timers.bpf.o", nullptr);
  if (object == nullptr) give_up("/timers.bpf.o");
  const bool has_timers =
      !is_realtime() && libbpf_probe_bpf_helper(BPF_PROG_TYPE_SCHED_CLS, BPF_FUNC_timer_init, nullptr) == 1;
  bpf_map__set_autocreate(bpf_object__find_map_by_name(object, "timed_array"), has_timers);
  bpf_program__set_autoload(bpf_object__find_program_by_name(object, "arm"), has_timers);
  must(bpf_object__load(object), "load timers");
  create_lock(map_of(object, "guarded_hash"));
  if (has_timers) create_timers(object);
}

std::string numbered(const char* type, const char* node_first, unsigned value) {
  const std::string shown = "{\"name\":\"number\",\"value\":" + number(value) + "}";
  return kind("struct",
              "\"type_name\":" + quoted(type) + ",\"members\":[" +
                  (node_first != nullptr ? "{\"name\":\"node\",\"value\":{\"linked\":true}}," + shown
                                         : shown + ",{\"name\":\"node\",\"value\":{\"linked\":true}}") +
                  "]");
}

void state_roots(int map) {
  std::vector<std::string> items, leaves;
  for (unsigned i = 0; i < LIST_NODES; ++i) items.push_back(numbered("item", "node", 100 + i));
  for (unsigned i = 0; i < TREE_NODES; ++i) leaves.push_back(numbered("leaf", nullptr, i));
  const auto root = [](const std::vector<std::string>& items, const std::vector<std::string>& leaves) {
    const auto graph = [](const std::vector<std::string>& nodes) {
      return facts("\"length\":" + std::to_string(nodes.size()) + ",\"elements\":" + list(nodes));
    };
    return record("rooted",
                  {{"lock", facts("\"locked\":false")}, {"list", graph(items)}, {"tree", graph(leaves)}});
  };
  expect(map, "{\"array_entries\":[{\"key\":0,\"value\":" + root(items, leaves) +
                  "},{\"key\":1,\"value\":" + root({}, {}) + "}]}");
}

void state_pointers(int map) {
  const auto to = [](const std::string& what) { return "{\"kind\":\"ptr\",\"deref\":" + what + "}"; };
  const std::string init =
      "{\"kind\":\"struct\",\"type_name\":\"task_struct\",\"members\":["
      "{\"name\":\"pid\",\"value\":{\"value\":1}},{\"name\":\"tgid\",\"value\":{\"value\":1}},"
      "{\"name\":\"comm\"}]}";
  std::vector<std::string> copies;
  for (int cpu = 0; cpu < libbpf_num_possible_cpus(); ++cpu)
    copies.push_back(
        record("copies", {{"number", number(PERCPU_NUMBER + static_cast<unsigned long long>(cpu))}}));
  expect(map,
         "{\"value\":" +
             record("pointing",
                    {{"task", to(init)},
                     {"own", to(record("own", {{"number", number(815ULL)}, {"refs", facts("\"count\":1")}}))},
                     {"copies", "{\"kind\":\"ptr\",\"per_cpu\":" + list(copies) + "}"},
                     {"nothing", "{\"kind\":\"ptr\",\"value\":0}"}}) +
             "}");
}

void create_graphs() {
  bpf_object* object = load("/graph.bpf.o");
  for (const char* program : {"grow", "point", "number_copies"}) run(object, program);
  const int rooted = map_of(object, "rooted_array"), pointing = map_of(object, "pointing_array");
  hide(rooted, 0, 40), hide(pointing, 0, 32); // all that their values have
  state_roots(rooted);
  state_pointers(pointing);
}

void create_workqueue() {
  bpf_object* object = try_load("/workqueue7.bpf.o");
  if (object == nullptr) object = load("/workqueue.bpf.o");
  run(object, "prepare");
  const int working = map_of(object, "working_array");
  hide(working, 0, 16);
  expect(working,
         "{\"value\":" +
             record("working",
                    {{"work", facts("\"armed\":false,\"callback\":" + quoted(program_symbol("on_work")))},
                     {"number", number(0ULL)}}) +
             "}");
}

} // namespace

void create_special_values() {
  create_locks_and_timers();
  if (kernel_has_function("bpf_percpu_obj_new_impl")) create_graphs();
  if (kernel_has_function("bpf_wq_init")) create_workqueue();
}

} // namespace guest
