// SPDX-License-Identifier: Apache-2.0
#include "sdt_alloc.hpp"

#include "guest.hpp"

#include <bit>
#include <cstring>
#include <utility>

namespace guest {

namespace {

std::size_t pages_for(std::size_t bytes) { return (bytes + page_size - 1) / page_size; }

void set_pool(sdt_pool& pool, std::size_t elem_size, std::size_t pages) {
  pool = {nullptr, elem_size, pages * page_size / elem_size, pages * page_size / elem_size};
}

/// The next element of the pool's slab, packed: an element may lie across two pages.
void* from_pool(sdt_pool& pool, ArenaPages& pages) {
  if (pool.idx >= pool.max_elems) {
    pool.slab = pages.take(pool.max_elems * pool.elem_size);
    pool.idx = 0;
  }
  return static_cast<std::byte*>(pool.slab) + pool.elem_size * pool.idx++;
}

bool is_used(const sdt_desc& desc, unsigned place) {
  return (desc.allocated[place / 64] >> place % 64 & 1) != 0;
}

void set_used(sdt_desc& desc, unsigned place, bool used) {
  const u64 bit = u64{1} << place % 64;
  desc.allocated[place / 64] = used ? desc.allocated[place / 64] | bit : desc.allocated[place / 64] & ~bit;
}

unsigned first_empty(const sdt_desc& desc) {
  for (unsigned word = 0; word < SDT_CHILDREN / 64; ++word)
    if (~desc.allocated[word] != 0)
      return word * 64 + static_cast<unsigned>(std::countr_one(desc.allocated[word]));
  return SDT_CHILDREN;
}

} // namespace

void* ArenaPages::take(std::size_t bytes) {
  const std::size_t count = pages_for(bytes);
  if (count > left_) give_up("the arena of the allocators is full");
  void* const taken = memory_;
  memory_ += count * page_size, left_ -= count;
  return taken;
}

void set_pools(TreePools& pools) {
  set_pool(pools.chunks, sizeof(sdt_chunk), 1), set_pool(pools.descs, sizeof(sdt_desc), 1);
}

SdtAllocator::SdtAllocator(scx_allocator& state, ArenaPages& pages, TreePools& pools,
                           std::size_t payload_size, const SlotLayout& layout)
    : state_(state), pages_(pages), pools_(pools), layout_(layout) {
  constexpr std::size_t fewest_in_slab = 8;
  const std::size_t elem_size =
      (layout.header + payload_size + layout.align - 1) / layout.align * layout.align;
  set_pool(state.pool, elem_size, pages_for(fewest_in_slab * elem_size));
  state.root = new_desc();
}

sdt_desc* SdtAllocator::new_desc() {
  auto* const chunk = static_cast<sdt_chunk*>(from_pool(pools_.chunks, pages_));
  auto* const desc = static_cast<sdt_desc*>(from_pool(pools_.descs, pages_));
  desc->nr_free = SDT_CHILDREN, desc->chunk = chunk;
  return desc;
}

SdtAllocator::Path SdtAllocator::path_to_empty() {
  Path path{};
  sdt_desc* desc = state_.root;
  for (unsigned level = 0; level < SDT_LEVELS; ++level) {
    const unsigned place = first_empty(*desc);
    if (place == SDT_CHILDREN) give_up("an allocator is full");
    path.nodes[level] = desc, path.places[level] = place;
    if (level == SDT_LEVELS - 1) break;
    sdt_desc*& child = desc->chunk->descs[place];
    if (child == nullptr) child = new_desc();
    desc = child;
  }
  return path;
}

SdtAllocator::Path SdtAllocator::path_to(unsigned index) const {
  Path path{};
  sdt_desc* desc = state_.root;
  for (unsigned level = 0; level < SDT_LEVELS; ++level) {
    const unsigned place = index >> (SDT_LEVELS - 1 - level) * SDT_SHIFT & (SDT_CHILDREN - 1);
    path.nodes[level] = desc, path.places[level] = place;
    if (level < SDT_LEVELS - 1) desc = desc->chunk->descs[place];
  }
  return path;
}

/// A node of the upper levels is used only when there is nothing left below it.
void SdtAllocator::mark_used(const Path& path) {
  for (int level = SDT_LEVELS - 1; level >= 0; --level) {
    set_used(*path.nodes[level], path.places[level], true);
    if (--path.nodes[level]->nr_free > 0) return;
  }
}

void SdtAllocator::mark_free(const Path& path) {
  for (int level = SDT_LEVELS - 1; level >= 0; --level) {
    set_used(*path.nodes[level], path.places[level], false);
    if (++path.nodes[level]->nr_free > 1) return;
  }
}

std::byte* SdtAllocator::header(sdt_data* slot) const {
  return reinterpret_cast<std::byte*>(slot) + (layout_.is_behind ? elem_size() - layout_.header : 0);
}

sdt_id& SdtAllocator::id(sdt_data* slot) const {
  return *reinterpret_cast<sdt_id*>(header(slot) + layout_.id);
}

void* SdtAllocator::payload(sdt_data* slot) const {
  return reinterpret_cast<std::byte*>(slot) + (layout_.is_behind ? 0 : layout_.header);
}

sdt_data* SdtAllocator::allocate() {
  const Path path = path_to_empty();
  mark_used(path);
  sdt_data*& slot = path.nodes[SDT_LEVELS - 1]->chunk->data[path.places[SDT_LEVELS - 1]];
  if (slot == nullptr) slot = static_cast<sdt_data*>(from_pool(state_.pool, pages_));
  unsigned index = 0;
  for (const unsigned place : path.places) index = index << SDT_SHIFT | place;
  id(slot).idx = static_cast<s32>(index);
  return slot;
}

/// The block stays in its place, one generation older, and loses its index and its payload. Its link stays
/// when it is taken again.
void SdtAllocator::free(sdt_data* slot) {
  sdt_id& its = id(slot);
  const Path path = path_to(static_cast<unsigned>(its.idx));
  its = {.val = static_cast<s64>(static_cast<u64>(its.genn + 1) << 32)};
  std::memset(payload(slot), 0, elem_size() - layout_.header);
  if (layout_.link >= 0) std::memcpy(header(slot) + layout_.link, &last_freed_, sizeof last_freed_);
  last_freed_ = slot;
  mark_free(path);
}

void SdtAllocator::for_each(const std::function<void(sdt_data*)>& use) const {
  for (unsigned top = 0; top < SDT_CHILDREN; ++top) {
    const sdt_desc* const middle = state_.root->chunk->descs[top];
    for (unsigned next = 0; middle != nullptr && next < SDT_CHILDREN; ++next) {
      const sdt_desc* const leaf = middle->chunk->descs[next];
      for (unsigned place = 0; leaf != nullptr && place < SDT_CHILDREN; ++place)
        if (is_used(*leaf, place)) use(leaf->chunk->data[place]);
    }
  }
}

/// Of the first half all are taken again, and then every second of them once more, and every fourth.
Churned churn(SdtAllocator& allocator, unsigned count, const std::function<void(sdt_data*)>& fill) {
  constexpr unsigned first = 3, step = 7;
  Churned all;
  const auto take = [&] {
    sdt_data* const slot = allocator.allocate();
    fill(slot);
    return slot;
  };
  for (unsigned i = 0; i < count; ++i) all.slots.push_back(take());
  for (unsigned i = first; i < count; i += step)
    allocator.free(all.dead = std::exchange(all.slots[i], nullptr));
  for (unsigned i = first; i < count / 2; i += step) all.slots[i] = take();
  for (const unsigned often : {2, 4}) {
    for (unsigned i = first; i < count / 2; i += step * often) allocator.free(all.slots[i]);
    for (unsigned i = first; i < count / 2; i += step * often) all.slots[i] = take();
  }
  return all;
}

} // namespace guest
