// SPDX-License-Identifier: Apache-2.0
// Values with a copy for each CPU, and values of tasks.
#include "../loader/guest.hpp"
#include "steps.hpp"

#include <sys/syscall.h>
#include <unistd.h>

namespace guest {

namespace {

std::size_t cpus() { return static_cast<std::size_t>(must(libbpf_num_possible_cpus(), "CPUs")); }

/// A value for each CPU; this type's size is a multiple of eight, as bpf(2) wants it.
std::vector<numbers> copies_of(u32 seed) {
  std::vector<numbers> copies;
  for (u32 cpu = 0; cpu < cpus(); ++cpu) copies.push_back(numbers_of(seed + cpu));
  return copies;
}

std::string change_array(int fd) {
  const u32 key = 1;
  std::vector<u64> values(cpus(), 100);
  values.back() = 250;
  set(fd, &key, values.data());
  const std::string last = "[" + std::to_string(cpus() - 1) + "]";
  return Word("map", "c_per_cpu", "percpu_array").went<u64>("1", "per_cpu" + last, 100, 250).text();
}

std::string change_hash(int fd) {
  u32 key = 1;
  auto values = copies_of(10);
  values.front().last = 0;
  set(fd, &key, values.data());
  const auto added = copies_of(30);
  set(fd, &(key = 3), added.data());
  must(bpf_map_delete_elem(fd, &(key = 2)), "delete");
  return Word("map", "c_per_cpu_hash", "percpu_hash")
      .went<u32>("1", "per_cpu[0].last", 10, 0)
      .added("3", "{\"per_cpu\":" + plain(added) + "}")
      .gone("2", "{\"per_cpu\":" + plain(copies_of(20)) + "}")
      .text();
}

} // namespace

Change copies_of_cpus(bpf_object* object) {
  const int array = map_of(object, "c_per_cpu"), hash = map_of(object, "c_per_cpu_hash");
  const std::vector<u64> hundreds(cpus(), 100);
  for (u32 key = 0; key < 2; ++key) set(array, &key, hundreds.data());
  for (u32 key = 1; key < 3; ++key) set(hash, &key, copies_of(key * 10).data());
  return [=] { return std::vector{change_array(array), change_hash(hash)}; };
}

Change tasks(bpf_object* object) {
  const int fd = map_of(object, "c_task");
  const int self = must(static_cast<int>(syscall(SYS_pidfd_open, getpid(), 0)), "pidfd_open");
  const numbers value = numbers_of(40);
  set(fd, &self, &value);
  return [=] {
    numbers other = value;
    other.flags = 1;
    set(fd, &self, &other);
    return std::vector{
        Word("map", "c_task", "task_storage").went<u16>(std::to_string(getpid()), "flags", 120, 1).text()};
  };
}

} // namespace guest
