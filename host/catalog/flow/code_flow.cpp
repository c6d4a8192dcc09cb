// SPDX-License-Identifier: Apache-2.0
#include "host/catalog/flow/code_flow.hpp"

#include <algorithm>
#include <bpf/btf.h>

namespace mapscope::catalog {

namespace {

constexpr std::uint8_t load_64 = BPF_LD | BPF_IMM | BPF_DW;

bool is_jump(const bpf_insn& insn) {
  const std::uint8_t kind = BPF_CLASS(insn.code), op = BPF_OP(insn.code);
  return (kind == BPF_JMP || kind == BPF_JMP32) && op != BPF_CALL && op != BPF_EXIT;
}
bool is_always(const bpf_insn& insn) { return is_jump(insn) && BPF_OP(insn.code) == BPF_JA; }
/// Through a table (7.0): where to is not followed.
bool is_blind(const bpf_insn& insn) { return is_always(insn) && BPF_SRC(insn.code) == BPF_X; }
/// On one of its ways the register is 0: an inlined look-up adds to what it found on the other alone.
bool tests_null(const bpf_insn& insn) {
  const std::uint8_t op = BPF_OP(insn.code);
  return BPF_CLASS(insn.code) == BPF_JMP && BPF_SRC(insn.code) == BPF_K && insn.imm == 0 &&
         (op == BPF_JEQ || op == BPF_JNE);
}
bool is_exit(const bpf_insn& insn) { return insn.code == (BPF_JMP | BPF_EXIT); }
bool is_own_call(const bpf_insn& insn) {
  return insn.code == (BPF_JMP | BPF_CALL) && insn.src_reg == BPF_PSEUDO_CALL;
}
/// JMP32 | JA has its distance in imm (6.6).
std::int64_t distance(const bpf_insn& insn) {
  return is_always(insn) && BPF_CLASS(insn.code) == BPF_JMP32 ? insn.imm : insn.off;
}

} // namespace

CodeFlow::CodeFlow(const ProgramCode& code, const btf::Types& kernel, const CodeNames& names)
    : code_(code), kernel_(kernel), names_(names), block_of_(code.insns.size(), 0),
      results_(code.functions.size(), {.held = Held::nothing}), callers_(code.functions.size()) {
  find_blocks();
  states_.resize(begins_.size());
  is_waiting_.resize(begins_.size());
}

void CodeFlow::lead(std::size_t insn) {
  if (insn >= block_of_.size() || block_of_[insn] != 0 || is_left_) return;
  if (begins_.size() >= most_blocks) {
    is_left_ = true;
    return;
  }
  begins_.push_back(insn);
  block_of_[insn] = static_cast<std::uint32_t>(begins_.size());
}

void CodeFlow::find_blocks() {
  for (const CodeFunction& function : code_.functions) lead(function.begin);
  for (std::size_t at = 0; at < code_.insns.size(); ++at) {
    const bpf_insn& insn = code_.insns[at];
    if (insn.code == load_64) ++at;
    if (is_jump(insn)) lead(static_cast<std::size_t>(static_cast<std::int64_t>(at) + 1 + distance(insn)));
    if (is_jump(insn) || is_exit(insn)) lead(at + 1);
  }
}

bool CodeFlow::is_function(std::size_t insn) const {
  return std::ranges::binary_search(code_.functions, insn, {}, &CodeFunction::begin);
}

/// The kernel leaves the distance in one place and the function's number in the other: until 7.0 in off and
/// imm, since then the other way round. The one that leads to the function of that number is meant.
std::optional<std::size_t> CodeFlow::target_of_call(std::size_t at) const {
  const bpf_insn& insn = code_.insns[at];
  const std::int64_t pairs[][2] = {{insn.off, insn.imm}, {insn.imm, insn.off}};
  std::optional<std::size_t> target;
  for (const auto& [by, number] : pairs) {
    const auto to = static_cast<std::size_t>(static_cast<std::int64_t>(at) + 1 + by);
    if (to >= code_.insns.size() || !is_function(to)) continue;
    if (code_.function_of(to) == static_cast<std::size_t>(number)) return to;
    if (!target) target = to;
  }
  return target;
}

void CodeFlow::arrive(std::size_t insn, const FlowState& state) {
  if (tell_ != nullptr || insn >= block_of_.size() || block_of_[insn] == 0) return;
  const std::size_t block = block_of_[insn] - 1;
  const bool is_new = !states_[block];
  if (is_new) states_[block] = state;
  if ((is_new || states_[block]->join(state)) && !is_waiting_[block])
    waiting_.push_back(block), is_waiting_[block] = true;
}

void CodeFlow::run(const std::function<void(const NumberUse&)>& tell) {
  if (code_.insns.empty() || is_left_) return;
  FlowState entry = FlowState::at_entry();
  entry.registers[1] = {.held = Held::context};
  arrive(0, entry);
  for (std::size_t next = 1; !waiting_.empty() || next < code_.functions.size();) {
    if (waiting_.empty()) { // what is called back, or by nobody that was seen
      const std::size_t begin = code_.functions[next++].begin;
      if (states_[block_of_[begin] - 1]) continue;
      FlowState called = FlowState::at_entry();
      for (std::uint32_t i = 0; i < 5; ++i) called.registers[i + 1] = parameter(next - 1, i);
      arrive(begin, called);
      continue;
    }
    const std::size_t block = waiting_.back();
    waiting_.pop_back(), is_waiting_[block] = false;
    this->block(block);
    if (steps_ > most_steps) return;
  }
  tell_ = &tell;
  for (std::size_t block = 0; block < begins_.size(); ++block)
    if (states_[block]) this->block(block);
}

void CodeFlow::block(std::size_t number) {
  FlowState state = *states_[number];
  for (std::size_t at = begins_[number]; at < code_.insns.size(); ++at) {
    if (at != begins_[number] && block_of_[at] != 0) return arrive(at, state);
    ++steps_;
    if (!step(at, state)) return;
    if (code_.insns[at].code == load_64) ++at;
  }
}

bool CodeFlow::step(std::size_t at, FlowState& state) {
  const bpf_insn& insn = code_.insns[at];
  switch (BPF_CLASS(insn.code)) {
  case BPF_LD:
    if (insn.code == load_64)
      load_number(at, state);
    else
      state.registers[0] = {};
    return true;
  case BPF_LDX:
    load(insn, at, state);
    return true;
  case BPF_ST:
  case BPF_STX:
    store(insn, at, state);
    return true;
  case BPF_ALU:
  case BPF_ALU64:
    arithmetic(insn, at, state);
    return true;
  default:
    return jump(insn, at, state);
  }
}

void CodeFlow::load_number(std::size_t at, FlowState& state) const {
  const bpf_insn& insn = code_.insns[at];
  if (at + 1 >= code_.insns.size()) return;
  const std::uint64_t number = static_cast<std::uint32_t>(insn.imm) |
                               std::uint64_t{static_cast<std::uint32_t>(code_.insns[at + 1].imm)} << 32;
  state.registers[insn.dst_reg] = number == 0 ? Value{.held = Held::null} : names_.at(number);
}

void CodeFlow::arithmetic(const bpf_insn& insn, std::size_t at, FlowState& state) {
  const std::uint8_t op = BPF_OP(insn.code);
  if (op == BPF_MOV) return move(insn, at, state);
  const bool is_wide = BPF_CLASS(insn.code) == BPF_ALU64;
  if (is_wide && op == BPF_ADD) return add(insn, state);
  state.registers[insn.dst_reg] = {};
}

/// A cast into an arena's kernel addresses has become wX = wY; one into those of a process has a mark of its
/// own (6.9).
void CodeFlow::move(const bpf_insn& insn, std::size_t at, FlowState& state) {
  Value& to = state.registers[insn.dst_reg];
  if (BPF_SRC(insn.code) == BPF_K) {
    to = insn.imm == 0 ? Value{.held = Held::null} : Value{};
    return;
  }
  constexpr int user = 1, spaces = 1 << 16;
  const Value& from = state.registers[insn.src_reg];
  const bool is_wide = BPF_CLASS(insn.code) == BPF_ALU64;
  const bool is_cast = is_wide && insn.off == user && insn.imm == spaces;
  if (is_cast && from.held == Held::number && from.delta == 0 && tell_ != nullptr)
    (*tell_)({.what = NumberUse::What::cast,
              .types = from.types,
              .owner = from.type,
              .place = static_cast<std::uint64_t>(from.offset),
              .insn = at});
  if (is_cast)
    to = from.held == Held::pointer || from.held == Held::number || from.held == Held::null
             ? from
             : Value{.held = Held::pointer, .space = Space::arena};
  else if (insn.off == 0 &&
           (is_wide || from.held == Held::pointer || from.held == Held::number || from.held == Held::null))
    to = from;
  else
    to = {};
  if (is_cast && to.held == Held::pointer) to.space = Space::arena;
}

/// Array maps: the address of the map, plus where its values begin, plus an index times their size.
void CodeFlow::add(const bpf_insn& insn, FlowState& state) const {
  Value& to = state.registers[insn.dst_reg];
  const Value one = to;
  to = {};
  if (BPF_SRC(insn.code) == BPF_K) {
    if (one.held == Held::element) {
      const TypeRef value = names_.map(one.type).value;
      if (value.types) to = {Held::pointer, Space::map, value.types.get(), value.id, 0, 0};
    } else if (one.held == Held::number) {
      to = one;
      if (__builtin_add_overflow(one.delta, insn.imm, &to.delta)) to = {};
    } else if (one.held == Held::pointer || one.held == Held::frame || one.held == Held::map) {
      to = one;
      if (__builtin_add_overflow(one.offset, insn.imm, &to.offset)) to = {};
    }
    return;
  }
  const Value other = state.registers[insn.src_reg];
  for (const auto& [map, index] : {std::pair(one, other), std::pair(other, one)}) {
    if (map.held != Held::map || (index.held != Held::unknown && index.held != Held::number)) continue;
    const auto& [value, begin] = names_.map(map.type);
    if (begin && value.types && static_cast<std::uint64_t>(map.offset) == *begin)
      to = {Held::pointer, Space::map, value.types.get(), value.id, 0, 0};
  }
}

const std::optional<Leaf>& CodeFlow::leaf(const btf::Types& types, btf::TypeId type, std::uint64_t offset,
                                          std::uint32_t size) {
  const std::tuple key(&types, type, offset, size);
  const auto known = leaves_.find(key);
  if (known != leaves_.end()) return known->second;
  return leaves_.emplace(key, leaf_at(types, type, offset, size)).first->second;
}

bool CodeFlow::jump(const bpf_insn& insn, std::size_t at, FlowState& state) {
  if (is_exit(insn)) return leave(at, state.registers[0]), false;
  if (BPF_OP(insn.code) == BPF_CALL) {
    call(insn, at, state);
    return state.registers[0].held != Held::nothing;
  }
  if (is_blind(insn)) return false;
  FlowState there = state;
  if (tests_null(insn))
    (BPF_OP(insn.code) == BPF_JEQ ? there : state).registers[insn.dst_reg] = {.held = Held::null};
  arrive(static_cast<std::size_t>(static_cast<std::int64_t>(at) + 1 + distance(insn)), there);
  return !is_always(insn);
}

void CodeFlow::leave(std::size_t at, const Value& result) {
  const std::size_t function = code_.function_of(at);
  const Value joined = join(results_[function], result.held == Held::frame ? Value{} : result);
  if (joined == results_[function]) return;
  results_[function] = joined;
  for (const std::size_t block : callers_[function])
    if (!is_waiting_[block]) waiting_.push_back(block), is_waiting_[block] = true;
}

void CodeFlow::call(const bpf_insn& insn, std::size_t at, FlowState& state) {
  const auto own = is_own_call(insn) ? target_of_call(at) : std::nullopt;
  if (own)
    call_own(*own, at, state);
  else if (!is_own_call(insn))
    call_kernel(insn, at, state);
  else
    state.registers[0] = {};
  for (unsigned i = 1; i <= 5; ++i) state.registers[i] = {};
}

void CodeFlow::call_own(std::size_t target, std::size_t at, FlowState& state) {
  const std::size_t function = code_.function_of(target);
  FlowState called = FlowState::at_entry();
  for (std::uint32_t i = 0; i < 5; ++i) {
    const Value& given = state.registers[i + 1];
    const Value declared = parameter(function, i);
    if (declared.held == Held::pointer) tell_passed(given, declared, at);
    const bool says_more = declared.held == Held::pointer && given.held != Held::pointer;
    called.registers[i + 1] = says_more ? declared : given.held == Held::frame ? Value{} : given;
    if (given.held == Held::frame) state.forget_frame();
  }
  arrive(target, called);
  std::size_t begin = at;
  while (begin != 0 && block_of_[begin] == 0) --begin;
  auto& callers = callers_[function];
  const std::size_t block = block_of_[begin] - 1;
  if (std::ranges::find(callers, block) == callers.end()) callers.push_back(block);
  state.registers[0] = result(function);
}

} // namespace mapscope::catalog
