// SPDX-License-Identifier: Apache-2.0
#include "host/catalog/slab_free.hpp"

#include "host/catalog/layout.hpp"
#include "host/target/target.hpp"

#include <algorithm>
#include <bit>

namespace mapscope::catalog {

namespace {

constexpr std::uint64_t most_bytes = 1U << 20; ///< of one slab
constexpr std::uint32_t most_in_sheaf = 1U << 12;
constexpr std::uint32_t most_nodes = 64;
constexpr std::size_t most_objects = 1U << 16; ///< free ones of one cache that are kept

} // namespace

SlabFree::SlabFree(const target::Target& target, const btf::Types& kernel)
    : target_(target), reader_(target.reader()), fields_(fields_of(kernel)) {}

SlabFree::Fields SlabFree::fields_of(const btf::Types& kernel) {
  const Layout slab(kernel, "struct slab"), cache(kernel, "struct kmem_cache"),
      cpu(kernel, "struct kmem_cache_cpu"), sheaves(kernel, "struct slub_percpu_sheaves"),
      sheaf(kernel, "struct slab_sheaf"), node(kernel, "struct kmem_cache_per_node_ptrs"),
      barn(kernel, "struct node_barn");
  Fields fields{.freelist = slab.want("freelist"),
                .offset = cache.want("offset"),
                .random = cache.want("random"), // CONFIG_SLAB_FREELIST_HARDENED
                .cpu_slab = cache.want("cpu_slab"),
                .sheaves = cache.want("cpu_sheaves"),
                .cpu_freelist = cpu.want("freelist"),
                .cpu_page = cpu.want("slab"),
                .main = sheaves.want("main"),
                .spare = sheaves.want("spare"),
                .rcu_free = sheaves.want("rcu_free"),
                .sheaf_size = sheaf.want("size"),
                .sheaf_objects = sheaf.want("objects"),
                .per_node = cache.want("per_node"),
                .barn = node.want("barn"),
                .barn_full = barn.want("sheaves_full"),
                .in_barn = sheaf.want("barn_list")};
  const auto id = kernel.find("struct kmem_cache_per_node_ptrs");
  if (id) fields.per_node_size = kernel.size(*id).value_or(0);
  return fields;
}

std::uint64_t SlabFree::word(std::uint64_t at, std::optional<std::uint64_t> member) {
  return member ? reader_.get<std::uint64_t>(at + *member).value_or(0) : 0;
}

bool SlabFree::holds(const Slab& slab, std::uint64_t object) {
  auto known = by_slab_.find(slab.kva);
  if (known == by_slab_.end()) known = by_slab_.emplace(slab.kva, free_in(slab)).first;
  return known->second.contains(object) || sheaves_of(*slab.cache).contains(object);
}

/// On a CPU's list are the objects of the slab that it allocates from, until 7.0.
SlabFree::Objects SlabFree::free_in(const Slab& slab) {
  Objects free;
  follow(slab, word(slab.kva, fields_.freelist), free);
  const std::uint64_t cpu_slab = word(slab.cache->kva, fields_.cpu_slab);
  for (const std::uint32_t cpu : target_.per_cpu().possible()) {
    const auto area = target_.per_cpu().offset(cpu);
    if (cpu_slab == 0 || !area || word(cpu_slab + *area, fields_.cpu_page) != slab.kva) continue;
    follow(slab, word(cpu_slab + *area, fields_.cpu_freelist), free);
  }
  return free;
}

/// freelist_ptr_decode().
void SlabFree::follow(const Slab& slab, std::uint64_t object, Objects& free) {
  const auto link = reader_.get<std::uint32_t>(slab.cache->kva + fields_.offset.value_or(0));
  const std::uint64_t random = word(slab.cache->kva, fields_.random);
  if (!link || !fields_.offset) return;
  while (object - slab.start < most_bytes && free.insert(object).second) {
    const std::uint64_t at = object + *link;
    const std::uint64_t next = reader_.get<std::uint64_t>(at).value_or(0);
    object = fields_.random ? next ^ random ^ std::byteswap(at) : next;
  }
}

const SlabFree::Objects& SlabFree::sheaves_of(const SlabCache& cache) {
  const auto known = by_cache_.find(cache.kva);
  if (known != by_cache_.end()) return known->second;
  Objects free;
  const std::uint64_t sheaves = word(cache.kva, fields_.sheaves);
  for (const std::uint32_t cpu : target_.per_cpu().possible()) {
    const auto area = target_.per_cpu().offset(cpu);
    if (sheaves == 0 || !area) continue;
    for (const auto member : {fields_.main, fields_.spare, fields_.rcu_free})
      add_sheaf(word(sheaves + *area, member), free);
  }
  if (sheaves != 0) add_barns(cache, free);
  return by_cache_.emplace(cache.kva, std::move(free)).first->second;
}

void SlabFree::add_sheaf(std::optional<std::uint64_t> sheaf, Objects& free) {
  if (sheaf.value_or(0) == 0 || !fields_.sheaf_size || !fields_.sheaf_objects) return;
  const auto size = reader_.get<std::uint32_t>(*sheaf + *fields_.sheaf_size);
  if (size.value_or(0) > most_in_sheaf || free.size() >= most_objects) return;
  for (std::uint32_t i = 0; i < size.value_or(0); ++i)
    free.insert(word(*sheaf + 8ULL * i, fields_.sheaf_objects));
}

/// Full sheaves that no CPU has.
void SlabFree::add_barns(const SlabCache& cache, Objects& free) {
  if (!fields_.per_node || !fields_.barn || !fields_.barn_full || !fields_.in_barn) return;
  const auto count = target_.symbols().find("nr_node_ids"); // the array is as long as that; else there is one
  const std::uint32_t nodes = count ? reader_.get<std::uint32_t>(*count).value_or(1) : 1;
  std::set<std::uint64_t> seen;
  for (std::uint32_t node = 0; node < std::min(nodes, most_nodes); ++node) {
    const std::uint64_t barn =
        word(cache.kva + *fields_.per_node + node * fields_.per_node_size, fields_.barn);
    if (barn == 0) continue;
    const std::uint64_t head = barn + *fields_.barn_full;
    std::uint64_t next = word(head, 0);
    for (; next != 0 && next != head && free.size() < most_objects && seen.insert(next).second &&
           seen.size() < most_objects;
         next = word(next, 0))
      add_sheaf(next - *fields_.in_barn, free);
  }
}

} // namespace mapscope::catalog
