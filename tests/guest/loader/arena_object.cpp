// SPDX-License-Identifier: Apache-2.0
#include "arena_object.hpp"

#include "guest.hpp"

#include <sys/mman.h>

namespace guest {

int create_arena_at(const char* name, u64 user_start, unsigned pages) {
  constexpr auto type_arena = static_cast<bpf_map_type>(33); // newer than the oldest headers this builds with
  LIBBPF_OPTS(bpf_map_create_opts, options, .map_flags = BPF_F_MMAPABLE, .map_extra = user_start);
  return bpf_map_create(type_arena, name, 0, 0, pages, &options);
}

void* map_arena(int fd, u64 user_start, unsigned pages) {
  void* const wanted = reinterpret_cast<void*>(user_start); // NOLINT(performance-no-int-to-ptr)
  void* const memory = mmap(wanted, pages * page_size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, fd, 0);
  if (memory == MAP_FAILED) give_up("mmap of an arena");
  return memory;
}

ArenaObject::ArenaObject(const std::string& path, const char* arena_name, int arena)
    : object_(bpf_object__open_file(path.c_str(), nullptr)) {
  if (object_ == nullptr) give_up(path);
  must(bpf_map__reuse_fd(bpf_object__find_map_by_name(object_, arena_name), arena), "reuse of an arena");
  must(bpf_object__load(object_), "load " + path);
  const bpf_map* const section = bpf_object__find_map_by_name(object_, ".bss");
  if (section == nullptr) give_up("the section of the allocators of " + path);
  section_fd_ = bpf_map__fd(section);
  globals_.resize(bpf_map__value_size(section));
}

int ArenaObject::map_fd(const char* name) const {
  return must(bpf_object__find_map_fd_by_name(object_, name), name);
}

scx_allocator& ArenaObject::allocator(const char* name) {
  return *reinterpret_cast<scx_allocator*>(&globals_[variable_offset(object_, ".bss", name)]);
}

void ArenaObject::store_globals() const {
  const u32 zero = 0;
  put(section_fd_, &zero, globals_.data());
}

} // namespace guest
