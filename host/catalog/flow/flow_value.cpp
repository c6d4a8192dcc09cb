// SPDX-License-Identifier: Apache-2.0
#include "host/catalog/flow/flow_value.hpp"

#include "host/btf/behind.hpp"
#include "host/btf/info.hpp"

#include <algorithm>
#include <bpf/btf.h>

namespace mapscope::catalog {

Value join(const Value& one, const Value& other) {
  if (one == other || other.held == Held::nothing) return one;
  if (one.held == Held::nothing) return other;
  const auto may_be_null = [](const Value& value) {
    return value.held == Held::pointer || value.held == Held::element || value.held == Held::number;
  };
  if (one.held == Held::null && may_be_null(other)) return other;
  if (other.held == Held::null && may_be_null(one)) return one;
  return {};
}

FlowState FlowState::at_entry() {
  FlowState state;
  state.registers[10] = {.held = Held::frame};
  return state;
}

bool FlowState::join(const FlowState& other) {
  const FlowState before = *this;
  for (std::size_t i = 0; i < registers.size(); ++i)
    registers[i] = catalog::join(registers[i], other.registers[i]);
  for (std::size_t i = 0; i < slots.size(); ++i) slots[i] = catalog::join(slots[i], other.slots[i]);
  return registers != before.registers || slots != before.slots;
}

Value* FlowState::slot(std::int32_t offset, std::uint32_t size) {
  constexpr auto whole = static_cast<std::int32_t>(frame_size);
  if (size != slot_size || offset < -whole || offset >= 0 || offset % static_cast<int>(slot_size) != 0)
    return nullptr;
  return &slots[static_cast<std::size_t>(offset + whole) / slot_size];
}

void FlowState::forget(std::int32_t offset, std::uint32_t size) {
  const std::int64_t begin = std::int64_t{offset} + static_cast<std::int64_t>(frame_size);
  const std::int64_t end = begin + size;
  for (std::size_t i = 0; i < slots.size(); ++i)
    if (static_cast<std::int64_t>((i + 1) * slot_size) > begin &&
        static_cast<std::int64_t>(i * slot_size) < end)
      slots[i] = {};
}

namespace {

constexpr unsigned deepest = 32;
constexpr std::uint32_t most_members = 4096;

/// Goes from an object into its members.
class Descent {
public:
  Descent(const btf::Types& types, std::uint64_t size) : types_(types), size_(size) {}

  std::optional<Leaf> enter(btf::TypeId id, std::uint64_t offset, const Leaf& within, unsigned depth) const {
    const btf::TypeId peeled = types_.peel(id);
    const btf_type* type = types_.type(peeled);
    if (type == nullptr || depth >= deepest) return std::nullopt;
    if (btf_is_var(type)) return enter(type->type, offset, within, depth + 1);
    if (btf_is_datasec(type)) return variable(type, peeled, offset, depth);
    if (btf_is_composite(type)) return member(peeled, offset, depth);
    if (btf_is_array(type)) {
      const btf::TypeId element = btf_array(type)->type;
      const std::uint64_t stride = types_.size(element).value_or(0);
      return stride == 0 ? std::nullopt : enter(element, offset % stride, within, depth + 1);
    }
    if (offset != 0 || types_.size(peeled).value_or(0) != size_) return std::nullopt;
    return Leaf{peeled, within.owner, within.offset};
  }

private:
  [[nodiscard]] bool holds(std::uint64_t at, std::uint64_t size, std::uint64_t offset) const {
    return offset >= at && offset - at < size && size_ <= size - (offset - at);
  }

  std::optional<Leaf> variable(const btf_type* section, btf::TypeId id, std::uint64_t offset,
                               unsigned depth) const {
    const std::span all(btf_var_secinfos(section), btf::vlen_of(section));
    for (const btf_var_secinfo& placed : all)
      if (holds(placed.offset, placed.size, offset))
        return enter(placed.type, offset - placed.offset, {0, id, placed.offset}, depth + 1);
    return std::nullopt;
  }

  /// Of a union's members the first that fits.
  std::optional<Leaf> member(btf::TypeId id, std::uint64_t offset, unsigned depth) const {
    for (std::uint32_t i = 0; i < most_members; ++i) {
      const auto found = types_.member_at(id, i);
      if (!found) return std::nullopt;
      const auto& [name, placed] = *found;
      if (placed.bit_size != 0 || !holds(placed.offset(), types_.size(placed.type).value_or(0), offset))
        continue;
      if (auto leaf = enter(placed.type, offset - placed.offset(), {0, id, placed.offset()}, depth + 1))
        return leaf;
    }
    return std::nullopt;
  }

  const btf::Types& types_;
  std::uint64_t size_;
};

} // namespace

std::optional<Leaf> leaf_at(const btf::Types& types, btf::TypeId type, std::uint64_t offset,
                            std::uint64_t size) {
  return Descent(types, size).enter(type, offset, {0, types.peel(type), 0}, 0);
}

bool is_u64(const btf::Types& types, btf::TypeId type) {
  const btf_type* integer = types.type(types.peel(type));
  return integer != nullptr && btf_is_int(integer) && integer->size == 8 && btf_int_encoding(integer) == 0;
}

btf::TypeId pointee_of(const btf::Types& types, btf::TypeId pointer, bool* arena) {
  const btf_type* type = types.type(types.peel(pointer));
  if (type == nullptr || !btf_is_ptr(type)) return 0;
  btf::TypeId target = type->type;
  for (unsigned i = 0; i < deepest && arena != nullptr; ++i) {
    const btf_type* tag = types.type(target);
    if (tag == nullptr || (!btf_is_mod(tag) && !btf_is_typedef(tag))) break;
    if (btf_is_type_tag(tag) && btf::is_arena_tag(types.text(tag->name_off))) *arena = true;
    target = tag->type;
  }
  const btf::TypeId peeled = types.peel(type->type);
  const btf_type* record = types.type(peeled);
  return record != nullptr && (btf_is_composite(record) || btf_is_fwd(record)) ? peeled : 0;
}

} // namespace mapscope::catalog
