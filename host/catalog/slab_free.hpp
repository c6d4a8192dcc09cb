// SPDX-License-Identifier: Apache-2.0
// Which objects of a slab are free: on its own list, on the list of the CPU that allocates from it, or in a
// sheaf (7.0) of a CPU or node. Private to this folder.
//
// Refuses: to follow a list out of its slab, or further than the slab has objects. Objects that wait for a
// grace period are on no list. Thread rule: belongs to one thread.
#pragma once

#include "host/btf/types.hpp"
#include "host/target/address_space.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>

namespace mapscope::target {
class Target;
} // namespace mapscope::target

namespace mapscope::catalog {

/// struct kmem_cache.
struct SlabCache {
  std::uint64_t kva = 0;
  std::string name;
  std::uint64_t stride = 0, object_size = 0; ///< bytes from one object to the next; that are its user's
  std::uint64_t before = 0;                  ///< bytes of a red zone in front of each
  bool is_shared = false; ///< several were merged into it, and the name is that of the first
};

/// One slab: its struct, and its memory.
struct Slab {
  std::uint64_t kva = 0, start = 0;
  const SlabCache* cache = nullptr;
};

class SlabFree {
public:
  SlabFree(const target::Target& target, const btf::Types& kernel);
  [[nodiscard]] bool holds(const Slab& slab, std::uint64_t object);

private:
  using Objects = std::set<std::uint64_t>;
  /// Members, by names; what a kernel does not have is nothing.
  struct Fields {
    std::optional<std::uint64_t> freelist;                           ///< of struct slab
    std::optional<std::uint64_t> offset, random, cpu_slab, sheaves;  ///< of struct kmem_cache
    std::optional<std::uint64_t> cpu_freelist, cpu_page;             ///< of struct kmem_cache_cpu
    std::optional<std::uint64_t> main, spare, rcu_free;              ///< of struct slub_percpu_sheaves
    std::optional<std::uint64_t> sheaf_size, sheaf_objects;          ///< of struct slab_sheaf
    std::optional<std::uint64_t> per_node, barn, barn_full, in_barn; ///< of what a node keeps
    std::uint64_t per_node_size = 0;
  };
  static Fields fields_of(const btf::Types& kernel);
  Objects free_in(const Slab& slab);
  void follow(const Slab& slab, std::uint64_t object, Objects& free);
  const Objects& sheaves_of(const SlabCache& cache);
  void add_sheaf(std::optional<std::uint64_t> sheaf, Objects& free);
  void add_barns(const SlabCache& cache, Objects& free);
  /// 0: it cannot be read, or there is none.
  std::uint64_t word(std::uint64_t at, std::optional<std::uint64_t> member);

  const target::Target& target_;
  target::Reader reader_;
  Fields fields_;
  std::map<std::uint64_t, Objects> by_slab_, by_cache_;
};

} // namespace mapscope::catalog
