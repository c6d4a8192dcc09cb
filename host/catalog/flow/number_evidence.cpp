// SPDX-License-Identifier: Apache-2.0
#include "host/catalog/flow/number_evidence.hpp"

#include "host/btf/flavour.hpp"
#include "host/catalog/flow/code_names.hpp"

#include <algorithm>
#include <bpf/btf.h>
#include <fmt/format.h>
#include <ranges>
#include <set>

namespace mapscope::catalog {

namespace {

constexpr std::size_t most_places = 3; ///< told of one member
constexpr std::size_t most_accesses = 64, most_members = 1U << 14;

/// What was seen of one member, in all programs.
struct Uses {
  std::set<std::pair<const btf::Types*, btf::TypeId>> arena_types, kernel_types;
  std::set<std::pair<std::int64_t, std::uint32_t>> accesses; ///< offset and size
  bool is_arenas = false;
  std::vector<std::string> at;
};

} // namespace

class NumberEvidence::Collector {
public:
  explicit Collector(const NumberEvidence& evidence)
      : e_(evidence), names_(evidence.target_, *evidence.kernel_, evidence.maps_, evidence.arenas_) {}

  void run() {
    CodeReader reader(e_.target_, *e_.kernel_);
    std::vector<ProgramCode> codes;
    for (const Program& program : e_.programs_)
      if (auto types = types_of(program)) codes.push_back(reader.read(program, std::move(types)));
    for (const ProgramCode& code : codes) names_.expect(code.insns);
    names_.find_prototypes();
    for (const ProgramCode& code : codes)
      CodeFlow(code, *e_.kernel_, names_).run([&](const NumberUse& use) { add(use, code); });
    for (const auto& [key, uses] : uses_) decide(key, uses);
  }

private:
  /// A map of the same object has them.
  [[nodiscard]] std::shared_ptr<const btf::Types> types_of(const Program& program) const {
    const auto object = std::ranges::find(e_.btfs_, program.btf, &BtfObject::kva);
    if (program.btf == 0 || object == e_.btfs_.end()) return nullptr;
    for (const std::uint32_t id : program.map_ids) {
      const auto map = std::ranges::lower_bound(e_.maps_, id, {}, &Map::id);
      if (map == e_.maps_.end() || map->id != id) continue;
      if (map->types && map->btf_id == object->id) return map->types;
      if (!map->types && map->programs.size() == 1) return map->program_types;
    }
    return nullptr;
  }

  [[nodiscard]] bool has_arena(const Program& program) const {
    return std::ranges::any_of(e_.arenas_, [&](const Arena& arena) {
      return std::ranges::find(program.map_ids, arena.map) != program.map_ids.end();
    });
  }

  void add(const NumberUse& use, const ProgramCode& code) {
    const bool is_own = use.space == Space::own;
    if (use.what == NumberUse::What::pointer && is_own && !has_arena(*code.program)) return;
    const Key key(use.types, use.owner, use.place);
    if (uses_.size() >= most_members && !uses_.contains(key)) return;
    Uses& uses = uses_[key];
    if (use.what == NumberUse::What::pointer && use.space == Space::kernel) {
      if (use.pointee != 0) uses.kernel_types.emplace(use.pointee_types, use.pointee);
    } else {
      uses.is_arenas = true;
      if (use.pointee != 0) uses.arena_types.emplace(use.pointee_types, use.pointee);
    }
    if (use.what == NumberUse::What::access && uses.accesses.size() < most_accesses)
      uses.accesses.emplace(use.offset, use.size);
    if (uses.at.size() < most_places)
      if (std::string place = code.place(use.insn); std::ranges::find(uses.at, place) == uses.at.end())
        uses.at.push_back(std::move(place));
  }

  void decide(const Key& key, const Uses& uses) {
    if (uses.is_arenas == !uses.kernel_types.empty()) return; // both, or neither
    NumberClaim claim{.is_arenas = uses.is_arenas, .type = "", .pointee = {}, .why = "", .at = uses.at};
    if (uses.is_arenas)
      name_arenas(*std::get<0>(key), uses, claim);
    else if (!name_kernels(uses, claim))
      return;
    e_.claims_.emplace(key, std::move(claim));
  }

  /// By the kernel's own types: a program's may be its flavour of them.
  bool name_kernels(const Uses& uses, NumberClaim& claim) {
    std::set<std::string> names;
    for (const auto& [types, id] : uses.kernel_types) names.insert(btf::without_flavour(types->spell(id)));
    if (names.size() != 1) return false;
    claim.type = *names.begin();
    claim.why = "programs keep a pointer there, or hand it to who takes one";
    if (const auto id = e_.kernel_->find(claim.type)) claim.pointee = {e_.kernel_, *id};
    constexpr std::string_view prefix = "struct ";
    if (claim.type.starts_with(prefix)) claim.type.erase(0, prefix.size());
    return claim.pointee.types != nullptr;
  }

  void name_arenas(const btf::Types& types, const Uses& uses, NumberClaim& claim) {
    claim.why = uses.accesses.empty() ? "programs keep a pointer into their arena there"
                                      : "programs reach into their arena by it";
    const auto fitting = uses.arena_types.empty()
                             ? that_fit(types, uses.accesses)
                             : std::vector(uses.arena_types.begin(), uses.arena_types.end());
    std::map<std::string, std::pair<const btf::Types*, btf::TypeId>> by_name;
    for (const auto& [of, id] : fitting)
      if (auto [known, is_new] = by_name.emplace(of->spell(id), std::pair(of, id)); !is_new && of == &types)
        known->second = {of, id};
    if (by_name.empty() || by_name.size() > 2) return;
    claim.type = by_name.begin()->first;
    if (by_name.size() == 2) {
      claim.type += " or " + by_name.rbegin()->first;
      return;
    }
    const auto& [of, id] = by_name.begin()->second;
    if (uses.arena_types.empty()) claim.why += fmt::format("; {} alone has all that they use", claim.type);
    claim.pointee = {shared(*of), id};
  }

  /// The structs that have a member at every offset, of the size that is read or written there; those that
  /// are no kernel's before those that are.
  [[nodiscard]] std::vector<std::pair<const btf::Types*, btf::TypeId>>
  that_fit(const btf::Types& types, const std::set<std::pair<std::int64_t, std::uint32_t>>& accesses) const {
    std::vector<std::pair<const btf::Types*, btf::TypeId>> own, all;
    for (btf::TypeId id = 1; id < types.count() && !accesses.empty(); ++id) {
      const btf_type* type = types.type(id);
      if (type == nullptr || !btf_is_struct(type) || types.name_of(id).empty()) continue;
      const bool fits = std::ranges::all_of(accesses, [&](const auto& access) {
        return access.first >= 0 &&
               leaf_at(types, id, static_cast<std::uint64_t>(access.first), access.second);
      });
      if (!fits) continue;
      all.emplace_back(&types, id);
      if (!e_.kernel_->find(types.spell(id))) own.emplace_back(&types, id);
    }
    return own.empty() ? all : own;
  }

  [[nodiscard]] std::shared_ptr<const btf::Types> shared(const btf::Types& types) const {
    if (&types == e_.kernel_.get()) return e_.kernel_;
    for (const Map& map : e_.maps_)
      if (map.object().get() == &types) return map.object();
    return nullptr;
  }

  const NumberEvidence& e_;
  CodeTable names_;
  std::map<Key, Uses> uses_;
};

NumberEvidence::NumberEvidence(const target::Target& target, std::shared_ptr<const btf::Types> kernel,
                               const Catalog& catalog, const std::vector<Arena>& arenas)
    : target_(target), kernel_(std::move(kernel)), maps_(catalog.maps), programs_(catalog.programs),
      btfs_(catalog.btfs), arenas_(arenas) {}
NumberEvidence::~NumberEvidence() = default;

void NumberEvidence::collect() const {
  std::call_once(once_, [this] { Collector(*this).run(); });
}

const NumberClaim* NumberEvidence::of(const btf::Number& number) const {
  collect();
  const auto found = claims_.find({number.types, number.place.owner, number.place.offset});
  return found != claims_.end() ? &found->second : nullptr;
}

std::size_t NumberEvidence::size() const {
  collect();
  return claims_.size();
}

} // namespace mapscope::catalog
