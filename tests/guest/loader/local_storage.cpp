// SPDX-License-Identifier: Apache-2.0
// Values of tasks, inodes, sockets and control groups, also of those that are about to go. bpf(2) looks each
// up by a descriptor of its owner; the owner's address, which is the report's key, is known to the kernel
// alone.
#include "guest.hpp"

#include "../bpf/known.h"
#include "expect.hpp"
#include "json.hpp"

#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <csignal>
#include <cstddef>
#include <cstring>
#include <fcntl.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

namespace guest {

namespace {

using namespace json;

std::string typed(u64 value) { return number(value); }
std::string typed(const numbers& n) {
  return record("numbers", {{"count", number(n.count)},
                            {"sum", number(n.sum)},
                            {"last", number(n.last)},
                            {"level", number(n.level)},
                            {"flags", number(n.flags)}});
}

/// {"name":value,...}
using Fields = std::vector<std::pair<const char*, std::string>>;
std::string object(const Fields& fields) {
  std::string out = "{";
  for (const auto& [name, value] : fields) out += (out.size() == 1 ? "" : ",") + quoted(name) + ":" + value;
  return out + "}";
}

/// One map, and what the report must show of it.
template <class Value> class Storage {
public:
  Storage(bpf_object* object, const char* name)
      : fd_(must(bpf_object__find_map_fd_by_name(object, name), name)) {}

  void put(int owner, const Value& value, const std::string& described) {
    guest::put(fd_, &owner, &value);
    state(owner, described);
  }
  /// What bpf(2) finds behind a descriptor of the owner.
  void state(int owner, const std::string& described) {
    Value value;
    must(bpf_map_lookup_elem(fd_, &owner, &value), "lookup of " + described);
    state_known(value, described);
  }
  /// An owner that has no descriptor.
  void state_known(const Value& value, const std::string& described) {
    entries_.push_back(object({{"key", R"({"kind":"ptr"})"},
                               {"owner", described},
                               {"value", typed(value)},
                               {"value_hex", quoted(hex(&value, sizeof value, " "))}}));
  }
  void expect() const {
    guest::expect(fd_,
                  object({{"entry_count", std::to_string(entries_.size())}, {"entries", list(entries_)}}));
  }
  [[nodiscard]] int fd() const { return fd_; }

private:
  int fd_;
  std::vector<std::string> entries_;
};

numbers value_of(u64 number) { return {number, -static_cast<s64>(number), static_cast<u32>(number), -2, 3}; }

// Tasks.

std::string task(int pid, int tgid, const char* comm, const char* state = nullptr) {
  Fields fields = {{"pid", std::to_string(pid)}, {"tgid", std::to_string(tgid)}, {"comm", quoted(comm)}};
  if (state != nullptr) fields.emplace_back("state", quoted(state));
  return object(fields);
}

int pidfd(int pid, unsigned flags = 0) { return static_cast<int>(syscall(SYS_pidfd_open, pid, flags)); }

/// A thread that lives as long as the guest; returns its number once it has its name.
int named_thread(const char* name) {
  int told[2];
  must(pipe(told), "pipe");
  std::thread([name, end = told[1]] {
    prctl(PR_SET_NAME, name);
    const auto self = static_cast<int>(syscall(SYS_gettid));
    if (write(end, &self, sizeof self) != sizeof self) give_up(name);
    for (;;) pause();
  }).detach();
  int number = 0;
  if (read(told[0], &number, sizeof number) != sizeof number) give_up(name);
  return number;
}

/// The program gives them their values; only newer kernels have descriptors of threads.
void add_threads(bpf_object* object, Storage<numbers>& storage) {
  constexpr unsigned of_thread = O_EXCL; // PIDFD_THREAD
  bpf_link* link = bpf_program__attach(bpf_object__find_program_by_name(object, "give_value"));
  if (link == nullptr) give_up("attach give_value");
  for (const char* name : {"first_worker", "second_worker"}) {
    const int number = named_thread(name), fd = pidfd(number, of_thread);
    const std::string described = task(number, getpid(), name);
    if (fd >= 0)
      storage.state(fd, described);
    else
      storage.state_known({static_cast<u64>(number), -number, 0, 0, 0}, described);
  }
  bpf_link__destroy(link);
}

/// A child that nobody waits for; bpf(2) finds its value behind its end, too.
void add_zombie(Storage<numbers>& storage) {
  const int child = must(fork(), "fork");
  if (child == 0) {
    for (;;) pause();
  }
  const int fd = must(pidfd(child), "pidfd of a child");
  const numbers value = value_of(33);
  put(storage.fd(), &fd, &value);
  siginfo_t end;
  must(kill(child, SIGKILL), "kill");
  must(waitid(P_PID, static_cast<id_t>(child), &end, WEXITED | WNOWAIT), "waitid");
  storage.state(fd, task(child, child, "init", "zombie"));
}

void fill_tasks(bpf_object* object) {
  Storage<numbers> storage(object, "of_task");
  Storage<u64> another(object, "of_task_too");
  add_zombie(storage);
  add_threads(object, storage);
  const int self = must(pidfd(getpid()), "pidfd_open");
  const std::string described = task(getpid(), getpid(), "init");
  storage.put(self, value_of(11), described), another.put(self, 12, described);
  storage.expect(), another.expect();
  Storage<u64>(object, "of_no_task").expect();
}

// Inodes.

std::string inode(int fd, const char* file_system, const char* path, const char* state = nullptr) {
  struct stat is{};
  must(fstat(fd, &is), "fstat");
  Fields fields = {{"ino", std::to_string(is.st_ino)},
                   {"dev", quoted(std::to_string(major(is.st_dev)) + ":" + std::to_string(minor(is.st_dev)))},
                   {"fs", quoted(file_system)}};
  if (path != nullptr) fields.emplace_back("path", quoted(path));
  if (state != nullptr) fields.emplace_back("state", quoted(state));
  return object(fields);
}

void fill_inodes(bpf_object* object) {
  Storage<numbers> storage(object, "of_inode");
  Storage<u64> another(object, "of_inode_too");
  mkdir("/files", 0755);
  must(mount("tmpfs", "/files", "tmpfs", 0, nullptr), "mount /files");
  mkdir("/files/folder", 0755);
  const int root = must(open("/files", O_RDONLY), "/files"),
            file = must(open("/files/folder/a file", O_CREAT | O_RDWR, 0644), "/files/folder/a file"),
            gone = must(open("/files/gone", O_CREAT | O_RDWR, 0644), "/files/gone"),
            group = must(open("/cgroup", O_RDONLY), "/cgroup");
  int ends[2];
  must(pipe(ends), "pipe"), must(unlink("/files/gone"), "unlink");
  storage.put(root, value_of(21), inode(root, "tmpfs", "/"));
  storage.put(file, value_of(22), inode(file, "tmpfs", "/folder/a file"));
  storage.put(gone, value_of(23), inode(gone, "tmpfs", "/gone", "deleted"));
  storage.put(group, value_of(24), inode(group, "cgroup2", "/"));
  storage.put(ends[0], value_of(25), inode(ends[0], "pipefs", nullptr));
  another.put(file, 26, inode(file, "tmpfs", "/folder/a file"));
  storage.expect(), another.expect();
}

// Sockets.

std::string socket(int fd, const char* family, const char* from, const char* to, const char* state) {
  struct stat is{};
  must(fstat(fd, &is), "fstat");
  Fields fields = {{"family", quoted(family)}};
  if (from != nullptr) fields.emplace_back("src", quoted(from));
  if (to != nullptr) fields.emplace_back("dst", quoted(to));
  fields.emplace_back("state", quoted(state));
  fields.emplace_back("ino", std::to_string(is.st_ino));
  return object(fields);
}

sockaddr_in loopback(std::uint16_t port) {
  return {
      .sin_family = AF_INET, .sin_port = htons(port), .sin_addr = {htonl(INADDR_LOOPBACK)}, .sin_zero = {}};
}
sockaddr_in6 loopback6(std::uint16_t port) {
  sockaddr_in6 address{};
  address.sin6_family = AF_INET6, address.sin6_port = htons(port), address.sin6_addr = in6addr_loopback;
  return address;
}

template <class Address> int bound(int type, const Address& address) {
  const auto* plain = reinterpret_cast<const sockaddr*>(&address);
  const int fd = must(::socket(plain->sa_family, type, 0), "socket");
  must(bind(fd, plain, sizeof address), "bind");
  return fd;
}
template <class Address> void connect_to(int fd, const Address& address) {
  must(connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address), "connect");
}

/// The accepted end gets what its listener has, where the map says so.
void add_tcp(Storage<numbers>& storage, Storage<u64>& another) {
  const int listener = bound(SOCK_STREAM, loopback(7101)), client = bound(SOCK_STREAM, loopback(7102));
  must(listen(listener, 1), "listen");
  const std::string described = socket(listener, "inet", "127.0.0.1:7101", "0.0.0.0:0", "listen");
  storage.put(listener, value_of(41), described), another.put(listener, 42, described);
  connect_to(client, loopback(7101));
  const int accepted = must(accept(listener, nullptr, nullptr), "accept");
  storage.put(client, value_of(43),
              socket(client, "inet", "127.0.0.1:7102", "127.0.0.1:7101", "established"));
  storage.state(accepted, socket(accepted, "inet", "127.0.0.1:7101", "127.0.0.1:7102", "established"));
}

void bring_loopback_up() {
  ifreq lo{};
  std::strcpy(lo.ifr_name, "lo");
  lo.ifr_flags = IFF_UP;
  const int fd = must(::socket(AF_INET, SOCK_DGRAM, 0), "socket");
  must(ioctl(fd, SIOCSIFFLAGS, &lo), "lo up");
  close(fd);
}

void fill_sockets(bpf_object* object) {
  Storage<numbers> storage(object, "of_socket");
  Storage<u64> another(object, "of_socket_too");
  bring_loopback_up();
  add_tcp(storage, another);
  const int six = bound(SOCK_DGRAM, loopback6(7103));
  connect_to(six, loopback6(7104));
  another.put(six, 44, socket(six, "inet6", "[::1]:7103", "[::1]:7104", "established"));
  int ends[2];
  must(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), "socketpair");
  storage.put(ends[0], value_of(45), socket(ends[0], "unix", nullptr, nullptr, "established"));
  storage.put(ends[1], value_of(46), socket(ends[1], "unix", nullptr, nullptr, "established"));
  storage.expect(), another.expect();
}

// Control groups.

std::string group(int fd, const char* path, const char* state = nullptr) {
  struct stat is{};
  must(fstat(fd, &is), "fstat");
  Fields fields = {{"id", std::to_string(is.st_ino)}, {"path", quoted(path)}};
  if (state != nullptr) fields.emplace_back("state", quoted(state));
  return object(fields);
}

int open_group(const std::string& path) {
  mkdir(("/cgroup" + path).c_str(), 0755);
  return must(open(("/cgroup" + path).c_str(), O_RDONLY), path);
}

/// This process, and so what it makes from now on.
void move_to_group(const std::string& path) {
  const std::string file = "/cgroup" + path + "/cgroup.procs";
  const int fd = must(open(file.c_str(), O_WRONLY), file);
  must(static_cast<int>(write(fd, "0", 1)), file);
  close(fd);
}

/// A group without a directory, which a socket made in it keeps.
void add_removed_group(Storage<numbers>& storage) {
  const std::string path = "/stored.slice/gone.scope";
  const int fd = open_group(path);
  const std::string described = group(fd, path.c_str(), "dying");
  move_to_group(path);
  must(::socket(AF_INET, SOCK_DGRAM, 0), "socket");
  move_to_group("");
  const numbers value = value_of(51);
  put(storage.fd(), &fd, &value);
  must(rmdir(("/cgroup" + path).c_str()), "rmdir");
  storage.state_known(value, described);
}

void fill_groups(bpf_object* object) {
  Storage<numbers> storage(object, "of_cgroup");
  Storage<u64> another(object, "of_cgroup_too");
  const int root = open_group(""), outer = open_group("/stored.slice"),
            inner = open_group("/stored.slice/inner.scope");
  add_removed_group(storage);
  storage.put(root, value_of(52), group(root, "/"));
  storage.put(outer, value_of(53), group(outer, "/stored.slice"));
  storage.put(inner, value_of(54), group(inner, "/stored.slice/inner.scope"));
  another.put(inner, 55, group(inner, "/stored.slice/inner.scope"));
  storage.expect(), another.expect();
}

/// The maps of one kind of owner, and what fills them.
struct Kind {
  bpf_map_type type;
  const char* name;
  std::vector<const char*> maps;
  void (*fill)(bpf_object*);
};

const Kind all_kinds[] = {
    {BPF_MAP_TYPE_TASK_STORAGE, "task_storage", {"of_task", "of_task_too", "of_no_task"}, fill_tasks},
    {BPF_MAP_TYPE_INODE_STORAGE, "inode_storage", {"of_inode", "of_inode_too"}, fill_inodes},
    {BPF_MAP_TYPE_SK_STORAGE, "sk_storage", {"of_socket", "of_socket_too"}, fill_sockets},
    {static_cast<bpf_map_type>(32), // BPF_MAP_TYPE_CGRP_STORAGE, younger than the oldest headers
     "cgrp_storage",
     {"of_cgroup", "of_cgroup_too"},
     fill_groups},
};

void leave_out(bpf_object* object, const Kind& kind) {
  for (const char* name : kind.maps)
    bpf_map__set_autocreate(bpf_object__find_map_by_name(object, name), false);
  if (kind.type == BPF_MAP_TYPE_TASK_STORAGE)
    bpf_program__set_autoload(bpf_object__find_program_by_name(object, "give_value"), false);
}

} // namespace

void create_local_storages(std::vector<std::string>& unknown_types) {
  bpf_object* object = bpf_object__open_file("/local_storage.bpf.o", nullptr);
  if (object == nullptr) give_up("local_storage.bpf.o");
  std::vector<const Kind*> known;
  for (const Kind& kind : all_kinds) {
    if (has_map_type(kind.type))
      known.push_back(&kind);
    else
      leave_out(object, kind), unknown_types.emplace_back(kind.name);
  }
  must(bpf_object__load(object), "load local_storage");
  for (const Kind* kind : known) kind->fill(object);
}

} // namespace guest
