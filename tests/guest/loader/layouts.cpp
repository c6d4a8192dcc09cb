// SPDX-License-Identifier: Apache-2.0
// Schedulers whose slots are laid out as releases of their library have it, and as one may that is to come:
// one for each object that is made of bpf/layout.bpf.c, which says of itself what its layout is.
//
// What it states, of each: {"name","is_declared_only","is_told",
//   "allocators":[{"name","elem_size","slots":[{"idx","genn","user_addr","payload"}]}]
//                      in the order of the tree; "user_addr": the low 32 bits
//   "refs":{"map":ID,"entries":[{"key_hex","payload"}]}   without "payload" where none is to be shown: of a
//                      slot that was freed
// }
// Where nothing tells the layout, all of a slot is its payload, as bytes, and no value has one.
#include "guest.hpp"

#include "../bpf/layout.h"
#include "arena_object.hpp"
#include "json.hpp"
#include "sdt_alloc.hpp"

#include <algorithm>
#include <cstring>
#include <deque>
#include <filesystem>
#include <functional>
#include <string_view>
#include <utility>

namespace guest {

namespace {

using namespace json;

constexpr u64 first_user_start = 0x500000000000, user_starts_apart = u64{1} << 32;
constexpr unsigned arena_pages = 1 << 8;

/// What slots of an allocator hold.
struct Kind {
  const char* allocator;
  std::size_t size;
  unsigned count;
  std::function<void(void* payload, const sdt_id&)> fill;
  std::function<std::string(const void* payload)> value;
};

template <class Payload> Payload random_payload(Random& random) {
  u64 words[(sizeof(Payload) + 7) / 8];
  for (u64& word : words) word = random.next();
  Payload made;
  std::memcpy(&made, words, sizeof made);
  return made;
}

std::string value_of(const weighed_task_ctx& ctx) {
  std::vector<std::string> runtimes;
  for (const u32 runtime : ctx.runtimes) runtimes.push_back(number(runtime));
  return record("weighed_task_ctx", {{"pid", number(ctx.pid)},
                                     {"cpu", number(ctx.cpu)},
                                     {"weight", number(ctx.weight)},
                                     {"runtimes", array(runtimes)}});
}

std::string value_of(const cgrp& group) {
  return record("cgrp", {{"vtime", number(group.vtime)}, {"weight", number(group.weight)}});
}

template <class Payload> Kind kind_of(const char* allocator, unsigned count, Random& random) {
  return {allocator, sizeof(Payload), count,
          [&random](void* payload, const sdt_id&) {
            *static_cast<Payload*>(payload) = random_payload<Payload>(random);
          },
          [](const void* payload) { return value_of(*static_cast<const Payload*>(payload)); }};
}

/// "0,2-3"
std::string ranges_of(u64 bits) {
  std::string ranges;
  for (unsigned first = 0; first < 64; ++first) {
    unsigned past = first;
    while (past < 64 && (bits >> past & 1) != 0) ++past;
    if (past == first) continue;
    ranges += (ranges.empty() ? "" : ",") + std::to_string(first);
    if (past - first > 1) ranges += "-" + std::to_string(past - 1);
    first = past;
  }
  return ranges;
}

/// Some releases' begin with a copy of the slot's number.
Kind bitmaps(unsigned count, unsigned bitmap_id, Random& random) {
  const int cpus = libbpf_num_possible_cpus();
  if (cpus > 64) give_up("bitmaps of more than 64 CPUs");
  return {"scx_bitmap_allocator", bitmap_id + sizeof(u64), count,
          [=, &random](void* payload, const sdt_id& id) {
            const u64 bits = random.next() >> (64 - cpus);
            std::memcpy(payload, &id, bitmap_id);
            std::memcpy(static_cast<char*>(payload) + bitmap_id, &bits, sizeof bits);
          },
          [=](const void* payload) {
            u64 bits = 0;
            std::memcpy(&bits, static_cast<const char*>(payload) + bitmap_id, sizeof bits);
            return kind("cpu_list", "\"cpus\":" + quoted(ranges_of(bits)));
          }};
}

layout layout_of(bpf_object* object) {
  std::size_t size = 0;
  bpf_map* const section = bpf_object__find_map_by_name(object, ".rodata");
  const void* const bytes = section != nullptr ? bpf_map__initial_value(section, &size) : nullptr;
  const unsigned at = variable_offset(object, ".rodata", "layout");
  layout found{};
  if (bytes == nullptr || at + sizeof found > size) give_up("no layout in .rodata");
  std::memcpy(&found, static_cast<const char*>(bytes) + at, sizeof found);
  return found;
}

SlotLayout slot_layout(const layout& said) {
  return {said.header, said.id, said.link, said.is_behind != 0, said.align};
}

const char* yes(u32 flag) { return flag != 0 ? "true" : "false"; }

/// It lives as long as the guest.
class LaidOut {
public:
  LaidOut(std::string name, const std::string& path, int arena, u64 user_start)
      : name_(std::move(name)), pages_(map_arena(arena, user_start, arena_pages), arena_pages),
        object_(path, "layout_arena", arena), layout_(layout_of(object_.object())) {
    set_pools(pools_);
    make(kind_of<weighed_task_ctx>("scx_task_allocator", 700, random_), 200);
    make(kind_of<cgrp>("scx_cgrp_allocator", 300, random_), 100);
    make(bitmaps(60, layout_.bitmap_id, random_), 0);
    object_.store_globals();
  }

  [[nodiscard]] std::string json() const {
    const u32 map = info_of<bpf_map_info>(object_.map_fd("layout_refs")).id;
    return "\n{\"name\":" + quoted(name_) + ",\"is_declared_only\":" + yes(layout_.is_declared_only) +
           ",\"is_told\":" + yes(layout_.is_told) + ",\"allocators\":" + list(allocators_) +
           ",\n\"refs\":{\"map\":" + std::to_string(map) + ",\"entries\":" + list(refs_) + "}}";
  }

private:
  /// With so many values that point to its slots.
  void make(const Kind& kind, unsigned refs) {
    SdtAllocator allocator(object_.allocator(kind.allocator), pages_, pools_, kind.size,
                           slot_layout(layout_));
    const auto [slots, dead] = churn(allocator, kind.count, [&](sdt_data* slot) {
      kind.fill(allocator.payload(slot), allocator.id(slot));
    });
    for (unsigned i = 0; i < refs; ++i) {
      sdt_data* const slot = slots[i * slots.size() / refs];
      refer(allocator, slot != nullptr ? slot : dead,
            slot != nullptr && layout_.is_told != 0 ? kind.value(allocator.payload(slot)) : "");
    }
    allocators_.push_back("\n{\"name\":" + quoted(kind.allocator) +
                          ",\"elem_size\":" + std::to_string(allocator.elem_size()) +
                          ",\"slots\":" + slots_json(allocator, kind) + "}");
  }

  void refer(const SdtAllocator& allocator, sdt_data* slot, const std::string& payload) {
    const u32 key = next_key_++;
    const layout_ref value{allocator.id(slot), 0, slot};
    put(object_.map_fd("layout_refs"), &key, &value);
    refs_.push_back("\n{\"key_hex\":" + quoted(hex(&key, sizeof key, " ")) +
                    (payload.empty() ? "" : ",\"payload\":" + payload) + "}");
  }

  [[nodiscard]] std::string slots_json(const SdtAllocator& allocator, const Kind& kind) const {
    std::vector<std::string> slots;
    allocator.for_each([&](sdt_data* slot) {
      const auto [idx, genn] = numbers_of(allocator.id(slot));
      slots.push_back(
          "{\"idx\":" + idx + ",\"genn\":" + genn + ",\"user_addr\":" +
          std::to_string(static_cast<u32>(reinterpret_cast<u64>(slot))) + ",\"payload\":" +
          (layout_.is_told != 0 ? kind.value(allocator.payload(slot)) : bytes(slot, allocator.elem_size())) +
          "}");
    });
    return list(slots);
  }

  /// A number that nothing tells is that of the place, which is the same; a generation is then not known.
  [[nodiscard]] std::pair<std::string, std::string> numbers_of(const sdt_id& id) const {
    return {std::to_string(id.idx), std::to_string(layout_.is_told != 0 ? id.genn : 0)};
  }

  std::string name_;
  ArenaPages pages_;
  ArenaObject object_;
  const layout layout_;
  TreePools pools_{};
  Random random_;
  u32 next_key_ = 0;
  std::vector<std::string> allocators_, refs_;
};

std::deque<LaidOut>& all() {
  static std::deque<LaidOut> made;
  return made;
}

std::vector<std::string> layout_names() {
  constexpr std::string_view before = "layout_", behind = ".bpf.o";
  std::vector<std::string> names;
  for (const auto& file : std::filesystem::directory_iterator("/")) {
    const std::string name = file.path().filename();
    if (name.starts_with(before) && name.ends_with(behind))
      names.push_back(name.substr(before.size(), name.size() - before.size() - behind.size()));
  }
  std::sort(names.begin(), names.end());
  return names;
}

} // namespace

void create_layouts() {
  u64 user_start = first_user_start;
  for (const auto& name : layout_names()) {
    const int arena = create_arena_at("layout_arena", user_start, arena_pages);
    if (arena < 0) return; // an older kernel, as the plain arenas say
    all().emplace_back(name, "/layout_" + name + ".bpf.o", arena, user_start);
    user_start += user_starts_apart;
  }
}

std::string layouts_json() {
  std::vector<std::string> stated;
  for (const LaidOut& one : all()) stated.push_back(one.json());
  return list(stated);
}

} // namespace guest
