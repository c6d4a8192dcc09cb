// SPDX-License-Identifier: Apache-2.0
// Values of tasks, inodes, sockets and control groups: as many owners as values.
#include "populations.hpp"

#include "../bpf/known.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace guest {

namespace {

int map_of(bpf_object* object, const char* name) {
  return must(bpf_object__find_map_fd_by_name(object, name), name);
}

void put_value(int fd, int owner, u64 number) {
  const numbers value{number, -static_cast<s64>(number), static_cast<u32>(number), -2, 3};
  put(fd, &owner, &value);
}

void* sleep_for_ever(void* told) {
  const auto self = static_cast<int>(syscall(SYS_gettid));
  if (write(*static_cast<int*>(told), &self, sizeof self) != sizeof self) give_up("thread");
  for (;;) pause();
}

/// Threads, of which newer kernels have descriptors.
void populate_tasks(int fd) {
  constexpr u32 count = 3000;
  constexpr unsigned of_thread = O_EXCL; // PIDFD_THREAD
  int told[2];
  must(pipe(told), "pipe");
  pthread_attr_t small;
  pthread_attr_init(&small), pthread_attr_setstacksize(&small, 16384);
  for (u32 i = 0; i < count; ++i) {
    pthread_t thread;
    if (pthread_create(&thread, &small, sleep_for_ever, &told[1]) != 0) give_up("thread");
    int number = 0;
    if (read(told[0], &number, sizeof number) != sizeof number) give_up("thread");
    const int task = must(static_cast<int>(syscall(SYS_pidfd_open, number, of_thread)), "pidfd of a thread");
    put_value(fd, task, i), close(task);
  }
  populated(fd, count);
}

void populate_inodes(int fd) {
  constexpr u32 count = 20'000;
  mkdir("/files", 0755);
  must(mount("tmpfs", "/files", "tmpfs", 0, nullptr), "mount /files");
  for (u32 i = 0; i < count; ++i) {
    const std::string path = "/files/file " + std::to_string(i);
    const int file = must(open(path.c_str(), O_CREAT | O_RDWR, 0644), path);
    put_value(fd, file, i), close(file);
  }
  populated(fd, count);
}

/// They share one port, as the sockets of a reuseport map must.
std::vector<int> sharing_sockets(u32 count) {
  sockaddr_in self{.sin_family = AF_INET, .sin_port = htons(7301), .sin_addr = {}, .sin_zero = {}};
  const int one = 1;
  std::vector<int> all;
  for (u32 i = 0; i < count; ++i) {
    all.push_back(must(::socket(AF_INET, SOCK_DGRAM, 0), "socket"));
    must(setsockopt(all.back(), SOL_SOCKET, SO_REUSEPORT, &one, sizeof one), "SO_REUSEPORT");
    must(bind(all.back(), reinterpret_cast<sockaddr*>(&self), sizeof self), "bind");
  }
  return all;
}

/// Each socket may stand in one slot of one such map only.
void populate_sockets(int fd) {
  const auto sockets = sharing_sockets(10'000);
  const int reuseport = create(BPF_MAP_TYPE_REUSEPORT_SOCKARRAY, "many_reuseport", 4, sizeof(u64),
                               static_cast<u32>(sockets.size()));
  for (u32 i = 0; i < sockets.size(); ++i) {
    const u64 slot = static_cast<u64>(sockets[i]);
    put(reuseport, &i, &slot), put_value(fd, sockets[i], i);
  }
  populated(reuseport, sockets.size()), populated(fd, sockets.size());
}

void populate_groups(bpf_object* object) {
  constexpr u32 count = 2000;
  const int of_group = map_of(object, "many_of_cgroup"),
            program = bpf_program__fd(bpf_object__find_program_by_name(object, "count_packets"));
  mkdir("/cgroup/many.slice", 0755);
  for (u32 i = 0; i < count; ++i) {
    const std::string path = "/cgroup/many.slice/" + std::to_string(i) + ".scope";
    must(mkdir(path.c_str(), 0755), path);
    const int group = must(open(path.c_str(), O_RDONLY), path);
    put_value(of_group, group, i);
    must(bpf_prog_attach(program, group, BPF_CGROUP_INET_EGRESS, BPF_F_ALLOW_MULTI), "attach");
    close(group);
  }
  populated(of_group, count);
  populated(map_of(object, "many_attached"), count), populated(map_of(object, "many_attached_cpu"), count);
}

} // namespace

void populate_storages(bpf_object* object) {
  populate_inodes(map_of(object, "many_of_inode"));
  populate_sockets(map_of(object, "many_of_socket"));
  populate_groups(object);
  populate_tasks(map_of(object, "many_of_task"));
}

} // namespace guest
