// SPDX-License-Identifier: Apache-2.0
#include "host/catalog/map_memory.hpp"

#include "host/base/checked.hpp"
#include "host/target/target.hpp"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <initializer_list>

namespace mapscope::catalog {

namespace {

using Bytes = std::optional<std::uint64_t>;

constexpr std::uint64_t pointer = 8;
constexpr std::uint32_t no_prealloc = 1, mmapable = 1U << 10; // BPF_F_*, include/uapi/linux/bpf.h

/// Nothing when one is not known, or the sum is no number of bytes.
Bytes sum(std::initializer_list<Bytes> parts) {
  std::uint64_t all = 0;
  for (const Bytes& part : parts)
    if (!part || __builtin_add_overflow(all, *part, &all)) return std::nullopt;
  return all;
}

Bytes product(Bytes one, Bytes other) {
  std::uint64_t both = 0;
  if (!one || !other || __builtin_mul_overflow(*one, *other, &both)) return std::nullopt;
  return both;
}

constexpr std::uint64_t rounded_up(std::uint64_t bytes, std::uint64_t to) {
  return (bytes + to - 1) / to * to;
}

bool is_per_cpu(const Map& map) { return map.type_name.find("percpu_") != std::string::npos; }

} // namespace

MapMemory::MapMemory(const target::Target& target, const btf::Types& kernel)
    : target_(target), kernel_(kernel), reader_(target.reader()), cpus_(target.per_cpu().possible().size()) {}

Bytes MapMemory::size(const char* type) const {
  const auto id = kernel_.find(fmt::format("struct {}", type));
  const auto size = id ? kernel_.size(*id) : Result<std::uint64_t>(std::unexpected(id.error()));
  return size ? Bytes(*size) : std::nullopt;
}

Bytes MapMemory::number(std::uint64_t address, const char* type, const char* member) {
  const auto id = kernel_.find(fmt::format("struct {}", type));
  const auto found = id ? kernel_.member(*id, member) : Result<btf::Member>(std::unexpected(id.error()));
  if (!found || found->bit_size != 0) return std::nullopt;
  const auto size = kernel_.size(found->type);
  std::uint64_t value = 0;
  if (!size || *size == 0 || *size > sizeof value) return std::nullopt;
  const std::span bytes(reinterpret_cast<std::byte*>(&value), *size);
  if (reader_.read(address + found->offset(), bytes) != target::Fault::none) return std::nullopt;
  return value;
}

std::uint64_t MapMemory::whole_pages(std::uint64_t bytes) const {
  return rounded_up(bytes, reader_.space().translator->page_size());
}

Bytes MapMemory::of(const Map& map) {
  struct Kind {
    const char* type;
    Bytes (MapMemory::*count)(const Map&);
  };
  static constexpr std::array kinds{Kind{"array", &MapMemory::array},
                                    Kind{"percpu_array", &MapMemory::array},
                                    Kind{"prog_array", &MapMemory::array},
                                    Kind{"perf_event_array", &MapMemory::array},
                                    Kind{"cgroup_array", &MapMemory::array},
                                    Kind{"array_of_maps", &MapMemory::array},
                                    Kind{"hash", &MapMemory::hash},
                                    Kind{"lru_hash", &MapMemory::hash},
                                    Kind{"percpu_hash", &MapMemory::hash},
                                    Kind{"lru_percpu_hash", &MapMemory::hash},
                                    Kind{"hash_of_maps", &MapMemory::hash},
                                    Kind{"lpm_trie", &MapMemory::trie},
                                    Kind{"queue", &MapMemory::queue},
                                    Kind{"stack", &MapMemory::queue},
                                    Kind{"ringbuf", &MapMemory::ring},
                                    Kind{"user_ringbuf", &MapMemory::ring},
                                    Kind{"stack_trace", &MapMemory::stacks},
                                    Kind{"devmap", &MapMemory::devices},
                                    Kind{"devmap_hash", &MapMemory::devices},
                                    Kind{"cpumap", &MapMemory::cpus},
                                    Kind{"xskmap", &MapMemory::xsks},
                                    Kind{"sockmap", &MapMemory::sockets},
                                    Kind{"sockhash", &MapMemory::sockets},
                                    Kind{"reuseport_sockarray", &MapMemory::reuseport},
                                    Kind{"task_storage", &MapMemory::local_storage},
                                    Kind{"inode_storage", &MapMemory::local_storage},
                                    Kind{"sk_storage", &MapMemory::local_storage},
                                    Kind{"cgrp_storage", &MapMemory::local_storage},
                                    Kind{"cgroup_storage", &MapMemory::cgroup_storage},
                                    Kind{"percpu_cgroup_storage", &MapMemory::cgroup_storage},
                                    Kind{"struct_ops", &MapMemory::struct_ops},
                                    Kind{"bloom_filter", &MapMemory::bloom},
                                    Kind{"insn_array", &MapMemory::instructions}};
  if (map.kva == 0 || !map.is_read || map.offloaded) return std::nullopt;
  const auto found = std::ranges::find(kinds, std::string_view(map.type_name), &Kind::type);
  return found != kinds.end() ? (this->*found->count)(map) : std::nullopt;
}

/// array_map_mem_usage(), arraymap.c.
Bytes MapMemory::array(const Map& map) {
  const Bytes head = size("bpf_array");
  const Bytes elements = product(map.max_entries, number(map.kva, "bpf_array", "elem_size"));
  if (is_per_cpu(map)) return sum({head, product(map.max_entries, pointer), product(elements, cpus_)});
  if ((map.flags & mmapable) == 0 || !head || !elements) return sum({head, elements});
  return sum({whole_pages(*head), whole_pages(*elements)});
}

Bytes MapMemory::hash_count(const Map& map) {
  if (number(map.kva, "bpf_htab", "use_percpu_counter").value_or(0) == 0)
    return number(map.kva, "bpf_htab", "count.counter");
  Bytes count = number(map.kva, "bpf_htab", "pcount.count");
  const Bytes counters = number(map.kva, "bpf_htab", "pcount.counters");
  for (const std::uint32_t cpu : target_.per_cpu().possible()) {
    const auto offset = target_.per_cpu().offset(cpu);
    const auto own = counters && offset ? reader_.get<std::int32_t>(*counters + *offset) : std::nullopt;
    if (!own || !count) return std::nullopt;
    *count += static_cast<std::uint64_t>(std::int64_t{*own});
  }
  return count && *count <= map.max_entries ? count : std::nullopt;
}

/// htab_map_mem_usage(), hashtab.c. The locks that keep a CPU from meeting itself are gone since 6.15, and
/// the kernel goes on to count them.
Bytes MapMemory::hash(const Map& map) {
  const Bytes element = number(map.kva, "bpf_htab", "elem_size");
  const Bytes buckets = product(size("bucket"), number(map.kva, "bpf_htab", "n_buckets"));
  const auto htab = kernel_.find("struct bpf_htab");
  const auto locks =
      htab ? kernel_.member(*htab, "map_locked") : Result<btf::Member>(std::unexpected(htab.error()));
  const auto lock_count = locks ? kernel_.array_length(locks->type).value_or(0) : 0;
  const Bytes head = sum({size("bpf_htab"), buckets, product(lock_count * sizeof(int), cpus_)});
  const Bytes copies = is_per_cpu(map) ? product(rounded_up(map.value_size, 8), cpus_) : Bytes(0);
  const bool is_lru = map.type_name.starts_with("lru_");
  if ((map.flags & no_prealloc) != 0) {
    constexpr std::uint64_t list_node = 8; // struct llist_node, of the allocator
    const std::uint64_t more = is_per_cpu(map) ? list_node + pointer : 0;
    return sum({head, product(hash_count(map), sum({element, list_node, more, copies}))});
  }
  const bool may_have_extra =
      !is_per_cpu(map) && !is_lru; // one element for each CPU, newer kernels have none for maps of maps
  const bool has_extra = may_have_extra && number(map.kva, "bpf_htab", "extra_elems").value_or(0) != 0;
  const std::uint64_t count = std::uint64_t{map.max_entries} + (has_extra ? cpus_ : 0);
  return sum({head, product(count, sum({element, copies})), may_have_extra ? pointer * cpus_ : 0});
}

/// trie_mem_usage(), lpm_trie.c.
Bytes MapMemory::trie(const Map& map) {
  return product(sum({size("lpm_trie_node"), number(map.kva, "lpm_trie", "data_size"), map.value_size}),
                 number(map.kva, "lpm_trie", "n_entries"));
}

/// queue_stack_map_mem_usage(), queue_stack_maps.c.
Bytes MapMemory::queue(const Map& map) {
  return sum({size("bpf_queue_stack"), product(std::uint64_t{map.max_entries} + 1, map.value_size)});
}

/// ringbuf_map_mem_usage(), ringbuf.c: the pages of data are mapped twice.
Bytes MapMemory::ring(const Map& map) {
  const Bytes ring = number(map.kva, "bpf_ringbuf_map", "rb");
  const Bytes pages = ring ? number(*ring, "bpf_ringbuf", "nr_pages") : std::nullopt;
  const std::uint64_t page_size = reader_.space().translator->page_size();
  const Bytes list = sum({pages, map.max_entries / page_size});
  return sum({size("bpf_ringbuf_map"), product(pages, page_size), product(list, pointer)});
}

/// stack_map_mem_usage(), stackmap.c.
Bytes MapMemory::stacks(const Map& map) {
  return sum({size("bpf_stack_map"), product(number(map.kva, "bpf_stack_map", "n_buckets"), pointer),
              product(map.max_entries, sum({size("stack_map_bucket"), map.value_size}))});
}

/// dev_map_mem_usage(), devmap.c.
Bytes MapMemory::devices(const Map& map) {
  const Bytes heads =
      map.type_name == "devmap_hash" ? number(map.kva, "bpf_dtab", "n_buckets") : Bytes(map.max_entries);
  return sum({size("bpf_dtab"), product(heads, pointer),
              product(number(map.kva, "bpf_dtab", "items"), size("bpf_dtab_netdev"))});
}

/// sock_map_mem_usage(), sock_hash_mem_usage(), net/core/sock_map.c.
Bytes MapMemory::sockets(const Map& map) {
  if (map.type_name == "sockmap") return sum({size("bpf_stab"), product(map.max_entries, pointer)});
  return sum(
      {size("bpf_shtab"), product(number(map.kva, "bpf_shtab", "buckets_num"), size("bpf_shtab_bucket")),
       product(number(map.kva, "bpf_shtab", "count.counter"), number(map.kva, "bpf_shtab", "elem_size"))});
}

/// bpf_local_storage_map_mem_usage(), bpf_local_storage.c.
Bytes MapMemory::local_storage(const Map& map) {
  const Bytes log = number(map.kva, "bpf_local_storage_map", "bucket_log");
  const Bytes buckets = log && *log < 32 ? Bytes(1ULL << *log) : std::nullopt;
  return sum({size("bpf_local_storage_map"), product(buckets, size("bpf_local_storage_map_bucket"))});
}

/// cgroup_storage_map_usage(), local_storage.c.
Bytes MapMemory::cgroup_storage(const Map& /*map*/) { return size("bpf_cgroup_storage_map"); }

/// cpu_map_mem_usage(), cpumap.c.
Bytes MapMemory::cpus(const Map& map) {
  return sum({size("bpf_cpu_map"), product(map.max_entries, pointer)});
}

/// xsk_map_mem_usage(), net/xdp/xskmap.c.
Bytes MapMemory::xsks(const Map& map) {
  return sum({size("xsk_map"), product(map.max_entries, pointer),
              product(number(map.kva, "xsk_map", "count.counter").value_or(0), size("xsk_map_node"))});
}

/// reuseport_array_mem_usage(), reuseport_array.c.
Bytes MapMemory::reuseport(const Map& map) {
  return sum({size("reuseport_array"), product(map.max_entries, pointer)});
}

/// bpf_struct_ops_map_mem_usage(), bpf_struct_ops.c: the ops twice, links and symbols of the functions, and
/// one page of code, however many there are.
Bytes MapMemory::struct_ops(const Map& map) {
  const Bytes head = size("bpf_struct_ops_map"), common = size("bpf_struct_ops_value");
  if (!head || !common || *common > *head) return std::nullopt;
  return sum({*head - *common, product(2, map.value_size), reader_.space().translator->page_size(),
              product(number(map.kva, "bpf_struct_ops_map", "funcs_cnt"), 2 * pointer)});
}

/// bloom_map_mem_usage(), bloom_filter.c.
Bytes MapMemory::bloom(const Map& map) {
  const Bytes mask = number(map.kva, "bpf_bloom_filter", "bitset_mask");
  if (!mask || *mask > UINT32_MAX) return std::nullopt;
  return sum({size("bpf_bloom_filter"), rounded_up((*mask + 8) / 8, 8)});
}

/// insn_array_mem_usage(), bpf_insn_array.c.
Bytes MapMemory::instructions(const Map& map) {
  return sum(
      {size("bpf_insn_array"), product(map.max_entries, sum({size("bpf_insn_array_value"), pointer}))});
}

} // namespace mapscope::catalog
