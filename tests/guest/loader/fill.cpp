// SPDX-License-Identifier: Apache-2.0
// The maps that the objects declare.
#include "guest.hpp"

#include "../bpf/known.h"

#include <algorithm>
#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <cstring>
#include <vector>

namespace guest {

std::uint64_t Random::next() {
  state ^= state << 13, state ^= state >> 7, state ^= state << 17;
  return state;
}

bool is_per_cpu(unsigned type) {
  return type == BPF_MAP_TYPE_PERCPU_HASH || type == BPF_MAP_TYPE_LRU_PERCPU_HASH ||
         type == BPF_MAP_TYPE_PERCPU_ARRAY || type == BPF_MAP_TYPE_PERCPU_CGROUP_STORAGE;
}

void put(int fd, const void* key, const void* value) {
  must(bpf_map_update_elem(fd, key, value, BPF_ANY), "update of map fd " + std::to_string(fd));
}

namespace {

int fd_of(bpf_object* object, const char* name) {
  return must(bpf_object__find_map_fd_by_name(object, name), std::string("map ") + name);
}

} // namespace

void fill_random(int fd, unsigned entries, Random& random) {
  bpf_map_info info{};
  u32 size = sizeof info;
  must(bpf_obj_get_info_by_fd(fd, &info, &size), "info");
  const std::size_t stride = (info.value_size + 7) / 8 * 8;
  const std::size_t copies = is_per_cpu(info.type) ? static_cast<std::size_t>(libbpf_num_possible_cpus()) : 1;
  std::vector<unsigned char> key(info.key_size), value(std::max<std::size_t>(stride * copies, 8));
  for (u32 i = 0; i < entries; ++i) {
    for (auto& byte : value) byte = static_cast<unsigned char>(random.next() >> 40);
    std::memcpy(key.data(), &i, std::min<std::size_t>(key.size(), sizeof i));
    put(fd, key.data(), value.data());
  }
}

namespace {

void fill_with_gaps(int fd) {
  for (u32 i = 0; i < 200; ++i) {
    const u64 value = u64{i} << 32;
    put(fd, &i, &value);
  }
  for (u32 i = 0; i < 200; i += 3) must(bpf_map_delete_elem(fd, &i), "delete");
  for (u32 i = 1; i < 200; i += 3) { // updated once more: the spare elements come into use
    const u64 value = ~u64{i};
    put(fd, &i, &value);
  }
}

void fill_padded_keys(int fd) {
  for (u32 i = 0; i < 40; ++i) {
    key key;
    std::memset(&key, 0, sizeof key);
    key.cpu = i % 4, key.kind = static_cast<u8>(i), key.address = 0xffff888000000000ULL + i;
    const point value{static_cast<s16>(i), static_cast<s16>(-static_cast<int>(i))};
    put(fd, &key, &value);
  }
}

} // namespace

unsigned variable_offset(bpf_object* object, const char* section, const char* name) {
  const btf* types = bpf_object__btf(object);
  const int id = must(btf__find_by_name_kind(types, section, BTF_KIND_DATASEC), section);
  const btf_type* type = btf__type_by_id(types, static_cast<u32>(id));
  const btf_var_secinfo* variables = btf_var_secinfos(type);
  for (int i = 0; i < btf_vlen(type); ++i)
    if (std::strcmp(btf__name_by_offset(types, btf__type_by_id(types, variables[i].type)->name_off), name) ==
        0)
      return variables[i].offset;
  give_up(std::string("variable ") + name);
}

namespace {

/// Section variables get their values before the object is loaded, as a program's loader would set them.
void set_section(bpf_object* object, const char* map_name, const char* section, const char* variable) {
  bpf_map* map = bpf_object__find_map_by_name(object, map_name);
  if (map == nullptr) give_up(std::string("map ") + map_name);
  std::size_t size = 0;
  auto* value = static_cast<unsigned char*>(const_cast<void*>(bpf_map__initial_value(map, &size)));
  set_everything(value + variable_offset(object, section, variable));
}

bpf_object* open_object(const char* path) {
  bpf_object* object = bpf_object__open_file(path, nullptr);
  if (object == nullptr) give_up(path);
  return object;
}

} // namespace

Objects load_objects() {
  libbpf_set_strict_mode(LIBBPF_STRICT_ALL);
  Objects objects{open_object("/known.bpf.o"), open_object("/twin_a.bpf.o"), open_object("/twin_b.bpf.o")};
  set_section(objects.known, "known.bss", ".bss", "in_bss");
  set_section(objects.known, "known.data", ".data", "in_data");
  set_section(objects.known, "known.rodata", ".rodata", "in_rodata");
  must(bpf_object__load(objects.known), "load known");
  must(bpf_object__load(objects.twin_a), "load twin_a");
  must(bpf_object__load(objects.twin_b), "load twin_b");
  return objects;
}

void fill_maps(const Objects& objects) {
  Random random;
  const auto map = [&](const char* name) { return fd_of(objects.known, name); };
  fill_random(map("big"), 100000, random);
  fill_random(map("big_nopre"), 2500, random);
  fill_padded_keys(map("padded_keys"));
  fill_random(map("wide_values"), 8, random);
  fill_random(map("wide_nopre"), 5, random);
  fill_with_gaps(map("with_gaps"));
  fill_random(map("lru"), 2000, random); // four times what it holds: most are thrown out again
  fill_random(map("lru_percpu_list"), 100, random);
  fill_random(map("percpu_odd"), 70, random);
  fill_random(map("percpu_nopre"), 50, random);
  fill_random(map("percpu_lru"), 200, random);
  fill_random(map("percpu_cells"), 300, random);
  fill_random(map("percpu_five"), 2, random);
  fill_random(map("many"), 900, random);
  fill_random(map("many_odd"), 77, random);
  fill_random(map("mapped_one"), 1, random);
  fill_random(map("mapped_many"), 1999, random);
  fill_random(map("exactly_15_char"), 3, random);
  fill_random(map("wide_array"), 6, random);
  fill_random(map("wide_percpu"), 3, random);
  fill_random(map("wide_keys"), 30, random);
  fill_random(map("lru_percpu_odd"), 100, random);
  alignas(everything) unsigned char value[sizeof(everything)] = {};
  set_everything(value);
  const u32 zero = 0;
  put(map("one"), &zero, value);
  for (s64 key = -2; key < 1; ++key) put(map("all_everything"), &key, value);
  for (u32 i = 0; i < 4; ++i) {
    const temperature value_i = i % 2 != 0 ? COLD : HOT;
    put(map("read_only"), &i, &value_i);
  }
  must(bpf_map_freeze(map("read_only")), "freeze");
  fill_random(fd_of(objects.twin_a, "state"), 4, random);
  fill_random(fd_of(objects.twin_b, "state"), 9, random);
}

void run_programs(const Objects& objects) {
  must(bpf_enable_stats(BPF_STATS_RUN_TIME), "enable stats"); // counted while this descriptor lives: for ever
  const bpf_program* program = bpf_object__find_program_by_name(objects.known, "count_it");
  std::vector<unsigned char> packet(64);
  for (int i = 0; i < 5; ++i) {
    LIBBPF_OPTS(bpf_test_run_opts, run, .data_in = packet.data(),
                .data_size_in = static_cast<u32>(packet.size()));
    must(bpf_prog_test_run_opts(bpf_program__fd(program), &run), "run count_it");
  }
  const bpf_program* watch = bpf_object__find_program_by_name(objects.known, "watch");
  for (int i = 0; i < 3; ++i) {
    LIBBPF_OPTS(bpf_test_run_opts, run);
    must(bpf_prog_test_run_opts(bpf_program__fd(watch), &run), "run watch");
  }
}

} // namespace guest
