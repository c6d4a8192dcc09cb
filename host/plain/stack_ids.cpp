// SPDX-License-Identifier: Apache-2.0
#include "host/plain/stack_ids.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cerrno>
#include <cmath>
#include <fmt/format.h>

namespace mapscope::plain {

std::uint64_t buckets_of(std::uint64_t max_entries) {
  return max_entries > (1ULL << 32) ? max_entries : std::bit_ceil(max_entries);
}

bool are_ids(const std::set<std::int64_t>& numbers, const StackIds& of) {
  constexpr double enough_bits = 16; // one time in 65536 by chance
  if (of.ids.empty() || of.buckets <= of.ids.size()) return false;
  if (numbers.empty() || *numbers.rbegin() == 0) return false; // zero is what is not there
  const double bits = std::log2(static_cast<double>(of.buckets) / static_cast<double>(of.ids.size()));
  return static_cast<double>(numbers.size()) * bits >= enough_bits && std::ranges::includes(of.ids, numbers);
}

std::vector<std::size_t> id_places(std::size_t size) {
  constexpr std::size_t most = 256;
  std::vector<std::size_t> places;
  for (std::size_t at = 0; at + sizeof(std::uint32_t) <= std::min(size, most); at += sizeof(std::uint32_t))
    places.push_back(at);
  return places;
}

std::optional<std::int64_t> id_in(std::span<const std::byte> bytes, std::size_t place) {
  if (place > bytes.size() || bytes.size() - place < sizeof(std::uint32_t)) return std::nullopt;
  std::uint32_t word = 0;
  for (std::size_t i = sizeof word; i-- > 0;)
    word = word << 8 | std::to_integer<std::uint32_t>(bytes[place + i]);
  return static_cast<std::int32_t>(word);
}

std::string place_name(std::string_view part, std::size_t place) {
  return fmt::format("{}[{}]", part, place);
}

std::string_view loss(std::int64_t id) {
  if (id == -EEXIST) return "EEXIST";
  return id == -ENOMEM ? "ENOMEM" : "";
}

bool is_of_tracing(std::string_view symbol) {
  constexpr auto beginnings = std::to_array<std::string_view>(
      {"bpf_prog_", "bpf_trace_run", "bpf_trampoline_", "bpf_get_stack", "__traceiter_", "perf_trace_"});
  return std::ranges::any_of(beginnings, [&](std::string_view one) { return symbol.starts_with(one); });
}

} // namespace mapscope::plain
