// SPDX-License-Identifier: Apache-2.0
// Process 1 of the guest that is captured twice: fill, pause the machine; change, say what was changed, pause
// it again.
#include "../loader/guest.hpp"
#include "steps.hpp"

#include <sys/io.h>
#include <sys/resource.h>
#include <unistd.h>

namespace guest {

namespace {

/// The port of QEMU's pvpanic device: told of a panic, QEMU stops the machine, and the capture saves its
/// memory.
void pause_machine() {
  constexpr unsigned short port = 0x505;
  must(ioperm(port, 1, 1), "ioperm");
  outb(1, port);
}

bpf_object* load_object() {
  const rlimit memory{RLIM_INFINITY, RLIM_INFINITY};
  must(setrlimit(RLIMIT_MEMLOCK, &memory), "RLIMIT_MEMLOCK");
  bpf_object* object = bpf_object__open_file("/changes.bpf.o", nullptr);
  if (object == nullptr) give_up("changes.bpf.o");
  must(bpf_object__load(object), "load changes");
  return object;
}

std::vector<Change> fill(bpf_object* object) {
  return {hashes(object),  arrays(object), copies_of_cpus(object), tries(), queues(),
          records(object), tasks(object),  references(object),     pages(), comings_and_goings()};
}

void state(const std::vector<Change>& changes) {
  std::vector<std::string> words;
  for (const Change& change : changes)
    for (std::string& word : change()) words.push_back(std::move(word));
  std::FILE* out = open_statement();
  std::fprintf(out, "{\"differences\":%s}\n", json::list(words).c_str());
  close_statement(out);
}

} // namespace

int map_of(bpf_object* object, const char* name) {
  return must(bpf_object__find_map_fd_by_name(object, name), name);
}

int create(bpf_map_type type, const char* name, u32 key, u32 value, u32 entries, u32 flags) {
  LIBBPF_OPTS(bpf_map_create_opts, options, .map_flags = flags);
  return must(bpf_map_create(type, name, key, value, entries, &options), name);
}

void set(int fd, const void* key, const void* value) {
  must(bpf_map_update_elem(fd, key, value, BPF_ANY), "update of map fd " + std::to_string(fd));
}

int load_program(const char* name) {
  const bpf_insn code[] = {
      {.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = 0, .src_reg = 0, .off = 0, .imm = 0},
      {.code = BPF_JMP | BPF_EXIT, .dst_reg = 0, .src_reg = 0, .off = 0, .imm = 0}};
  return must(bpf_prog_load(BPF_PROG_TYPE_SOCKET_FILTER, name, "GPL", code, 2, nullptr), name);
}

numbers numbers_of(u32 seed) {
  return {.count = u64{seed} << 33 | 7,
          .sum = -s64{seed} * 1'000'003,
          .last = seed,
          .level = static_cast<s16>(-static_cast<int>(seed)),
          .flags = static_cast<u16>(seed * 3)};
}

} // namespace guest

int main() {
  using namespace guest;
  boot();
  const auto changes = fill(load_object());
  pause_machine();
  state(changes);
  pause_machine();
  for (;;) pause();
}
