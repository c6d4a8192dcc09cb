// SPDX-License-Identifier: Apache-2.0
#include "host/target/kallsyms_addresses.hpp"

#include "host/base/checked.hpp"

#include <algorithm>

namespace mapscope::target {

std::optional<std::uint64_t> KallsymsAddresses::of(std::uint32_t index) const {
  if (is_absolute_ != (encoding_ == SymbolEncoding::absolute)) return std::nullopt;
  if (is_absolute_) return load_at<std::uint64_t>(table_, std::uint64_t{index} * 8);
  const auto offset = load_at<std::int32_t>(table_, std::uint64_t{index} * 4);
  if (!offset) return std::nullopt;
  const auto wide = static_cast<std::uint64_t>(static_cast<std::int64_t>(*offset));
  switch (encoding_) {
  case SymbolEncoding::relative_signed:
    return *offset >= 0 ? wide : base_ - 1 - wide;
  case SymbolEncoding::relative:
    return base_ + static_cast<std::uint32_t>(*offset);
  case SymbolEncoding::self_relative:
    return at_ + std::uint64_t{index} * 4 + wide;
  case SymbolEncoding::absolute:
    break;
  }
  return std::nullopt;
}

bool KallsymsAddresses::is_in_order(std::uint32_t index) const {
  const auto own = of(index);
  if (!own || index == 0 || index + 1 == count_) return own.has_value();
  const auto before = of(index - 1), behind = of(index + 1);
  if (!before || !behind || *before > *behind) return true;
  return *before <= *own && *own <= *behind;
}

bool KallsymsAddresses::ascends() const {
  constexpr std::uint32_t samples = 256;
  const std::uint32_t steps = std::min(samples, count_);
  std::uint32_t right = 0;
  std::uint64_t highest = 0;
  for (std::uint32_t i = 0; i < steps; ++i) {
    const auto address = of(static_cast<std::uint32_t>(std::uint64_t{i} * count_ / steps));
    if (!address) return false;
    right += *address >= highest ? 1 : 0;
    highest = std::max(highest, *address);
  }
  const auto first = of(0), last = of(count_ - 1);
  return steps != 0 && right >= steps - steps / 32 && *first < *last && *last >> 63 != 0;
}

} // namespace mapscope::target
