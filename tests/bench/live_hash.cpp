// SPDX-License-Identifier: Apache-2.0
// A full hash with types in this machine's kernel, and what reading it takes by bpf(2) alone.
//
//   live_hash make N    makes it, says its id and waits for the end of its input
//   live_hash batch ID  reads all of it by BPF_MAP_LOOKUP_BATCH, and says how many entries it has
#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>
#include <unistd.h>
#include <vector>

namespace {

using Key = std::uint64_t;
struct Value {
  std::uint64_t words[8];
};

[[noreturn]] void give_up(const char* what) {
  std::fprintf(stderr, "live_hash: %s: %s\n", what, std::strerror(errno));
  std::exit(1);
}

/// The types that Key and Value have in C.
struct Types {
  int fd = -1;
  std::uint32_t key = 0, value = 0;
};
Types load_types() {
  Types types;
  btf* const all = ::btf__new_empty();
  const int number = ::btf__add_int(all, "unsigned long long", sizeof(Key), 0);
  const int index = ::btf__add_int(all, "unsigned int", sizeof(int), 0);
  const int words = ::btf__add_array(all, index, number, sizeof(Value) / sizeof(Key));
  const int value = ::btf__add_struct(all, "value", sizeof(Value));
  if (value < 0 || ::btf__add_field(all, "words", words, 0, 0) != 0 || ::btf__load_into_kernel(all) != 0)
    give_up("cannot load types");
  types.fd = ::btf__fd(all), types.key = static_cast<std::uint32_t>(number);
  types.value = static_cast<std::uint32_t>(value);
  return types;
}

void make(unsigned entries) {
  const Types types = load_types();
  LIBBPF_OPTS(bpf_map_create_opts, options, .btf_fd = static_cast<std::uint32_t>(types.fd),
              .btf_key_type_id = types.key, .btf_value_type_id = types.value);
  const int fd =
      ::bpf_map_create(BPF_MAP_TYPE_HASH, "bench_hash", sizeof(Key), sizeof(Value), entries, &options);
  if (fd < 0) give_up("cannot make a map");
  for (Key i = 0; i < entries; ++i) {
    const Key key = i * 7919;
    const Value value{{i, i * i, ~i}};
    if (::bpf_map_update_elem(fd, &key, &value, BPF_ANY) != 0) give_up("cannot fill it");
  }
  bpf_map_info info{};
  std::uint32_t size = sizeof info;
  if (::bpf_obj_get_info_by_fd(fd, &info, &size) != 0) give_up("cannot ask for its id");
  std::printf("%u\n", info.id);
  std::fflush(stdout);
  while (std::getchar() != EOF) {
  }
}

void batch(unsigned id) {
  const int fd = ::bpf_map_get_fd_by_id(id);
  if (fd < 0) give_up("no such map");
  constexpr std::uint32_t most = 4096;
  std::vector<Key> keys(most);
  std::vector<Value> values(most);
  std::uint32_t cursor = 0, count = most;
  std::uint64_t all = 0;
  for (bool first = true;; first = false, count = most) {
    const int rc = ::bpf_map_lookup_batch(fd, first ? nullptr : &cursor, &cursor, keys.data(), values.data(),
                                          &count, nullptr);
    all += count;
    if (rc != 0 && errno == ENOENT) break;
    if (rc != 0) give_up("BPF_MAP_LOOKUP_BATCH");
  }
  std::printf("%llu\n", static_cast<unsigned long long>(all));
}

} // namespace

int main(int count, char** words) {
  if (count != 3) return 2;
  const auto number = static_cast<unsigned>(std::strtoul(words[2], nullptr, 10));
  if (std::string_view(words[1]) == "make")
    make(number);
  else
    batch(number);
}
