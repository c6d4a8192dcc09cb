// SPDX-License-Identifier: Apache-2.0
// The loader's three steps. Every failure ends the guest with a sentence on the console: a half-filled guest
// would make a test that proves nothing.
#pragma once

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <cstdint>
#include <cstdio>
#include <string>
#include <unistd.h>
#include <vector>

namespace guest {

/// Of the guest's kernel.
inline const auto page_size = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));

[[noreturn]] void give_up(const std::string& what);
/// Gives up when `rc` is negative or null-like; returns it otherwise.
int must(int rc, const std::string& what);

/// What bpf(2) says about a map or program: struct bpf_map_info, struct bpf_prog_info.
template <class Info> Info info_of(int fd) {
  Info info{};
  std::uint32_t size = sizeof info;
  must(bpf_obj_get_info_by_fd(fd, &info, &size), "info");
  return info;
}

/// Whether this kernel has them. Older ones are asked for less, and say so.
inline bool has_map_type(bpf_map_type type) { return libbpf_probe_bpf_map_type(type, nullptr) == 1; }

/// A process's worth of objects that stay open as long as the guest lives.
struct Objects {
  bpf_object *known = nullptr, *twin_a = nullptr, *twin_b = nullptr;
};

/// Mounts what the rest needs and lets QEMU put VMCOREINFO into the dump.
void boot();
std::FILE* open_statement();
/// Tells the capture how much of the disk is the statement.
void close_statement(std::FILE* out);

Objects load_objects();
void fill_maps(const Objects& objects);
/// Maps that no object declares: without BTF, with odd flags, and of every other type that this kernel knows.
/// Returns the names of the types that it does not know.
std::vector<std::string> create_bare_maps(const Objects& objects);
void create_special_values();
/// Of the object "declared": cut names, types that no loader passes to the kernel, values that are easily
/// told wrong.
void create_declared();
/// Mounts the cgroups at /cgroup first.
void create_references(const Objects& objects);
/// Each adds the name of its type to `unknown` when the kernel does not know it.
void create_arenas(std::vector<std::string>& unknown);
/// Nothing on a kernel without arenas, and so the next.
void create_allocators();
void create_layouts();
void create_insn_arrays(std::vector<std::string>& unknown);
// Some of them: one function for each family of types.
void create_tries();
void create_queues_and_stacks(const Objects& objects);
void create_bloom_filters(std::vector<std::string>& unknown_types);
void create_rhashes(const Objects& objects, std::vector<std::string>& unknown_types);
/// Called by create_bare_maps(): values of tasks, inodes, sockets and control groups.
void create_local_storages(std::vector<std::string>& unknown_types);
void create_rings(std::vector<std::string>& unknown_types);
/// Called by create_bare_maps(): values of control groups that programs are attached to.
void create_cgroup_storages();
void create_stacks();
/// TCP congestion control in BPF, in every state; create_bare_maps() calls it.
void create_struct_ops();
void run_programs(const Objects& objects);

/// What bpf(2) says about everything, and what the C compiler says about known values.
void state(std::FILE* out, const Objects& objects, const std::vector<std::string>& unknown_types);
/// Runs bpftool on the maps; before the statement, since programs that run count, and what they do is stated.
void print_by_bpftool();
/// What it printed, behind the statement.
void state_printed(std::FILE* out);
/// Of the allocators: null when there are none.
std::string allocators_json();
/// Of the schedulers of other layouts: a list.
std::string layouts_json();
/// The list of facts: what decoding must show at which place.
void state_typed(std::FILE* out, const Objects& objects);

/// Fills every member of struct everything with its known value.
void set_everything(void* everything);

/// The same numbers on every run: xorshift64.
struct Random {
  std::uint64_t state = 0x9e3779b97f4a7c15;
  std::uint64_t next();
};

bool is_per_cpu(unsigned type);
void put(int fd, const void* key, const void* value);
/// Fills `entries` of a map with random bytes; the key begins with a running number so that no two are equal.
void fill_random(int fd, unsigned entries, Random& random);
/// Where a global variable begins in its section.
unsigned variable_offset(bpf_object* object, const char* section, const char* name);

} // namespace guest
