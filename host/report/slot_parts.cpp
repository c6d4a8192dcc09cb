// SPDX-License-Identifier: Apache-2.0
#include "host/report/slot_parts.hpp"

#include <algorithm>
#include <bpf/btf.h>

namespace mapscope::report {

namespace {

/// Looks for an object of a type in another.
class Part {
public:
  Part(const btf::Types& types, std::string spelled, std::uint64_t size)
      : types_(types), spelled_(std::move(spelled)), size_(size) {}

  bool is_at(btf::TypeId whole, std::uint64_t offset, unsigned depth = 0) {
    const btf::TypeId peeled = types_.peel(whole);
    const auto size = types_.size(peeled);
    if (depth > deepest || ++steps_ > most_steps || !size || offset >= *size) return false;
    if (offset == 0 && *size == size_ && types_.spell(peeled) == spelled_) return true;
    const btf_type* const type = types_.type(peeled);
    if (type == nullptr) return false;
    if (btf_is_struct(type) || btf_is_union(type)) return is_in_member(peeled, offset, depth);
    if (!btf_is_array(type)) return false;
    const auto stride = types_.size(btf_array(type)->type);
    return stride.value_or(0) != 0 && is_at(btf_array(type)->type, offset % *stride, depth + 1);
  }

private:
  static constexpr unsigned deepest = 16, most_steps = 4096; ///< of a hostile BTF, whose unions are in unions

  /// Of a union every member lies there.
  bool is_in_member(btf::TypeId record, std::uint64_t offset, unsigned depth) {
    for (std::uint32_t i = 0; steps_ <= most_steps; ++i) {
      const auto named = types_.member_at(record, i);
      if (!named) return false;
      const btf::Member& member = named->member;
      if (member.bit_size != 0 || member.bit_offset % 8 != 0 || member.offset() > offset) continue;
      if (is_at(member.type, offset - member.offset(), depth + 1)) return true;
    }
    return false;
  }

  const btf::Types& types_;
  std::string spelled_;
  std::uint64_t size_;
  unsigned steps_ = 0;
};

} // namespace

bool may_be_in_slot(const SlotIndex::Found& found, const btf::Types& types, btf::TypeId type) {
  const SlotPool& pool = *found.pool;
  const btf::TypeId peeled = types.peel(type);
  const auto size = types.size(peeled);
  if (!size) return false;
  if (found.offset < pool.header) return found.offset == 0 && *size == pool.header;
  const std::uint64_t offset = found.offset - pool.header;
  if (pool.payload.types)
    return Part(*pool.payload.types, types.spell(peeled), *size).is_at(pool.payload.id, offset);
  constexpr std::uint64_t alignment = 8; // allocators round sizes up
  const std::uint64_t room = pool.stride - std::min<std::uint64_t>(pool.stride, pool.header);
  return pool.header != 0 && offset == 0 && *size <= room && room - *size < alignment;
}

} // namespace mapscope::report
