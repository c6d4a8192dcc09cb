// SPDX-License-Identifier: Apache-2.0
// Hash maps that grow and shrink: whatever bpf(2) lists of them.
#include "guest.hpp"

#include "../bpf/known.h"

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <cerrno>
#include <cstring>

namespace guest {

namespace {

constexpr auto type_rhash = static_cast<bpf_map_type>(35); // younger than libbpf

int create_rhash(const char* name, u32 key, u32 value, u32 entries, bpf_map_create_opts options = {}) {
  options.sz = sizeof options;
  options.map_flags = BPF_F_NO_PREALLOC;
  const int fd = bpf_map_create(type_rhash, name, key, value, entries, &options);
  if (fd < 0 && errno != EINVAL && errno != E2BIG) give_up(name);
  return fd;
}

bpf_map_create_opts typed_options(const Objects& objects) {
  const btf* types = bpf_object__btf(objects.known);
  bpf_map_create_opts options{};
  options.btf_fd = static_cast<u32>(bpf_object__btf_fd(objects.known));
  options.btf_key_type_id =
      static_cast<u32>(must(btf__find_by_name_kind(types, "key", BTF_KIND_STRUCT), "key"));
  options.btf_value_type_id =
      static_cast<u32>(must(btf__find_by_name_kind(types, "numbers", BTF_KIND_STRUCT), "numbers"));
  return options;
}

void delete_all_but_every(u32 kept, int fd, u32 entries, u32 key_size) {
  std::vector<unsigned char> key(key_size);
  for (u32 i = 0; i < entries; ++i) {
    std::memcpy(key.data(), &i, sizeof i);
    if (i % kept != 0) must(bpf_map_delete_elem(fd, key.data()), "delete");
  }
}

} // namespace

void create_rhashes(const Objects& objects, std::vector<std::string>& unknown) {
  if (create_rhash("rhash_empty", 4, 8, 100) < 0) return unknown.emplace_back("rhash"), void();
  Random random;
  fill_random(must(create_rhash("rhash_some", 6, 10, 100), "rhash_some"), 15, random);
  fill_random(
      must(create_rhash("rhash_typed", sizeof(key), sizeof(numbers), 64, typed_options(objects)), "typed"),
      40, random);
  fill_random(must(create_rhash("rhash_full", 4, 4, 300), "rhash_full"), 300, random);
  fill_random(must(create_rhash("rhash_many", 12, 33, 20000), "rhash_many"), 9000, random);
  const int shrunk = must(create_rhash("rhash_shrunk", 8, 16, 10000), "rhash_shrunk");
  fill_random(shrunk, 6000, random);
  delete_all_but_every(20, shrunk, 6000, 8);
  const int emptied = must(create_rhash("rhash_emptied", 8, 16, 1000), "rhash_emptied");
  fill_random(emptied, 500, random);
  delete_all_but_every(1000, emptied, 500, 8); // all but the first
}

} // namespace guest
