// SPDX-License-Identifier: Apache-2.0
// Maps that no object declares: without BTF, with odd flags, and of the types that are not rendered yet, with
// something in them.
#include "guest.hpp"

#include "../bpf/known.h"

#include <bpf/bpf.h>
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

namespace guest {

namespace {


int create(bpf_map_type type, const char* name, u32 key, u32 value, u32 entries, u32 flags = 0) {
  LIBBPF_OPTS(bpf_map_create_opts, options, .map_flags = flags);
  return must(bpf_map_create(type, name, key, value, entries, &options), name);
}

void create_untyped() {
  Random random;
  fill_random(create(BPF_MAP_TYPE_HASH, "bare_hash", 6, 10, 20), 15, random);
  fill_random(create(BPF_MAP_TYPE_HASH, "bare_zero_seed", 16, 16, 64, BPF_F_ZERO_SEED), 60, random);
  fill_random(create(BPF_MAP_TYPE_ARRAY, "bare_array", 4, 3, 5), 5, random);
  fill_random(create(BPF_MAP_TYPE_PERCPU_ARRAY, "bare_percpu", 4, 12, 2), 2, random);
  fill_random(create(BPF_MAP_TYPE_LRU_PERCPU_HASH, "", 4, 20, 8), 3, random); // a map may have no name
  LIBBPF_OPTS(bpf_map_create_opts, numa, .map_flags = BPF_F_NUMA_NODE, .numa_node = 0);
  fill_random(must(bpf_map_create(BPF_MAP_TYPE_HASH, "on_node_0", 8, 8, 40, &numa), "on_node_0"), 40, random);
  fill_random(must(bpf_map_create(BPF_MAP_TYPE_ARRAY, "array_on_node_0", 4, 8, 40, &numa), "array_on_node_0"),
              40, random);
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

/// Addresses, names and paths to find again.
void create_more_references(int sockets, int keyed_sockets, int cgroups) {
  const u32 fifth = 5, sixth = 6;
  const int listener = tcp_listener(), client = tcp_client(), named = named_socket(), inner = inner_cgroup();
  put(sockets, &fifth, &client), put(sockets, &sixth, &named), put(keyed_sockets, &fifth, &client);
  put(cgroups, &fifth, &inner);
  const u64 fd = static_cast<u64>(listener);
  put(create(BPF_MAP_TYPE_REUSEPORT_SOCKARRAY, "a_sockarray", 4, 8, 8), &fifth, &fd);
  const int unbound = xsk_socket();
  put(create(BPF_MAP_TYPE_XSKMAP, "an_xskmap", 4, 4, 8), &fifth, &unbound);
}

void create_references(const Objects& objects, int cgroup) {
  const u32 zero = 0, third = 3, loopback = 1, queue_size = 192;
  const auto one = [](bpf_map_type type, const char* name, const u32& key, const void* value) {
    const int map = create(type, name, 4, 4, 8);
    put(map, &key, value);
    return map;
  };
  const int event = software_event(), socket = connected_socket(),
            program = bpf_program__fd(bpf_object__find_program_by_name(objects.known, "count_it"));
  one(BPF_MAP_TYPE_PROG_ARRAY, "a_prog_array", third, &program);
  one(BPF_MAP_TYPE_PERF_EVENT_ARRAY, "a_perf_array", zero, &event);
  const int cgroups = one(BPF_MAP_TYPE_CGROUP_ARRAY, "a_cgroup_array", third, &cgroup);
  one(BPF_MAP_TYPE_DEVMAP, "a_devmap", third, &loopback);
  one(BPF_MAP_TYPE_DEVMAP_HASH, "a_devmap_hash", third, &loopback);
  one(BPF_MAP_TYPE_CPUMAP, "a_cpumap", zero, &queue_size);
  const int sockets = one(BPF_MAP_TYPE_SOCKMAP, "a_sockmap", third, &socket),
            keyed_sockets = one(BPF_MAP_TYPE_SOCKHASH, "a_sockhash", third, &socket);
  create_more_references(sockets, keyed_sockets, cgroups);
}

} // namespace

std::vector<std::string> create_bare_maps(const Objects& objects) {
  std::vector<std::string> unknown;
  const int cgroup = root_cgroup();
  create_untyped();
  create_tries();
  create_queues_and_stacks(objects);
  create_bloom_filters();
  create_rhashes(objects, unknown);
  create_maps_of_maps();
  create_references(objects, cgroup);
  create_local_storages(unknown);
  create_cgroup_storages();
  create_arenas(unknown);
  create_insn_arrays(unknown);
  create_struct_ops();
  create_stacks();
  create_rings(); // last: from here on a sleepable program runs for ever
  return unknown;
}

} // namespace guest
