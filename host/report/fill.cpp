// SPDX-License-Identifier: Apache-2.0
#include "host/report/fill.hpp"

#include <algorithm>
#include <array>
#include <fmt/format.h>

namespace mapscope::report {

namespace {

/// The max_entries of a ring buffer are bytes, and maps whose elements belong to others have none.
bool bounds_entries(const catalog::Map& map) {
  return map.max_entries != 0 && map.type_name != "ringbuf" && map.type_name != "user_ringbuf";
}

/// All elements of these are there from the begin.
bool is_always_full(const catalog::Map& map) {
  return map.type_name == "array" || map.type_name == "percpu_array" || map.type_name == "struct_ops" ||
         map.type_name == "insn_array";
}

} // namespace

std::string declared_text(const catalog::Map& map, std::uint32_t number) {
  return map.is_read ? std::to_string(number) : "?";
}

std::string used_text(const catalog::Map& map, const Outcome& outcome) {
  return fmt::format("{} / {}", outcome.entry_count ? std::to_string(*outcome.entry_count) : "?",
                     !map.is_read || bounds_entries(map) ? declared_text(map, map.max_entries) : "-");
}

std::string bytes_text(std::uint64_t bytes) {
  constexpr std::array units{"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
  auto amount = static_cast<double>(bytes);
  std::size_t unit = 0;
  for (; amount >= 1024; ++unit) amount /= 1024;
  return fmt::format("{:.{}f} {}", amount, unit > 1 && amount < 9.95 ? 1 : 0, units[unit]);
}

/// Something is not nothing, and what is not full does not look it.
std::string fill_bar(const catalog::Map& map, const Outcome& outcome, std::size_t width) {
  if (!outcome.entry_count || !bounds_entries(map) || is_always_full(map) || width < 2) return "";
  const double part = static_cast<double>(*outcome.entry_count) / map.max_entries;
  auto filled = static_cast<std::size_t>(std::min(part, 1.0) * static_cast<double>(width));
  if (*outcome.entry_count != 0) filled = std::max<std::size_t>(filled, 1);
  if (part < 1.0) filled = std::min(filled, width - 1);
  return std::string(filled, '#') + std::string(width - filled, '.');
}

} // namespace mapscope::report
