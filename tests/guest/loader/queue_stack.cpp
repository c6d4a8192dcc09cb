// SPDX-License-Identifier: Apache-2.0
// Queues and stacks in every state of their ring. What they must show is what the kernel pops from a twin
// that was filled in the same way: bpf(2) itself only shows the next element.
#include "guest.hpp"

#include "../bpf/known.h"
#include "expect.hpp"
#include "json.hpp"

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <cstring>
#include <unistd.h>

namespace guest {

namespace {

class Twins {
public:
  Twins(bpf_map_type type, const char* name, u32 value_size, u32 entries, bpf_map_create_opts options = {})
      : value_size_(value_size) {
    options.sz = sizeof options;
    shown_ = must(bpf_map_create(type, name, 0, value_size, entries, &options), name);
    twin_ = must(bpf_map_create(type, name, 0, value_size, entries, &options), name);
  }
  Twins(const Twins&) = delete;
  Twins& operator=(const Twins&) = delete;

  /// With BPF_EXIST the oldest element makes room where there is none.
  void push(unsigned count, u64 flags = BPF_ANY) {
    for (unsigned i = 0; i < count; ++i) {
      std::vector<unsigned char> value(value_size_);
      for (auto& byte : value) byte = static_cast<unsigned char>(random_.next() >> 32);
      for (const int fd : {shown_, twin_})
        must(bpf_map_update_elem(fd, nullptr, value.data(), flags), "push");
    }
  }
  void pop(unsigned count) {
    std::vector<unsigned char> value(value_size_);
    for (unsigned i = 0; i < count; ++i)
      for (const int fd : {shown_, twin_})
        must(bpf_map_lookup_and_delete_elem(fd, nullptr, value.data()), "pop");
  }

  /// Empties the twin, whose only use this was. `typed` says what a value decodes to.
  void expect_all(std::string (*typed)(const unsigned char*) = nullptr) {
    std::vector<std::string> all;
    std::vector<unsigned char> value(value_size_);
    while (bpf_map_lookup_and_delete_elem(twin_, nullptr, value.data()) == 0)
      all.push_back("{\"index\":" + std::to_string(all.size()) +
                    ",\"value_hex\":" + json::quoted(json::hex(value.data(), value.size(), " ")) +
                    (typed != nullptr ? ",\"value\":" + typed(value.data()) : "") + "}");
    expect(shown_,
           "{\"elements\":" + json::list(all) + ",\"entry_count\":" + std::to_string(all.size()) + "}");
    close(twin_);
  }

private:
  int shown_, twin_;
  u32 value_size_;
  Random random_;
};

std::string typed_odd(const unsigned char* bytes) {
  odd value;
  std::memcpy(&value, bytes, sizeof value);
  return json::record("odd", {{"hits", json::number(value.hits)},
                              {"balance", json::number(value.balance)},
                              {"cpu", json::number(value.cpu)}});
}

/// The kernel wants a key type beside the value type; its size must be that of the key, which is 0.
bpf_map_create_opts typed_options(const Objects& objects) {
  const btf* types = bpf_object__btf(objects.known);
  bpf_map_create_opts options{};
  options.btf_fd = static_cast<u32>(bpf_object__btf_fd(objects.known));
  options.btf_key_type_id =
      static_cast<u32>(must(btf__find_by_name_kind(types, "nothing", BTF_KIND_STRUCT), "nothing"));
  options.btf_value_type_id =
      static_cast<u32>(must(btf__find_by_name_kind(types, "odd", BTF_KIND_STRUCT), "odd"));
  return options;
}

void create_one_kind(bpf_map_type type, const std::string& name, const Objects& objects) {
  const auto made = [&](const char* state) { return name + state; };
  Twins(type, made("_empty").c_str(), 8, 4).expect_all();
  Twins some(type, ("a_" + name).c_str(), 8, 4);
  some.push(3), some.expect_all();
  Twins full(type, made("_full").c_str(), 8, 4);
  full.push(4), full.expect_all();
  Twins drained(type, made("_drained").c_str(), 8, 4);
  drained.push(3), drained.pop(3), drained.expect_all();
  Twins wrapped(type, made("_wrapped").c_str(), 5, 4); // for a queue, and for a stack that drops its oldest
  wrapped.push(4), wrapped.pop(2), wrapped.push(2), wrapped.pop(1), wrapped.push(3, BPF_EXIST);
  wrapped.expect_all();
  Twins pushed_out(type, made("_exist").c_str(), 8, 7);
  pushed_out.push(30, BPF_EXIST), pushed_out.pop(2), pushed_out.expect_all();
  Twins one(type, made("_of_one").c_str(), 3, 1);
  one.push(5, BPF_EXIST), one.expect_all();
  Twins many(type, made("_many").c_str(), 99, 3000);
  many.push(2000), many.pop(1500), many.push(2000), many.expect_all();
  Twins typed(type, made("_typed").c_str(), sizeof(odd), 10, typed_options(objects));
  typed.push(9), typed.pop(4), typed.push(5), typed.expect_all(typed_odd);
}

} // namespace

void create_queues_and_stacks(const Objects& objects) {
  create_one_kind(BPF_MAP_TYPE_QUEUE, "queue", objects);
  create_one_kind(BPF_MAP_TYPE_STACK, "stack", objects);
}

} // namespace guest
