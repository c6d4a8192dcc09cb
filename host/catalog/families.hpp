// SPDX-License-Identifier: Apache-2.0
// What of a target belongs together: maps that the same programs use, or that are of one BTF object. A
// scheduler is often several objects, whose types and arenas explain each other's pointers.
//
// Refuses: to join what only has the same name. Thread rule: immutable after construction and take().
#pragma once

#include "host/catalog/arenas.hpp"
#include "host/catalog/catalog.hpp"

#include <memory>
#include <string_view>
#include <vector>

namespace mapscope::catalog {

class NumberEvidence;

class Families {
public:
  Families(std::vector<Arena> arenas, const Catalog& catalog, const btf::Types* kernel);

  [[nodiscard]] const std::vector<Arena>& arenas() const { return arenas_; }
  /// What the programs do with numbers in maps and arenas; null: nobody has looked.
  [[nodiscard]] const NumberEvidence* evidence() const { return evidence_.get(); }
  void take(std::shared_ptr<const NumberEvidence> evidence) { evidence_ = std::move(evidence); }
  /// Of some program it is not known which maps it uses: maps may belong together that do not here.
  [[nodiscard]] bool lacks_uses() const { return lacks_uses_; }
  /// Those that pointers in the map's values may lead into: of the programs that use the map; else of its
  /// family; else, where no program is left to tell, those that no program uses either and that small numbers
  /// do not lead into.
  [[nodiscard]] std::vector<const Arena*> arenas_of(const Map& map) const;
  /// The BTF objects of the map's family, its own first.
  [[nodiscard]] std::vector<std::shared_ptr<const btf::Types>> types_of(const Map& map) const;
  /// Where "struct x" is defined; no object when nowhere.
  [[nodiscard]] TypeRef definition(const Map& map, std::string_view spelled) const;

private:
  using Types = std::vector<std::shared_ptr<const btf::Types>>;
  void join(const Catalog& catalog, const btf::Types* kernel);
  void list_members(const Catalog& catalog, const btf::Types* kernel);
  [[nodiscard]] const Map* map_of(const Arena& arena) const;
  [[nodiscard]] std::size_t family(std::uint32_t map) const;

  std::vector<Arena> arenas_;
  std::shared_ptr<const NumberEvidence> evidence_;
  std::vector<const Map*> maps_;     ///< ascending id
  std::vector<std::size_t> parents_; ///< a forest over the maps; its roots stand for the families
  std::vector<Types> types_;         ///< by root
  bool lacks_uses_ = false;
};

} // namespace mapscope::catalog
