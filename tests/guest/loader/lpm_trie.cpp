// SPDX-License-Identifier: Apache-2.0
// Tries of prefixes: addresses and other keys, forks without entries, and what deleting leaves behind.
#include "guest.hpp"

#include "expect.hpp"
#include "json.hpp"

#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <cstring>

namespace guest {

namespace {

using Key = std::vector<unsigned char>; ///< a length of 32 bits, then the data

Key key_of(std::uint32_t length, const std::vector<unsigned char>& data) {
  Key key(sizeof length + data.size());
  std::memcpy(key.data(), &length, sizeof length);
  std::memcpy(key.data() + sizeof length, data.data(), data.size());
  return key;
}

Key address_key(int family, const char* address, std::uint32_t length) {
  std::vector<unsigned char> data(family == AF_INET ? 4 : 16);
  if (inet_pton(family, address, data.data()) != 1) give_up(address);
  return key_of(length, data);
}

int create_trie(const char* name, std::uint32_t data_size, std::uint32_t value_size, std::uint32_t entries) {
  LIBBPF_OPTS(bpf_map_create_opts, options, .map_flags = BPF_F_NO_PREALLOC);
  return must(bpf_map_create(BPF_MAP_TYPE_LPM_TRIE, name, 4 + data_size, value_size, entries, &options),
              name);
}

struct Stated {
  Key key;
  const char* prefix;
};

/// Values are running numbers.
void fill(int fd, const std::vector<Stated>& entries) {
  std::uint32_t number = 0;
  for (const Stated& entry : entries) {
    ++number;
    put(fd, entry.key.data(), &number);
  }
}

void expect_entries(int fd, const std::vector<Stated>& entries) {
  std::vector<std::string> all;
  for (const Stated& entry : entries)
    all.push_back("{\"key_hex\":" + json::quoted(json::hex(entry.key.data(), entry.key.size(), " ")) +
                  ",\"prefix\":" + json::quoted(entry.prefix) + "}");
  expect(fd, "{\"entries\":" + json::list(all) + ",\"entry_count\":" + std::to_string(all.size()) + "}");
}

/// Its keys have a type: struct v4_key { u32 prefixlen; u8 data[4]; }
int create_typed_trie() {
  btf* types = btf__new_empty();
  const int number = must(btf__add_int(types, "unsigned int", 4, 0), "unsigned int"),
            byte = must(btf__add_int(types, "unsigned char", 1, 0), "unsigned char"),
            bytes = must(btf__add_array(types, number, byte, 4), "array"),
            key = must(btf__add_struct(types, "v4_key", 8), "v4_key");
  must(btf__add_field(types, "prefixlen", number, 0, 0), "prefixlen");
  must(btf__add_field(types, "data", bytes, 32, 0), "data");
  must(btf__load_into_kernel(types), "load v4_key");
  LIBBPF_OPTS(bpf_map_create_opts, options, .btf_fd = static_cast<std::uint32_t>(btf__fd(types)),
              .btf_key_type_id = static_cast<std::uint32_t>(key),
              .btf_value_type_id = static_cast<std::uint32_t>(number), .map_flags = BPF_F_NO_PREALLOC);
  return must(bpf_map_create(BPF_MAP_TYPE_LPM_TRIE, "trie_v4", 8, 4, 100, &options), "trie_v4");
}

void create_v4() {
  const auto v4 = [](const char* address, std::uint32_t length) {
    return address_key(AF_INET, address, length);
  };
  // The forks of 10.1.2.0/24 and 192.168.0.0/23 have no entry; 10.1.2.200/25 keeps the bits behind its
  // length.
  const std::vector<Stated> entries = {
      {v4("0.0.0.0", 0), "0.0.0.0/0"},           {v4("10.0.0.0", 8), "10.0.0.0/8"},
      {v4("10.1.0.0", 16), "10.1.0.0/16"},       {v4("10.1.2.3", 32), "10.1.2.3/32"},
      {v4("10.1.2.200", 25), "10.1.2.128/25"},   {v4("192.168.0.0", 24), "192.168.0.0/24"},
      {v4("192.168.1.0", 24), "192.168.1.0/24"}, {v4("255.255.255.255", 32), "255.255.255.255/32"}};
  const int fd = create_typed_trie();
  fill(fd, entries);
  const Key again = v4("10.1.0.0", 16), gone = v4("172.16.0.0", 12);
  const std::uint32_t value = 3;
  put(fd, gone.data(), &value);
  must(bpf_map_delete_elem(fd, gone.data()), "delete 172.16.0.0/12");
  must(bpf_map_delete_elem(fd, again.data()), "delete 10.1.0.0/16");
  put(fd, again.data(), &value);
  expect_entries(fd, entries);
  const json::Members typed = {
      {"prefixlen", json::number(25U)},
      {"data", json::array({json::number<unsigned char>(10), json::number<unsigned char>(1),
                            json::number<unsigned char>(2), json::number<unsigned char>(200)})}};
  const Key unmasked = v4("10.1.2.200", 25);
  std::vector<std::string> all(entries.size(), "{}");
  all[4] = "{\"key_hex\":" + json::quoted(json::hex(unmasked.data(), unmasked.size(), " ")) +
           ",\"key\":" + json::record("v4_key", typed) + ",\"value\":" + json::number(5U) + "}";
  expect(fd, "{\"entries\":" + json::list(all) + "}");
}

void create_v6() {
  const auto v6 = [](const char* address, std::uint32_t length) {
    return address_key(AF_INET6, address, length);
  };
  const std::vector<Stated> entries = {{v6("::", 0), "::/0"},
                                       {v6("2001:db8::", 32), "2001:db8::/32"},
                                       {v6("2001:db8:1::", 48), "2001:db8:1::/48"},
                                       {v6("2001:db8:1::ffff", 127), "2001:db8:1::fffe/127"},
                                       {v6("fe80::1", 128), "fe80::1/128"},
                                       {v6("fe80::2", 128), "fe80::2/128"}};
  const int fd = create_trie("trie_v6", 16, 4, 64);
  fill(fd, entries);
  expect_entries(fd, entries);
}

void create_opaque() {
  const std::vector<Stated> entries = {{key_of(0, {1, 2, 3, 4, 5}), "0000000000/0"},
                                       {key_of(8, {1, 2, 3, 4, 5}), "0100000000/8"},
                                       {key_of(12, {1, 0xff, 3, 4, 5}), "01f0000000/12"},
                                       {key_of(39, {1, 2, 3, 4, 5}), "0102030404/39"},
                                       {key_of(40, {1, 2, 3, 4, 5}), "0102030405/40"},
                                       {key_of(40, {0xab, 0xcd, 0xef, 0, 1}), "abcdef0001/40"}};
  const int fd = create_trie("trie_opaque", 5, 7, 64);
  std::uint64_t value = 0x0706050403020100;
  for (const Stated& entry : entries) put(fd, entry.key.data(), &++value);
  expect_entries(fd, entries);
}

/// The longest keys there may be.
void create_wide() {
  const int fd = create_trie("trie_wide", 256, 4, 8);
  std::uint32_t value = 1;
  for (const std::uint32_t length : {2048U, 2047U, 1U, 1024U}) {
    std::vector<unsigned char> data(256, static_cast<unsigned char>(length / 8));
    put(fd, key_of(length, data).data(), &value);
  }
}

void create_many() {
  Random random;
  const int fd = create_trie("trie_many", 4, 12, 1000);
  std::vector<Key> keys;
  for (int i = 0; i < 600; ++i) {
    const std::uint64_t bits = random.next();
    std::vector<unsigned char> data(4), value(12);
    std::memcpy(data.data(), &bits, data.size());
    std::memcpy(value.data(), &bits, sizeof bits);
    keys.push_back(key_of(static_cast<std::uint32_t>(8 + (bits >> 40) % 25), data));
    put(fd, keys.back().data(), value.data());
  }
  for (std::size_t i = 0; i < keys.size(); i += 3) bpf_map_delete_elem(fd, keys[i].data()); // some are equal
}

} // namespace

void create_tries() {
  const int trie = create_trie("a_trie", 4, 4, 16), emptied = create_trie("trie_emptied", 4, 4, 16);
  for (std::uint32_t i = 0; i < 4; ++i) {
    const std::uint32_t prefix[2] = {8 * i + 8, 0x04030201};
    put(trie, prefix, &i), put(emptied, prefix, &i);
  }
  for (std::uint32_t i = 0; i < 4; ++i) {
    const std::uint32_t prefix[2] = {8 * i + 8, 0x04030201};
    must(bpf_map_delete_elem(emptied, prefix), "delete");
  }
  expect_entries(emptied, {});
  expect_entries(create_trie("trie_empty", 4, 4, 16), {});
  create_v4();
  create_v6();
  create_opaque();
  create_wide();
  create_many();
}

} // namespace guest
