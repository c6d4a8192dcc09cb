// SPDX-License-Identifier: Apache-2.0
// What numbers of 64 bits are that are pointers in truth: tasks, control groups and CPU masks, other objects
// of the slab allocator, code, and slots of a scheduler's allocators. Programs keep them in u64, since the
// verifier lets them store nothing else.
//
// A number alone never proves anything. What lies where it leads says what it is, and all numbers of its
// member that were looked at must agree; where they do not, only what an object's own memory proves is
// claimed, and says how many do not.
//
// Refuses: to guess. Thread rule: belongs to one thread.
#pragma once

#include "host/btf/decoder.hpp"
#include "host/catalog/slabs.hpp"
#include "host/report/columns.hpp"
#include "host/report/kernel_objects.hpp"
#include "host/report/pointers.hpp"

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>

namespace mapscope::catalog {
class CodeSymbols;
class NumberEvidence;
struct NumberClaim;
} // namespace mapscope::catalog

namespace mapscope::report {

class Casts {
public:
  /// All of them borrowed; `symbols` and `evidence` may be null.
  Casts(const target::Target& target, std::shared_ptr<const btf::Types> kernel,
        const catalog::CodeSymbols* symbols, const catalog::NumberEvidence* evidence,
        const Pointers& pointers, const btf::Limits& limits);

  /// One of the numbers that all others of its member must agree with; before any is shown.
  void look_at(const btf::Number& number) { columns_.add(number, read(number).sort); }
  /// One value, with what it leads to; false, and nothing was shown, where it is a number.
  bool show(const btf::Number& number, btf::Progress& progress, btf::ValueVisitor& out);
  /// Whether show() has nothing to look at for it: then any thread may ask.
  [[nodiscard]] bool is_number(std::uint64_t value) const;

private:
  /// What one number leads to.
  struct Reading {
    Sort sort = {};
    std::string why = {};
    bool is_proven = false; ///< by the object's own memory
    const KernelObjects::Kind* object = nullptr;
    std::optional<catalog::SlabObject> slab = {};
    std::string name = {};                      ///< of a symbol or a slot
    const catalog::NumberClaim* told = nullptr; ///< by programs
    bool is_typed_by_programs = false;          ///< nothing else tells the type
  };
  /// The type that a cache's name says, with which its objects are shown.
  struct CacheType {
    std::string name; ///< "" = none
    std::uint64_t size = 0;
    std::shared_ptr<const btf::Decoder> summary;
  };
  /// With what programs do with such numbers.
  [[nodiscard]] Reading read(const btf::Number& number);
  [[nodiscard]] static Reading told(const catalog::NumberClaim& claim, Reading found);
  [[nodiscard]] bool is_there(std::uint64_t value, const catalog::NumberClaim& claim);
  [[nodiscard]] Reading read(std::uint64_t value);
  [[nodiscard]] Reading slot(std::uint64_t value) const;
  [[nodiscard]] Reading symbol(std::uint64_t value) const;
  [[nodiscard]] Reading object(std::uint64_t value);
  [[nodiscard]] Reading slab(std::uint64_t value);
  const CacheType& type_of(const catalog::SlabCache& cache);
  [[nodiscard]] CacheType find_type(const catalog::SlabCache& cache) const;
  /// How many numbers a claim of this one rests on, and how many contradict; nothing: there is no claim.
  [[nodiscard]] std::optional<Columns::Claim> claim(const btf::Number& number, const Reading& reading) const;
  void emit(std::uint64_t value, const Reading& reading, const Columns::Claim& claim, btf::Progress& progress,
            btf::ValueVisitor& out);
  void emit_group(std::uint64_t address, btf::ValueVisitor& out);
  void emit_slab(const catalog::SlabObject& slab, btf::Progress& progress, btf::ValueVisitor& out);
  void emit_told(std::uint64_t value, const catalog::NumberClaim& claim, btf::Progress& progress,
                 btf::ValueVisitor& out);
  void deref(std::uint64_t address, std::uint64_t size, const btf::Decoder& summary, btf::Progress& progress,
             btf::ValueVisitor& out);

  std::shared_ptr<const btf::Types> kernel_;
  const target::Target& target_;
  const catalog::CodeSymbols* symbols_;
  const catalog::NumberEvidence* evidence_;
  const Pointers& pointers_;
  btf::Limits limits_;
  target::Reader reader_;
  KernelObjects objects_;
  std::optional<catalog::Slabs> slabs_; ///< learned when a number first looks like an address
  std::map<const catalog::SlabCache*, CacheType> types_;
  std::optional<std::uint64_t> code_end_; ///< of the kernel's own
  std::map<const catalog::NumberClaim*, std::shared_ptr<const btf::Decoder>> told_;
  Columns columns_;
};

} // namespace mapscope::report
