// SPDX-License-Identifier: Apache-2.0
#include "host/plugin/allocators.hpp"

#include "host/catalog/families.hpp"
#include "host/target/target.hpp"

#include "host/base/checked.hpp"
#include "host/btf/info.hpp"
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
    for (unsigned i = 0; i < btf::vlen_of(section) && found_.size() < most_allocators; ++i)
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

/// An allocator's fields and slots, which another plugin may have to begin again.
class AllocatorDraft final : public report::DraftWriter {
public:
  AllocatorDraft(report::RecordedFields& fields, AllocatorCall& call)
      : empty_(call.pool), fields_(fields), call_(call) {}

  void begin(const catalog::Map& /*map*/) override {}
  void begin_allocator(std::string_view /*name*/, const catalog::Map& /*section*/) override {}
  void row(const report::Row& /*row*/) override {}
  void field(const report::Field& field) override { fields_.field(field); }
  void end(const report::Outcome& /*outcome*/) override {}
  void keep() override {}
  void set_aside() override {
    if (!aside_) aside_ = Aside{std::move(fields_), std::move(call_.pool), call_.has_pool};
    drop();
  }
  void drop() override { fields_ = {}, call_.pool = empty_, call_.has_pool = false; }
  void bring_back() override {
    if (!aside_) return;
    fields_ = std::move(aside_->fields), call_.pool = std::move(aside_->pool);
    call_.has_pool = aside_->has_pool;
    aside_.reset();
  }

private:
  struct Aside {
    report::RecordedFields fields;
    report::SlotPool pool;
    bool has_pool = false;
  };

  const report::SlotPool empty_;
  report::RecordedFields& fields_;
  AllocatorCall& call_;
  std::optional<Aside> aside_;
};

/// Those that came to be used.
const Plugin* used_by(std::span<const Choice> choices, const report::Outcome& outcome) {
  const auto found = std::ranges::find_if(
      choices, [&](const Choice& choice) { return choice.plugin->tag() == outcome.renderer; });
  return found != choices.end() ? found->plugin : nullptr;
}

void run(const Environment& environment, FoundAllocator& found, Allocators& into, Workers* workers) {
  const auto& [variable, selection, _] = found;
  AllocatorCall& call = found.call;
  if (selection.choices.empty())
    return into.findings.push_back(finding(variable, "is not shown: " + selection.reason));
  if (selection.tie)
    into.findings.push_back(
        finding(variable,
                fmt::format("is read by {}: {}", selection.choices.front().plugin->tag(), selection.reason)));
  report::Allocation& allocation = into.allocations.emplace_back();
  allocation.name = variable.name, allocation.section = variable.section;
  AllocatorDraft draft(allocation.fields, call);
  allocation.outcome = render(environment, *variable.section, selection.choices, draft, workers, &call);
  if (const Plugin* plugin = used_by(selection.choices, allocation.outcome)) into.used.push_back(plugin);
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
