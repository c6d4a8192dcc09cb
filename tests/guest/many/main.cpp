// SPDX-License-Identifier: Apache-2.0
// Process 1 of the guest that benchmarks read: fill, say how much, and stay alive with everything open.
#include "populations.hpp"

#include "../bpf/known.h"
#include "../loader/json.hpp"

#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

namespace guest {

namespace {

std::vector<std::string>& statements() {
  static std::vector<std::string> all;
  return all;
}

void write_statement() {
  std::FILE* out = open_statement();
  std::fprintf(out, "{\"populations\":%s}\n", json::list(statements()).c_str());
  close_statement(out);
}

void lift_limits() {
  const rlimit files{1 << 20, 1 << 20};
  must(setrlimit(RLIMIT_NOFILE, &files), "RLIMIT_NOFILE");
}

void mount_cgroups() {
  mkdir("/cgroup", 0755);
  must(mount("cgroup2", "/cgroup", "cgroup2", 0, nullptr), "mount cgroup2");
}

bpf_object* load_object() {
  libbpf_set_strict_mode(LIBBPF_STRICT_ALL);
  bpf_object* object = bpf_object__open_file("/many.bpf.o", nullptr);
  if (object == nullptr) give_up("many.bpf.o");
  must(bpf_object__load(object), "load many");
  return object;
}

} // namespace

void populated(int map_fd, std::uint64_t elements, const char* bound) {
  const auto info = info_of<bpf_map_info>(map_fd);
  statements().push_back("{\"id\":" + std::to_string(info.id) + ",\"name\":" + json::quoted(info.name) +
                         ",\"elements\":" + std::to_string(elements) + ",\"bound\":" + json::quoted(bound) +
                         "}");
}

void populated_as_listed(int map_fd) {
  std::vector<unsigned char> key(info_of<bpf_map_info>(map_fd).key_size), next(key.size());
  std::uint64_t count = 0;
  for (void* last = nullptr; bpf_map_get_next_key(map_fd, last, next.data()) == 0; last = key.data(), ++count)
    key = next;
  populated(map_fd, count);
}

int create(bpf_map_type type, const char* name, u32 key, u32 value, u32 entries,
           bpf_map_create_opts options) {
  options.sz = sizeof options;
  return must(bpf_map_create(type, name, key, value, entries, &options), name);
}

void fill_slots(int map_fd, u32 entries, const void* value) {
  for (u32 key = 0; key < entries; ++key) put(map_fd, &key, value);
}

} // namespace guest

int main() {
  using namespace guest;
  boot();
  lift_limits();
  mount_cgroups();
  populate_arenas(); // the first is empty, so that the others are timed without what their plugin costs once
  populate_tables();
  bpf_object* object = load_object();
  populate_records(object);
  populate_slots(object);
  populate_storages(object);
  populate_struct_ops();
  write_statement();
  for (;;) pause();
}
