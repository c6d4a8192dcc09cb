// SPDX-License-Identifier: Apache-2.0
// Types whose slots refer to kernel objects. The same few objects stand in many slots, where the kernel lets
// them.
#include "populations.hpp"

#include "../bpf/known.h"

#include <cstring>
#include <fcntl.h>
#include <linux/if_xdp.h>
#include <linux/perf_event.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace guest {

namespace {

constexpr u32 many = 20'000;

void populate_alike(bpf_map_type type, const char* name, const void* value) {
  const int fd = create(type, name, 4, 4, many);
  fill_slots(fd, many, value);
  populated(fd, many);
}

/// In one call: after each single one the kernel waits until no program runs.
void populate_maps_of_maps(bpf_map_type type, const char* name, int inner) {
  bpf_map_create_opts options{};
  options.inner_map_fd = static_cast<u32>(inner);
  const int fd = create(type, name, 4, 4, many, options);
  std::vector<u32> keys(many);
  std::vector<int> values(many, inner);
  for (u32 i = 0; i < many; ++i) keys[i] = i;
  u32 count = many;
  LIBBPF_OPTS(bpf_map_batch_opts, batch);
  must(bpf_map_update_batch(fd, keys.data(), values.data(), &count, &batch), name);
  populated(fd, count);
}

int software_event() {
  perf_event_attr event{};
  event.type = PERF_TYPE_SOFTWARE, event.size = sizeof event, event.config = PERF_COUNT_SW_CPU_CLOCK;
  return must(static_cast<int>(syscall(SYS_perf_event_open, &event, -1, 0, -1, 0)), "perf_event_open");
}

/// Not bound to a device, but with a receive ring, without which newer kernels take none into a map.
int xsk_socket() {
  const int fd = must(::socket(AF_XDP, SOCK_RAW, 0), "AF_XDP"), descriptors = 64;
  must(setsockopt(fd, SOL_XDP, XDP_RX_RING, &descriptors, sizeof descriptors), "XDP_RX_RING");
  return fd;
}

void populate_cpus() {
  const auto cpus = static_cast<u32>(libbpf_num_possible_cpus());
  const int fd = create(BPF_MAP_TYPE_CPUMAP, "many_cpus", 4, 4, cpus);
  const u32 queue_size = 192;
  fill_slots(fd, cpus, &queue_size);
  populated(fd, cpus, "a cpumap has one slot for each CPU");
}

void bring_loopback_up() {
  ifreq lo{};
  std::strcpy(lo.ifr_name, "lo");
  lo.ifr_flags = IFF_UP;
  const int fd = must(::socket(AF_INET, SOCK_DGRAM, 0), "socket");
  must(ioctl(fd, SIOCSIFFLAGS, &lo), "lo up");
  close(fd);
}

/// Connected, as a map of sockets wants them.
std::vector<int> udp_sockets(u16 count) {
  std::vector<int> all;
  for (u16 i = 0; i < count; ++i) {
    sockaddr_in to{.sin_family = AF_INET,
                   .sin_port = htons(static_cast<u16>(20'000 + i)),
                   .sin_addr = {htonl(INADDR_LOOPBACK)},
                   .sin_zero = {}};
    all.push_back(must(::socket(AF_INET, SOCK_DGRAM, 0), "socket"));
    must(connect(all.back(), reinterpret_cast<sockaddr*>(&to), sizeof to), "connect");
  }
  return all;
}

void populate_sockets(bpf_map_type type, const char* name, const std::vector<int>& sockets) {
  const int fd = create(type, name, 4, 4, many);
  for (u32 key = 0; key < many; ++key) put(fd, &key, &sockets[key % sockets.size()]);
  populated(fd, many);
}

} // namespace

void populate_slots(bpf_object* object) {
  const int program = bpf_program__fd(bpf_object__find_program_by_name(object, "add_records")),
            event = software_event(), xsk = xsk_socket(),
            inner = create(BPF_MAP_TYPE_ARRAY, "inner", 4, 8, 4),
            group = must(open("/cgroup", O_RDONLY), "/cgroup");
  const u32 loopback = 1;
  populate_alike(BPF_MAP_TYPE_PROG_ARRAY, "many_programs", &program);
  populate_alike(BPF_MAP_TYPE_PERF_EVENT_ARRAY, "many_events", &event);
  populate_alike(BPF_MAP_TYPE_CGROUP_ARRAY, "many_cgroups", &group);
  populate_alike(BPF_MAP_TYPE_DEVMAP, "many_devices", &loopback);
  populate_alike(BPF_MAP_TYPE_DEVMAP_HASH, "many_keyed_devs", &loopback);
  populate_alike(BPF_MAP_TYPE_XSKMAP, "many_xsks", &xsk);
  populate_maps_of_maps(BPF_MAP_TYPE_ARRAY_OF_MAPS, "many_maps", inner);
  populate_maps_of_maps(BPF_MAP_TYPE_HASH_OF_MAPS, "many_keyed_maps", inner);
  populate_cpus();
  bring_loopback_up();
  const auto sockets = udp_sockets(200);
  populate_sockets(BPF_MAP_TYPE_SOCKMAP, "many_sockets", sockets);
  populate_sockets(BPF_MAP_TYPE_SOCKHASH, "many_keyed_socks", sockets);
}

} // namespace guest
