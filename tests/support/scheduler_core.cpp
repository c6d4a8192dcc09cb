// SPDX-License-Identifier: Apache-2.0
#include "tests/support/scheduler_core.hpp"

#include "tests/support/core_file.hpp"
#include "tests/support/text_image.hpp"
#include "tests/support/tiny_kernel.hpp"

#include <algorithm>
#include <bit>
#include <cstring>
#include <fmt/format.h>

namespace mapscope::test {

namespace {

constexpr std::uint64_t objects_at = 0x180000, arena_at = 0x400000, elements_at = 0x2000000; ///< physical
constexpr std::uint64_t user = 1ULL << 44;
constexpr std::uint64_t members_at = 0x200; ///< of what follows struct bpf_map in the types of maps
constexpr std::uint64_t page = 4096, children = 512;
constexpr std::uint64_t task_size = 16, cgroup_size = 8, desc_size = 80; ///< of payloads

std::string direct(const std::string& label) { return label + "+0xffff888000000000"; }

/// What an arena holds, by offset; its user addresses are `user` and the offset.
class ArenaBytes {
public:
  std::uint64_t take(std::uint64_t bytes) {
    const std::uint64_t at = bytes_.size();
    bytes_.resize(at + (bytes + 7) / 8 * 8);
    return at;
  }
  template <class T> void put(std::uint64_t at, T value) {
    std::memcpy(bytes_.data() + at, &value, sizeof value);
  }
  /// A node with its empty chunk; returns where the node is.
  std::uint64_t node() {
    const std::uint64_t chunk = take(children * 8), desc = take(desc_size);
    put(desc + 64, children);
    put(desc + 72, user + chunk);
    return desc;
  }
  void set_child(std::uint64_t desc, std::uint64_t child, std::uint64_t to) {
    std::uint64_t chunk = 0;
    std::memcpy(&chunk, bytes_.data() + desc + 72, sizeof chunk);
    put(chunk - user + child * 8, user + to);
  }
  void set_bit(std::uint64_t desc, std::uint64_t bit) {
    bytes_[desc + bit / 8] |= static_cast<std::byte>(1U << (bit % 8));
  }
  [[nodiscard]] const std::vector<std::byte>& bytes() const { return bytes_; }

private:
  std::vector<std::byte> bytes_ = std::vector<std::byte>(page);
};

/// A tree of slots, all in use but the last one, which was freed; returns the offset of the root.
std::uint64_t grow(ArenaBytes& arena, const SlotLayout& layout, std::uint64_t live, std::uint64_t payload,
                   std::vector<std::uint64_t>& slots) {
  const std::uint64_t root = arena.node(), slot_size = layout.header + payload,
                      id = layout.id + (layout.is_behind ? payload : 0);
  std::uint64_t middle = 0, leaf = 0;
  for (std::uint64_t i = 0; i <= live; ++i) {
    if (i % (children * children) == 0)
      arena.set_child(root, i / (children * children), middle = arena.node());
    if (i % children == 0) arena.set_child(middle, i / children % children, leaf = arena.node());
    const std::uint64_t slot = slots.emplace_back(arena.take(slot_size));
    arena.set_child(leaf, i % children, slot);
    arena.put(slot + id + 4, static_cast<std::uint32_t>(i == live ? 5 : i % 3)); // genn
    if (i == live) break;
    arena.set_bit(leaf, i % children);
    arena.put(slot + id, static_cast<std::uint32_t>(i));
  }
  return root;
}

void add_map_types(BtfBuilder& b) {
  const TypeId u32 = b.u32(), u64 = b.u64(), to = b.pointer(0);
  const std::uint32_t first = members_at * 8;
  b.record("bpf_array", {{"elem_size", u32, first}, {"value", b.array(b.u8(), 0), first + 64}},
           members_at + 8);
  b.record("bpf_htab", {{"buckets", to, first}, {"n_buckets", u32, first + 64}}, members_at + 16);
  const TypeId node = b.record("hlist_nulls_node", {{"next", to}});
  const TypeId head = b.record("hlist_nulls_head", {{"first", to}});
  b.record("bucket", {{"head", head}, {"lock", u64}});
  b.record("htab_elem", {{"hash_node", node}, {"hash", u32, 64}, {"key", b.array(b.u8(), 0), 128}}, 16);
  b.record("bpf_arena", {{"user_vm_start", u64, first}, {"kern_vm", to, first + 64}}, members_at + 16);
  b.record("vm_struct", {{"addr", to}, {"size", u64}});
}

struct ProgramTypes {
  TypeId value = 0, section = 0;
};

TypeId slot_id(BtfBuilder& b, const SlotLayout& layout) {
  return b.record("sdt_id", {{"idx", b.u32()}, {layout.has_older_names ? "gen" : "genn", b.u32()}});
}

TypeId slot_data(BtfBuilder& b, const SlotLayout& layout, TypeId id) {
  if (layout.is_declared_only) return b.forward("sdt_data");
  std::vector<Field> members = {{"tid", id}};
  if (layout.header == 16) members.push_back({"urcu_link", b.u64()});
  if (!layout.is_behind) members.push_back({"payload", b.array(b.u64(), 0)});
  return b.record("sdt_data", members);
}

/// As in tools/sched_ext/scx_sdt.h of the kernel.
ProgramTypes add_program_types(BtfBuilder& b, const Scheduler& scheduler) {
  const TypeId u32 = b.u32(), u64 = b.u64(), id = slot_id(b, scheduler.layout),
               data = b.pointer(slot_data(b, scheduler.layout, id));
  const bool has_bitmaps = scheduler.bitmap_ids >= 0;
  const TypeId pool =
      b.record("sdt_pool", {{"slab", b.pointer(0)}, {"elem_size", u64}, {"max_elems", u64}, {"idx", u64}});
  const TypeId desc = b.record(
      "sdt_desc",
      {{"allocated", b.array(u64, 8)}, {"nr_free", u64}, {"chunk", b.pointer(b.forward("sdt_chunk"))}});
  const TypeId allocator = b.record(scheduler.layout.has_older_names ? "sdt_allocator" : "scx_allocator",
                                    {{"pool", pool}, {"root", b.pointer(desc)}});
  if (scheduler.layout.header == 16) b.record("scx_urcu", {{"head", b.array(u64, 2)}, {"active", u32}});
  if (scheduler.bitmap_ids == 1) b.record("scx_bitmap", {{"tid", id}, {"bits", b.array(u64, 64)}});
  if (scheduler.bitmap_ids == 0) b.record("scx_bitmap", {{"bits", b.array(u64, 64)}});
  if (scheduler.knows_payload) b.record("task_ctx", {{"weight", u64}, {"pid", u32}, {"self", u32}});
  b.record("cgrp_ctx", {{"vtime", u64}});
  ProgramTypes types;
  types.value = b.record("scx_task_map_val", {{"tid", u64}, {"tptr", u64}, {"data", data}});
  types.section = b.section(
      ".bss", {{b.variable("scx_task_allocator", allocator), 0, 40},
               {b.variable("scx_cgrp_allocator", allocator), 40, 40},
               {b.variable(has_bitmaps ? "scx_bitmap_allocator" : "scx_idle_allocator", allocator), 80, 40}});
  return types;
}

struct MapText {
  unsigned id, type;
  std::string name;
  unsigned key_size, value_size, max_entries, value_type;
  std::string behind; ///< from members_at on
};

std::string map_text(const MapText& map) {
  return fmt::format(
      "map{0}: u32 {1} {2} {3} {4} 0 {0} u64 0 text \"{5}\" zero {6} u64 {7} u32 0 {8} 0 0 u64 3 "
      "2 0 zero {9}\n{10}align 8\n",
      map.id, map.type, map.key_size, map.value_size, map.max_entries, map.name, 16 - map.name.size(),
      map.type == 33 ? "0" : direct("btf"), map.value_type, members_at - 96, map.behind);
}

std::string allocator_text(std::uint64_t size, std::uint64_t root) {
  return fmt::format("u64 0 {} 0 0 {:#x}\n", size, root);
}

std::string bitmaps_text(ArenaBytes& arena, const Scheduler& scheduler) {
  if (scheduler.bitmap_ids < 0) return allocator_text(0, 0);
  const SlotLayout& layout = scheduler.layout;
  const std::uint64_t ids = scheduler.bitmap_ids == 1 ? 8 : 0;
  std::vector<std::uint64_t> slots;
  const std::uint64_t root = grow(arena, layout, 2, ids + 8, slots),
                      payload = slots[1] + (layout.is_behind ? 0 : layout.header);
  if (ids != 0) arena.put(payload, std::uint64_t{1} << 32 | 1); // the same as in its header
  arena.put(payload + ids, std::uint64_t{2});
  return allocator_text(layout.header + ids + 8, user + root);
}

unsigned most_entries(const Scheduler& scheduler) {
  return static_cast<unsigned>(std::max<std::uint64_t>(1, scheduler.entries));
}
unsigned buckets_of(const Scheduler& scheduler) { return std::bit_ceil(most_entries(scheduler)); }

/// A chain in the first bucket; each ends in its mark.
std::string elements_text(const Scheduler& scheduler, const std::vector<std::uint64_t>& slots) {
  const std::uint64_t first = direct_at(elements_at + 16 * buckets_of(scheduler));
  std::string text =
      fmt::format("@{:#x} buckets: u64 {:#x} 0\n", elements_at, scheduler.entries == 0 ? 1 : first);
  for (unsigned i = 1; i < buckets_of(scheduler); ++i) text += fmt::format("u64 {:#x} 0\n", i << 1 | 1);
  for (std::uint64_t i = 0; i < scheduler.entries; ++i) {
    const auto at = static_cast<std::int64_t>(i);
    const std::uint64_t slot = at == scheduler.stale    ? slots.back()
                               : at == scheduler.astray ? slots.back() + scheduler.layout.header + task_size
                                                        : slots[i % (slots.size() - 1)];
    const std::uint64_t next = i + 1 < scheduler.entries ? first + (i + 1) * 48 : 1;
    text += fmt::format("u64 {:#x} u32 0 0 0 0 u64 {} {:#x} {:#x}\n", next, i, 0xffff888000001000 + i,
                        user + slot);
  }
  return text;
}

std::string programs_text(const Scheduler& scheduler) {
  constexpr std::uint64_t lost_at = 0x1f000000; // nothing of it is in the dump
  return fmt::format("program: u32 1 u8 1 2 3 4 5 6 7 8 zero 4 u64 {} 0\naux: u32 9 3 u64 {} 99 0 text "
                     "\"enqueue\" zero 9 u64 {}\nused: u64 {} {} {}\n",
                     direct("aux"),
                     scheduler.loses_uses ? fmt::format("{:#x}", direct_at(lost_at)) : direct("used"),
                     direct("btf"), direct("map1"), direct("map2"), direct("map3")) +
         fmt::format("other: u32 1 u8 1 2 3 4 5 6 7 8 zero 4 u64 {} 0\nother_aux: u32 10 1 u64 {} 99 0 text "
                     "\"dequeue\" zero 9 u64 0\n",
                     direct("other_aux"), direct("used"));
}

std::string objects_text(const Scheduler& scheduler) {
  BtfBuilder program;
  const ProgramTypes types = add_program_types(program, scheduler);
  const SlotLayout& layout = scheduler.layout;
  ArenaBytes arena;
  std::vector<std::uint64_t> tasks, cgroups;
  const std::uint64_t task_root = grow(arena, layout, scheduler.tasks, task_size, tasks),
                      cgroup_root = grow(arena, layout, 2, cgroup_size, cgroups),
                      payload = layout.is_behind ? 0 : layout.header;
  for (std::uint64_t i = 0; i < scheduler.tasks; ++i) {
    arena.put(tasks[i] + payload, 100 + i);
    arena.put(tasks[i] + payload + 8, static_cast<std::uint32_t>(1000 + i));
  }
  const std::string bitmaps = bitmaps_text(arena, scheduler);
  arena.take(page); // what is astray is mapped
  const auto raw = program.raw();
  const std::string bss = allocator_text(layout.header + task_size, user + task_root) +
                          allocator_text(layout.header + cgroup_size, user + cgroup_root) + bitmaps;
  return fmt::format("@{:#x}\n", objects_at) +
         map_text({1, 33, "arena", 0, 0, 1U << 10, 0, fmt::format("u64 {:#x} {}\n", user, direct("area"))}) +
         map_text({2, 2, "sched.bss", 4, 120, 1, types.section, "u32 120 0\n" + bss}) +
         map_text({3, 1, "scx_task_map", 4, 24, most_entries(scheduler), types.value,
                   fmt::format("u64 {:#x} u32 {} 0\n", direct_at(elements_at), buckets_of(scheduler))}) +
         fmt::format("area: u64 {:#x} {:#x}\n", direct_at(arena_at) - 0x8000, (1ULL << 32) + (68 << 10)) +
         programs_text(scheduler) +
         fmt::format("btf: u64 {} 0 u32 {} 5 u8 0 zero 63\ntypes: {} align 8\n", direct("types"), raw.size(),
                     bytes_text(raw)) +
         fmt::format("@{:#x}", arena_at) + bytes_text(arena.bytes()) + elements_text(scheduler, tasks);
}

} // namespace

std::string scheduler_core(const Scheduler& scheduler) {
  BtfBuilder kernel;
  add_kernel_types(kernel);
  add_map_types(kernel);
  std::vector<std::pair<unsigned, std::string>> programs = {{9, direct("program")}};
  if (scheduler.loses_uses) programs.emplace_back(10, direct("other"));
  const std::string tables =
      "maps: " + xa_node_text({{1, direct("map1")}, {2, direct("map2")}, {3, direct("map3")}}) +
      "programs: " + xa_node_text(programs) + "btfs: " + xa_node_text({{5, direct("btf")}});
  const TextImage image(tiny_kernel_text(kernel, tables + objects_text(scheduler)));
  return core_of(image).bytes();
}

} // namespace mapscope::test
