// SPDX-License-Identifier: Apache-2.0
// Tables by keys and by numbers, and tries.
#include "../loader/guest.hpp"
#include "steps.hpp"

#include <array>

namespace guest {

namespace {

void remove(int fd, u32 key) { must(bpf_map_delete_elem(fd, &key), "delete"); }

/// Keys 1 to 10, and of each the value of its number.
void fill_numbers(int fd) {
  for (u32 key = 1; key <= 10; ++key) {
    const numbers value = numbers_of(key);
    set(fd, &key, &value);
  }
}

std::string change_numbers(int fd, const char* name) {
  Word word("map", name, "hash");
  numbers value = numbers_of(5);
  u32 key = 5;
  value.count += 1'000;
  set(fd, &key, &value);
  word.went("5", "count", numbers_of(5).count, value.count);

  value = numbers_of(key = 7);
  value.sum += 12, value.flags = 65535;
  set(fd, &key, &value);
  word.went("7", "sum", numbers_of(7).sum, value.sum);
  word.went("7", "flags", numbers_of(7).flags, value.flags);

  value = numbers_of(key = 11);
  set(fd, &key, &value);
  remove(fd, 3);
  return word.added("11", plain(value)).gone("3", plain(numbers_of(3))).text();
}

constexpr key first_key{.cpu = 1, .kind = 2, .address = 0xffff'8880'0000'1000},
    other_key{.cpu = 1, .kind = 3, .address = 4};

void fill_keys(int fd) {
  u64 value = 11;
  set(fd, &first_key, &value);
  set(fd, &other_key, &++value);
}

std::string key_text(const key& value) {
  return R"({\"cpu\":)" + std::to_string(value.cpu) + R"(,\"kind\":)" + std::to_string(value.kind) +
         R"(,\"address\":)" + std::to_string(value.address) + "}";
}

std::string change_keys(int fd) {
  const u64 value = 99;
  set(fd, &first_key, &value);
  must(bpf_map_delete_elem(fd, &other_key), "delete");
  return Word("map", "c_keys", "hash")
      .went<u64>(key_text(first_key), "", 11, 99)
      .gone(key_text(other_key), "12")
      .text();
}

/// Largest number of all, and none: what goes on past its end, and what a reader takes for a sign.
std::string change_lru(int fd) {
  u64 value = 1;
  u32 key = 4;
  set(fd, &key, &value);
  set(fd, &(key = 200), &(value = ~u64{0}));
  remove(fd, 9);
  return Word("map", "c_lru", "lru_hash")
      .went<u64>("4", "", ~u64{0} - 4, 1)
      .added("200", plain(~u64{0}))
      .gone("9", plain(~u64{0} - 9))
      .text();
}

/// In the other direction, so that each element is another one than before, at another place.
void fill_again(int fd) {
  for (u32 key = 0; key < 20; ++key) remove(fd, key);
  for (u32 key = 20; key-- > 0;) {
    const u64 value = key;
    set(fd, &key, &value);
  }
}

struct prefix {
  u32 length;
  std::array<unsigned char, 4> data;
};

} // namespace

Change hashes(bpf_object* object) {
  const int hash = map_of(object, "c_hash"), loose = map_of(object, "c_loose"),
            keys = map_of(object, "c_keys"), lru = map_of(object, "c_lru"),
            rewritten = map_of(object, "c_rewritten");
  fill_numbers(hash), fill_numbers(loose), fill_keys(keys);
  for (u32 key = 0; key < 20; ++key) {
    const u64 value = key, last = ~u64{0} - key;
    set(rewritten, &key, &value), set(lru, &key, &last);
  }
  return [=] {
    fill_again(rewritten);
    return std::vector{change_numbers(hash, "c_hash"), change_numbers(loose, "c_loose"), change_keys(keys),
                       change_lru(lru)};
  };
}

Change arrays(bpf_object* object) {
  const int array = map_of(object, "c_array"), untouched = map_of(object, "c_untouched");
  for (u32 key = 0; key < 3; ++key) {
    const numbers value = numbers_of(key);
    set(array, &key, &value);
  }
  const u32 one = 1;
  const u64 all = ~u64{0};
  set(untouched, &one, &all);
  return [=] {
    numbers value = numbers_of(1);
    const u32 first = 0, second = 1;
    value.last += 5, value.level = -32768;
    set(array, &second, &value);
    value = numbers_of(0);
    value.count = 0;
    set(array, &first, &value);
    set(untouched, &one, &all);
    return std::vector{Word("map", "c_array", "array")
                           .went<u64>("0", "count", 7, 0)
                           .went<u32>("1", "last", 1, 6)
                           .went<s16>("1", "level", -1, -32768)
                           .text()};
  };
}

/// Of keys without a type only the bytes are known.
Change tries() {
  const int fd = create(BPF_MAP_TYPE_LPM_TRIE, "c_trie", sizeof(prefix), 4, 16, BPF_F_NO_PREALLOC);
  const prefix wide{8, {10}}, narrow{24, {10, 1, 2}}, gone{16, {10, 1}}, added{32, {10, 1, 2, 3}};
  const u32 one = 1, two = 2, three = 3, four = 4;
  set(fd, &wide, &one), set(fd, &narrow, &two), set(fd, &gone, &three);
  return [=] {
    set(fd, &narrow, &four), set(fd, &added, &one);
    must(bpf_map_delete_elem(fd, &gone), "delete of a prefix");
    return std::vector{Word("map", "c_trie", "lpm_trie")
                           .changed("10.1.2.0/24", "value_hex", R"("02 00 00 00")", R"("04 00 00 00")")
                           .added("10.1.2.3/32", R"({"value_hex":"01 00 00 00"})")
                           .gone("10.1.0.0/16", R"({"value_hex":"03 00 00 00"})")
                           .text()};
  };
}

} // namespace guest
