// SPDX-License-Identifier: Apache-2.0
// Records that pass the line to a plugin, whose first member says how long they are.
//
// libbpf's rule (libbpf_validate_opts): a plugin built with a later minor may have longer ones. What this
// host does not know of one that it is given must be zero; of one that it fills, it says how far. Thread
// rule: any thread.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <fmt/format.h>
#include <string>
#include <string_view>

namespace mapscope::plugin {

inline constexpr std::uint32_t largest_record = 4096;

/// A record that grows must go on serving plugins of 1.0, whose own is shorter: abi_frozen and the frozen
/// plugins of tests/guest fail until it does.
template <class Record> bool has_usable_size(const Record& record) {
  return record.size >= sizeof record && record.size <= largest_record;
}

/// "" when this host understands all of what `helper` was given.
template <class Record> std::string record_problem(std::string_view helper, const Record& record) {
  if (!has_usable_size(record))
    return fmt::format("{} of {} bytes, this interface has {}", helper, record.size, sizeof record);
  const auto* bytes = reinterpret_cast<const std::byte*>(&record);
  const bool says_more = std::any_of(bytes + sizeof record, bytes + record.size,
                                     [](std::byte byte) { return byte != std::byte{}; });
  return says_more ? fmt::format("{} with members that this host does not know", helper) : "";
}

/// True when the host can fill all that it knows; the size then says how much that is.
template <class Record> bool begin_filling(Record& record) {
  if (!has_usable_size(record)) return false;
  record.size = sizeof record;
  return true;
}

} // namespace mapscope::plugin
