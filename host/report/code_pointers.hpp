// SPDX-License-Identifier: Apache-2.0
// Pointers to functions in values, with the name of what lies there: members of struct_ops, callbacks.
//
// Refuses: to name an address that is in no code the kernel lists. Thread rule: belongs to one thread.
#pragma once

#include "host/btf/behind.hpp"

#include <cstdint>

namespace mapscope::catalog {
class CodeSymbols;
} // namespace mapscope::catalog

namespace mapscope::report {

/// Of types that have no special fields but these, as the kernel's own.
class CodePointers final : public btf::Behind {
public:
  /// `symbols` may be null: then there are no names.
  explicit CodePointers(const catalog::CodeSymbols* symbols) : symbols_(symbols) {}

  /// One pointer value, as "symbol" ("name" or "name+0x10") and "program" or "module" have it.
  void show(std::uint64_t value, btf::ValueVisitor& out);
  /// A name there may be could not be read.
  [[nodiscard]] bool lacks_memory() const { return lacks_memory_; }

  [[nodiscard]] bool follows(const btf::Types& /*types*/, btf::TypeId /*target*/) const override {
    return false;
  }
  void state(const btf::SpecialField& /*field*/, std::span<const std::byte> /*bytes*/,
             const btf::Types& /*types*/, btf::Progress& /*progress*/, btf::ValueVisitor& /*out*/) override {}
  void pointer(const btf::SpecialField& field, std::uint64_t value, const btf::Types& types,
               btf::Progress& progress, btf::ValueVisitor& out) override;

private:
  const catalog::CodeSymbols* symbols_;
  bool lacks_memory_ = false;
};

} // namespace mapscope::report
