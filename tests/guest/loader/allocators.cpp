// SPDX-License-Identifier: Apache-2.0
// A scheduler's memory without a scheduler: allocators in an arena, some slots freed and taken again, and
// maps that point to them.
//
// What it states: {"user_vm_start",
//   "allocators":[{"name","elem_size","payload","slots":[{"idx","genn","user_addr","payload"}]}]
//                      in the order of the tree; "payload" of an allocator: its type's name, or null;
//                      "user_addr": the low 32 bits
//   "refs":[{"map","key_hex" or "pid","allocator","user_addr"}]   values that point to a slot; of a slot that
//   was
//                      freed, "user_addr" is null
//   "pointers":{NAME:ADDRESS of what the value of arena_pointers points to; "list_length", "slot" (what
//                      forward_to_slot leads to)}
// }
#include "guest.hpp"

#include "../bpf/allocators.h"
#include "arena_object.hpp"
#include "json.hpp"
#include "sdt_alloc.hpp"

#include <cstring>
#include <memory>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace guest {

namespace {

using namespace json;

constexpr u64 user_start = 0x400000000000;
constexpr unsigned arena_pages = 1 << 12;

std::string value_of(const task_ctx& ctx) {
  std::vector<std::string> comm, counters;
  for (const char letter : ctx.comm) comm.push_back(number(letter));
  for (const u32 counter : ctx.counters) counters.push_back(number(counter));
  return record("task_ctx", {{"pid", number(ctx.pid)},
                             {"cpu", number(ctx.cpu)},
                             {"comm", array(comm)},
                             {"counters", array(counters)}});
}

template <std::size_t Count> std::string numbers_of(const u64 (&words)[Count]) {
  std::vector<std::string> all;
  for (const u64 word : words) all.push_back(number(word));
  return array(all);
}

std::string value_of(const cgroup_ctx& ctx) {
  return record("cgroup_ctx", {{"id", number(ctx.id)},
                               {"weight", number(ctx.weight)},
                               {"runtime", numbers_of(ctx.runtime)},
                               {"nr_tasks", number(ctx.nr_tasks)},
                               {"level", number(ctx.level)}});
}

std::string value_of(const wide_ctx& ctx) {
  return record("wide_ctx", {{"number", number(ctx.number)}, {"words", numbers_of(ctx.words)}});
}

std::string value_of(const lonely& payload) {
  return record("lonely", {{"words", numbers_of(payload.words)}});
}
/// Nothing tells its type.
std::string value_of(const left_twin& payload) { return bytes(&payload, sizeof payload); }

void fill(task_ctx& ctx, Random& random) {
  ctx.pid = static_cast<u32>(random.next() >> 40), ctx.cpu = static_cast<s32>(random.next() >> 62) - 1;
  std::snprintf(ctx.comm, sizeof ctx.comm, "task-%u", ctx.pid);
  for (u32& counter : ctx.counters) counter = static_cast<u32>(random.next());
}

void fill(cgroup_ctx& ctx, Random& random) {
  ctx.id = random.next(), ctx.weight = 100;
  for (u64& runtime : ctx.runtime) runtime = random.next();
  ctx.nr_tasks = 7, ctx.level = static_cast<u32>(random.next() >> 61);
}

template <class Payload> void fill(Payload& payload, Random& random) {
  constexpr std::size_t count = sizeof payload / sizeof(u64);
  u64 words[count];
  for (u64& word : words) word = random.next();
  std::memcpy(&payload, words, sizeof payload);
}

template <class Payload> const Payload& payload_of(const sdt_data& slot) {
  return *reinterpret_cast<const Payload*>(slot.payload);
}

u64 address_of(const void* at) { return reinterpret_cast<u64>(at); }
std::string low_32(const void* at) { return std::to_string(static_cast<u32>(address_of(at))); }

template <class Payload> std::string slots_json(const SdtAllocator& allocator) {
  std::vector<std::string> slots;
  allocator.for_each([&](const sdt_data* slot) {
    slots.push_back("{\"idx\":" + std::to_string(slot->tid.idx) +
                    ",\"genn\":" + std::to_string(slot->tid.genn) + ",\"user_addr\":" + low_32(slot) +
                    ",\"payload\":" + value_of(payload_of<Payload>(*slot)) + "}");
  });
  return list(slots);
}

/// The whole of it; it lives as long as the guest.
class Scheduler {
public:
  explicit Scheduler(int arena)
      : pages_(map_arena(arena, user_start, arena_pages), arena_pages),
        object_("/allocators.bpf.o", "alloc_arena", arena) {}

  void fill_all() {
    set_pools(pools_);
    auto tasks = make<task_ctx>("task_ctx_allocator", "task_ctx", 10'800);
    auto more_tasks = make<task_ctx>("scx_task_ctx_allocator", "task_ctx", 700);
    auto groups = make<cgroup_ctx>("cgroup_ctx_allocator", "cgroup_ctx", 300);
    make<wide_ctx>("wide_ctx_allocator", "wide_ctx", 20);
    make<lonely>("by_size_allocator", "lonely", 40);
    make<left_twin>("twins_allocator", nullptr, 5);
    refer_by_number<u32>("task_ctx_refs", "task_ctx_allocator", tasks, 500);
    refer_by_number<u64>("cgroup_ctx_refs", "cgroup_ctx_allocator", groups, 250);
    refer_by_task(more_tasks);
    point(groups);
    object_.store_globals();
  }

  [[nodiscard]] std::string json() const {
    return "{\"user_vm_start\":" + std::to_string(user_start) + ",\n\"allocators\":" + list(allocators_) +
           ",\n\"refs\":" + list(refs_) + ",\n\"pointers\":" + pointers_ + "}";
  }

private:
  using Slots = std::vector<sdt_data*>;

  /// Empty where a slot was given back.
  template <class Payload> Slots make(const char* name, const char* type, unsigned count) {
    SdtAllocator allocator(object_.allocator(name), pages_, pools_, sizeof(Payload));
    auto [slots, dead] = churn(
        allocator, count, [&](sdt_data* slot) { fill(*reinterpret_cast<Payload*>(slot->payload), random_); });
    dead_ = dead;
    allocators_.push_back("\n{\"name\":" + quoted(name) +
                          ",\"elem_size\":" + std::to_string(allocator.elem_size()) +
                          ",\"payload\":" + (type != nullptr ? quoted(type) : "null") +
                          ",\"slots\":" + slots_json<Payload>(allocator) + "}");
    return slots;
  }

  void refer(const char* map, const void* key, sdt_data* slot, const std::string& said) {
    const slot_ref value{slot->tid, 0, slot};
    put(object_.map_fd(map), key, &value);
    refs_.push_back("\n{\"map\":" + quoted(map) + "," + said + "}");
  }

  template <class Key>
  void refer_by_number(const char* map, const char* allocator, const Slots& slots, Key count) {
    for (Key key = 0; key < count; ++key) {
      sdt_data* const slot = slots[key * slots.size() / count];
      refer(map, &key, slot != nullptr ? slot : dead_,
            "\"key_hex\":" + quoted(hex(&key, sizeof key, " ")) + ",\"allocator\":" + quoted(allocator) +
                ",\"user_addr\":" + (slot != nullptr ? low_32(slot) : "null"));
    }
  }

  void refer_by_task(const Slots& slots) {
    for (unsigned i = 0; i < 30; ++i) {
      const pid_t child = must(fork(), "fork");
      if (child == 0) {
        prctl(PR_SET_NAME, ("context-" + std::to_string(i)).c_str());
        for (;;) pause();
      }
      const int owner = must(static_cast<int>(syscall(SYS_pidfd_open, child, 0)), "pidfd of a task");
      sdt_data* const slot = slots[20 * i + 1];
      const bool live = slot != nullptr;
      refer("task_refs", &owner, live ? slot : dead_,
            "\"pid\":" + std::to_string(child) +
                ",\"allocator\":\"scx_task_ctx_allocator\",\"user_addr\":" + (live ? low_32(slot) : "null"));
    }
  }

  node* chain(u64 first, unsigned length) {
    auto* const nodes = static_cast<node*>(pages_.take(length * sizeof(node)));
    for (unsigned i = 0; i < length; ++i)
      nodes[i] = {first + i, i + 1 < length ? &nodes[i + 1] : nullptr, nullptr};
    return nodes;
  }

  void point(const Slots& groups) {
    constexpr unsigned list_length = 100;
    pointers value{};
    value.circle = chain(10, 3), value.circle[2].next = value.circle;
    value.shared_by_one = chain(20, 2), value.shared_by_two = chain(30, 1);
    value.shared_by_one[1].other = value.shared_by_one[0].other = value.shared_by_two;
    value.list = chain(100, list_length);
    value.number = static_cast<int*>(pages_.take(sizeof(int))), *value.number = -4711;
    value.forward = static_cast<never_defined*>(pages_.take(1));
    value.forward_to_slot = reinterpret_cast<never_defined*>(groups[1]->payload);
    value.nowhere = reinterpret_cast<node*>(user_start + (arena_pages - 1) *
                                                             page_size); // NOLINT(performance-no-int-to-ptr)
    const u32 zero = 0;
    put(object_.map_fd("arena_pointers"), &zero, &value);
    const auto said = [](const char* name, const void* at) {
      return quoted(name) + ":" + std::to_string(address_of(at));
    };
    pointers_ = "{" + said("circle", value.circle) + "," + said("shared_by_one", value.shared_by_one) + "," +
                said("shared_by_two", value.shared_by_two) + "," + said("list", value.list) +
                ",\"list_length\":" + std::to_string(list_length) + "," + said("number", value.number) + "," +
                said("forward", value.forward) + "," + said("forward_to_slot", value.forward_to_slot) + "," +
                said("nowhere", value.nowhere) + ",\"slot\":" + value_of(payload_of<cgroup_ctx>(*groups[1])) +
                "}";
  }

  ArenaPages pages_;
  TreePools pools_{};
  Random random_;
  ArenaObject object_;
  sdt_data* dead_ = nullptr; ///< a slot that was given back
  std::vector<std::string> allocators_, refs_;
  std::string pointers_;
};

std::unique_ptr<Scheduler>& the_scheduler() {
  static std::unique_ptr<Scheduler> one;
  return one;
}

} // namespace

void create_allocators() {
  const int arena = create_arena_at("alloc_arena", user_start, arena_pages);
  if (arena < 0) return; // an older kernel, as the plain arenas say
  the_scheduler() = std::make_unique<Scheduler>(arena);
  the_scheduler()->fill_all();
}

std::string allocators_json() { return the_scheduler() != nullptr ? the_scheduler()->json() : "null"; }

} // namespace guest
