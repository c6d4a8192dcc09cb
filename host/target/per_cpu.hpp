// SPDX-License-Identifier: Apache-2.0
// The possible CPUs of the target and where each one's per-CPU area begins (mm/percpu.c).
//
// Thread rule: immutable.
#pragma once

#include "host/base/result.hpp"
#include "host/target/address_space.hpp"
#include "host/target/symbols.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace mapscope::target {

class PerCpu {
public:
  PerCpu() = default;
  /// `offsets` is indexed by CPU number; nothing where a CPU is not possible or its offset cannot be read.
  PerCpu(std::vector<std::uint32_t> possible, std::vector<std::optional<std::uint64_t>> offsets)
      : possible_(std::move(possible)), offsets_(std::move(offsets)) {}

  /// Ascending numbers of the possible CPUs; may have holes.
  [[nodiscard]] std::span<const std::uint32_t> possible() const { return possible_; }
  /// Highest possible CPU number plus one.
  [[nodiscard]] std::uint32_t count() const { return possible_.empty() ? 0 : possible_.back() + 1; }
  [[nodiscard]] bool is_possible(std::uint32_t cpu) const;
  /// What to add to a per-CPU pointer for `cpu`; nothing when that CPU is not possible or the dump does not
  /// hold it.
  [[nodiscard]] std::optional<std::uint64_t> offset(std::uint32_t cpu) const;

private:
  std::vector<std::uint32_t> possible_;
  std::vector<std::optional<std::uint64_t>> offsets_;
};

Result<PerCpu> read_per_cpu(Reader& reader, const Symbols& symbols);

} // namespace mapscope::target
