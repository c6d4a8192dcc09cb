// SPDX-License-Identifier: Apache-2.0
// Maps whose slots refer to kernel objects, with addresses, names, paths and ids to find again.
#include "guest.hpp"

#include "../bpf/known.h"
#include "expect.hpp"
#include "json.hpp"

#include <bpf/bpf.h>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <fcntl.h>
#include <linux/if_xdp.h>
#include <linux/perf_event.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>
#include <utility>
#include <vector>

namespace guest {

namespace {

int create(bpf_map_type type, const char* name, u32 key, u32 value, u32 entries) {
  return must(bpf_map_create(type, name, key, value, entries, nullptr), name);
}

/// Index or key, and the members of the slot behind it with the brace that closes it.
using Slot = std::pair<u32, std::string>;

std::string fd_array(std::size_t scanned, const std::vector<Slot>& slots, const std::string& listed,
                     const std::string& more = "") {
  return R"({"entry_count":)" + std::to_string(slots.size()) + R"(,"fd_array":{"populated":)" +
         std::to_string(slots.size()) + R"(,"scanned":)" + std::to_string(scanned) + more + R"(,"slots":)" +
         listed + "}}";
}

void expect_slots(int map, std::size_t scanned, const std::vector<Slot>& slots) {
  std::vector<std::string> indices, listed;
  for (const auto& [index, members] : slots) {
    indices.push_back(std::to_string(index));
    listed.push_back(R"({"index":)" + std::to_string(index) + "," + members);
  }
  expect(map, fd_array(scanned, slots, json::list(listed), R"(,"indices":)" + json::list(indices)));
}

void expect_keyed_slots(int map, const std::vector<Slot>& slots) {
  std::vector<std::string> listed;
  for (const auto& [key, members] : slots)
    listed.push_back(R"({"key_hex":)" + json::quoted(json::hex(&key, sizeof key, " ")) + "," + members);
  expect(map, fd_array(slots.size(), slots, json::list(listed)));
}

void create_maps_of_maps() {
  Random random;
  const int inner = create(BPF_MAP_TYPE_ARRAY, "inner", 4, 8, 4);
  fill_random(inner, 4, random);
  LIBBPF_OPTS(bpf_map_create_opts, outer, .inner_map_fd = static_cast<u32>(inner));
  const int array =
      must(bpf_map_create(BPF_MAP_TYPE_ARRAY_OF_MAPS, "outer_array", 4, 4, 3, &outer), "outer_array");
  const int hash =
      must(bpf_map_create(BPF_MAP_TYPE_HASH_OF_MAPS, "outer_hash", 4, 4, 3, &outer), "outer_hash");
  for (const u32 key : {0U, 2U}) put(array, &key, &inner), put(hash, &key, &inner);
  const std::string slot =
      R"("kind":"map","id":)" + std::to_string(info_of<bpf_map_info>(inner).id) + R"(,"name":"inner"})";
  expect_slots(array, 3, {{0, slot}, {2, slot}});
  expect_keyed_slots(hash, {{0, slot}, {2, slot}});
}

int software_event() {
  perf_event_attr event{};
  event.type = PERF_TYPE_SOFTWARE, event.size = sizeof event, event.config = PERF_COUNT_SW_CPU_CLOCK;
  return must(static_cast<int>(syscall(SYS_perf_event_open, &event, -1, 0, -1, 0)), "perf_event_open");
}

int root_cgroup() {
  mkdir("/cgroup", 0755);
  must(mount("cgroup2", "/cgroup", "cgroup2", 0, nullptr), "mount cgroup2");
  return must(open("/cgroup", O_RDONLY), "/cgroup");
}

/// One end of a connected pair.
int connected_socket() {
  int ends[2];
  must(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), "socketpair");
  return ends[0];
}

/// Two levels below the root.
int inner_cgroup() {
  mkdir("/cgroup/outer.slice", 0755), mkdir("/cgroup/outer.slice/inner.scope", 0755);
  return must(open("/cgroup/outer.slice/inner.scope", O_RDONLY), "/cgroup/outer.slice/inner.scope");
}

int tcp_socket() {
  const int one = 1, fd = must(::socket(AF_INET, SOCK_STREAM, 0), "socket");
  must(setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &one, sizeof one), "SO_REUSEPORT");
  return fd;
}

/// Listens on 127.0.0.1:7001.
int tcp_listener() {
  ifreq loopback{};
  std::strcpy(loopback.ifr_name, "lo");
  loopback.ifr_flags = IFF_UP;
  const int fd = tcp_socket();
  must(ioctl(fd, SIOCSIFFLAGS, &loopback), "lo up");
  sockaddr_in address{
      .sin_family = AF_INET, .sin_port = htons(7001), .sin_addr = {htonl(INADDR_LOOPBACK)}, .sin_zero = {}};
  must(bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address), "bind");
  must(listen(fd, 1), "listen");
  return fd;
}

/// From 127.0.0.1:7002 to the listener.
int tcp_client() {
  sockaddr_in address{
      .sin_family = AF_INET, .sin_port = htons(7002), .sin_addr = {htonl(INADDR_LOOPBACK)}, .sin_zero = {}};
  const int fd = tcp_socket();
  must(bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address), "bind");
  address.sin_port = htons(7001);
  must(connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address), "connect");
  return fd;
}

/// A Unix socket with the abstract name "mapscope".
int named_socket() {
  sockaddr_un address{.sun_family = AF_UNIX, .sun_path = "\0mapscope"};
  const int fd = must(::socket(AF_UNIX, SOCK_DGRAM, 0), "socket");
  must(bind(fd, reinterpret_cast<sockaddr*>(&address), offsetof(sockaddr_un, sun_path) + 9), "bind");
  must(connect(fd, reinterpret_cast<sockaddr*>(&address), offsetof(sockaddr_un, sun_path) + 9), "connect");
  return fd;
}

/// Not bound to a device, but with a receive ring, without which newer kernels take none into a map.
int xsk_socket() {
  const int fd = must(::socket(AF_XDP, SOCK_RAW, 0), "AF_XDP"), descriptors = 64;
  must(setsockopt(fd, SOL_XDP, XDP_RX_RING, &descriptors, sizeof descriptors), "XDP_RX_RING");
  return fd;
}

constexpr u32 zero = 0, third = 3, fifth = 5, sixth = 6;
constexpr std::size_t entries = 8; ///< of each map below

int one(bpf_map_type type, const char* name, const u32& key, const void* value) {
  const int map = create(type, name, 4, 4, entries);
  put(map, &key, value);
  return map;
}

struct Socket {
  u32 key;
  int fd;
  std::string slot;
};

/// Those that the map takes: before 5.15 no Unix sockets.
std::vector<Slot> put_sockets(int map, const std::vector<Socket>& sockets) {
  std::vector<Slot> taken;
  for (const auto& [key, fd, slot] : sockets) {
    const int put = bpf_map_update_elem(map, &key, &fd, BPF_ANY);
    if (put == -EOPNOTSUPP) continue;
    must(put, "update of a map of sockets");
    taken.emplace_back(key, slot);
  }
  return taken;
}

void create_sockets() {
  const std::string unnamed = R"("kind":"socket","family":"unix","state":"established"})",
                    connected = R"("kind":"socket","family":"inet","src":"127.0.0.1:7002",)"
                                R"("dst":"127.0.0.1:7001","state":"established"})",
                    abstract = R"("kind":"socket","family":"unix","state":"established","path":"@mapscope"})",
                    listening = R"("kind":"socket","family":"inet","src":"127.0.0.1:7001",)"
                                R"("dst":"0.0.0.0:0","state":"listen"})";
  const int socket = connected_socket(), listener = tcp_listener(), client = tcp_client(),
            named = named_socket();
  const int sockets = create(BPF_MAP_TYPE_SOCKMAP, "a_sockmap", 4, 4, entries),
            keyed = create(BPF_MAP_TYPE_SOCKHASH, "a_sockhash", 4, 4, entries);
  const std::vector<Socket> pair = {{third, socket, unnamed}, {fifth, client, connected}},
                            all = {pair[0], pair[1], {sixth, named, abstract}};
  expect_slots(sockets, entries, put_sockets(sockets, all));
  expect_keyed_slots(keyed, put_sockets(keyed, pair));
  const u64 fd = static_cast<u64>(listener);
  const int reuseport = create(BPF_MAP_TYPE_REUSEPORT_SOCKARRAY, "a_sockarray", 4, sizeof fd, entries);
  put(reuseport, &fifth, &fd);
  expect_slots(reuseport, entries, {{fifth, listening}});
  const int unbound = xsk_socket();
  expect_slots(one(BPF_MAP_TYPE_XSKMAP, "an_xskmap", fifth, &unbound), entries,
               {{fifth, R"("kind":"xsk","queue_id":0})"}});
}

void create_devices_and_cpus() {
  const u32 loopback = 1, queue_size = 192;
  const std::string lo = R"("kind":"device","ifindex":1,"name":"lo"})";
  expect_slots(one(BPF_MAP_TYPE_DEVMAP, "a_devmap", third, &loopback), entries, {{third, lo}});
  expect_slots(one(BPF_MAP_TYPE_DEVMAP_HASH, "a_devmap_hash", third, &loopback), 1, {{third, lo}});
  const int cpus = one(BPF_MAP_TYPE_CPUMAP, "a_cpumap", zero, &queue_size);
  const std::string thread = "cpumap/0/map:" + std::to_string(info_of<bpf_map_info>(cpus).id);
  expect_slots(cpus, entries,
               {{zero, R"("kind":"cpu","cpu":0,"qsize":192,"kthread":{"comm":)" +
                           json::quoted(thread.substr(0, 15)) + "}}"}}); // TASK_COMM_LEN
}

void create_programs_and_events(const Objects& objects) {
  const int program = bpf_program__fd(bpf_object__find_program_by_name(objects.known, "count_it")),
            event = software_event();
  const auto info = info_of<bpf_prog_info>(program);
  expect_slots(one(BPF_MAP_TYPE_PROG_ARRAY, "a_prog_array", third, &program), entries,
               {{third, R"("kind":"program","id":)" + std::to_string(info.id) +
                            R"(,"name":"count_it","type":"socket_filter","tag":)" +
                            json::quoted(json::hex(info.tag, sizeof info.tag)) + "}"}});
  expect_slots(
      one(BPF_MAP_TYPE_PERF_EVENT_ARRAY, "a_perf_array", zero, &event), entries,
      {{zero, R"("kind":"perf_event","config":0,"cpu":0,"owner":{"pid":1,"tgid":1,"comm":"init"}})"}});
}

u64 inode_of(int fd) {
  struct stat status{};
  must(fstat(fd, &status), "fstat");
  return status.st_ino;
}

void create_cgroups(int root) {
  const int inner = inner_cgroup(), cgroups = one(BPF_MAP_TYPE_CGROUP_ARRAY, "a_cgroup_array", third, &root);
  put(cgroups, &fifth, &inner);
  const auto slot = [](int fd, const char* path) {
    return R"("kind":"cgroup","id":)" + std::to_string(inode_of(fd)) + R"(,"path":)" + json::quoted(path) +
           "}";
  };
  expect_slots(cgroups, entries,
               {{third, slot(root, "/")}, {fifth, slot(inner, "/outer.slice/inner.scope")}});
}

} // namespace

void create_references(const Objects& objects) {
  const int cgroup = root_cgroup();
  create_maps_of_maps();
  create_programs_and_events(objects);
  create_cgroups(cgroup);
  create_devices_and_cpus();
  create_sockets();
}

} // namespace guest
