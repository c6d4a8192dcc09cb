// SPDX-License-Identifier: Apache-2.0
// Allocators: their slots, and reads by arena addresses.
#include "host/btf/info.hpp"
#include "host/catalog/families.hpp"
#include "host/plugin/call/allocator_call.hpp"
#include "host/plugin/call/call.hpp"

#include "host/base/utf8.hpp"

#include <mapscope/contract.hpp>

#include <bpf/btf.h>
#include <cstring>
#include <fmt/format.h>

using namespace mapscope;

namespace {

/// Structs that something has inside of it: what is only ever pointed to is likelier to be allocated.
std::unordered_set<mapscope::btf::TypeId> embedded_types(const mapscope::btf::Types& types) {
  std::unordered_set<mapscope::btf::TypeId> found;
  const mapscope::btf::TypeId first = types.base() != nullptr ? types.base()->count() : 1;
  for (mapscope::btf::TypeId id = first; id < types.count(); ++id) {
    const btf_type* type = types.type(id);
    if (btf_is_var(type)) found.insert(types.peel(type->type));
    if (btf_is_array(type)) found.insert(types.peel(btf_array(type)->type));
    if (btf_is_composite(type))
      for (unsigned i = 0; i < mapscope::btf::vlen_of(type); ++i)
        found.insert(types.peel(btf_members(type)[i].type));
  }
  return found;
}

} // namespace

/// Of an allocator, the one it lies in; of a map, the only one its programs have.
const catalog::Arena* msc_call::arena() const {
  if (allocator_ != nullptr) return allocator_->arena;
  if (environment_.families == nullptr) return nullptr;
  const auto arenas = environment_.families->arenas_of(map_);
  return arenas.size() == 1 ? arenas.front() : nullptr;
}

int msc_call::read_arena(std::uint64_t address, void* to, std::size_t size) {
  if (!arena_) arena_ = arena();
  if (*arena_ == nullptr) return MSC_ENOENT;
  target::Fault fault{};
  const std::size_t done =
      catalog::read_arena(reader_, **arena_, address, {static_cast<std::byte*>(to), size}, &fault);
  if (fault == target::Fault::none) return MSC_OK;
  if (!first_fault_) first_fault_.emplace((*arena_)->kernel_address(address) + done, fault);
  lacks_memory_ = lacks_memory_ || fault == target::Fault::not_in_dump;
  return MSC_EFAULT;
}

int msc_call::type_sized(std::size_t least, std::size_t most, msc_type after, msc_member_info* info) {
  if (!contract::begin_filling(*info)) return misuse("type_sized() into a record of another size");
  const auto& types = object_types();
  if (!types) return MSC_ENOENT;
  if (after != 0 && !resolve(after)) return misuse("type_sized() behind something that is no type");
  const mapscope::btf::TypeId first = types->base() != nullptr ? types->base()->count() : 1;
  auto id = static_cast<mapscope::btf::TypeId>(after);
  for (id = id == 0 ? first : id + 1; id < types->count(); ++id) {
    const btf_type* type = types->type(id);
    if (!btf_is_struct(type) || type->name_off == 0 || type->size < least || type->size > most) continue;
    if (!embedded_) embedded_ = embedded_types(*types);
    info->kind = embedded_->contains(id) ? MSC_KIND_EMBEDDED : MSC_KIND_OTHER;
    info->member = {map_tag | id, 0, 0};
    const std::string_view name = types->text(type->name_off);
    info->name[name.copy(info->name, sizeof info->name - 1)] = 0;
    return MSC_OK;
  }
  return MSC_ENOENT;
}

int msc_call::slots(const msc_slots& slots) {
  constexpr std::size_t longest_reason = 400;
  if (const auto problem = contract::record_problem("slots()", slots); !problem.empty())
    return misuse(problem);
  if (allocator_ == nullptr || allocator_->has_pool) return misuse("slots() of a map, or once more");
  report::SlotPool& pool = allocator_->pool;
  const auto payload = resolve(slots.payload);
  if (slots.payload != MSC_BYTES && !payload) return misuse("slots() with a payload that is no type");
  if (slots.stride != 0 && slots.header >= slots.stride) return misuse("slots() without room for a payload");
  pool.stride = slots.stride, pool.header = slots.header;
  if (payload) pool.payload = *payload;
  if (slots.reason != nullptr)
    pool.reason = valid_utf8({slots.reason, ::strnlen(slots.reason, longest_reason)});
  allocator_->has_pool = true;
  if (delivery_ != nullptr) {
    msc_slots checked = slots;
    checked.reason = slots.reason != nullptr ? pool.reason.c_str() : nullptr;
    delivery_->slots(checked);
  }
  return MSC_OK;
}

int msc_call::slot(const msc_slot& slot) {
  if (const auto problem = contract::record_problem("slot()", slot); !problem.empty()) return misuse(problem);
  if (allocator_ == nullptr || !allocator_->has_pool) return misuse("slot() before slots()");
  if (!budget_.entry()) return MSC_STOP;
  if (delivery_ != nullptr) return delivery_->slot(slot), MSC_OK;
  allocator_->pool.slots.push_back(
      {static_cast<std::uint32_t>(slot.addr), slot.idx, slot.genn, slot.live != 0});
  return MSC_OK;
}
