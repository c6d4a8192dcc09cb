// SPDX-License-Identifier: Apache-2.0
// Values of cgroups that programs are attached to. bpf(2) lists them; what it does not know, the cgroup's
// path and how the kernel calls the attachment, is stated here.
#include "guest.hpp"

#include "../bpf/known.h"
#include "expect.hpp"
#include "json.hpp"

#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

namespace guest {

namespace {

using namespace json;

struct Group {
  const char* path;
  int fd;
  u64 id;
};

Group make_group(const char* path) {
  const std::string folder = std::string("/cgroup") + path;
  mkdir(folder.c_str(), 0755);
  struct stat is{};
  const int fd = must(open(folder.c_str(), O_RDONLY), folder);
  must(fstat(fd, &is), "fstat");
  return {path, fd, is.st_ino};
}

/// A cgroup that a program is attached to, and how.
struct Attachment {
  const Group& group;
  bpf_attach_type type;
};

void attach(bpf_object* object, const char* program, const std::vector<Attachment>& attachments) {
  const int fd = bpf_program__fd(bpf_object__find_program_by_name(object, program));
  for (const auto& [group, type] : attachments)
    must(bpf_prog_attach(fd, group.fd, type, BPF_F_ALLOW_MULTI), program);
}

std::string attach_type(bpf_attach_type type) {
  return constant(type, 32,
                  type == BPF_CGROUP_INET_INGRESS ? "BPF_CGROUP_INET_INGRESS" : "BPF_CGROUP_INET_EGRESS");
}

std::string owner(const Group& group) {
  return R"({"id":)" + std::to_string(group.id) + R"(,"path":)" + quoted(group.path) + "}";
}

/// A member of the map object; per-CPU entries have a list of their own.
void expect_entries(int map, const std::vector<std::string>& entries) {
  bpf_map_info info{};
  u32 size = sizeof info;
  must(bpf_obj_get_info_by_fd(map, &info, &size), "info");
  expect(map, std::string("{\"") + (is_per_cpu(info.type) ? "percpu_hash_entries" : "entries") +
                  "\":" + list(entries) + "}");
}

/// Of maps whose key tells the attachment.
void expect_by_attach(int map, const std::vector<Attachment>& attachments) {
  std::vector<std::string> entries;
  for (const auto& [group, type] : attachments) {
    bpf_cgroup_storage_key key{};
    key.cgroup_inode_id = group.id, key.attach_type = type;
    const std::string typed =
        record("bpf_cgroup_storage_key", {{"cgroup_inode_id", number(u64{key.cgroup_inode_id})},
                                          {"attach_type", number(u32{key.attach_type})}});
    entries.push_back(R"({"key_hex":)" + quoted(hex(&key, sizeof key, " ")) + R"(,"key":)" + typed +
                      R"(,"owner":)" + owner(group) + R"(,"attach_type":)" + attach_type(type) + "}");
  }
  expect_entries(map, entries);
}

void expect_by_group(int map, const std::vector<Attachment>& attachments) {
  std::vector<std::string> entries;
  for (const auto& [group, type] : attachments)
    entries.push_back(R"({"key_hex":)" + quoted(hex(&group.id, sizeof group.id, " ")) + R"(,"key":)" +
                      number(group.id) + R"(,"owner":)" + owner(group) + "}");
  expect_entries(map, entries);
}

/// A packet to its own sender, counted on its way out and in.
void send_packet() {
  sockaddr_in self{
      .sin_family = AF_INET, .sin_port = htons(7201), .sin_addr = {htonl(INADDR_LOOPBACK)}, .sin_zero = {}};
  const auto* address = reinterpret_cast<const sockaddr*>(&self);
  const int fd = must(::socket(AF_INET, SOCK_DGRAM, 0), "socket");
  must(bind(fd, address, sizeof self), "bind");
  char byte = 1;
  must(static_cast<int>(sendto(fd, &byte, 1, 0, address, sizeof self)), "sendto");
  must(static_cast<int>(recv(fd, &byte, 1, 0)), "recv");
  close(fd);
}

void move_to(const Group& group) {
  const int fd = must(openat(group.fd, "cgroup.procs", O_WRONLY), group.path);
  must(static_cast<int>(write(fd, "0", 1)), group.path);
  close(fd);
}

/// Numbers that no packet counts up to, so that each copy has its own.
void fill_copies(int map, const void* key) {
  struct alignas(8) Copy {
    odd value;
  } copies[64];
  for (u32 cpu = 0; cpu < 64; ++cpu) copies[cpu].value = {1000 * cpu + 7, -5, cpu};
  put(map, key, copies);
}

void create_empty() {
  must(bpf_map_create(BPF_MAP_TYPE_CGROUP_STORAGE, "a_cg_storage", 16, 8, 0, nullptr), "a_cg_storage");
  must(bpf_map_create(BPF_MAP_TYPE_PERCPU_CGROUP_STORAGE, "a_cg_percpu", 16, 8, 0, nullptr), "a_cg_percpu");
}

} // namespace

void create_cgroup_storages() {
  bpf_object* object = bpf_object__open_file("/cgroup_storage.bpf.o", nullptr);
  if (object == nullptr) give_up("cgroup_storage.bpf.o");
  must(bpf_object__load(object), "load cgroup_storage");
  const auto map = [&](const char* name) {
    return must(bpf_object__find_map_fd_by_name(object, name), name);
  };
  const Group root = make_group("/"), outer = make_group("/counted.slice"),
              inner = make_group("/counted.slice/inner.scope");
  const std::vector<Attachment> all = {{outer, BPF_CGROUP_INET_INGRESS},
                                       {outer, BPF_CGROUP_INET_EGRESS},
                                       {inner, BPF_CGROUP_INET_EGRESS}},
                                one_each = {{outer, BPF_CGROUP_INET_EGRESS},
                                            {inner, BPF_CGROUP_INET_INGRESS}};
  attach(object, "count_by_attach", all), attach(object, "count_by_group", one_each);
  attach(object, "count_bare", one_each);
  move_to(inner), send_packet(), move_to(root);
  bpf_cgroup_storage_key key{};
  key.cgroup_inode_id = outer.id, key.attach_type = BPF_CGROUP_INET_EGRESS;
  const numbers value{77, -77, 7, -7, 70};
  put(map("by_attach"), &key, &value), fill_copies(map("by_attach_cpu"), &key);
  expect_by_attach(map("by_attach"), all), expect_by_attach(map("by_attach_cpu"), all);
  expect_by_attach(map("bare_by_attach"), one_each);
  for (const char* name : {"by_group", "by_group_cpu", "bare_by_group"}) expect_by_group(map(name), one_each);
  create_empty();
}

} // namespace guest
