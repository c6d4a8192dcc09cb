// SPDX-License-Identifier: Apache-2.0
// Records of rings that nobody consumes, and stacks; and the one value that a map of operations has.
#include "populations.hpp"

#include "../bpf/known.h"

#include <bpf/bpf.h>
#include <sys/mman.h>

namespace guest {

namespace {

constexpr u32 at_once = 1024; ///< as many as a run of a program adds

void run_with(bpf_object* object, const char* name, u64 first, u64 second) {
  u64 arguments[2] = {first, second};
  LIBBPF_OPTS(bpf_test_run_opts, options, .ctx_in = arguments, .ctx_size_in = sizeof arguments);
  const int program = bpf_program__fd(bpf_object__find_program_by_name(object, name));
  must(bpf_prog_test_run_opts(program, &options), name);
}

void populate_ring(bpf_object* object) {
  constexpr u32 records = 127 * at_once; // of 32 bytes, in 4 MiB
  for (u32 i = 0; i < records; i += at_once) run_with(object, "add_records", at_once, 0);
  populated(bpf_object__find_map_fd_by_name(object, "many_records"), records);
}

/// Written as a producer in user space does.
void populate_user_ring() {
  constexpr u32 size = 4 << 20, record = 24, records = 127 * at_once;
  const int fd = create(BPF_MAP_TYPE_USER_RINGBUF, "many_orders", 0, 0, size);
  void* memory = mmap(nullptr, page_size + 2 * size, PROT_READ | PROT_WRITE, MAP_SHARED, fd,
                      static_cast<off_t>(page_size));
  if (memory == MAP_FAILED) give_up("mmap of a ring");
  auto* const data = static_cast<unsigned char*>(memory) + page_size;
  for (u32 i = 0; i < records; ++i) {
    auto* const header = reinterpret_cast<u32*>(data + i * (record + 8));
    header[0] = record, header[2] = i;
  }
  *static_cast<u64*>(memory) = u64{records} * (record + 8);
  populated(fd, records);
}

/// Some of the stacks meet in a bucket, which only the first of them gets.
void populate_stacks(bpf_object* object) {
  constexpr u32 paths = 1U << 14;
  for (u32 i = 0; i < paths; i += at_once) run_with(object, "add_stacks", i, at_once);
  populated_as_listed(bpf_object__find_map_fd_by_name(object, "many_stacks"));
}

} // namespace

void populate_records(bpf_object* object) {
  populate_ring(object);
  populate_user_ring();
  populate_stacks(object);
}

/// The maps of the ordinary guest.
void populate_struct_ops() {
  create_struct_ops();
  for (u32 id = 0; bpf_map_get_next_id(id, &id) == 0;) {
    const int fd = must(bpf_map_get_fd_by_id(id), "map");
    if (info_of<bpf_map_info>(fd).type == BPF_MAP_TYPE_STRUCT_OPS)
      populated(fd, 1, "a map of operations has one value");
  }
}

} // namespace guest
