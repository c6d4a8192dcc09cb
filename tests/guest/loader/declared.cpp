// SPDX-License-Identifier: Apache-2.0
// Fills what the object "declared" declares, and states what the C compiler makes of it.
#include "guest.hpp"

#include "../bpf/declared.h"
#include "expect.hpp"
#include "json.hpp"

#include <arpa/inet.h>
#include <bpf/btf.h>
#include <cstring>

namespace guest {

namespace {

using namespace json;

class Declared {
public:
  Declared() : object_(bpf_object__open_file("/declared.bpf.o", nullptr)) {
    if (object_ == nullptr) give_up("/declared.bpf.o");
    must(bpf_object__load(object_), "load declared");
  }

  int fd(const char* map) const {
    return must(bpf_object__find_map_fd_by_name(object_, map), std::string("map ") + map);
  }

  /// Sets one element of a global array in .bss.
  template <class T> void set(const char* variable, std::size_t index, T value) const {
    const int bss = fd("declared.bss");
    std::vector<unsigned char> section(info_of<bpf_map_info>(bss).value_size);
    const u32 zero = 0;
    must(bpf_map_lookup_elem(bss, &zero, section.data()), "lookup of .bss");
    std::memcpy(&section[variable_offset(object_, ".bss", variable) + index * sizeof value], &value,
                sizeof value);
    put(bss, &zero, section.data());
  }

  /// The map stands in the report with the types of its declaration; `more`: what else.
  void expect_declared(const char* map, const std::string& more) const {
    expect(fd(map), "{\"types_from\":\".maps\"," + more + "}");
  }

  bpf_map_create_opts types_of(const char* key, const char* value) const {
    const auto id = [&](const char* name) {
      return static_cast<u32>(
          must(btf__find_by_name_kind(bpf_object__btf(object_), name, BTF_KIND_STRUCT), name));
    };
    bpf_map_create_opts options{};
    options.sz = sizeof options;
    options.btf_fd = static_cast<u32>(bpf_object__btf_fd(object_));
    options.btf_key_type_id = id(key), options.btf_value_type_id = id(value);
    return options;
  }

private:
  bpf_object* object_;
};

std::string bytes_of(const u8* bytes, std::size_t count) {
  std::vector<std::string> all;
  for (std::size_t i = 0; i < count; ++i) all.push_back(number(bytes[i]));
  return array(all);
}

std::string signed_of(const void* bytes, std::size_t count) {
  std::vector<std::string> all;
  for (std::size_t i = 0; i < count; ++i) all.push_back(number(static_cast<const s8*>(bytes)[i]));
  return array(all);
}

std::string record_of(const station& s) {
  return record("station", {{"mac", bytes_of(s.mac, sizeof s.mac)},
                            {"address", bytes_of(s.address, sizeof s.address)},
                            {"initials", bytes_of(s.initials, sizeof s.initials)},
                            {"balance", signed_of(s.balance, sizeof s.balance)},
                            {"comm", signed_of(s.comm, sizeof s.comm)},
                            {"greeting", signed_of(s.greeting, sizeof s.greeting)},
                            {"torn", signed_of(s.torn, sizeof s.torn)}});
}

std::string record_of(const point& p) { return record("point", {{"x", number(p.x)}, {"y", number(p.y)}}); }

std::string record_of(const odd& o) {
  return record("odd", {{"hits", number(o.hits)}, {"balance", number(o.balance)}, {"cpu", number(o.cpu)}});
}

std::string record_of(const numbers& n) {
  return record("numbers", {{"count", number(n.count)},
                            {"sum", number(n.sum)},
                            {"last", number(n.last)},
                            {"level", number(n.level)},
                            {"flags", number(n.flags)}});
}

std::string entry(const void* key, std::size_t key_size, const std::string& members) {
  return "{\"key_hex\":" + quoted(hex(key, key_size, " ")) + "," + members + "}";
}

void fill_stations(const Declared& declared) {
  station s{};
  std::memcpy(s.mac, "ABCDEF", 6), std::memcpy(s.address, "\n \0!", 4), std::memcpy(s.initials, "ms", 2);
  std::memcpy(s.balance, "abc", 3);
  std::memcpy(s.comm, "kworker/0:1\0\xff\x01z", 15);
  std::memcpy(s.greeting, "gr\xc3\xbc\xc3\x9f \xe2\x82\xac", 10); // two letters of two bytes and one of three
  std::memcpy(s.torn, "ab\xe2\x82", 4);
  const u32 key = 1;
  put(declared.fd("stations"), &key, &s);
  expect(declared.fd("stations"),
         "{\"entries\":" + list(std::vector{entry(&key, sizeof key, "\"value\":" + record_of(s))}) + "}");
}

/// Rows and copies that differ where a report no longer shows them by default, and rows of zeros alone.
void fill_tall(const Declared& declared) {
  static tall row{};
  for (u32 key = 0; key < 2; ++key) {
    row.cells[5000] = key + 1;
    put(declared.fd("tall_rows"), &key, &row);
  }
  std::vector<tall_copy> copies(static_cast<std::size_t>(libbpf_num_possible_cpus()));
  for (std::size_t cpu = 0; cpu < copies.size(); ++cpu) copies[cpu].cells[5000] = static_cast<u32>(cpu) + 1;
  const u32 zero = 0;
  put(declared.fd("tall_copies"), &zero, copies.data());
  declared.set<u64>("far", 5000, 77);
  declared.set<u32>("hist", 300, 78);
}

/// One prefix of each kind, all of the same bytes; `members`: what the report says of it.
template <class Key>
void fill_prefix(const Declared& declared, const char* map, const Key& key, const char* members) {
  const u32 value = 1;
  put(declared.fd(map), &key, &value);
  expect(declared.fd(map), "{\"entries\":" + list(std::vector{entry(&key, sizeof key, members)}) + "}");
}

void fill_prefixes(const Declared& declared) {
  const u32 ten_32 = htonl(0x0a200000);
  fill_prefix(declared, "told_prefixes", told_prefix{12, ten_32}, "\"prefix\":\"10.32.0.0/12\"");
  fill_prefix(declared, "guessed_prefixes", guessed_prefix{12, {10, 32, 0, 0}},
              "\"prefix\":\"10.32.0.0/12\",\"prefix_is_guess\":true");
  fill_prefix(declared, "other_prefixes", other_prefix{12, 0x200a, 0}, "\"prefix\":\"0a200000/12\"");
}

void fill_sessions(const Declared& declared) {
  const u32 key = 5;
  const point by_access{-5, 5};
  const odd by_account{1, -1, 0};
  put(declared.fd("sessions_by_access"), &key, &by_access);
  put(declared.fd("sessions_by_account"), &key, &by_account);
  const auto stated = [&](const char* name, const std::string& value) {
    expect(declared.fd(name),
           "{\"name\":\"sessions_by_acc\",\"full_name\":" + quoted(name) +
               ",\"entries\":" + list(std::vector{entry(&key, sizeof key, "\"value\":" + value)}) + "}");
  };
  stated("sessions_by_access", record_of(by_access)), stated("sessions_by_account", record_of(by_account));
}

void fill_untold(const Declared& declared) {
  const odd queued{3, -3, 1};
  const numbers stacked{4, -4, 5, -6, 7};
  put(declared.fd("declared_queue"), nullptr, &queued), put(declared.fd("declared_stack"), nullptr, &stacked);
  const auto only = [](const std::string& value) {
    return "\"elements\":[{\"index\":0,\"value\":" + value + "}]";
  };
  declared.expect_declared("declared_queue", only(record_of(queued)));
  declared.expect_declared("declared_stack", only(record_of(stacked)));
}

std::string record_of(const key& k) {
  return record("key", {{"cpu", number(k.cpu)}, {"kind", number(k.kind)}, {"address", number(k.address)}});
}

/// A map with one element, for declared_maps. Kernels before 6.2 compare the places of timers, and those of a
/// map without types are not those of one that has types but no timer: there it must have types of its own.
struct Inner {
  bool typed;
  int fd;
  key only_key;
  point value{8, -8};

  Inner(const Declared& declared, bool with_types) : typed(with_types) {
    const bpf_map_create_opts options = declared.types_of("key", "point");
    fd = must(bpf_map_create(BPF_MAP_TYPE_HASH, "untold_inner", sizeof(key), sizeof(point), 4,
                             typed ? &options : nullptr),
              "untold_inner");
    std::memset(&only_key, 0, sizeof only_key);
    only_key.cpu = 1, only_key.kind = 2, only_key.address = 3;
    put(fd, &only_key, &value);
  }
  void expect_it() const {
    const std::string from = typed ? "" : "\"types_from\":\".maps, of what is in declared_maps\",";
    const std::string members = "\"key\":" + record_of(only_key) + ",\"value\":" + record_of(value);
    expect(fd,
           "{" + from + "\"entries\":" + list(std::vector{entry(&only_key, sizeof only_key, members)}) + "}");
  }
};

void fill_maps_of_maps(const Declared& declared) {
  const temperature outer_key = HOT;
  const auto put_in = [&](const Inner& inner) {
    return bpf_map_update_elem(declared.fd("declared_maps"), &outer_key, &inner.fd, BPF_ANY) == 0;
  };
  Inner inner(declared, false);
  if (!put_in(inner)) {
    close(inner.fd), inner = Inner(declared, true);
    if (!put_in(inner)) give_up("update of declared_maps");
  }
  inner.expect_it();
  const std::string held =
      entry(&outer_key, sizeof outer_key,
            "\"key\":" + constant(HOT, 32, "HOT") + ",\"kind\":\"map\",\"name\":\"untold_inner\"");
  declared.expect_declared("declared_maps", "\"fd_array\":{\"slots\":[" + held + "]}");
}

} // namespace

void create_declared() {
  const Declared declared;
  fill_stations(declared);
  fill_tall(declared);
  fill_prefixes(declared);
  fill_sessions(declared);
  fill_untold(declared);
  fill_maps_of_maps(declared);
}

} // namespace guest
