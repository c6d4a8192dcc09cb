// SPDX-License-Identifier: Apache-2.0
// The payload behind a map's value: what the slot holds that one of its pointers leads to.
//
// The index of slots decides. A pointer that it does not explain is followed as schedulers name things: the
// allocator whose name, without "scx_" and "_allocator", occurs in the map's.
#include "host/catalog/arenas.hpp"
#include "host/plugin/call/call.hpp"
#include "host/report/slots.hpp"
#include "host/report/special_fields.hpp"
#include "host/target/address_space.hpp"

#include "host/base/checked.hpp"

#include <algorithm>
#include <bpf/btf.h>
#include <fmt/format.h>

using namespace mapscope;

namespace {

constexpr std::uint64_t largest_payload = 64U << 10;

bool is_sdt_data(const mapscope::btf::Types& types, mapscope::btf::TypeId pointee) {
  const btf_type* type = types.type(types.peel(pointee));
  const bool is_struct = type != nullptr && (btf_is_struct(type) || (btf_is_fwd(type) && !btf_kflag(type)));
  return is_struct && types.text(type->name_off) == "sdt_data";
}

std::string_view stem(std::string_view allocator) {
  if (allocator.ends_with("_allocator")) allocator.remove_suffix(sizeof "_allocator" - 1);
  if (allocator.starts_with("scx_")) allocator.remove_prefix(sizeof "scx_" - 1);
  return allocator;
}

} // namespace

namespace mapscope::plugin {

PayloadPointers payload_pointers(const btf::Types& types, btf::TypeId value) {
  PayloadPointers found;
  const btf::TypeId peeled = types.peel(value);
  const auto add = [&](btf::TypeId member, std::uint64_t bit_offset) {
    const btf_type* type = types.type(types.peel(member));
    if (type == nullptr || !btf_is_ptr(type) || bit_offset % 8 != 0) return;
    found.all.push_back(bit_offset / 8);
    if (!found.sdt_data && is_sdt_data(types, type->type)) found.sdt_data = bit_offset / 8;
  };
  add(peeled, 0);
  for (std::uint32_t i = 0;; ++i) {
    const auto member = types.member_at(peeled, i);
    if (!member) break;
    if (member->member.bit_size == 0) add(member->member.type, member->member.bit_offset);
  }
  if (found.sdt_data) // it is the one that means the payload
    std::ranges::stable_partition(found.all, [&](std::uint64_t at) { return at == *found.sdt_data; });
  return found;
}

const report::SlotPool* pool_by_name(std::span<const report::SlotPool* const> pools, std::string_view map) {
  if (pools.size() == 1) return pools.front();
  const report::SlotPool* best = nullptr;
  for (const report::SlotPool* pool : pools) {
    const std::string_view name = stem(pool->allocator);
    if (name.empty() || map.find(name) == map.npos) continue;
    if (best == nullptr || name.size() > stem(best->allocator).size()) best = pool;
  }
  return best;
}

} // namespace mapscope::plugin

const plugin::PayloadPointers& msc_call::payload_pointers() {
  if (!payload_pointers_) {
    const auto [types, id] = map_.value();
    payload_pointers_ = types && id != 0 && map_.vmlinux_value_type == 0
                            ? plugin::payload_pointers(*types, id)
                            : plugin::PayloadPointers{};
  }
  return *payload_pointers_;
}

/// Those whose arena the map's pointers may lead into.
std::vector<const report::SlotPool*> msc_call::related_pools() {
  std::vector<const report::SlotPool*> pools;
  const auto arenas = special_->pointers().arenas();
  if (environment_.slots != nullptr)
    for (const report::SlotPool& pool : environment_.slots->pools())
      if (std::ranges::any_of(arenas, [&](const auto* arena) { return arena->map == pool.arena.map; }))
        pools.push_back(&pool);
  return pools;
}

std::optional<report::Typed> msc_call::payload_at(const report::SlotPool& pool, std::uint64_t address) {
  const std::uint64_t room = pool.stride - std::min<std::uint64_t>(pool.stride, pool.header);
  if (!pool.payload.types || room == 0) return lose_payload(pool.reason);
  auto& decoder = payload_decoders_[&pool];
  const auto size = pool.payload.types->size(pool.payload.id);
  if (decoder == nullptr)
    decoder = mapscope::btf::Decoder::compile(pool.payload.types, pool.payload.id, environment_.limits,
                                              special_.get());
  payload_.resize(std::min({room, size.value_or(room), largest_payload}));
  target::Fault fault{};
  const std::size_t done = catalog::read_arena(reader_, pool.arena, address, payload_, &fault);
  lacks_memory_ = lacks_memory_ || fault == target::Fault::not_in_dump;
  if (done == 0) return lose_payload("its memory could not be read");
  return report::Typed{decoder.get(), std::span(payload_).first(done), true};
}

std::optional<report::Typed> msc_call::lose_payload(const std::string& why) {
  ++lost_payloads_;
  if (no_payload_.empty()) no_payload_ = why;
  return std::nullopt;
}

/// `value`: as many bytes as the map's values have.
std::optional<report::Typed> msc_call::payload_of(std::span<const std::byte> value) {
  if (!special_ || payload_pointers().all.empty()) return std::nullopt;
  special_->pointers().beside(nullptr);
  for (const std::uint64_t at : payload_pointers().all) {
    const std::uint64_t pointer = load_at<std::uint64_t>(value, at).value_or(0);
    const auto found = pointer != 0 ? special_->pointers().slot_at(pointer) : std::nullopt;
    if (!found || !found->slot->live) continue;
    if (!found->pool->payload.types && at != payload_pointers().sdt_data) continue;
    auto payload = payload_at(*found->pool, std::uint64_t{found->slot->address} + found->pool->header);
    if (payload) special_->pointers().beside(&*found);
    return payload;
  }
  return payload_by_name(value);
}

std::optional<report::Typed> msc_call::payload_by_name(std::span<const std::byte> value) {
  if (!payload_pointers().sdt_data) return std::nullopt;
  const std::uint64_t pointer = load_at<std::uint64_t>(value, *payload_pointers().sdt_data).value_or(0);
  if (pointer == 0) return std::nullopt;
  if (const auto found = special_->pointers().slot_at(pointer)) return std::nullopt; // free: it is stale
  const auto pools = related_pools();
  if (pools.empty()) return lose_payload("no plugin read an allocator they could be of");
  const report::SlotPool* pool = plugin::pool_by_name(pools, map_.name);
  if (pool == nullptr) return lose_payload("no allocator's name goes with the map's");
  const catalog::Arena& arena = pool->arena;
  return payload_at(*pool, arena.kernel_address(pointer) - arena.kern_vm_start + pool->header);
}
