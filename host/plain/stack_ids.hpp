// SPDX-License-Identifier: Apache-2.0
// Ids of stacks where no name tells them: keys that are one number, and keys and values without a type, as
// bpftrace has them.
//
// Refuses: to take numbers for ids that a full stack map would have by chance. Thread rule: pure functions.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace mapscope::plain {

/// What a stack map has stacks for, of so many ids that it could have.
struct StackIds {
  std::set<std::int64_t> ids;
  std::uint64_t buckets = 0;
};

/// The kernel rounds it up.
std::uint64_t buckets_of(std::uint64_t max_entries);

/// All of them are, and numbers that are none would hardly be.
bool are_ids(const std::set<std::int64_t>& numbers, const StackIds& of);

/// Where in so many bytes an id may lie. A hostile map's keys have many: only so far.
std::vector<std::size_t> id_places(std::size_t size);
/// Negative: an error. Nothing: they end before.
std::optional<std::int64_t> id_in(std::span<const std::byte> bytes, std::size_t place);
/// What such a member is called: "key[8]".
std::string place_name(std::string_view part, std::size_t place);

/// The error of a stack that was there and is lost, since another has its place in the map or no room was
/// left: "EEXIST". "": there was none.
std::string_view loss(std::int64_t id);

/// A frame of what runs the tracing program, which is the same in each of its stacks.
bool is_of_tracing(std::string_view symbol);

} // namespace mapscope::plain
