// SPDX-License-Identifier: Apache-2.0
#include "host/report/columns.hpp"

#include <algorithm>

namespace mapscope::report {

void Columns::add(const btf::Number& number, const Sort& sort) {
  const Key key = key_of(number);
  if (columns_.size() >= most_columns && !columns_.contains(key)) return;
  Column& column = columns_[key];
  ++column.numbers;
  if (!sort.space.empty() && (column.sorts.size() < most_sorts || column.sorts.contains(sort)))
    ++column.sorts[sort];
}

/// Vague ones do not contradict what says more: a group that was removed is an object of kmalloc-4k.
std::optional<Columns::Claim> Columns::claim(const btf::Number& number) const {
  const auto found = columns_.find(key_of(number));
  if (found == columns_.end()) return std::nullopt;
  const auto& [sorts, numbers] = found->second;
  Claim claim;
  std::uint64_t vague = 0;
  for (const auto& [sort, count] : sorts) {
    if (sort.is_vague) vague += count;
    const auto weight = std::pair(!sort.is_vague, count);
    if (weight > std::pair(!claim.sort.is_vague && claim.values != 0, claim.values))
      claim.sort = sort, claim.values = count;
  }
  claim.others = numbers - claim.values - (claim.sort.is_vague ? 0 : vague);
  return claim;
}

} // namespace mapscope::report
