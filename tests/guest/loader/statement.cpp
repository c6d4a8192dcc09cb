// SPDX-License-Identifier: Apache-2.0
// What bpf(2) says, as JSON. Nothing here comes from what the loader meant to write.
#include "guest.hpp"

#include "../bpf/known.h"
#include "expect.hpp"
#include "json.hpp"

#include <algorithm>
#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <cerrno>
#include <cstring>
#include <map>
#include <sys/utsname.h>
#include <unistd.h>
#include <vector>

namespace guest {

using json::hex;

namespace {

bool is_listed(u32 type) {
  constexpr u32 insn_array = 34, rhash = 35; // younger than libbpf
  return is_per_cpu(type) || type == BPF_MAP_TYPE_HASH || type == BPF_MAP_TYPE_LRU_HASH ||
         type == BPF_MAP_TYPE_ARRAY || type == BPF_MAP_TYPE_LPM_TRIE || type == BPF_MAP_TYPE_CGROUP_STORAGE ||
         type == insn_array || type == rhash;
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

/// Where cgroup_storage_get_next_key() (kernel/bpf/local_storage.c) does not ask list_entry_is_head(), as in
/// Debian's 6.16 to 6.18, it hands out what lies in the list's head as a key.
bool may_have_no_last_key(u32 type) {
  return type == BPF_MAP_TYPE_CGROUP_STORAGE || type == BPF_MAP_TYPE_PERCPU_CGROUP_STORAGE;
}

/// ["key",value] of every element that get_next_key leads to.
u64 state_entries(std::FILE* out, int fd, const bpf_map_info& info) {
  const std::size_t copies = static_cast<std::size_t>(libbpf_num_possible_cpus());
  std::vector<unsigned char> key(info.key_size), next(info.key_size),
      value((info.value_size + 7) / 8 * 8 * copies);
  u64 count = 0;
  for (void* last = nullptr; bpf_map_get_next_key(fd, last, next.data()) == 0; last = key.data()) {
    key = next;
    const int found = bpf_map_lookup_elem(fd, key.data(), value.data());
    if (found == -ENOENT && may_have_no_last_key(info.type)) break;
    must(found, std::string("lookup in ") + info.name);
    std::fprintf(out, "%s[\"%s\",", count == 0 ? "" : ",", hex(key.data(), key.size()).c_str());
    state_value(out, info, value);
    std::fputs("]", out);
    ++count;
  }
  return count;
}

struct Program {
  bpf_prog_info info{};
  std::vector<u32> map_ids;
};

/// Every id that `next` leads to.
template <class Next> std::vector<u32> all_ids(Next next) {
  std::vector<u32> ids;
  for (u32 id = 0; next(id, &id) == 0;) ids.push_back(id);
  return ids;
}

Program program_of(u32 id) {
  const int fd = must(bpf_prog_get_fd_by_id(id), "program id " + std::to_string(id));
  Program program;
  program.map_ids.resize(256);
  program.info.nr_map_ids = static_cast<u32>(program.map_ids.size());
  program.info.map_ids = reinterpret_cast<u64>(program.map_ids.data());
  u32 size = sizeof program.info;
  must(bpf_obj_get_info_by_fd(fd, &program.info, &size), "program info");
  program.map_ids.resize(program.info.nr_map_ids);
  close(fd);
  return program;
}

/// What bpf(2) tells nowhere else.
struct MapFacts {
  int frozen = 0;
  unsigned long long memory = 0; ///< bytes; before 6.4 what its sizes make of it, whatever it has
};

MapFacts facts_of(int fd) {
  const std::string path = "/proc/self/fdinfo/" + std::to_string(fd);
  std::FILE* fdinfo = std::fopen(path.c_str(), "r");
  if (fdinfo == nullptr) give_up(path);
  MapFacts facts;
  for (char line[128]; std::fgets(line, sizeof line, fdinfo) != nullptr;) {
    std::sscanf(line, "frozen: %d", &facts.frozen);
    std::sscanf(line, "memlock: %llu", &facts.memory);
  }
  std::fclose(fdinfo);
  return facts;
}

/// Whether maps count their memory themselves (map_mem_usage of struct bpf_map_ops).
bool counts_memory() {
  std::FILE* symbols = std::fopen("/proc/kallsyms", "r");
  if (symbols == nullptr) give_up("/proc/kallsyms");
  bool counts = false;
  for (char line[1024]; std::fgets(line, sizeof line, symbols) != nullptr;)
    counts = counts || std::strstr(line, " array_map_mem_usage") != nullptr;
  std::fclose(symbols);
  return counts;
}

/// libbpf's name, also for what is younger than libbpf.
std::string type_name(u32 type) {
  static const std::map<u32, const char*> younger = {{33, "arena"}, {34, "insn_array"}, {35, "rhash"}};
  if (const auto found = younger.find(type); found != younger.end()) return found->second;
  const char* name = libbpf_bpf_map_type_str(static_cast<bpf_map_type>(type));
  return name != nullptr ? name : "type_" + std::to_string(type);
}

std::string numbers_list(const std::vector<u32>& numbers) {
  std::string out;
  for (const u32 number : numbers) out += (out.empty() ? "" : ",") + std::to_string(number);
  return "[" + out + "]";
}

std::string users_of(u32 map_id, const std::vector<Program>& programs) {
  std::vector<u32> users;
  for (const auto& program : programs)
    if (std::find(program.map_ids.begin(), program.map_ids.end(), map_id) != program.map_ids.end())
      users.push_back(program.info.id);
  return numbers_list(users);
}

void state_map(std::FILE* out, u32 id, const std::vector<Program>& programs) {
  const int fd = must(bpf_map_get_fd_by_id(id), "map id " + std::to_string(id));
  const auto info = info_of<bpf_map_info>(fd);
  const MapFacts facts = facts_of(fd);
  std::fprintf(out,
               "{\"id\":%u,\"name\":\"%s\",\"type\":%u,\"type_name\":\"%s\",\"key_size\":%u,"
               "\"value_size\":%u,\"max_entries\":%u,\"map_flags\":%u,\"map_extra\":%llu,\"btf_id\":%u,"
               "\"frozen\":%s,\"memory\":%llu,\"programs\":%s",
               id, info.name, info.type, type_name(info.type).c_str(), info.key_size, info.value_size,
               info.max_entries, info.map_flags, static_cast<u64>(info.map_extra), info.btf_id,
               facts.frozen != 0 ? "true" : "false", facts.memory, users_of(id, programs).c_str());
  if (is_listed(info.type)) {
    std::fprintf(out, ",\"%s\":[", is_per_cpu(info.type) ? "percpu_entries" : "entries");
    const u64 count = state_entries(out, fd, info);
    std::fprintf(out, "],\"entry_count\":%llu", count);
  }
  if (const auto hidden = hidden_of(id); !hidden.empty()) std::fprintf(out, ",\"hidden\":%s", hidden.c_str());
  if (const auto expected = expected_of(id); !expected.empty())
    std::fprintf(out, ",\"expected\":%s", json::list(expected).c_str());
  std::fputs("}", out);
  close(fd);
}

void state_program(std::FILE* out, const Program& program) {
  const auto& info = program.info;
  std::fprintf(out,
               "{\"id\":%u,\"name\":\"%s\",\"type\":\"%s\",\"tag\":\"%s\",\"uid\":%u,"
               "\"run_cnt\":%llu,\"run_time_ns\":%llu,\"loaded_at_ns\":%llu,\"map_ids\":%s}",
               info.id, info.name, libbpf_bpf_prog_type_str(static_cast<bpf_prog_type>(info.type)),
               hex(info.tag, sizeof info.tag).c_str(), info.created_by_uid, static_cast<u64>(info.run_cnt),
               static_cast<u64>(info.run_time_ns), static_cast<u64>(info.load_time),
               numbers_list(program.map_ids).c_str());
}

/// Of values that known.h has.
std::vector<std::string> unknown_kinds() {
  const auto knows = [](int (*add)(btf*)) {
    btf* types = btf__new_empty();
    const bool taken = add(types) > 0 && btf__load_into_kernel(types) == 0;
    btf__free(types);
    return taken;
  };
  std::vector<std::string> unknown;
  if (!knows([](btf* types) { return btf__add_float(types, "float", 4); })) unknown.emplace_back("float");
  if (!knows([](btf* types) { return btf__add_enum64(types, "wide", 8, false); }))
    unknown.emplace_back("enum64");
  return unknown;
}

/// ,"name":[one per element]
template <class All, class State>
void state_list(std::FILE* out, const char* name, const All& all, State state_one) {
  std::fprintf(out, ",\n\"%s\":[", name);
  const char* comma = "\n";
  for (const auto& element : all) {
    std::fputs(comma, out);
    state_one(element);
    comma = ",\n";
  }
  std::fputs("]", out);
}

} // namespace

void state(std::FILE* out, const Objects& objects, const std::vector<std::string>& unknown_types) {
  utsname uts{};
  uname(&uts);
  std::vector<Program> programs;
  for (const u32 id : all_ids(bpf_prog_get_next_id)) programs.push_back(program_of(id));
  std::fprintf(out,
               "{\"release\":\"%s\",\"page_size\":%ld,\"cpus\":{\"possible\":%d,\"online\":%ld},"
               "\"counts_memory\":%s,\"nr_progs\":%zu",
               uts.release, sysconf(_SC_PAGESIZE), libbpf_num_possible_cpus(), sysconf(_SC_NPROCESSORS_ONLN),
               counts_memory() ? "true" : "false", programs.size());
  state_list(out, "unknown_types", unknown_types,
             [&](const auto& name) { std::fputs(json::quoted(name).c_str(), out); });
  state_list(out, "unknown_kinds", unknown_kinds(),
             [&](const auto& name) { std::fputs(json::quoted(name).c_str(), out); });
  state_list(out, "programs", programs, [&](const auto& program) { state_program(out, program); });
  state_list(out, "maps", all_ids(bpf_map_get_next_id), [&](u32 id) { state_map(out, id, programs); });
  std::fprintf(out, ",\n\"allocators\":%s", allocators_json().c_str());
  std::fprintf(out, ",\n\"layouts\":%s", layouts_json().c_str());
  std::fputs(",\n\"typed\":[", out);
  state_typed(out, objects);
  std::fputs("]}\n", out);
}

} // namespace guest
