// SPDX-License-Identifier: Apache-2.0
// One member of a value by its path, for who wants a number and not a picture: where it lies, up to the first
// pointer that has to be followed, and what its bytes say.
//
// Refuses: to follow pointers; that is for who has memory. Thread rule: pure.
#pragma once

#include "host/btf/types.hpp"

namespace mapscope::btf {

/// A path as far as it leads without following a pointer.
struct Leg {
  Member member;       ///< what it leads to
  bool follows;        ///< that is a pointer, and the path goes on behind it
  std::uint32_t index; ///< which of the objects behind the pointer
  std::string rest;    ///< the path from there
};

/// `path` as Types::member() takes it, also from a pointer or an array on, and also "". The error names what
/// was not found.
Result<Leg> leg(const Types& types, TypeId from, std::string_view path);

/// What a pointer type leads to, and whether it says that this is in an arena (the tag of __arena).
struct Pointee {
  TypeId type = 0;
  bool is_arenas = false;
};
Pointee pointee(const Types& types, TypeId pointer);

enum class ScalarKind : std::uint8_t { none, unsigned_number, signed_number, boolean, real, pointer };

struct Scalar {
  ScalarKind kind = ScalarKind::none; ///< none: a struct, a union, an array, or no number that fits
  std::uint64_t number = 0;           ///< as std::int64_t where it is signed
  double real = 0;
};

/// Bytes that scalar() must be given of a member, from offset() on; 0 for what has no size.
std::uint64_t span_of(const Types& types, const Member& member);
Scalar scalar(const Types& types, const Member& member, std::span<const std::byte> bytes);

} // namespace mapscope::btf
