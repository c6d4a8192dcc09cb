// SPDX-License-Identifier: Apache-2.0
// What the numbers in programs' instructions stand for: maps and what lies in them, variables in arenas, and
// functions of the kernel with their prototypes.
//
// Refuses: functions of modules. Thread rule: belongs to one thread.
#pragma once

#include "host/catalog/arenas.hpp"
#include "host/catalog/flow/code_flow.hpp"

#include <set>
#include <span>
#include <unordered_map>
#include <vector>

namespace mapscope::catalog {

class CodeTable final : public CodeNames {
public:
  /// All of them borrowed.
  CodeTable(const target::Target& target, const btf::Types& kernel, std::span<const catalog::Map> maps,
            const std::vector<Arena>& arenas);
  /// Functions that these instructions call.
  void expect(std::span<const bpf_insn> insns);
  /// Of all that are expected, in one pass over the kernel's types.
  void find_prototypes();

  [[nodiscard]] Value at(std::uint64_t address) const override;
  [[nodiscard]] const Map& map(std::uint32_t number) const override { return maps_[number]; }
  [[nodiscard]] const Function& function(std::int32_t imm) const override;

private:
  struct Area {
    std::uint64_t begin = 0, end = 0;
    std::uint32_t map = 0;
  };
  void add(const catalog::Map& map, std::optional<std::uint64_t> values);
  [[nodiscard]] Value in_arena(std::uint64_t address) const;

  const target::Target& target_;
  const btf::Types& kernel_;
  const std::vector<Arena>& arenas_;
  std::vector<Map> maps_;
  std::unordered_map<std::uint64_t, std::uint32_t> by_address_;
  std::vector<Area> areas_; ///< of values, by begin
  std::uint64_t base_ = 0;  ///< __bpf_call_base; 0: not known
  std::unordered_map<std::int32_t, Function> functions_;
};

} // namespace mapscope::catalog
