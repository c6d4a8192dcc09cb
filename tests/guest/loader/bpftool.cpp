// SPDX-License-Identifier: Apache-2.0
// What the machine's own bpftool prints of each map, for whoever compares: bpftool of this Debian, whatever
// the guest's kernel.
//
// One process for all maps that it can walk: to start one takes an emulated guest longer than to print a map.
// Maps of many bytes are left out for the same reason, where another of their type is printed.
#include "guest.hpp"

#include <algorithm>
#include <bpf/bpf.h>
#include <fcntl.h>
#include <set>
#include <sys/wait.h>
#include <utility>

namespace guest {

namespace {

using u32 = std::uint32_t;

constexpr const char *program = "/bpftool", *linker = "/ld.so", *printed = "/bpftool.out",
                     *batch = "/bpftool.in", *all = "/bpftool.all";

/// bpf_map_get_next_key() fails for them: bpftool ends a batch there.
bool is_walked(u32 type) {
  switch (type) {
  case BPF_MAP_TYPE_QUEUE:
  case BPF_MAP_TYPE_STACK:
  case BPF_MAP_TYPE_RINGBUF:
  case BPF_MAP_TYPE_USER_RINGBUF:
  case BPF_MAP_TYPE_BLOOM_FILTER:
  case BPF_MAP_TYPE_TASK_STORAGE:
  case BPF_MAP_TYPE_INODE_STORAGE:
  case BPF_MAP_TYPE_SK_STORAGE:
  case 32: // cgrp_storage, younger than libbpf
  case 33: // arena, younger than libbpf
    return false;
  default:
    return true;
  }
}

/// What bpftool prints takes the guest some microseconds a byte.
bool is_small(const bpf_map_info& info) {
  const std::uint64_t copies =
      is_per_cpu(info.type) ? static_cast<std::uint64_t>(libbpf_num_possible_cpus()) : 1;
  return (info.key_size + copies * info.value_size) * std::max<std::uint64_t>(info.max_entries, 1) <= 16'384;
}

struct Shown {
  std::vector<u32> walked, others;
};

/// Of several maps with one name the first, and of the types that are not walked one map each.
Shown shown_maps() {
  Shown shown;
  std::set<std::pair<u32, std::string>> seen;
  for (u32 id = 0; bpf_map_get_next_id(id, &id) == 0;) {
    const int fd = must(bpf_map_get_fd_by_id(id), "map id");
    const auto info = info_of<bpf_map_info>(fd);
    close(fd);
    const bool walked = is_walked(info.type);
    if (!is_small(info) && walked) continue;
    if (seen.emplace(info.type, walked ? info.name : "").second)
      (walked ? shown.walked : shown.others).push_back(id);
  }
  return shown;
}

/// bpftool's exit code; what it printed is in a file.
int run_bpftool(const std::vector<std::string>& words) {
  std::vector<const char*> command = {linker, "--library-path", "/", program, "-j"};
  for (const std::string& word : words) command.push_back(word.c_str());
  command.push_back(nullptr);
  const pid_t child = must(fork(), "fork");
  if (child == 0) {
    const int out = open(printed, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    if (out < 0 || dup2(out, 1) < 0) _exit(127);
    execv(linker, const_cast<char**>(command.data()));
    _exit(127);
  }
  int status = 0;
  must(waitpid(child, &status, 0), "waitpid");
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
}

void copy(const char* path, std::FILE* out) {
  std::FILE* in = std::fopen(path, "r");
  if (in == nullptr) give_up(path);
  char piece[4096];
  for (std::size_t got; (got = std::fread(piece, 1, sizeof piece, in)) != 0;) std::fwrite(piece, 1, got, out);
  std::fclose(in);
}

/// A line that says what it is, and what was printed.
void keep(std::FILE* out, const std::string& what, int exit_code) {
  std::fprintf(out, "# %s: %d\n", what.c_str(), exit_code);
  copy(printed, out);
  std::fputs("\n", out);
}

} // namespace

void print_by_bpftool() {
  if (access(program, X_OK) != 0) return; // a guest of another architecture
  const Shown shown = shown_maps();
  std::FILE *in = std::fopen(batch, "w"), *out = std::fopen(all, "w");
  if (in == nullptr || out == nullptr) give_up(batch);
  for (const u32 id : shown.walked) std::fprintf(in, "map dump id %u\n", id);
  std::fclose(in);
  keep(out, "batch", run_bpftool({"batch", "file", batch}));
  for (const u32 id : shown.others) {
    const std::string number = std::to_string(id);
    keep(out, number, run_bpftool({"map", "dump", "id", number}));
  }
  std::fclose(out);
}

void state_printed(std::FILE* out) {
  if (access(program, X_OK) != 0) return;
  std::fputs("\f\n", out); // ends the statement proper
  copy(all, out);
}

} // namespace guest
