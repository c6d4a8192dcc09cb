// SPDX-License-Identifier: Apache-2.0
// A BPF object of a scheduler: an arena, and allocators among its globals, which the process fills where a
// scheduler's own code would.
#pragma once

#include "../bpf/sdt_alloc.h"

#include <bpf/libbpf.h>
#include <string>
#include <vector>

namespace guest {

/// The descriptor; negative on a kernel without arenas. By hand, since older libraries cannot ask for its
/// address.
int create_arena_at(const char* name, u64 user_start, unsigned pages);
/// At that address of this process.
void* map_arena(int fd, u64 user_start, unsigned pages);

class ArenaObject {
public:
  /// Loads the file with `arena` for its map `arena_name`.
  ArenaObject(const std::string& path, const char* arena_name, int arena);

  [[nodiscard]] bpf_object* object() const { return object_; }
  [[nodiscard]] int map_fd(const char* name) const;
  /// That global, to be filled before store_globals().
  scx_allocator& allocator(const char* name);
  void store_globals() const;

private:
  bpf_object* object_;
  int section_fd_ = -1;
  std::vector<unsigned char> globals_; ///< the section as it is to be
};

} // namespace guest
