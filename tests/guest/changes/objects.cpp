// SPDX-License-Identifier: Apache-2.0
// What refers to other objects, and objects that come and go.
#include "../loader/guest.hpp"
#include "steps.hpp"

#include <unistd.h>

namespace guest {

namespace {

int create_outer(bpf_map_type type, const char* name, int inner) {
  LIBBPF_OPTS(bpf_map_create_opts, options, .inner_map_fd = static_cast<u32>(inner));
  return must(bpf_map_create(type, name, 4, 4, 4, &options), name);
}

u32 id_of_map(int fd) { return info_of<bpf_map_info>(fd).id; }

std::string map_slot(int fd, const char* name) {
  return R"({"kind":"map","id":)" + std::to_string(id_of_map(fd)) + R"(,"name":")" + name + "\"}";
}

std::string program_slot(int fd, const char* name) {
  const auto info = info_of<bpf_prog_info>(fd);
  return R"({"kind":"program","id":)" + std::to_string(info.id) + R"(,"name":")" + name + R"(","tag":")" +
         json::hex(info.tag, sizeof info.tag) + R"(","type":"socket_filter"})";
}

/// As people write the numbers of its slots: bytes where the key has no type.
struct Outer {
  int fd;
  const char *name, *type;
  std::string zero, one, third;
};

/// Of its slots 0 and 3, which both have the first: 3 gets the second, as does 1, and 0 none.
std::string change_outer(const Outer& outer, int first, int second) {
  const u32 zero = 0, one = 1, third = 3;
  set(outer.fd, &third, &second), set(outer.fd, &one, &second);
  must(bpf_map_delete_elem(outer.fd, &zero), "delete of an inner map");
  return Word("map", outer.name, outer.type)
      .went(outer.third, "id", id_of_map(first), id_of_map(second))
      .changed(outer.third, "name", R"("c_inner_a")", R"("c_inner_b")")
      .added(outer.one, map_slot(second, "c_inner_b"))
      .gone(outer.zero, map_slot(first, "c_inner_a"))
      .text();
}

std::string change_programs(int programs, int one, int two) {
  const u32 zero = 0, third = 3;
  set(programs, &third, &two);
  must(bpf_map_delete_elem(programs, &zero), "delete of a program");
  return Word("map", "c_programs", "prog_array")
      .added("3", program_slot(two, "c_two"))
      .gone("0", program_slot(one, "c_one"))
      .text();
}

} // namespace

Change references(bpf_object* object) {
  const int first = create(BPF_MAP_TYPE_ARRAY, "c_inner_a", 4, 8, 2),
            second = create(BPF_MAP_TYPE_ARRAY, "c_inner_b", 4, 8, 2);
  const int by_key = create_outer(BPF_MAP_TYPE_HASH_OF_MAPS, "c_by_key", first);
  const int by_place = create_outer(BPF_MAP_TYPE_ARRAY_OF_MAPS, "c_by_place", first);
  const int programs = map_of(object, "c_programs"), one = load_program("c_one"), two = load_program("c_two");
  const u32 zero = 0, third = 3;
  for (const int outer : {by_key, by_place}) set(outer, &zero, &first), set(outer, &third, &first);
  set(programs, &zero, &one);
  return [=] {
    const Outer keyed{by_key, "c_by_key", "hash_of_maps", "00 00 00 00", "01 00 00 00", "03 00 00 00"};
    const Outer placed{by_place, "c_by_place", "array_of_maps", "0", "1", "3"};
    return std::vector{change_outer(keyed, first, second), change_outer(placed, first, second),
                       change_programs(programs, one, two)};
  };
}

/// An id is never given twice, so that the map that comes with the name of one that went is another.
Change comings_and_goings() {
  const int map = create(BPF_MAP_TYPE_HASH, "c_went", 4, 8, 4), program = load_program("c_unloaded");
  return [=] {
    close(map), close(program);
    create(BPF_MAP_TYPE_QUEUE, "c_came", 0, 8, 4), load_program("c_loaded");
    return std::vector{Word("map", "c_went", "hash").is_gone(), Word("map", "c_came", "queue").is_new(),
                       Word("program", "c_unloaded", "socket_filter").is_gone(),
                       Word("program", "c_loaded", "socket_filter").is_new()};
  };
}

} // namespace guest
