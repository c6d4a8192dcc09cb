// SPDX-License-Identifier: Apache-2.0
#include "host/catalog/slabs.hpp"

#include "host/catalog/layout.hpp"
#include "host/target/target.hpp"

#include <bit>

namespace mapscope::catalog {

namespace {

constexpr std::size_t longest_name = 256;
constexpr std::uint64_t largest_object = 4U << 20; ///< beyond it kmalloc() has pages of its own
constexpr std::uint64_t most_pages = 1U << 12;     ///< of one slab
constexpr std::uint64_t page_flags = 64;

/// The direct map leads to each page of memory once, and nothing else of the slab allocator's does.
std::uint64_t page_start(std::uint64_t address, std::uint64_t size) { return address - address % size; }

} // namespace

Slabs::Slabs(const target::Target& target, const btf::Types& kernel)
    : target_(target), reader_(target.reader()), free_(target, kernel) {
  learn(kernel);
}

void Slabs::learn(const btf::Types& kernel) {
  Layout page(kernel, "struct page"), slab(kernel, "struct slab"), cache(kernel, "struct kmem_cache");
  const auto head = page.want("compound_info"); // 7.0; 6.x: compound_head
  Fields fields{.flags = page.need("flags"),
                .head = head ? *head : page.need("compound_head"),
                .type = page.want("page_type"),
                .cache = slab.need("slab_cache"),
                .name = cache.need("name"),
                .size = cache.need("size"),
                .object_size = cache.need("object_size"),
                .refcount = cache.need("refcount"),
                .red_left_pad = cache.want("red_left_pad"),
                .page_size = page.size(),
                .mark = Mark::flag,
                .mark_value = 0};
  if (page.error() || slab.error() || cache.error() || fields.page_size == 0) return;
  if (!learn_mark(kernel, fields)) return;
  pages_ = first_page();
  if (pages_ != 0) fields_ = fields;
}

/// include/linux/page-flags.h.
bool Slabs::learn_mark(const btf::Types& kernel, Fields& fields) const {
  if (const auto type = kernel.enumerator("PGTY_slab")) {
    fields.mark = Mark::high_byte, fields.mark_value = static_cast<std::uint64_t>(*type);
    return fields.type.has_value();
  }
  const auto flag = kernel.enumerator("PG_slab");
  if (!flag) return false;
  fields.mark_value = static_cast<std::uint64_t>(*flag);
  fields.mark = fields.mark_value < page_flags ? Mark::flag : Mark::bit;
  return fields.mark == Mark::flag || fields.type.has_value();
}

/// VMCOREINFO says so since 6.7; before, on x86-64 a variable does.
std::uint64_t Slabs::first_page() {
  if (const auto page = target_.page_of(0)) return *page;
  const auto variable = target_.symbols().find("vmemmap_base");
  return variable ? reader_.get<std::uint64_t>(*variable).value_or(0) : 0;
}

/// compound_head(). Of a tail page the word is odd: the address of the head, or, since 7.0 and where struct
/// page has a size that is a power of two, a mask that leads there.
std::optional<std::uint64_t> Slabs::head_of(std::uint64_t page) {
  const auto word = reader_.get<std::uint64_t>(page + fields_->head);
  if (!word) return std::nullopt;
  if ((*word & 1) == 0) return page;
  const std::uint64_t even = *word & ~std::uint64_t{1};
  const bool is_mask = std::has_single_bit(-even);
  return is_mask ? page & even : even;
}

bool Slabs::is_slab(std::uint64_t page) {
  if (fields_->mark == Mark::flag) {
    const auto flags = reader_.get<std::uint64_t>(page + fields_->flags);
    return flags && (*flags >> fields_->mark_value & 1) != 0;
  }
  constexpr std::uint32_t base = 0xf0000000; // PAGE_TYPE_BASE
  const auto type = reader_.get<std::uint32_t>(page + *fields_->type);
  if (!type) return false;
  if (fields_->mark == Mark::high_byte) return *type >> 24 == fields_->mark_value;
  return (*type & (base | fields_->mark_value)) == base;
}

const SlabCache* Slabs::cache_at(std::uint64_t address) {
  const auto known = caches_.find(address);
  if (known != caches_.end()) return known->second ? &*known->second : nullptr;
  auto& made = caches_[address];
  const auto name = reader_.get<std::uint64_t>(address + fields_->name);
  const auto size = reader_.get<std::uint32_t>(address + fields_->size),
             object = reader_.get<std::uint32_t>(address + fields_->object_size);
  const auto users = reader_.get<std::int32_t>(address + fields_->refcount);
  if (!name || !size || !object || *object == 0 || *object > *size || *size > largest_object) return nullptr;
  SlabCache cache{address, reader_.text(*name, longest_name), *size, *object, 0, users != 1};
  if (fields_->red_left_pad)
    cache.before = reader_.get<std::uint32_t>(address + *fields_->red_left_pad).value_or(0);
  if (cache.name.empty() || cache.before > *size) return nullptr;
  made = std::move(cache);
  return &*made;
}

std::optional<SlabObject> Slabs::at(std::uint64_t address) {
  target::Mapping mapping;
  if (!fields_ || target_.space().translator->translate(address, &mapping) != target::Fault::none)
    return std::nullopt;
  const std::uint64_t size = target_.page_size();
  const std::uint64_t page = pages_ + mapping.physical / size * fields_->page_size;
  const auto head = head_of(page);
  const std::uint64_t behind = head ? (page - *head) / fields_->page_size : most_pages;
  if (behind >= most_pages || !is_slab(*head)) return std::nullopt;
  const auto kva = reader_.get<std::uint64_t>(*head + fields_->cache);
  const Slab slab{*head, page_start(address, size) - behind * size, kva ? cache_at(*kva) : nullptr};
  if (slab.cache == nullptr) return std::nullopt;
  const std::uint64_t inside = (address - slab.start) % slab.cache->stride;
  if (inside < slab.cache->before || inside - slab.cache->before >= slab.cache->object_size)
    return std::nullopt;
  SlabObject object{slab.cache, address - (inside - slab.cache->before), inside - slab.cache->before};
  object.is_free = free_.holds(slab, object.address);
  return object;
}

} // namespace mapscope::catalog
