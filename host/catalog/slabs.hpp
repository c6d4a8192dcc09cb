// SPDX-License-Identifier: Apache-2.0
// Objects of the slab allocator (mm/slub.c) by addresses in them: struct page by vmemmap, its compound head,
// the struct slab that shares its memory, and the cache that it is of.
//
// Refuses: to name what the page does not say is a slab's, and an address between objects. Whether an object
// is free is told by the lists that hold free ones, as far as they can be read. Thread rule: belongs to one
// thread.
#pragma once

#include "host/catalog/slab_free.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>

namespace mapscope::catalog {

struct SlabObject {
  const SlabCache* cache = nullptr; ///< lives as long as the Slabs
  std::uint64_t address = 0;        ///< of the object
  std::uint64_t offset = 0;         ///< bytes from there to the address that was asked for
  bool is_free = false;             ///< it is on a list of free objects
};

class Slabs {
public:
  Slabs(const target::Target& target, const btf::Types& kernel);
  [[nodiscard]] std::optional<SlabObject> at(std::uint64_t address);

private:
  /// How a page says that it is a slab's.
  enum class Mark : std::uint8_t {
    flag,     ///< a bit of its flags (PG_slab)
    bit,      ///< a bit of its type that is clear, since 6.10
    high_byte ///< the high byte of its type (PGTY_slab), since 6.12
  };
  struct Fields {
    std::uint64_t flags, head;                 ///< of struct page
    std::optional<std::uint64_t> type;         ///< of struct page
    std::uint64_t cache;                       ///< of struct slab
    std::uint64_t name, size, object_size;     ///< of struct kmem_cache
    std::uint64_t refcount;                    ///< of struct kmem_cache
    std::optional<std::uint64_t> red_left_pad; ///< of struct kmem_cache
    std::uint64_t page_size;                   ///< of struct page, bytes
    Mark mark;
    std::uint64_t mark_value;
  };
  void learn(const btf::Types& kernel);
  [[nodiscard]] bool learn_mark(const btf::Types& kernel, Fields& fields) const;
  [[nodiscard]] std::uint64_t first_page();
  [[nodiscard]] std::optional<std::uint64_t> head_of(std::uint64_t page);
  [[nodiscard]] bool is_slab(std::uint64_t page);
  [[nodiscard]] const SlabCache* cache_at(std::uint64_t address);

  const target::Target& target_;
  target::Reader reader_;
  std::optional<Fields> fields_;                             ///< none: this kernel's types lack something
  std::uint64_t pages_ = 0;                                  ///< struct page of physical address 0
  std::map<std::uint64_t, std::optional<SlabCache>> caches_; ///< by address
  SlabFree free_;
};

} // namespace mapscope::catalog
