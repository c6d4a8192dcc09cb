// SPDX-License-Identifier: Apache-2.0
#include "host/target/per_cpu.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace mapscope::target {

namespace {

/// NR_CPUS has never been above 8192; some room, and still a small read.
constexpr std::uint32_t most_cpus = 64 * 1024;

/// Bits set in __cpu_possible_mask below `limit`.
Result<std::vector<std::uint32_t>> possible_cpus(Reader& reader, std::uint64_t mask, std::uint32_t limit) {
  std::vector<std::uint32_t> cpus;
  for (std::uint32_t word = 0; word * 64 < limit; ++word) {
    const auto bits = reader.get<std::uint64_t>(mask + 8ULL * word);
    if (!bits) return fail_at(Errc::not_in_dump, mask, "the mask of possible CPUs is not in the dump");
    for (std::uint32_t bit = 0; bit < 64 && word * 64 + bit < limit; ++bit)
      if ((*bits >> bit & 1) != 0) cpus.push_back(word * 64 + bit);
  }
  if (cpus.empty()) return fail_at(Errc::corrupt, mask, "the mask of possible CPUs is empty");
  return cpus;
}

} // namespace

bool PerCpu::is_possible(std::uint32_t cpu) const { return std::ranges::binary_search(possible_, cpu); }

std::optional<std::uint64_t> PerCpu::offset(std::uint32_t cpu) const {
  if (cpu >= offsets_.size()) return std::nullopt;
  return offsets_[cpu];
}

Result<PerCpu> read_per_cpu(Reader& reader, const Symbols& symbols) {
  const auto offsets_at = symbols.find("__per_cpu_offset"), mask = symbols.find("__cpu_possible_mask"),
             limit_at = symbols.find("nr_cpu_ids");
  if (!offsets_at) return PerCpu({0}, {0}); // a kernel for one CPU has no such array: pointers are direct
  if (!mask) return fail(Errc::not_found, "the kernel's symbols have no __cpu_possible_mask");
  const auto limit = limit_at ? reader.get<std::uint32_t>(*limit_at) : std::nullopt;
  // Without the variable (CONFIG_FORCE_NR_CPUS) one word of the mask is all that can safely be believed.
  const auto cpus = possible_cpus(reader, *mask, std::min(limit.value_or(64), most_cpus));
  if (!cpus) return std::unexpected(cpus.error());
  std::vector<std::optional<std::uint64_t>> offsets(cpus->back() + 1);
  for (const std::uint32_t cpu : *cpus) offsets[cpu] = reader.get<std::uint64_t>(*offsets_at + 8ULL * cpu);
  return PerCpu(*cpus, std::move(offsets));
}

} // namespace mapscope::target
