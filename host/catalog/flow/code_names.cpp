// SPDX-License-Identifier: Apache-2.0
#include "host/catalog/flow/code_names.hpp"

#include "host/catalog/layout.hpp"

#include <algorithm>
#include <bpf/btf.h>

namespace mapscope::catalog {

CodeTable::CodeTable(const target::Target& target, const btf::Types& kernel,
                     std::span<const catalog::Map> maps, const std::vector<Arena>& arenas)
    : target_(target), kernel_(kernel), arenas_(arenas),
      base_(target.symbols().find("__bpf_call_base").value_or(0)) {
  const auto values = Layout(kernel, "struct bpf_array").want("value");
  for (const catalog::Map& map : maps) add(map, map.type_name == "array" ? values : std::nullopt);
  std::ranges::sort(areas_, {}, &Area::begin);
}

void CodeTable::add(const catalog::Map& map, std::optional<std::uint64_t> values) {
  const auto number = static_cast<std::uint32_t>(maps_.size());
  maps_.push_back({map.value(), values});
  if (map.kva == 0) return;
  by_address_.emplace(map.kva, number);
  const std::uint64_t stride = (std::uint64_t{map.value_size} + 7) / 8 * 8;
  if (values) areas_.push_back({map.kva + *values, map.kva + *values + stride * map.max_entries, number});
}

void CodeTable::expect(std::span<const bpf_insn> insns) {
  for (const bpf_insn& insn : insns)
    if (base_ != 0 && insn.code == (BPF_JMP | BPF_CALL) && insn.src_reg != BPF_PSEUDO_CALL)
      functions_.try_emplace(insn.imm);
}

void CodeTable::find_prototypes() {
  std::unordered_map<std::string_view, Function*> wanted;
  for (auto& [imm, function] : functions_) {
    const auto symbol = target_.symbols().at(base_ + static_cast<std::uint64_t>(std::int64_t{imm}));
    if (!symbol || symbol->offset != 0) continue;
    function.name = symbol->name;
    wanted.emplace(function.name, &function);
  }
  for (btf::TypeId id = 1; id < kernel_.count() && !wanted.empty(); ++id) {
    const btf_type* type = kernel_.type(id);
    if (type == nullptr || !btf_is_func(type)) continue;
    const auto found = wanted.find(kernel_.text(type->name_off));
    if (found != wanted.end()) found->second->prototype = type->type;
  }
}

const CodeNames::Function& CodeTable::function(std::int32_t imm) const {
  static const Function unknown;
  const auto found = functions_.find(imm);
  return found != functions_.end() ? found->second : unknown;
}

Value CodeTable::at(std::uint64_t address) const {
  if (const auto map = by_address_.find(address); map != by_address_.end())
    return {.held = Held::map, .type = map->second};
  const auto behind = std::ranges::upper_bound(areas_, address, {}, &Area::begin);
  if (behind == areas_.begin() || address >= std::prev(behind)->end) return in_arena(address);
  const Area& area = *std::prev(behind);
  const TypeRef& value = maps_[area.map].value;
  const std::uint64_t size = value.types ? (value.types->size(value.id).value_or(0) + 7) / 8 * 8 : 0;
  if (size == 0) return {};
  return {.held = Held::pointer,
          .space = Space::map,
          .types = value.types.get(),
          .type = value.id,
          .offset = static_cast<std::int32_t>((address - area.begin) % size)};
}

/// A variable of the programs, or a place that is nobody's.
Value CodeTable::in_arena(std::uint64_t address) const {
  for (const Arena& arena : arenas_) {
    const std::uint64_t offset = address - arena.user_vm_start;
    if (arena.user_vm_start == 0 || offset >= arena.size) continue;
    if (!arena.globals || offset - arena.globals->offset >= arena.globals->size)
      return {.held = Held::pointer, .space = Space::arena};
    return {.held = Held::pointer,
            .space = Space::arena,
            .types = arena.globals->types.get(),
            .type = arena.globals->section,
            .offset = static_cast<std::int32_t>(offset - arena.globals->offset)};
  }
  return {};
}

} // namespace mapscope::catalog
