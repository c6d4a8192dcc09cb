// SPDX-License-Identifier: Apache-2.0
// What goes in at one end: queues, stacks, ring buffers; and pages of an arena.
#include "../loader/guest.hpp"
#include "steps.hpp"

#include <sys/mman.h>

namespace guest {

namespace {

void push(int fd, std::vector<u32> values) {
  for (const u32 value : values) set(fd, nullptr, &value);
}

void pop(int fd) {
  u32 value = 0;
  must(bpf_map_lookup_and_delete_elem(fd, nullptr, &value), "pop");
}

void record(int program, u64 event) {
  LIBBPF_OPTS(bpf_test_run_opts, options, .ctx_in = &event, .ctx_size_in = sizeof event);
  must(bpf_prog_test_run_opts(program, &options), "run of to_ring");
}

/// A page of a ring, as consumers map it: the first has their position, the second those of producers.
u64* page_of(int ring, off_t number, int protection) {
  const off_t offset = number * static_cast<off_t>(page_size);
  void* const page = mmap(nullptr, page_size, protection, MAP_SHARED, ring, offset);
  if (page == MAP_FAILED) give_up("mmap of c_ring");
  return static_cast<u64*>(page);
}

constexpr auto type_arena = static_cast<bpf_map_type>(33); // newer than the oldest headers this builds with

} // namespace

/// One each is left alone but for a value that goes through it.
Change queues() {
  const int queue = create(BPF_MAP_TYPE_QUEUE, "c_queue", 0, 4, 8),
            stack = create(BPF_MAP_TYPE_STACK, "c_stack", 0, 4, 8);
  const int quiet = create(BPF_MAP_TYPE_STACK, "c_quiet", 0, 4, 8);
  for (const int fd : {queue, stack, quiet}) push(fd, {1, 2, 3});
  return [=] {
    pop(queue), push(queue, {4, 5});
    pop(stack), push(stack, {6});
    push(quiet, {7}), pop(quiet);
    return std::vector{
        Word("map", "c_queue", "queue")
            .added("2", R"("04 00 00 00")")
            .added("3", R"("05 00 00 00")")
            .gone("0", R"("01 00 00 00")")
            .text(),
        Word("map", "c_stack", "stack").added("0", R"("06 00 00 00")").gone("0", R"("03 00 00 00")").text()};
  };
}

/// The program that produces counts what it does, in its section. Where the kernel has a third position
/// (pending_pos, from 6.10 on, up to which no record is busy), it stands behind the producers'.
Change records(bpf_object* object) {
  const int ring = map_of(object, "c_ring");
  const int program = bpf_program__fd(bpf_object__find_program_by_name(object, "to_ring"));
  u64 *const consumer = page_of(ring, 0, PROT_READ | PROT_WRITE), *const producer =
                                                                      page_of(ring, 1, PROT_READ);
  for (const u64 event : {1, 2}) record(program, event);
  const u64 pending = producer[1];
  return [=] {
    record(program, 3);
    __atomic_store_n(consumer, 16, __ATOMIC_RELEASE); // past the first
    Word word("map", "c_ring", "ringbuf");
    word.went<u64>("", "ringbuf.consumer_pos", 0, 16).went<u64>("", "ringbuf.producer_pos", 32, 48);
    if (producer[1] != pending) word.went<u64>("", "ringbuf.pending_pos", pending, producer[1]);
    word.added("32", R"({"state":"committed","len":8,"data_hex":"03 00 00 00 00 00 00 00"})");
    word.gone("0", R"({"state":"committed","len":8,"data_hex":"01 00 00 00 00 00 00 00"})");
    return std::vector{word.text(), Word("map", "changes.bss", "array")
                                        .went<u64>("", "generation", 2, 3)
                                        .went<u64>("", "totals.count", 3, 6)
                                        .text()};
  };
}

Change pages() {
  LIBBPF_OPTS(bpf_map_create_opts, options, .map_flags = BPF_F_MMAPABLE);
  const int fd = bpf_map_create(type_arena, "c_arena", 0, 0, 16, &options);
  if (fd < 0) return [] { return std::vector<std::string>{}; };
  auto* const memory =
      static_cast<unsigned char*>(mmap(nullptr, 16 * page_size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0));
  if (memory == MAP_FAILED) give_up("mmap of c_arena");
  memory[0] = 1, memory[3 * page_size + 5] = 2;
  return [=] {
    memory[3 * page_size + 5] = 3;
    memory[7 * page_size] = 4;
    const auto address = [&](unsigned page) {
      return std::to_string(reinterpret_cast<u64>(memory) + page * page_size);
    };
    const std::string rest = ",0,0,0,0,0,0,0,0,0,0,0,0,0,0,0]";
    return std::vector{Word("map", "c_arena", "arena")
                           .changed(address(3), "bytes[0x5] (1 differ)", "[2" + rest, "[3" + rest)
                           .added_without_value(address(7))
                           .text()};
  };
}

} // namespace guest
