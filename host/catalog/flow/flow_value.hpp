// SPDX-License-Identifier: Apache-2.0
// What a register or a stack slot of a BPF program is known to hold at one instruction.
//
// Values form a lattice of little height: two that differ become unknown, but for null, which any pointer may
// be. So a loop's values settle after few rounds. Thread rule: plain values.
#pragma once

#include "host/btf/types.hpp"

#include <array>
#include <cstdint>
#include <optional>

namespace mapscope::catalog {

enum class Held : std::uint8_t {
  nothing, ///< no way leads here, as far as is known
  unknown,
  null,
  frame,   ///< `offset` bytes from the frame's end
  context, ///< what the program was called with
  map,     ///< a map; `type` is its number, `offset` bytes were added
  element, ///< what a hash found: the value lies behind the key; `type` is the map's number
  pointer, ///< `offset` bytes into an object of `type`; type 0: of no known type
  number   ///< loaded from the member at `offset` of `type`, and `delta` was added
};

/// Where a pointer leads.
enum class Space : std::uint8_t {
  map,
  arena,
  kernel,
  own
}; ///< own: a type of the program's, wherever it lies

struct Value {
  Held held = Held::unknown;
  Space space = Space::own;
  const btf::Types* types = nullptr;
  btf::TypeId type = 0;
  std::int32_t offset = 0, delta = 0;
  bool operator==(const Value&) const = default;
};

/// What it is where two ways meet.
Value join(const Value& one, const Value& other);

/// As many registers as an instruction can name, and the 512 bytes of a frame. Behind the frame's pointer
/// come the verifier's own, of which releases have more or fewer: AX has been 11, and is 12 on 7.3.
struct FlowState {
  static constexpr std::size_t frame_size = 512, slot_size = 8;
  std::array<Value, 16> registers{};
  std::array<Value, frame_size / slot_size> slots{};

  static FlowState at_entry();
  /// True when something changed.
  bool join(const FlowState& other);
  [[nodiscard]] Value* slot(std::int32_t offset, std::uint32_t size);
  /// Bytes that are written without being one value.
  void forget(std::int32_t offset, std::uint32_t size);
  void forget_frame() { slots.fill({}); }
};

/// A member at an offset, entered down to what has none itself.
struct Leaf {
  btf::TypeId type = 0;     ///< peeled
  btf::TypeId owner = 0;    ///< the innermost struct or section
  std::uint64_t offset = 0; ///< in that, of the member: of an array where it begins
};
std::optional<Leaf> leaf_at(const btf::Types& types, btf::TypeId type, std::uint64_t offset,
                            std::uint64_t size);
/// An unsigned integer of 64 bits.
bool is_u64(const btf::Types& types, btf::TypeId type);
/// Of a pointer the struct that it leads to; 0: none. *arena: its type says that it is an arena's.
btf::TypeId pointee_of(const btf::Types& types, btf::TypeId pointer, bool* arena = nullptr);

} // namespace mapscope::catalog
