// SPDX-License-Identifier: Apache-2.0
// What bpf(2) says, as JSON. Nothing here comes from what the loader meant to write.
#include "guest.hpp"

#include "../bpf/known.h"
#include "json.hpp"

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <cerrno>
#include <cstring>
#include <map>
#include <sys/utsname.h>
#include <unistd.h>
#include <vector>

namespace guest {

namespace {

template <class Info> Info info_of(int fd) {
  Info info{};
  u32 size = sizeof info;
  must(bpf_obj_get_info_by_fd(fd, &info, &size), "info");
  return info;
}

bool is_per_cpu(u32 type) {
  return type == BPF_MAP_TYPE_PERCPU_HASH || type == BPF_MAP_TYPE_LRU_PERCPU_HASH ||
         type == BPF_MAP_TYPE_PERCPU_ARRAY;
}
bool is_listed(u32 type) {
  return is_per_cpu(type) || type == BPF_MAP_TYPE_HASH || type == BPF_MAP_TYPE_LRU_HASH ||
         type == BPF_MAP_TYPE_ARRAY;
}

void state_value(std::FILE* out, const bpf_map_info& info, const std::vector<unsigned char>& value) {
  if (!is_per_cpu(info.type)) {
    std::fprintf(out, "\"%s\"", hex(value.data(), info.value_size).c_str());
    return;
  }
  const std::size_t stride = (info.value_size + 7) / 8 * 8;
  for (int cpu = 0; cpu < libbpf_num_possible_cpus(); ++cpu)
    std::fprintf(out, "%s\"%s\"", cpu == 0 ? "[" : ",",
                 hex(value.data() + stride * static_cast<std::size_t>(cpu), info.value_size).c_str());
  std::fputs("]", out);
}

/// ["key",value] of every element that get_next_key leads to.
u64 state_entries(std::FILE* out, int fd, const bpf_map_info& info) {
  const std::size_t copies = static_cast<std::size_t>(libbpf_num_possible_cpus());
  std::vector<unsigned char> key(info.key_size), next(info.key_size),
      value((info.value_size + 7) / 8 * 8 * copies);
  u64 count = 0;
  for (void* last = nullptr; bpf_map_get_next_key(fd, last, next.data()) == 0; last = key.data()) {
    key = next;
    must(bpf_map_lookup_elem(fd, key.data(), value.data()), std::string("lookup in ") + info.name);
    std::fprintf(out, "%s[\"%s\",", count == 0 ? "" : ",", hex(key.data(), key.size()).c_str());
    state_value(out, info, value);
    std::fputs("]", out);
    ++count;
  }
  return count;
}

void state_map(std::FILE* out, u32 id) {
  const int fd = must(bpf_map_get_fd_by_id(id), "map id " + std::to_string(id));
  const auto info = info_of<bpf_map_info>(fd);
  char frozen_line[64];
  std::snprintf(frozen_line, sizeof frozen_line, "/proc/self/fdinfo/%d", fd);
  std::FILE* fdinfo = std::fopen(frozen_line, "r"); // the only place that tells
  int frozen = 0;
  for (char line[128]; fdinfo != nullptr && std::fgets(line, sizeof line, fdinfo) != nullptr;)
    std::sscanf(line, "frozen: %d", &frozen);
  if (fdinfo != nullptr) std::fclose(fdinfo);
  std::fprintf(out,
               "{\"id\":%u,\"name\":\"%s\",\"type\":%u,\"key_size\":%u,\"value_size\":%u,\"max_entries\":%u,"
               "\"map_flags\":%u,\"map_extra\":%llu,\"btf_id\":%u,\"frozen\":%s,\"listed\":%s,\"per_cpu\":%s,"
               "\"entries\":[",
               id, info.name, info.type, info.key_size, info.value_size, info.max_entries, info.map_flags,
               static_cast<u64>(info.map_extra), info.btf_id, frozen != 0 ? "true" : "false",
               is_listed(info.type) ? "true" : "false", is_per_cpu(info.type) ? "true" : "false");
  const u64 count = is_listed(info.type) ? state_entries(out, fd, info) : 0;
  std::fprintf(out, "],\"entry_count\":%llu}", count);
  close(fd);
}

void state_program(std::FILE* out, u32 id) {
  const int fd = must(bpf_prog_get_fd_by_id(id), "program id " + std::to_string(id));
  u32 ids[64] = {};
  bpf_prog_info info{};
  info.nr_map_ids = 64;
  info.map_ids = reinterpret_cast<u64>(ids);
  u32 size = sizeof info;
  must(bpf_obj_get_info_by_fd(fd, &info, &size), "program info");
  std::fprintf(out,
               "{\"id\":%u,\"name\":\"%s\",\"type\":\"%s\",\"tag\":\"%s\",\"run_cnt\":%llu,\"map_ids\":[", id,
               info.name, libbpf_bpf_prog_type_str(static_cast<bpf_prog_type>(info.type)),
               hex(info.tag, sizeof info.tag).c_str(), static_cast<u64>(info.run_cnt));
  for (u32 i = 0; i < info.nr_map_ids; ++i) std::fprintf(out, "%s%u", i == 0 ? "" : ",", ids[i]);
  std::fputs("]}", out);
  close(fd);
}

template <class Next, class State>
void state_all(std::FILE* out, const char* name, Next next, State state_one) {
  std::fprintf(out, ",\n\"%s\":[", name);
  const char* comma = "\n";
  for (u32 id = 0; next(id, &id) == 0; comma = ",\n") {
    std::fputs(comma, out);
    state_one(out, id);
  }
  std::fputs("]", out);
}

/// The places where a struct everything lies: a map, the path of the variable, and where it begins in the
/// value.
void state_typed(std::FILE* out) {
  const std::map<std::string, std::string> places = {
      {"known.bss", "in_bss"}, {"known.data", "in_data"}, {"known.rodata", "in_rodata"}, {"one", ""}};
  bool first = true;
  for (u32 id = 0; bpf_map_get_next_id(id, &id) == 0;) {
    const int fd = bpf_map_get_fd_by_id(id);
    const auto info = info_of<bpf_map_info>(fd);
    const auto place = places.find(info.name);
    if (place != places.end()) {
      std::vector<unsigned char> value(info.value_size);
      const u32 zero = 0;
      must(bpf_map_lookup_elem(fd, &zero, value.data()), "lookup of known values");
      std::vector<unsigned char> pattern(sizeof(everything));
      set_everything(pattern.data());
      // The first bytes of the known values find the variable in its section.
      std::size_t at = 0;
      while (at + pattern.size() <= value.size() && std::memcmp(&value[at], pattern.data(), 64) != 0) ++at;
      if (at + pattern.size() > value.size()) give_up("known values are not in " + place->first);
      state_everything(out, place->first, place->second, &value[at], first);
    }
    close(fd);
  }
}

} // namespace

void state(std::FILE* out) {
  utsname uts{};
  uname(&uts);
  std::fprintf(out, "{\"release\":\"%s\",\"page_size\":%ld,\"possible_cpus\":%d", uts.release,
               sysconf(_SC_PAGESIZE), libbpf_num_possible_cpus());
  state_all(out, "programs", bpf_prog_get_next_id, state_program);
  state_all(out, "maps", bpf_map_get_next_id, state_map);
  std::fputs(",\n\"typed\":[", out);
  state_typed(out);
  std::fputs("]}", out);
}

} // namespace guest
