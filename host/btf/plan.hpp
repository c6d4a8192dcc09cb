// SPDX-License-Identifier: Apache-2.0
// A type compiled for decoding: what the Decoder runs over. Private to this folder.
//
// Nodes refer to each other by index; a type that is used twice is compiled once, and a type that contains
// itself (no compiler makes one, a hostile BTF may) is a cycle that decoding leaves through its depth limit.
#pragma once

#include "host/btf/decoder.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace mapscope::btf {

enum class Op : std::uint8_t {
  signed_int,
  unsigned_int,
  boolean,
  character,
  real,
  enumeration,
  record,
  section,
  array,
  pointer,
  bytes,
  cpu_mask,
  unsupported
};

struct PlanMember {
  std::string_view name;
  std::uint32_t node = 0;
  std::uint64_t offset = 0; ///< bytes, from the start of the record
  std::uint32_t shift = 0;  ///< bitfield: bits above the offset
  std::uint32_t width = 0;  ///< bitfield: bits; 0 = ordinary member
  std::uint64_t size = 0;   ///< ordinary member: bytes that are its own
  bool flexible = false;    ///< an array without a length at the end: takes what bytes there are
};

struct Node {
  Op op = Op::unsupported;
  bool is_signed = false;
  bool named = false;     ///< record: has a type name
  std::uint32_t bits = 0; ///< of the storage, or of the bitfield
  std::uint64_t size = 0; ///< bytes; 0 for what has none
  std::string_view name;  ///< record and section: type name
  std::uint32_t first =
      0; ///< record, section: first member; enumeration: first constant; array: element's node
  std::uint32_t count = 0;  ///< of members or constants
  std::uint64_t length = 0; ///< array: declared elements
  std::uint64_t stride = 0; ///< array: bytes per element
  std::uint32_t reason = 0; ///< unsupported: index of the text
  std::uint64_t skip = 0;   ///< cpu_mask: bytes before the first word
};

struct Plan {
  std::vector<Node> nodes;
  std::vector<PlanMember> members;
  /// Constants of all enumerations, each one's sorted by value masked to its width, the first declared of
  /// equals.
  std::vector<std::pair<std::uint64_t, std::string_view>> constants;
  std::vector<std::string> reasons;
  std::uint32_t root = 0;
};

Plan compile_plan(const Types& types, TypeId type);

} // namespace mapscope::btf
