// SPDX-License-Identifier: Apache-2.0
// What instructions read and write, and what they hand to functions of the kernel.
#include "host/btf/info.hpp"
#include "host/catalog/flow/code_flow.hpp"

#include <algorithm>
#include <bpf/btf.h>
#include <string_view>

namespace mapscope::catalog {

namespace {

/// Accesses through an arena's pointer, as the verifier marks them (include/linux/filter.h, 6.9).
constexpr std::uint8_t probe_mem32 = 0xa0, probe_mem32_signed = 0xc0, probe_atomic = 0xe0;
/// Plain ones, and those through a kernel pointer that nothing guards.
constexpr std::uint8_t probe_mem = 0x20, probe_mem_signed = 0x40;

std::uint32_t size_of(std::uint8_t code) {
  switch (BPF_SIZE(code)) {
  case BPF_B:
    return 1;
  case BPF_H:
    return 2;
  case BPF_W:
    return 4;
  default:
    return 8;
  }
}

bool is_through_arena(std::uint8_t code) {
  const std::uint8_t mode = BPF_MODE(code);
  return mode == probe_mem32 || (BPF_CLASS(code) == BPF_LDX && mode == probe_mem32_signed) ||
         (BPF_CLASS(code) == BPF_STX && mode == probe_atomic);
}

bool is_atomic(std::uint8_t code) {
  return BPF_CLASS(code) == BPF_STX && (BPF_MODE(code) == BPF_ATOMIC || BPF_MODE(code) == probe_atomic);
}

std::uint32_t parameters_of(const btf::Types& types, btf::TypeId prototype) {
  const btf_type* type = types.type(prototype);
  return type != nullptr && btf_is_func_proto(type) ? btf::vlen_of(type) : 0;
}

} // namespace

Space CodeFlow::space_of(const btf::Types& types, btf::TypeId pointee, bool is_arenas) const {
  if (is_arenas) return Space::arena;
  if (&types == &kernel_) return Space::kernel;
  return kernel_.find(types.spell(pointee)) ? Space::kernel : Space::own;
}

/// What something leads to that has the type of a pointer.
Value CodeFlow::pointer_of(const btf::Types& types, btf::TypeId pointer) const {
  bool is_arenas = false;
  const btf::TypeId pointee = pointee_of(types, pointer, &is_arenas);
  if (pointee == 0) return is_arenas ? Value{.held = Held::pointer, .space = Space::arena} : Value{};
  return {Held::pointer, space_of(types, pointee, is_arenas), &types, pointee, 0, 0};
}

Value CodeFlow::loaded(const Value& from, std::int64_t offset, std::uint32_t size) {
  if (from.held == Held::context)
    return size == 8 && offset % 8 == 0 && offset >= 0 ? argument(static_cast<std::uint32_t>(offset / 8))
                                                       : Value{};
  if (from.held != Held::pointer || from.types == nullptr || from.type == 0 || size != 8) return {};
  const std::int64_t at = offset + from.offset;
  if (at < 0) return {};
  const auto& found = leaf(*from.types, from.type, static_cast<std::uint64_t>(at), size);
  if (!found) return {};
  if (!is_u64(*from.types, found->type)) return pointer_of(*from.types, found->type);
  if (from.space == Space::kernel || found->offset > INT32_MAX) return {};
  return {Held::number, Space::own, from.types, found->owner, static_cast<std::int32_t>(found->offset), 0};
}

void CodeFlow::load(const bpf_insn& insn, std::size_t at, FlowState& state) {
  Value& base = state.registers[insn.src_reg];
  const std::uint32_t size = size_of(insn.code);
  tell_access(insn, at, size, base);
  const std::uint8_t mode = BPF_MODE(insn.code);
  const bool is_plain = mode == BPF_MEM || mode == probe_mem32 || mode == probe_mem;
  Value result;
  if (is_plain && base.held == Held::frame) {
    if (const Value* slot = state.slot(base.offset + insn.off, size)) result = *slot;
  } else if (is_plain) {
    result = loaded(base, insn.off, size);
  }
  state.registers[insn.dst_reg] = result;
}

/// Of a number what lies behind it; any other base is an arena's pointer from now on.
void CodeFlow::tell_access(const bpf_insn& insn, std::size_t at, std::uint32_t size, Value& base) {
  if (!is_through_arena(insn.code)) return;
  if (base.held == Held::number && tell_ != nullptr)
    (*tell_)({.what = NumberUse::What::access,
              .types = base.types,
              .owner = base.type,
              .place = static_cast<std::uint64_t>(base.offset),
              .offset = std::int64_t{base.delta} + insn.off,
              .size = size,
              .insn = at});
  if (base.held == Held::pointer) base.space = Space::arena;
  if (base.held == Held::unknown) base = {.held = Held::pointer, .space = Space::arena};
}

void CodeFlow::store(const bpf_insn& insn, std::size_t at, FlowState& state) {
  Value& base = state.registers[insn.dst_reg];
  const std::uint32_t size = size_of(insn.code);
  tell_access(insn, at, size, base);
  const bool is_value = BPF_CLASS(insn.code) == BPF_STX && !is_atomic(insn.code);
  const Value value = is_value ? state.registers[insn.src_reg] : Value{};
  if (base.held == Held::frame) {
    state.forget(base.offset + insn.off, size);
    if (Value* slot = state.slot(base.offset + insn.off, size); slot != nullptr && is_value) *slot = value;
  } else if (is_value && size == 8) {
    tell_store(base, insn.off, value, at);
    learn_type(base, insn.off, state.registers[insn.src_reg]);
  }
  if (!is_atomic(insn.code) || (insn.imm & BPF_FETCH) == 0) return;
  state.registers[insn.imm == BPF_CMPXCHG ? 0 : insn.src_reg] = {};
}

void CodeFlow::tell_store(const Value& to, std::int64_t offset, const Value& value, std::size_t at) {
  if (tell_ == nullptr || value.held != Held::pointer || value.offset != 0 || value.space == Space::map)
    return;
  if (to.held != Held::pointer || to.types == nullptr || to.type == 0 || to.space == Space::kernel) return;
  const std::int64_t inside = offset + to.offset;
  if (inside < 0) return;
  const auto& found = leaf(*to.types, to.type, static_cast<std::uint64_t>(inside), 8);
  if (!found || !is_u64(*to.types, found->type)) return;
  (*tell_)({.what = NumberUse::What::pointer,
            .types = to.types,
            .owner = found->owner,
            .place = found->offset,
            .space = value.space,
            .pointee_types = value.types,
            .pointee = value.type,
            .insn = at});
}

/// What an allocator returns has the type of the pointer that it is stored as.
void CodeFlow::learn_type(const Value& to, std::int64_t offset, Value& value) {
  if (value.held != Held::pointer || value.space != Space::arena || value.type != 0 || value.offset != 0)
    return;
  if (to.held != Held::pointer || to.types == nullptr || to.type == 0 || offset + to.offset < 0) return;
  const auto& found = leaf(*to.types, to.type, static_cast<std::uint64_t>(offset + to.offset), 8);
  const Value declared = found ? pointer_of(*to.types, found->type) : Value{};
  if (declared.held != Held::pointer || declared.space == Space::kernel) return;
  value = declared, value.space = Space::arena;
}

/// A value that was put together in the frame.
void CodeFlow::tell_update(const Value& map, FlowState& state, std::size_t at) {
  const TypeRef value = names_.map(map.type).value;
  const Value& from = state.registers[3];
  if (!value.types || from.held != Held::frame) return;
  const std::uint64_t size =
      std::min<std::uint64_t>(value.types->size(value.id).value_or(0), FlowState::frame_size);
  const Value to{Held::pointer, Space::map, value.types.get(), value.id, 0, 0};
  for (std::uint32_t offset = 0; offset + FlowState::slot_size <= size; offset += FlowState::slot_size)
    if (const Value* slot = state.slot(from.offset + static_cast<std::int32_t>(offset), FlowState::slot_size))
      tell_store(to, offset, *slot, at);
}

void CodeFlow::tell_passed(const Value& value, const Value& as, std::size_t at) {
  if (tell_ == nullptr || value.held != Held::number || value.delta != 0) return;
  (*tell_)({.what = NumberUse::What::pointer,
            .types = value.types,
            .owner = value.type,
            .place = static_cast<std::uint64_t>(value.offset),
            .space = as.space,
            .pointee_types = as.types,
            .pointee = as.type,
            .insn = at});
}

/// Of what the program was called with, by the kernel's prototype.
Value CodeFlow::argument(std::uint32_t index) const {
  const std::uint32_t at = index + (code_.skips_first ? 1 : 0);
  if (at >= parameters_of(kernel_, code_.attached)) return {};
  const btf::TypeId pointee = pointee_of(kernel_, btf_params(kernel_.type(code_.attached))[at].type);
  if (pointee == 0) return {};
  return {Held::pointer, Space::kernel, &kernel_, pointee, 0, 0};
}

/// Of one of the program's own functions, by its types; 0: not known.
btf::TypeId CodeFlow::prototype_of(std::size_t function) const {
  const btf_type* type = code_.types ? code_.types->type(code_.functions[function].type) : nullptr;
  return type != nullptr && btf_is_func(type) ? type->type : 0;
}

Value CodeFlow::parameter(std::size_t function, std::uint32_t index) const {
  const btf::TypeId prototype = prototype_of(function);
  if (prototype == 0 || index >= parameters_of(*code_.types, prototype)) return {};
  return pointer_of(*code_.types, btf_params(code_.types->type(prototype))[index].type);
}

/// What was seen to be returned, or, where that says less, what is declared: allocators compute addresses.
Value CodeFlow::result(std::size_t function) const {
  const Value& seen = results_[function];
  const bool says_little = seen.held == Held::unknown || (seen.held == Held::pointer && seen.type == 0);
  const btf_type* prototype = code_.types ? code_.types->type(prototype_of(function)) : nullptr;
  if (!says_little || prototype == nullptr || !btf_is_func_proto(prototype)) return seen;
  const Value declared = pointer_of(*code_.types, prototype->type);
  return declared.held == Held::pointer ? declared : seen;
}

void CodeFlow::call_kernel(const bpf_insn& insn, std::size_t at, FlowState& state) {
  const Value first = state.registers[1];
  const auto& [name, prototype] = names_.function(insn.imm);
  for (std::uint32_t i = 0; i < std::min(5U, parameters_of(kernel_, prototype)); ++i)
    if (const auto pointee = pointee_of(kernel_, btf_params(kernel_.type(prototype))[i].type))
      tell_passed(state.registers[i + 1], {Held::pointer, Space::kernel, &kernel_, pointee, 0, 0}, at);
  const std::string_view called = name;
  const bool finds = called.ends_with("_lookup_elem") || called.ends_with("_storage_get") ||
                     called.ends_with("_lookup_percpu_elem");
  if (called.ends_with("_update_elem") && first.held == Held::map) tell_update(first, state, at);
  for (unsigned i = 1; i <= 5 && !finds; ++i)
    if (state.registers[i].held == Held::frame) state.forget_frame();
  Value& result = state.registers[0];
  result = {};
  if (finds && first.held == Held::map) {
    const TypeRef value = names_.map(first.type).value;
    if (called == "__htab_map_lookup_elem") // inlined: the value's offset is added behind it
      result = {Held::element, Space::map, nullptr, first.type, 0, 0};
    else if (value.types)
      result = {Held::pointer, Space::map, value.types.get(), value.id, 0, 0};
  } else if (called == "bpf_arena_alloc_pages") {
    result = {.held = Held::pointer, .space = Space::arena};
  } else if (kernel_.type(prototype) != nullptr) {
    const btf::TypeId pointee = pointee_of(kernel_, kernel_.type(prototype)->type);
    if (pointee != 0) result = {Held::pointer, Space::kernel, &kernel_, pointee, 0, 0};
  }
}

} // namespace mapscope::catalog
