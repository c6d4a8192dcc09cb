// SPDX-License-Identifier: Apache-2.0
// Numbers of 64 bits that programs use as pointers, by the members that hold them: what a program stores
// there, what it reaches through what it loads from there, and whom it hands that to.
//
// Refuses: to choose where programs contradict each other, or where more than two types fit. Nothing is
// looked at before somebody asks. Thread rule: const members may be called from any thread at once.
#pragma once

#include "host/btf/behind.hpp"
#include "host/catalog/arenas.hpp"
#include "host/catalog/catalog.hpp"

#include <map>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <tuple>
#include <vector>

namespace mapscope::catalog {

/// What programs take the numbers of one member for.
struct NumberClaim {
  bool is_arenas = false; ///< they lead into an arena; else to objects of the kernel
  std::string type;       ///< "task_struct"; "" = not known; of two that fit "struct a or struct b"
  TypeRef pointee;        ///< no object: not known, or not one
  std::string why;
  std::vector<std::string> at; ///< the first instructions that say so
};

class NumberEvidence {
public:
  /// All of them borrowed; of the catalogue what its vectors hold.
  NumberEvidence(const target::Target& target, std::shared_ptr<const btf::Types> kernel,
                 const Catalog& catalog, const std::vector<Arena>& arenas);
  ~NumberEvidence();
  /// Null: no program was seen to use it as a pointer.
  [[nodiscard]] const NumberClaim* of(const btf::Number& number) const;
  /// Members of which something is known.
  [[nodiscard]] std::size_t size() const;

private:
  class Collector;
  using Key = std::tuple<const btf::Types*, btf::TypeId, std::uint64_t>;
  void collect() const;

  const target::Target& target_;
  std::shared_ptr<const btf::Types> kernel_;
  std::span<const Map> maps_;
  std::span<const Program> programs_;
  std::span<const BtfObject> btfs_;
  const std::vector<Arena>& arenas_;
  mutable std::once_flag once_;
  mutable std::map<Key, NumberClaim> claims_;
};

} // namespace mapscope::catalog
