// SPDX-License-Identifier: Apache-2.0
// The kernel's clock of ticks, by which sched_ext says how long a task has been runnable.
#pragma once

#include "../memory.hpp"

namespace mapscope::builtin {

class Jiffies {
public:
  explicit Jiffies(Call& call) {
    if (const auto at = call.symbol_address("jiffies")) now_ = load<std::uint64_t>(call, *at);
    find_length(call);
    if (!now_ || !length_ns_)
      call.note(MSC_EFAULT, "the kernel's clock of ticks could not be read: nobody's waiting time is known");
  }

  [[nodiscard]] std::optional<std::uint64_t> now() const { return now_; }
  [[nodiscard]] std::optional<std::uint64_t> length_ns() const { return length_ns_; }

  /// A number of ticks as milliseconds.
  [[nodiscard]] std::optional<std::uint64_t> ms(std::uint64_t ticks) const {
    constexpr std::uint64_t ns_per_ms = 1'000'000;
    if (!length_ns_ || ticks > UINT64_MAX / *length_ns_) return std::nullopt;
    return ticks * *length_ns_ / ns_per_ms;
  }
  /// Milliseconds since `then`; 0 where that is yet to come, as between two CPUs.
  [[nodiscard]] std::optional<std::uint64_t> ms_since(std::uint64_t then) const {
    if (!now_) return std::nullopt;
    const auto passed = static_cast<std::int64_t>(*now_ - then);
    return ms(passed > 0 ? static_cast<std::uint64_t>(passed) : 0);
  }

private:
  /// HZ is a constant that a kernel keeps nowhere; but the clock source "jiffies" converts ticks to
  /// nanoseconds by mult >> shift (kernel/time/jiffies.c).
  void find_length(Call& call) {
    constexpr std::uint64_t longest = 100'000'000, shortest = 100'000; // HZ of 10 and of 10000
    const auto type = call.find_type(MSC_KERNEL_BTF, "struct clocksource.mult");
    const auto at = call.symbol_address("clocksource_jiffies");
    if (!type || !at) return;
    const auto mult = load<std::uint32_t>(call, *at + call.offset(*type, "mult")),
               shift = load<std::uint32_t>(call, *at + call.offset(*type, "shift"));
    if (!mult || !shift || *shift > 31) return;
    const std::uint64_t length = *mult >> *shift;
    if (length >= shortest && length <= longest) length_ns_ = length;
  }

  std::optional<std::uint64_t> now_, length_ns_;
};

} // namespace mapscope::builtin
