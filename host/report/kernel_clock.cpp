// SPDX-License-Identifier: Apache-2.0
#include "host/report/kernel_clock.hpp"

#include "host/target/target.hpp"

namespace mapscope::report {

namespace {

/// struct timekeeper: in timekeeper_data[0] (6.17) or tk_core (6.13), which are a struct tk_data; before that
/// in a tk_core whose type has no name, behind a sequence count, at the alignment of a struct. That count has
/// a pointer to its lock where kernels are preempted at any time (seqlock.h). A symbol that is not there
/// costs two passes over all symbols, so the newer one is asked for only where it may be.
std::optional<std::uint64_t> timekeeper(const target::Target& target, const btf::Types& kernel) {
  const auto inside = kernel.offset_of("struct tk_data", "timekeeper");
  auto data = inside ? target.symbols().find("timekeeper_data") : std::nullopt;
  if (!data) data = target.symbols().find("tk_core");
  if (!data) return std::nullopt;
  if (inside) return *data + *inside;
  const auto lock = kernel.offset_of("struct seqcount_raw_spinlock", "lock");
  return *data + (lock ? *lock : 0) + sizeof(std::uint64_t);
}

} // namespace

KernelClock::KernelClock(const target::Target& target, const btf::Types& kernel) {
  const auto at = timekeeper(target, kernel);
  const auto offset = [&](const char* member) { return kernel.offset_of("struct timekeeper", member); };
  const auto base = offset("tkr_mono.base"), fraction = offset("tkr_mono.xtime_nsec"),
             shift = offset("tkr_mono.shift"), real = offset("offs_real"), boot = offset("offs_boot");
  if (!at || !base || !fraction || !shift || !real || !boot) return;
  auto reader = target.reader();
  const auto seconds = reader.get<std::uint64_t>(*at + *base),
             nanoseconds = reader.get<std::uint64_t>(*at + *fraction),
             to_real = reader.get<std::uint64_t>(*at + *real),
             to_boot = reader.get<std::uint64_t>(*at + *boot);
  const auto shifted = reader.get<std::uint32_t>(*at + *shift);
  if (!seconds || !nanoseconds || !to_real || !to_boot || shifted.value_or(64) >= 64) return;
  const std::uint64_t now = *seconds + (*nanoseconds >> *shifted);
  monotonic_ = static_cast<std::int64_t>(now);
  realtime_ = static_cast<std::int64_t>(now + *to_real);
  boottime_ = static_cast<std::int64_t>(now + *to_boot);
}

std::optional<std::int64_t> KernelClock::now(std::int32_t clock) const {
  switch (clock) {
  case 0:
    return realtime_;
  case 1:
    return monotonic_;
  case 7:
    return boottime_;
  default:
    return std::nullopt;
  }
}

} // namespace mapscope::report
