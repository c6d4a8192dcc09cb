// SPDX-License-Identifier: Apache-2.0
// Sets of CPUs (struct cpumask) as text, "0-3,8", up to the highest CPU there can be.
#pragma once

#include "memory.hpp"

namespace mapscope::builtin {

class CpuMasks {
public:
  explicit CpuMasks(Call& call) : call_(call), cpus_(call.cpu_count()) {}

  /// "" for the empty set.
  std::optional<std::string> ranges(std::uint64_t mask) {
    std::vector<std::uint64_t> words((cpus_ + 63) / 64);
    if (!call_.try_read(MSC_KERNEL, mask, std::as_writable_bytes(std::span(words)))) return std::nullopt;
    std::string text;
    for (std::uint32_t cpu = 0; cpu < cpus_; ++cpu) {
      if (!has(words, cpu)) continue;
      const std::uint32_t first = cpu;
      while (cpu + 1 < cpus_ && has(words, cpu + 1)) ++cpu;
      text += (text.empty() ? "" : ",") + std::to_string(first);
      if (cpu != first) text += "-" + std::to_string(cpu);
    }
    return text;
  }

  /// Of the cpumask_var_t `member` of `type` at `object`: the mask itself, or, in kernels for more CPUs than
  /// fit on a stack (CONFIG_CPUMASK_OFFSTACK), a pointer to it. "" where this kernel has no such member.
  std::optional<std::string> ranges_of(msc_type type, const std::string& member, std::uint64_t object) {
    if (const auto inside = call_.offset_if(type, (member + "[0].bits").c_str()))
      return ranges(object + *inside);
    const auto at = call_.offset_if(type, member.c_str());
    if (!at) return "";
    const auto mask = load<std::uint64_t>(call_, object + *at);
    if (!mask) return std::nullopt;
    return *mask != 0 ? ranges(*mask) : "";
  }

private:
  static bool has(const std::vector<std::uint64_t>& words, std::uint32_t cpu) {
    return (words[cpu / 64] >> (cpu % 64) & 1) != 0;
  }

  Call& call_;
  std::uint32_t cpus_;
};

} // namespace mapscope::builtin
