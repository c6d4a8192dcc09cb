// SPDX-License-Identifier: Apache-2.0
// Follows the values through one program's instructions, and tells what it does with numbers that are
// pointers.
//
// A control-flow graph and a worklist to a fixpoint; then one pass tells. Refuses: programs with more blocks
// or functions than a compiler makes, more than `most_steps` instructions in all, and to follow jumps through
// registers. What is told is true of the instruction it names, whatever was not followed. Thread rule:
// belongs to one thread.
#pragma once

#include "host/catalog/flow/flow_value.hpp"
#include "host/catalog/flow/program_code.hpp"

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

namespace mapscope::catalog {

/// What code addresses by number (BPF_LD_IMM64), and what it calls.
class CodeNames {
public:
  virtual ~CodeNames() = default;
  /// A map, what lies in a map or arena, or unknown.
  [[nodiscard]] virtual Value at(std::uint64_t address) const = 0;
  struct Map {
    TypeRef value;
    std::optional<std::uint64_t> values; ///< offset of the first, where they lie in the map's own memory
  };
  [[nodiscard]] virtual const Map& map(std::uint32_t number) const = 0;
  struct Function {
    std::string name;
    btf::TypeId prototype = 0; ///< of the kernel's types; 0: not known
  };
  /// A function of the kernel's, by what the call instruction has.
  [[nodiscard]] virtual const Function& function(std::int32_t imm) const = 0;
};

/// One thing that a program does with a number.
struct NumberUse {
  enum class What : std::uint8_t {
    access, ///< what it leads to in an arena is read or written, `size` bytes at `offset`
    cast,   ///< it is turned into an address of an arena
    pointer ///< a pointer is stored there, or the number is handed to who takes one
  };
  What what = What::access;
  const btf::Types* types = nullptr; ///< of the number's place
  btf::TypeId owner = 0;
  std::uint64_t place = 0;
  Space space = Space::arena;                ///< pointer
  const btf::Types* pointee_types = nullptr; ///< pointer: of a known type
  btf::TypeId pointee = 0;
  std::int64_t offset = 0;
  std::uint32_t size = 0;
  std::size_t insn = 0;
};

class CodeFlow {
public:
  CodeFlow(const ProgramCode& code, const btf::Types& kernel, const CodeNames& names);
  void run(const std::function<void(const NumberUse&)>& tell);

private:
  static constexpr std::size_t most_blocks = 1U << 14, most_steps = 4'000'000;

  void find_blocks();
  void lead(std::size_t insn);
  [[nodiscard]] std::optional<std::size_t> target_of_call(std::size_t insn) const;
  [[nodiscard]] bool is_function(std::size_t insn) const;
  void arrive(std::size_t insn, const FlowState& state);
  void block(std::size_t begin);
  /// False where nothing follows.
  bool step(std::size_t insn, FlowState& state);
  void arithmetic(const bpf_insn& insn, std::size_t at, FlowState& state);
  void move(const bpf_insn& insn, std::size_t at, FlowState& state);
  void add(const bpf_insn& insn, FlowState& state) const;
  void load_number(std::size_t at, FlowState& state) const;
  void load(const bpf_insn& insn, std::size_t at, FlowState& state);
  void store(const bpf_insn& insn, std::size_t at, FlowState& state);
  bool jump(const bpf_insn& insn, std::size_t at, FlowState& state);
  void call(const bpf_insn& insn, std::size_t at, FlowState& state);
  void call_kernel(const bpf_insn& insn, std::size_t at, FlowState& state);
  void call_own(std::size_t target, std::size_t at, FlowState& state);
  void leave(std::size_t insn, const Value& result);
  [[nodiscard]] Value loaded(const Value& from, std::int64_t offset, std::uint32_t size);
  [[nodiscard]] Value pointer_of(const btf::Types& types, btf::TypeId pointer) const;
  [[nodiscard]] Value argument(std::uint32_t index) const;
  [[nodiscard]] btf::TypeId prototype_of(std::size_t function) const;
  [[nodiscard]] Value parameter(std::size_t function, std::uint32_t index) const;
  [[nodiscard]] Value result(std::size_t function) const;
  [[nodiscard]] Space space_of(const btf::Types& types, btf::TypeId pointee, bool is_arenas) const;
  [[nodiscard]] const std::optional<Leaf>& leaf(const btf::Types& types, btf::TypeId type,
                                                std::uint64_t offset, std::uint32_t size);
  void tell_access(const bpf_insn& insn, std::size_t at, std::uint32_t size, Value& base);
  void tell_store(const Value& to, std::int64_t offset, const Value& value, std::size_t at);
  void learn_type(const Value& to, std::int64_t offset, Value& value);
  void tell_update(const Value& map, FlowState& state, std::size_t at);
  void tell_passed(const Value& value, const Value& as, std::size_t at);

  const ProgramCode& code_;
  const btf::Types& kernel_;
  const CodeNames& names_;
  const std::function<void(const NumberUse&)>* tell_ = nullptr; ///< null until the values are settled
  std::vector<std::optional<FlowState>> states_;                ///< on the way into each block
  std::vector<std::uint32_t> block_of_; ///< by instruction: number of the block plus one
  std::vector<std::size_t> begins_, waiting_;
  std::vector<bool> is_waiting_;
  std::vector<Value> results_;                    ///< by function
  std::vector<std::vector<std::size_t>> callers_; ///< by function: blocks
  std::map<std::tuple<const btf::Types*, btf::TypeId, std::uint64_t, std::uint32_t>, std::optional<Leaf>>
      leaves_;
  std::size_t steps_ = 0;
  bool is_left_ = false; ///< there is too much of it
};

} // namespace mapscope::catalog
