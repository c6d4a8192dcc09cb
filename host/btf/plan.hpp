// SPDX-License-Identifier: Apache-2.0
// A type compiled for decoding: what the Decoder runs over. Private to this folder.
//
// Nodes refer to each other by index; a type that is used twice is compiled once, and a type that contains
// itself (no compiler makes one, a hostile BTF may) is a cycle that decoding leaves through its depth limit.
#pragma once

#include "host/btf/behind.hpp"
#include "host/btf/types.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace mapscope::btf {

enum class Op : std::uint8_t {
  // Scalars: 1 to 8 bytes, or the bits of a bitfield.
  signed_int,
  unsigned_int,
  boolean,
  character,
  real,
  enumeration,
  pointer,
  // All others.
  wide_boolean, ///< of more than 8 bytes
  wide_int,     ///< of more than 8 bytes, up to 16, or a bitfield of more than 64 bits
  odd_real,     ///< neither 4 nor 8 bytes
  bytes,
  cpu_mask,
  record,
  section,
  array,
  special_pointer, ///< one that leads somewhere
  unsupported
};
constexpr bool is_scalar(Op op) { return op <= Op::pointer; }

/// How a record's bytes become a member's.
enum class Access : std::uint8_t {
  scalar,    ///< a scalar of its own bytes
  bitfield,  ///< `width` bits, `shift` bits above `offset`
  whole,     ///< `size` bytes
  open_ended ///< at least `size` bytes, and all that follow: it ends in an array without a length
};

struct PlanMember {
  std::string_view name;
  std::uint64_t offset = 0; ///< bytes, from the start of the record
  std::uint64_t size = 0;   ///< bytes that are its own; of no meaning for a bitfield
  std::uint32_t node = 0;
  Access access = Access::whole;
  std::uint8_t shift = 0, width = 0;
  std::uint8_t hops = 1; ///< what it adds to the depth: a section's variable leads to its type
};

struct Node {
  Op op = Op::unsupported;
  bool is_signed = false;   ///< enumeration, wide integer
  bool open_ended = false;  ///< record: its last member is; array: it has no length
  bool is_text = false;     ///< array: of plain characters
  std::uint32_t bits = 0;   ///< scalar: of the storage, or of the bitfield
  bool has_numbers = false; ///< it is an unsigned one of 64 bits, or some are in it
  TypeId type = 0;          ///< peeled; of no meaning where several types share the node
  std::uint64_t size = 0;   ///< bytes
  std::string_view name;    ///< record, section and odd_real: type name
  /// Record, section: first member. Enumeration: first constant. Array: the element's node. Unsupported: the
  /// reason. CPU mask: bytes before the first word.
  std::uint32_t first = 0;
  std::uint32_t count = 0;  ///< record, section: members; enumeration: constants; CPU mask: 64-bit words
  std::uint64_t length = 0; ///< array: declared elements
  std::uint64_t stride = 0; ///< array: bytes per element
  /// Special pointer, and a record that the kernel keeps state in: which special field, plus one; 0 = none.
  std::uint32_t special = 0;
};

struct Plan {
  std::vector<Node> nodes;
  std::vector<PlanMember> members;
  /// Constants of all enumerations, each one's sorted by value masked to its width, the first declared of
  /// equals.
  std::vector<std::pair<std::uint64_t, std::string_view>> constants;
  std::vector<std::string> reasons;
  std::vector<SpecialField> specials;
  std::uint32_t root = 0;
};

/// Names in the plan are views into `types`. Special fields are like any others without a `behind`.
Plan compile_plan(const Types& types, TypeId type, const Behind* behind = nullptr);
/// Of a struct no more than tells which object it is: see Decoder::compile_summary().
Plan compile_summary_plan(const Types& types, TypeId type);

} // namespace mapscope::btf
