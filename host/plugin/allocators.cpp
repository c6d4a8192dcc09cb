// SPDX-License-Identifier: Apache-2.0
#include "host/plugin/allocators.hpp"

#include "host/base/checked.hpp"
#include "host/plugin/call/call.hpp"

#include <algorithm>
#include <bpf/btf.h>
#include <cstring>
#include <fmt/format.h>

namespace mapscope::plugin {

namespace {

constexpr std::size_t most_allocators = 256; ///< more are a hostile BTF's work
constexpr std::uint64_t largest_variable = 64U << 10;

/// The types that manifests name, without "struct ".
std::vector<std::string_view> wanted_types(const Registry& registry) {
  std::vector<std::string_view> names;
  for (const Plugin& plugin : registry.plugins()) {
    if (!plugin.usable()) continue;
    for (const Attach& attach : plugin.manifest().attaches)
      if (attach.kind == AttachKind::allocator) {
        const std::string_view type = attach.variable_type;
        names.push_back(type.substr(type.find(' ') + 1));
      }
  }
  return names;
}

class VariableFinder {
public:
  VariableFinder(const Registry& registry, const btf::Types& kernel)
      : wanted_(wanted_types(registry)), values_(kernel.offset_of("struct bpf_array", "value").value_or(0)) {}

  void search(const catalog::Map& map) {
    if (wanted_.empty() || values_ == 0 || map.type_name != "array" || !map.types) return;
    const btf_type* section = map.types->type(map.types->peel(map.value_type));
    if (map.vmlinux_value_type != 0 || section == nullptr || !btf_is_datasec(section)) return;
    for (unsigned i = 0; i < btf_vlen(section) && found_.size() < most_allocators; ++i)
      look_at(map, btf_var_secinfos(section)[i]);
  }

  std::vector<AllocatorVariable> finish() { return std::move(found_); }

private:
  void look_at(const catalog::Map& map, const btf_var_secinfo& place) {
    const btf_type* variable = map.types->type(place.type);
    if (variable == nullptr || !btf_is_var(variable)) return;
    const btf::TypeId type = map.types->peel(variable->type);
    const auto size = map.types->size(type);
    if (!size || *size > map.value_size || place.offset > map.value_size - *size) return;
    if (std::ranges::find(wanted_, map.types->name_of(type)) == wanted_.end()) return;
    found_.push_back({.name = std::string(map.types->text(variable->name_off)),
                      .section = &map,
                      .root = map.kva + values_ + place.offset,
                      .type = type,
                      .size = *size});
  }

  std::vector<std::string_view> wanted_;
  std::uint64_t values_; ///< where an array's elements begin
  std::vector<AllocatorVariable> found_;
};

/// A section's programs may have several arenas: the one that something in the variable points into.
const catalog::Arena* arena_of(const Environment& environment, const AllocatorVariable& variable) {
  if (environment.families == nullptr) return nullptr;
  const auto arenas = environment.families->arenas_of(*variable.section);
  if (arenas.size() < 2) return arenas.empty() ? nullptr : arenas.front();
  std::vector<std::byte> bytes(std::min(variable.size, largest_variable));
  target::Reader reader = environment.target->reader();
  if (reader.read(variable.root, bytes) != target::Fault::none) return nullptr;
  for (const catalog::Arena* arena : arenas)
    for (std::size_t at = 0; at + 8 <= bytes.size(); at += 8)
      if (const auto word = load_at<std::uint64_t>(bytes, at).value_or(0); word != 0 && arena->holds(word))
        return arena;
  return nullptr;
}

report::Finding finding(const AllocatorVariable& variable, const std::string& text) {
  return {"warning", variable.section->id, fmt::format("allocator {} {}", variable.name, text)};
}

void run(const Environment& environment, FoundAllocator& found, Allocators& into, Workers* workers) {
  const auto& [variable, selection, _] = found;
  AllocatorCall& call = found.call;
  if (selection.choices.empty())
    return into.findings.push_back(finding(variable, "is not shown: " + selection.reason));
  report::Allocation& allocation = into.allocations.emplace_back();
  allocation.name = variable.name, allocation.section = variable.section;
  allocation.outcome =
      render(environment, *variable.section, selection.choices, allocation.fields, workers, &call);
  into.used.push_back(selection.choices.front().plugin);
  if (call.has_pool && call.pool.stride != 0)
    allocation.pool = &into.slots.add(std::move(call.pool));
  else if (allocation.outcome.status == report::Status::complete)
    into.allocations.pop_back(); // declared, and never initialised
}

} // namespace

std::vector<AllocatorVariable> find_allocators(const Registry& registry, const catalog::Catalog& catalog,
                                               const btf::Types& kernel) {
  VariableFinder finder(registry, kernel);
  for (const catalog::Map& map : catalog.maps) finder.search(map);
  return finder.finish();
}

void find_allocators(const Environment& environment, const Registry& registry,
                     const catalog::Catalog& catalog, Allocators& into) {
  for (AllocatorVariable& variable : find_allocators(registry, catalog, *environment.kernel)) {
    FoundAllocator& found = into.found.emplace_back();
    found.variable = std::move(variable);
    found.selection = select_allocator(registry, found.variable, *environment.kernel, *environment.config);
    found.call.variable = &found.variable;
    found.call.arena = arena_of(environment, found.variable);
    found.call.pool.allocator = found.variable.name;
    if (found.call.arena != nullptr) found.call.pool.arena = *found.call.arena;
  }
}

void run_allocators(const Environment& environment, Allocators& into, Workers* workers) {
  for (FoundAllocator& found : into.found) run(environment, found, into, workers);
  into.slots.order();
}

} // namespace mapscope::plugin
