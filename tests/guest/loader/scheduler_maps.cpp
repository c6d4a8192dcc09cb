// SPDX-License-Identifier: Apache-2.0
// A scheduler's maps as bpf(2) shows them: held open, and its counters by name.
#include "scheduler.hpp"

#include "guest.hpp"
#include "json.hpp"

#include <bpf/btf.h>
#include <cstring>
#include <memory>
#include <numeric>
#include <sys/resource.h>
#include <unistd.h>
#include <utility>

namespace guest {

namespace {

struct FreeBtf {
  void operator()(btf* types) const { btf__free(types); }
};

struct Counter {
  std::string name;
  std::uint32_t offset;
};

bool is_number_of_8_bytes(const btf* types, std::uint32_t id) {
  const btf_type* type = btf__type_by_id(types, static_cast<std::uint32_t>(btf__resolve_type(types, id)));
  return btf_is_int(type) && type->size == 8;
}

void add_counters(const btf* types, const std::string& name, std::uint32_t id, std::uint32_t offset,
                  std::vector<Counter>& found) {
  if (is_number_of_8_bytes(types, id)) return found.push_back({name, offset});
  const btf_type* type = btf__type_by_id(types, static_cast<std::uint32_t>(btf__resolve_type(types, id)));
  if (!btf_is_struct(type)) return;
  for (int i = 0; i < btf_vlen(type); ++i) {
    const btf_member& member = btf_members(type)[i];
    if (is_number_of_8_bytes(types, member.type))
      found.push_back({name + "." + btf__name_by_offset(types, member.name_off), offset + member.offset / 8});
  }
}

std::vector<Counter> counters_of(const btf* types) {
  std::vector<Counter> found;
  const int section = btf__find_by_name_kind(types, ".bss", BTF_KIND_DATASEC);
  if (section < 0) return found;
  const btf_type* type = btf__type_by_id(types, static_cast<std::uint32_t>(section));
  for (int i = 0; i < btf_vlen(type); ++i) {
    const btf_var_secinfo& place = btf_var_secinfos(type)[i];
    const btf_type* variable = btf__type_by_id(types, place.type);
    add_counters(types, btf__name_by_offset(types, variable->name_off), variable->type, place.offset, found);
  }
  return found;
}

/// Descriptor of the newest map that is wanted, or -1.
template <class Wanted> int newest_map(Wanted is_wanted) {
  int found = -1;
  for (std::uint32_t id = 0; bpf_map_get_next_id(id, &id) == 0;) {
    const int fd = bpf_map_get_fd_by_id(id);
    if (fd < 0) continue;
    close(is_wanted(info_of<bpf_map_info>(fd)) ? std::exchange(found, fd) : fd);
  }
  return found;
}

using Counters = std::vector<std::pair<std::string, std::uint64_t>>;

void add_section(Counters& all) {
  static const int fd =
      newest_map([](const bpf_map_info& map) { return std::string(map.name).ends_with(".bss"); });
  if (fd < 0) return;
  static const auto info = info_of<bpf_map_info>(fd);
  static const std::unique_ptr<btf, FreeBtf> types(btf__load_from_kernel_by_id(info.btf_id));
  if (types == nullptr) give_up("the types of the scheduler's section");
  std::vector<unsigned char> bytes(info.value_size);
  const std::uint32_t zero = 0;
  must(bpf_map_lookup_elem(fd, &zero, bytes.data()), "lookup of the scheduler's section");
  for (const Counter& counter : counters_of(types.get())) {
    std::memcpy(&all.emplace_back(counter.name, 0).second, bytes.data() + counter.offset,
                sizeof(std::uint64_t));
  }
}

/// Of a map `stats`, the sum of each element over the CPUs.
void add_statistics(Counters& all) {
  static const int fd = newest_map([](const bpf_map_info& map) {
    return std::string(map.name) == "stats" && map.type == BPF_MAP_TYPE_PERCPU_ARRAY && map.value_size == 8;
  });
  if (fd < 0) return;
  static const auto info = info_of<bpf_map_info>(fd);
  std::vector<std::uint64_t> copies(
      static_cast<std::size_t>(must(libbpf_num_possible_cpus(), "number of CPUs")));
  for (std::uint32_t key = 0; key < info.max_entries; ++key) {
    must(bpf_map_lookup_elem(fd, &key, copies.data()), "lookup of the scheduler's statistics");
    all.emplace_back("stats[" + std::to_string(key) + "]",
                     std::accumulate(copies.begin(), copies.end(), std::uint64_t{}));
  }
}

} // namespace

std::string counters_json() {
  Counters all;
  add_section(all);
  add_statistics(all);
  std::string out;
  for (const auto& [name, value] : all)
    out += (out.empty() ? "" : ",") + json::quoted(name) + ":" + std::to_string(value);
  return "{" + out + "}";
}

std::string hold_maps() {
  constexpr rlimit many = {8192, 8192}; // scx_pair has a map for each control group there may be
  must(setrlimit(RLIMIT_NOFILE, &many), "room for descriptors");
  std::vector<std::string> all;
  for (std::uint32_t id = 0; bpf_map_get_next_id(id, &id) == 0;) {
    const auto info = info_of<bpf_map_info>(must(bpf_map_get_fd_by_id(id), "a map of the scheduler"));
    all.push_back("{\"id\":" + std::to_string(id) + ",\"name\":" + json::quoted(info.name) +
                  ",\"type\":" + std::to_string(info.type) + "}");
  }
  return json::list(all);
}

} // namespace guest
