// SPDX-License-Identifier: Apache-2.0
// How many buckets a table of the kernel has: roundup_pow_of_two(max_entries), whatever is hashed into them.
#pragma once

#include <mapscope/plugin.hpp>

#include <bit>
#include <string>

namespace mapscope::builtin {

inline std::uint64_t bucket_count(const Call& call) {
  return std::bit_ceil(std::uint64_t{call.target.max_entries});
}

/// `member`: what the kernel calls the number. With fewer than there are, a part would pass for the whole.
inline void check_bucket_count(Call& call, std::uint64_t count, const char* member) {
  if (count == bucket_count(call)) return;
  const std::string text = std::string(member) + " is " + std::to_string(count) +
                           ", where max_entries gives " + std::to_string(bucket_count(call));
  call.note(MSC_EFAULT, text.c_str());
}

} // namespace mapscope::builtin
