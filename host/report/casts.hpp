// SPDX-License-Identifier: Apache-2.0
// What numbers of 64 bits are that are pointers in truth: tasks and control groups of the kernel, code, and
// slots of a scheduler's allocators. Programs keep them in u64, since the verifier lets them store nothing
// else.
//
// An object of the kernel is claimed only where its own memory says so: what it points to leads back to it. A
// number alone never proves anything.
//
// Refuses: to guess, and to name an object that was freed. Thread rule: belongs to one thread.
#pragma once

#include "host/btf/decoder.hpp"
#include "host/report/pointers.hpp"
#include "host/target/address_space.hpp"

#include <array>
#include <cstdint>
#include <memory>
#include <optional>

namespace mapscope::catalog {
class CodeSymbols;
} // namespace mapscope::catalog

namespace mapscope::report {

class Casts {
public:
  /// All of them borrowed; `symbols` may be null.
  Casts(const target::Target& target, std::shared_ptr<const btf::Types> kernel,
        const catalog::CodeSymbols* symbols, const Pointers& pointers, const btf::Limits& limits);

  /// One value, with what it leads to; false, and nothing was shown, where it is a number.
  bool show(std::uint64_t value, btf::Progress& progress, btf::ValueVisitor& out);

private:
  /// Members by which an object's own memory says what it is.
  struct Proof {
    std::uint64_t link, back; ///< offsets: what the first points to has, at the second, a pointer back
    std::uint64_t to;         ///< the offset in the object that this points to
    std::optional<std::uint64_t>
        leader; ///< what this points to, points to itself there; none: no such member
  };
  struct Kind {
    const char* type;
    const char* why;
    std::optional<Proof> proof = std::nullopt; ///< none: this kernel's types lack it
    std::uint64_t size = 0;                    ///< bytes
    std::shared_ptr<const btf::Decoder> summary = nullptr;
  };
  void learn();
  [[nodiscard]] std::optional<Proof> proof_of_task() const;
  [[nodiscard]] std::optional<Proof> proof_of_cgroup() const;
  void size_up(Kind& kind) const;
  [[nodiscard]] bool is_proven(const Proof& proof, std::uint64_t address);
  bool slot(std::uint64_t value, btf::ValueVisitor& out) const;
  bool code(std::uint64_t value, btf::ValueVisitor& out) const;
  bool object(std::uint64_t value, btf::Progress& progress, btf::ValueVisitor& out);

  std::shared_ptr<const btf::Types> kernel_;
  const catalog::CodeSymbols* symbols_;
  const Pointers& pointers_;
  btf::Limits limits_;
  target::Reader reader_;
  std::optional<std::array<Kind, 2>> kinds_; ///< learned when a number first looks like an address
};

} // namespace mapscope::report
