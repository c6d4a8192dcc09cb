// SPDX-License-Identifier: Apache-2.0
// Looks known variables and elements up in the kernel and states what the C compiler reads out of them.
#include "guest.hpp"

#include "../bpf/known.h"
#include "facts.hpp"

#include <array>
#include <bit>
#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <vector>

namespace guest {

using namespace json;

void state_value(Facts& facts, const numbers& n) {
  facts.state("", record("numbers", {{"count", number(n.count)},
                                     {"sum", number(n.sum)},
                                     {"last", number(n.last)},
                                     {"level", number(n.level)},
                                     {"flags", number(n.flags)}}));
}

void state_value(Facts& facts, const odd& o) {
  facts.state("hits", number(o.hits)), facts.state("balance", number(o.balance)),
      facts.state("cpu", number(o.cpu));
}

void state_value(Facts& facts, const key& k) {
  facts.state(
      "", record("key", {{"cpu", number(k.cpu)}, {"kind", number(k.kind)}, {"address", number(k.address)}}));
}

void state_value(Facts& facts, const other& o) {
  facts.state("", record("other", {{"a", number(o.a)}, {"b", number(o.b)}}));
}

void state_value(Facts& facts, const five& f) {
  facts.state("bytes", array({number(f.bytes[0]), number(f.bytes[1]), number(f.bytes[2]), number(f.bytes[3]),
                              number(f.bytes[4])}));
}

void state_value(Facts& facts, const page_and_more& p) {
  facts.state("number", number(p.number)), facts.state("rest[0]", number(p.rest[0]));
  facts.state("rest[4095]", number(p.rest[4095]));
}

/// Its items lie behind it, in the rest of the section.
void state_value(Facts& facts, const flexible& f) {
  std::vector<std::string> items;
  for (u32 i = 0; i < f.count; ++i) items.push_back(number(f.items[i]));
  facts.state("count", number(f.count)), facts.state("items", array(items));
}

namespace {

template <class T> void state_value(Facts& facts, const T& value)
  requires std::is_integral_v<T>
{
  if constexpr (std::is_same_v<T, bool>)
    facts.state("", truth(value));
  else
    facts.state("", number(value));
}

void state_value(Facts& facts, const temperature& value) {
  facts.state("", constant(value, 32, value == COLD ? "COLD" : value == HOT ? "HOT" : nullptr));
}

void state_value(Facts& facts, const tiny& value) {
  const char* name = value == TINY_NEG    ? "TINY_NEG"
                     : value == TINY_ZERO ? "TINY_ZERO"
                     : value == TINY_MAX  ? "TINY_MAX"
                                          : nullptr;
  facts.state("", constant(value, 8, name));
}

/// What lies at `from`, with the alignment that the type wants.
template <class T> T copy_of(const unsigned char* from) {
  std::array<unsigned char, sizeof(T)> bytes; // a T itself may have constant members
  std::memcpy(bytes.data(), from, bytes.size());
  return std::bit_cast<T>(bytes);
}

class Typed {
public:
  Typed(std::FILE* out, bpf_object* object) : facts_(out), object_(object) {}

  void use(bpf_object* object) { object_ = object; }

  /// A global variable; `section` as the object file calls it.
  template <class T>
  void variable(const char* map_name, const char* section, const char* name, std::size_t index = 0) {
    const auto [fd, info] = find(map_name);
    std::vector<unsigned char> value(info.value_size);
    const u32 zero = 0;
    must(bpf_map_lookup_elem(fd, &zero, value.data()), std::string("lookup of ") + name);
    const std::string element = std::is_array_v<T> ? "[" + std::to_string(index) + "]" : "";
    facts_.at({info.id, info.name, "", name + element});
    using Element = std::remove_extent_t<T>;
    const auto* at = &value[variable_offset(object_, section, name) + index * sizeof(Element)];
    state_value(facts_, *reinterpret_cast<const Element*>(at)); // aligned as in its section
  }

  /// Up to `most` elements of a map, their keys and values; of the array types, `first` is where to begin.
  template <class Key, class Value> void elements(const char* map_name, unsigned most) {
    const auto [fd, info] = find(map_name);
    const bool keyed = info.type != BPF_MAP_TYPE_ARRAY && info.type != BPF_MAP_TYPE_PERCPU_ARRAY;
    const int copies = is_per_cpu(info.type) ? libbpf_num_possible_cpus() : 1;
    const std::size_t stride = (info.value_size + 7) / 8 * 8;
    Key key{}, last{};
    std::vector<unsigned char> value(stride * static_cast<std::size_t>(copies));
    for (unsigned i = 0; i < most && bpf_map_get_next_key(fd, i == 0 ? nullptr : &last, &key) == 0;
         ++i, last = key) {
      must(bpf_map_lookup_elem(fd, &key, value.data()), std::string("lookup in ") + map_name);
      const std::string element = "\"key_hex\":" + quoted(hex(&key, sizeof key)) + ",";
      if (keyed) stand(info, element + "\"part\":\"key\",", key);
      for (int cpu = 0; cpu < copies; ++cpu)
        stand(info, element + (is_per_cpu(info.type) ? "\"cpu\":" + std::to_string(cpu) + "," : ""),
              copy_of<Value>(&value[stride * static_cast<std::size_t>(cpu)]));
    }
  }

private:
  std::pair<int, bpf_map_info> find(const char* name) const {
    const bpf_map* map = bpf_object__find_map_by_name(object_, name);
    if (map == nullptr) give_up(std::string("map ") + name);
    bpf_map_info info{};
    u32 size = sizeof info;
    must(bpf_obj_get_info_by_fd(bpf_map__fd(map), &info, &size), "info");
    return {bpf_map__fd(map), info};
  }

  template <class T> void stand(const bpf_map_info& info, const std::string& element, const T& value) {
    facts_.at({info.id, info.name, element, ""});
    state_value(facts_, value);
  }

  Facts facts_;
  bpf_object* object_;
};

void state_sections(Typed& typed) {
  typed.variable<everything>("known.bss", ".bss", "in_bss");
  typed.variable<u64[4]>("known.bss", ".bss", "counters", 2);
  typed.variable<bool>("known.bss", ".bss", "flag_bss");
  typed.variable<everything>("known.data", ".data", "in_data");
  typed.variable<u32>("known.data", ".data", "hidden_number");
  typed.variable<point[3]>("known.data", ".data", "path", 2);
  typed.variable<everything>("known.rodata", ".rodata", "in_rodata");
  typed.variable<s64[2]>("known.rodata", ".rodata", "limits", 0);
  typed.variable<numbers>(".data.custom", ".data.custom", "custom");
  typed.variable<flexible>(".data.flexible", ".data.flexible", "flexible");
}

void state_elements(Typed& typed) {
  typed.elements<u32, everything>("one", 1);
  typed.elements<s64, everything>("all_everything", 2);
  typed.elements<u32, numbers>("big", 50);
  typed.elements<u64, numbers>("big_nopre", 10);
  typed.elements<key, point>("padded_keys", 64);
  typed.elements<u32, u64>("with_gaps", 20);
  typed.elements<u32, numbers>("lru", 20);
  typed.elements<u16, u8>("lru_percpu_list", 20);
  typed.elements<u32, odd>("percpu_odd", 70);
  typed.elements<key, five>("percpu_nopre", 10);
  typed.elements<u64, u64>("percpu_lru", 8);
  typed.elements<key, odd>("lru_percpu_odd", 8);
  typed.elements<u32, odd>("percpu_cells", 300);
  typed.elements<u32, five>("percpu_five", 3);
  typed.elements<u32, numbers>("many", 1000);
  typed.elements<u32, five>("many_odd", 77);
  typed.elements<u32, odd>("mapped_many", 100);
  typed.elements<u32, temperature>("read_only", 4);
  typed.elements<u32, tiny>("exactly_15_char", 4);
  typed.elements<u32, page_and_more>("wide_values", 8);
  typed.elements<u32, page_and_more>("wide_array", 7);
  typed.elements<u32, page_and_more>("wide_percpu", 4);
}

} // namespace

void state_typed(std::FILE* out, const Objects& objects) {
  Typed typed(out, objects.known);
  state_sections(typed);
  state_elements(typed);
  typed.use(objects.twin_a);
  typed.variable<point>("twin_a.bss", ".bss", "shared_name");
  typed.elements<u32, point>("state", 10);
  typed.use(objects.twin_b);
  typed.variable<other>("twin_b.bss", ".bss", "shared_name");
  typed.elements<u64, other>("state", 10);
}

} // namespace guest
