// SPDX-License-Identifier: Apache-2.0
#include "host/plugin/call/payloads.hpp"

#include "host/plugin/call/environment.hpp"
#include "host/plugin/call/memory.hpp"

#include "host/base/checked.hpp"
#include "host/report/special_fields.hpp"

#include <algorithm>
#include <bpf/btf.h>
#include <fmt/format.h>

namespace mapscope::plugin {

namespace {

constexpr std::uint64_t largest_payload = 64U << 10;

bool is_sdt_data(const btf::Types& types, btf::TypeId pointee) {
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

const PayloadPointers& Payloads::pointers() {
  if (!pointers_) {
    const auto [types, id] = task_.map.value();
    pointers_ = types && id != 0 && task_.map.vmlinux_value_type == 0 ? payload_pointers(*types, id)
                                                                      : PayloadPointers{};
  }
  return *pointers_;
}

/// Those whose arena the map's pointers may lead into.
std::vector<const report::SlotPool*> Payloads::related_pools(report::SpecialFields& special) {
  std::vector<const report::SlotPool*> pools;
  const auto arenas = special.pointers().arenas();
  if (task_.environment.slots != nullptr)
    for (const report::SlotPool& pool : task_.environment.slots->pools())
      if (std::ranges::any_of(arenas, [&](const auto* arena) { return arena->map == pool.arena.map; }))
        pools.push_back(&pool);
  return pools;
}

std::optional<report::Typed> Payloads::at(const report::SlotPool& pool, std::uint64_t address,
                                          report::SpecialFields& special) {
  const std::uint64_t room = pool.stride - std::min<std::uint64_t>(pool.stride, pool.header);
  if (!pool.payload.types || room == 0) return lose(pool.reason);
  auto& decoder = decoders_[&pool];
  const auto size = pool.payload.types->size(pool.payload.id);
  if (decoder == nullptr)
    decoder = btf::Decoder::compile(pool.payload.types, pool.payload.id, task_.environment.limits, &special);
  bytes_.resize(std::min({room, size.value_or(room), largest_payload}));
  target::Fault fault{};
  const std::size_t done = catalog::read_arena(memory_.reader(), pool.arena, address, bytes_, &fault);
  memory_.add(fault == target::Fault::not_in_dump, {});
  if (done == 0) return lose("its memory could not be read");
  return report::Typed{decoder.get(), std::span(bytes_).first(done), true};
}

std::optional<report::Typed> Payloads::lose(const std::string& why) {
  ++lost_;
  if (why_lost_.empty()) why_lost_ = why;
  return std::nullopt;
}

/// `value`: as many bytes as the map's values have.
std::optional<report::Typed> Payloads::of(std::span<const std::byte> value, report::SpecialFields* special) {
  if (special == nullptr || pointers().all.empty()) return std::nullopt;
  special->pointers().beside(nullptr);
  for (const std::uint64_t at : pointers().all) {
    const std::uint64_t pointer = load_at<std::uint64_t>(value, at).value_or(0);
    const auto found = pointer != 0 ? special->pointers().slot_at(pointer) : std::nullopt;
    if (!found || !found->slot->live) continue;
    if (!found->pool->payload.types && at != pointers().sdt_data) continue;
    auto payload =
        this->at(*found->pool, std::uint64_t{found->slot->address} + found->pool->header, *special);
    if (payload) special->pointers().beside(&*found);
    return payload;
  }
  return by_name(value, *special);
}

std::optional<report::Typed> Payloads::by_name(std::span<const std::byte> value,
                                               report::SpecialFields& special) {
  if (!pointers().sdt_data) return std::nullopt;
  const std::uint64_t pointer = load_at<std::uint64_t>(value, *pointers().sdt_data).value_or(0);
  if (pointer == 0) return std::nullopt;
  if (const auto found = special.pointers().slot_at(pointer)) return std::nullopt; // free: it is stale
  const auto pools = related_pools(special);
  if (pools.empty()) return lose("no plugin read an allocator they could be of");
  const report::SlotPool* pool = pool_by_name(pools, task_.map.name);
  if (pool == nullptr) return lose("no allocator's name goes with the map's");
  const catalog::Arena& arena = pool->arena;
  return at(*pool, arena.kernel_address(pointer) - arena.kern_vm_start + pool->header, special);
}

} // namespace mapscope::plugin
