// SPDX-License-Identifier: Apache-2.0
#include "host/btf/scalar.hpp"

#include "host/btf/enumeration.hpp"
#include "host/btf/info.hpp"
#include "host/btf/special.hpp"

#include <algorithm>
#include <bpf/btf.h>
#include <cstring>
#include <fmt/format.h>

namespace mapscope::btf {

namespace {

/// What stands between `[` and `]` at the front of `text`, which is cut off.
std::optional<std::uint32_t> take_index(std::string_view& text) {
  const std::size_t end = text.find(']');
  if (end == text.npos || end < 2 || end > 10) return std::nullopt; // nine digits fit 32 bits
  std::uint32_t index = 0;
  for (const char digit : text.substr(1, end - 1)) {
    if (digit < '0' || digit > '9') return std::nullopt;
    index = index * 10 + static_cast<std::uint32_t>(digit - '0');
  }
  text.remove_prefix(end + 1);
  return index;
}

bool is_pointer(const Types& types, TypeId id) {
  const btf_type* type = types.type(types.peel(id));
  return type != nullptr && btf_is_ptr(type);
}

/// Where the step that begins at `at` ends.
std::size_t step_end(std::string_view path, std::size_t at) {
  return std::min(path.find_first_of(".[", at + 1), path.size());
}

Result<Leg> behind_pointer(const Member& pointer, std::string_view rest) {
  Leg leg{pointer, true, 0, {}};
  if (rest.starts_with('[')) {
    const auto index = take_index(rest);
    if (!index) return fail(Errc::not_found, fmt::format("\"{}\" is no index", rest));
    leg.index = *index;
  }
  leg.rest = rest.starts_with('.') ? rest.substr(1) : rest;
  return leg;
}

std::uint64_t little_endian(std::span<const std::byte> bytes, unsigned shift, unsigned bits) {
  __uint128_t all = 0;
  std::memcpy(&all, bytes.data(), std::min(bytes.size(), sizeof all));
  const auto number = static_cast<std::uint64_t>(all >> shift);
  return bits >= 64 ? number : number & ((1ULL << bits) - 1);
}

std::uint64_t sign_extended(std::uint64_t number, unsigned bits) {
  if (bits >= 64 || (number >> (bits - 1) & 1) == 0) return number;
  return number | ~0ULL << bits;
}

Scalar integer(std::uint64_t number, unsigned bits, bool is_signed) {
  if (!is_signed) return {ScalarKind::unsigned_number, number, static_cast<double>(number)};
  number = sign_extended(number, bits);
  return {ScalarKind::signed_number, number, static_cast<double>(static_cast<std::int64_t>(number))};
}

Scalar real(std::span<const std::byte> bytes) {
  Scalar out{ScalarKind::real, 0, 0};
  float narrow = 0;
  if (bytes.size() == sizeof narrow) {
    std::memcpy(&narrow, bytes.data(), sizeof narrow);
    out.real = narrow;
  } else if (bytes.size() == sizeof out.real) {
    std::memcpy(&out.real, bytes.data(), sizeof out.real);
  } else {
    out.kind = ScalarKind::none;
  }
  return out;
}

} // namespace

Result<Leg> leg(const Types& types, TypeId from, std::string_view path) {
  Member here{from, 0, 0};
  for (std::size_t at = 0; at < path.size(); at = step_end(path, at)) {
    if (is_pointer(types, here.type)) return behind_pointer(here, path.substr(at));
    const auto next = types.member(from, path.substr(0, step_end(path, at)));
    if (!next) return std::unexpected(next.error());
    here = *next;
  }
  return Leg{here, false, 0, {}};
}

Pointee pointee(const Types& types, TypeId pointer) {
  constexpr unsigned most_tags = 8;
  const btf_type* type = types.type(types.peel(pointer));
  Pointee found;
  if (type == nullptr || !btf_is_ptr(type)) return found;
  TypeId target = type->type;
  for (unsigned hop = 0; hop < most_tags; ++hop) {
    const btf_type* tag = types.type(target);
    if (tag == nullptr || !(btf_is_type_tag(tag) || btf_is_mod(tag))) break;
    const std::string_view name = btf_is_type_tag(tag) ? types.text(tag->name_off) : "";
    found.is_arenas = found.is_arenas || is_arena_tag(name);
    target = tag->type;
  }
  found.type = types.peel(target);
  return found;
}

std::uint64_t span_of(const Types& types, const Member& member) {
  if (member.bit_size != 0) return (member.bit_offset % 8 + member.bit_size + 7) / 8;
  return types.size(member.type).value_or(0);
}

Scalar scalar(const Types& types, const Member& member, std::span<const std::byte> bytes) {
  const btf_type* type = types.type(types.peel(member.type));
  if (type == nullptr || bytes.size() < span_of(types, member) || bytes.empty()) return {};
  if (btf_is_float(type)) return real(bytes);
  const bool is_integer = btf_is_int(type) || btf_is_any_enum(type) || btf_is_ptr(type);
  if (!is_integer || (member.bit_size == 0 && type->size > 8 && !btf_is_ptr(type))) return {};
  const auto bits = static_cast<unsigned>(member.bit_size != 0 ? member.bit_size : bytes.size() * 8);
  const std::uint64_t number = little_endian(bytes, member.bit_offset % 8, bits);
  if (btf_is_ptr(type)) return {ScalarKind::pointer, number, static_cast<double>(number)};
  if (!btf_is_int(type)) return integer(number, bits, is_signed_enum(types, type));
  const auto encoding = btf_int_encoding(type);
  if ((encoding & BTF_INT_BOOL) != 0) return {ScalarKind::boolean, number, static_cast<double>(number)};
  return integer(number, bits, (encoding & BTF_INT_SIGNED) != 0);
}

} // namespace mapscope::btf
