// SPDX-License-Identifier: Apache-2.0
#include "host/report/slot_parts.hpp"

#include <algorithm>
#include <bpf/btf.h>

namespace mapscope::report {

namespace {

struct Wanted {
  std::string spelled;
  std::uint64_t size;
};

bool has_part(const btf::Types& types, btf::TypeId whole, std::uint64_t offset, const Wanted& part,
              unsigned depth);

/// Of a union every member lies there.
bool member_has_part(const btf::Types& types, btf::TypeId record, std::uint64_t offset, const Wanted& part,
                     unsigned depth) {
  for (std::uint32_t i = 0;; ++i) {
    const auto named = types.member_at(record, i);
    if (!named) return false;
    const btf::Member& member = named->member;
    if (member.bit_size != 0 || member.bit_offset % 8 != 0 || member.offset() > offset) continue;
    if (has_part(types, member.type, offset - member.offset(), part, depth + 1)) return true;
  }
}

bool has_part(const btf::Types& types, btf::TypeId whole, std::uint64_t offset, const Wanted& part,
              unsigned depth) {
  constexpr unsigned deepest = 16;
  const btf::TypeId peeled = types.peel(whole);
  const auto size = types.size(peeled);
  if (depth > deepest || !size || offset >= *size) return false;
  if (offset == 0 && *size == part.size && types.spell(peeled) == part.spelled) return true;
  const btf_type* const type = types.type(peeled);
  if (type == nullptr) return false;
  if (btf_is_struct(type) || btf_is_union(type)) return member_has_part(types, peeled, offset, part, depth);
  if (!btf_is_array(type)) return false;
  const auto stride = types.size(btf_array(type)->type);
  if (!stride || *stride == 0) return false;
  return has_part(types, btf_array(type)->type, offset % *stride, part, depth + 1);
}

} // namespace

bool may_be_in_slot(const SlotIndex::Found& found, const btf::Types& types, btf::TypeId type) {
  const SlotPool& pool = *found.pool;
  const btf::TypeId peeled = types.peel(type);
  const auto size = types.size(peeled);
  if (!size) return false;
  if (found.offset < pool.header) return found.offset == 0 && *size == pool.header;
  const std::uint64_t offset = found.offset - pool.header;
  if (pool.payload.types)
    return has_part(*pool.payload.types, pool.payload.id, offset, {types.spell(peeled), *size}, 0);
  constexpr std::uint64_t alignment = 8; // allocators round sizes up
  const std::uint64_t room = pool.stride - std::min<std::uint64_t>(pool.stride, pool.header);
  return pool.header != 0 && offset == 0 && *size <= room && room - *size < alignment;
}

} // namespace mapscope::report
