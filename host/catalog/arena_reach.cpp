// SPDX-License-Identifier: Apache-2.0
#include "host/catalog/arena_reach.hpp"

#include "host/base/checked.hpp"
#include "host/target/target.hpp"

#include <algorithm>
#include <bpf/btf.h>

namespace mapscope::catalog {

namespace {

constexpr unsigned deepest = 32;
constexpr std::uint64_t largest = 1U << 20; ///< bytes of one object that are looked at

} // namespace

ArenaReach::ArenaReach(const target::Target& target, const Arena& arena)
    : arena_(arena), target_(target), reader_(target.reader()) {
  is_known_ = arena.user_vm_start != 0 && arena.page_size != 0 && !arena.short_pointers;
  if (is_known_) find_pages();
  if (is_known_) add_variables();
}

std::uint64_t ArenaReach::address_of(std::uint64_t page) const {
  return arena_.kernel_address(arena_.user_vm_start + page * arena_.page_size);
}

/// The page that stands for all that nobody allocated is not one of them.
void ArenaReach::find_pages() {
  const std::uint64_t begin = arena_.kernel_address(arena_.user_vm_start);
  const std::uint64_t end =
      begin + std::min(arena_.size, arena_span - static_cast<std::uint32_t>(arena_.user_vm_start));
  std::uint64_t entries = most_steps;
  for (std::uint64_t at = begin; at < end && is_known_;) {
    const auto region = target_.space().translator->next_region(at, end, &entries);
    is_known_ =
        entries != 0 && (region.fault == target::Fault::none || region.fault == target::Fault::unmapped);
    at = region.address + (region.fault == target::Fault::none ? region.size : 0);
    if (region.fault != target::Fault::none || region.physical == arena_.scratch) continue;
    const std::uint64_t first = (region.address - begin) / arena_.page_size,
                        count = region.size / arena_.page_size;
    is_known_ = is_known_ && (mapped_ += count) <= most_pages;
    if (is_known_ && pages_.size() < first + count) pages_.resize(first + count, Page::absent);
    for (std::uint64_t i = 0; i < count && is_known_; ++i) pages_[first + i] = Page::mapped;
  }
}

void ArenaReach::add_variables() {
  if (!arena_.globals) return;
  const auto& [types, section, size, offset] = *arena_.globals;
  const std::uint64_t address = arena_.user_vm_start + offset;
  mark(address, size);
  pointers(*types, section, read(address, size), 0);
}

std::vector<std::byte> ArenaReach::read(std::uint64_t address, std::uint64_t size) {
  std::vector<std::byte> bytes(std::min(size, largest));
  target::Fault fault{};
  bytes.resize(read_arena(reader_, arena_, address, bytes, &fault));
  return bytes;
}

void ArenaReach::mark(std::uint64_t pointer, std::uint64_t size) {
  const std::uint64_t inside = arena_.kernel_address(pointer) - address_of(0);
  if (inside >= pages_.size() * arena_.page_size) return;
  const std::uint64_t last = inside + std::min(std::max<std::uint64_t>(size, 1), arena_.size - inside) - 1;
  for (std::uint64_t page = inside / arena_.page_size;
       page <= last / arena_.page_size && page < pages_.size(); ++page)
    if (pages_[page] == Page::mapped) pages_[page] = Page::reached, fresh_pages_.push_back(page);
}

void ArenaReach::words(std::span<const std::byte> bytes) {
  for (std::size_t at = 0; at + sizeof(std::uint64_t) <= bytes.size(); at += sizeof(std::uint64_t))
    if (const auto word = load_at<std::uint64_t>(bytes, at); arena_.holds(*word)) mark(*word, 1);
  steps_ += bytes.size() / sizeof(std::uint64_t);
}

void ArenaReach::add(std::span<const std::byte> value, const TypeRef& type) {
  if (!is_known_) return;
  words(value);
  if (type.types) pointers(*type.types, type.id, value, 0);
}

void ArenaReach::pointers(const btf::Types& types, btf::TypeId id, std::span<const std::byte> bytes,
                          unsigned depth) {
  const btf::TypeId peeled = types.peel(id);
  const btf_type* const type = types.type(peeled);
  if (type == nullptr || depth >= deepest || ++steps_ > most_steps) return;
  if (btf_is_ptr(type)) return pointer(types, type->type, bytes);
  if (btf_is_array(type)) return elements(types, peeled, bytes, depth);
  for (std::uint32_t i = 0;; ++i) {
    const auto found = types.member_at(peeled, i);
    if (!found) return;
    const auto& member = found->member;
    if (member.bit_size == 0 && member.offset() < bytes.size())
      pointers(types, member.type, bytes.subspan(member.offset()), depth + 1);
  }
}

void ArenaReach::elements(const btf::Types& types, btf::TypeId array, std::span<const std::byte> bytes,
                          unsigned depth) {
  const auto* const shape = btf_array(types.type(array));
  const btf::TypeId element = types.peel(shape->type);
  const std::uint64_t stride = types.size(element).value_or(0);
  const btf_type* const type = types.type(element);
  if (stride == 0 || type == nullptr || !(btf_is_ptr(type) || btf_is_composite(type) || btf_is_array(type)))
    return;
  for (std::uint64_t i = 0; i < shape->nelems && i * stride < bytes.size() && steps_ <= most_steps; ++i)
    pointers(types, element, bytes.subspan(i * stride), depth + 1);
}

void ArenaReach::pointer(const btf::Types& types, btf::TypeId type, std::span<const std::byte> bytes) {
  const auto value = load_at<std::uint64_t>(bytes, 0);
  if (!value || !arena_.holds(*value)) return; // null is no offset into it
  const std::uint64_t size = types.size(type).value_or(0);
  mark(*value, size);
  const Object object{arena_.kernel_address(*value), &types, types.peel(type)};
  if (size != 0 && objects_.size() < most_objects && objects_.insert(object).second)
    fresh_objects_.push_back(object);
}

/// Objects first: they take pages along that no word leads to.
void ArenaReach::follow() {
  while (!fresh_objects_.empty() || !fresh_pages_.empty()) {
    if (fresh_objects_.empty()) {
      const std::uint64_t page = fresh_pages_.back();
      fresh_pages_.pop_back();
      words(read(address_of(page), arena_.page_size));
      continue;
    }
    const Object object = fresh_objects_.back();
    fresh_objects_.pop_back();
    pointers(*object.types, object.type, read(object.address, object.types->size(object.type).value_or(0)),
             0);
  }
}

std::optional<std::uint64_t> ArenaReach::unreached() {
  if (is_known_) follow();
  if (!is_known_ || steps_ > most_steps) return std::nullopt;
  std::uint64_t count = 0;
  for (std::uint64_t page = 0; page < pages_.size(); ++page) {
    if (pages_[page] != Page::mapped) continue;
    const auto bytes = read(address_of(page), arena_.page_size);
    count += std::ranges::any_of(bytes, [](std::byte byte) { return byte != std::byte{}; }) ? 1 : 0;
  }
  return count;
}

} // namespace mapscope::catalog
