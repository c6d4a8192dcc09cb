// SPDX-License-Identifier: Apache-2.0
// Members by their paths, as the fake host finds them among its types.
#include "fake_render.hpp"

#include <algorithm>
#include <charconv>
#include <cstring>

namespace mapscope::testing {

namespace {

constexpr std::size_t largest_member = 64 << 10;

/// Where a path has come: in a value, or in memory.
struct Place {
  const FakeHost::Type* type; ///< null: none that the image describes
  std::span<const std::byte> bytes;
  bool in_memory = false;
  std::uint32_t space = MSC_KERNEL;
  std::uint64_t address = 0;
  std::uint32_t bit = 0, bit_size = 0; ///< of a bitfield, behind the place
};

const FakeHost::Type* type_of(Render* call, std::uint32_t scope, std::string_view name) {
  return known(call, call->host.handle(scope, name));
}

bool is_array(const FakeHost::Type& type) { return type.name.ends_with(']'); }
bool is_pointer(const FakeHost::Type& type) {
  return type.name.starts_with("ptr ") || type.name.starts_with("arena ");
}

void go(Place& place, std::uint64_t bytes) {
  place.address += bytes;
  place.bytes = place.bytes.subspan(std::min<std::uint64_t>(bytes, place.bytes.size()));
}

/// So many bytes from the place; an empty answer and MSC_OK never come together.
int load(Render* call, const Place& place, std::size_t size, std::span<const std::byte>& ret) {
  if (!place.in_memory) {
    if (place.bytes.size() < size) return MSC_EFAULT;
    ret = place.bytes.first(size);
    return MSC_OK;
  }
  call->member.resize(size);
  ret = call->member;
  return read_memory(call, place.space, place.address, call->member);
}

/// Into what a pointer leads to.
int follow(Render* call, Place& place) {
  std::span<const std::byte> bytes;
  if (const int rc = load(call, place, sizeof place.address, bytes); rc != MSC_OK) return rc;
  std::memcpy(&place.address, bytes.data(), sizeof place.address);
  if (place.address == 0) return MSC_EFAULT;
  const std::string_view name = place.type->name;
  place.space = name.starts_with("arena ") ? MSC_ARENA : MSC_KERNEL;
  place.in_memory = true;
  place.type = type_of(call, place.type->scope, name.substr(name.find(' ') + 1));
  return place.type != nullptr ? MSC_OK : MSC_ENOENT;
}

/// "[3]" of an array; takes it off the path.
int index(Render* call, Place& place, std::string_view& path) {
  const auto end = path.find(']');
  std::uint64_t at = 0, count = 0;
  const std::string_view name = place.type->name;
  const auto bracket = name.rfind('[');
  if (!is_array(*place.type) || end == path.npos ||
      std::from_chars(path.data() + 1, path.data() + end, at).ptr != path.data() + end)
    return MSC_ENOENT;
  std::from_chars(name.data() + bracket + 1, name.data() + name.size() - 1, count);
  const auto* const each = type_of(call, place.type->scope, name.substr(0, bracket));
  if (at >= count || each == nullptr) return MSC_ENOENT;
  go(place, at * each->size);
  place.type = each;
  path.remove_prefix(end + 1);
  return MSC_OK;
}

/// The longest beginning of the path that the type knows, as "head.first"; takes it off the path.
int enter_member(Render* call, Place& place, std::string_view& path) {
  std::string_view name = path;
  auto found = place.type->members.find(name);
  while (found == place.type->members.end()) {
    const auto cut = name.find_last_of(".[");
    if (cut == name.npos || cut == 0) return MSC_ENOENT;
    name = name.substr(0, cut);
    found = place.type->members.find(name);
  }
  const auto& member = found->second;
  path.remove_prefix(name.size());
  if (member.type.empty() && member.bit_size == 0)
    return misuse(call, "the image does not say of what type " + std::string(name) + " of " +
                            place.type->name + " is: " + std::string(name) + "=" +
                            std::to_string(member.bit_offset / 8) + ":u32");
  go(place, member.bit_offset / 8);
  place.bit = member.bit_offset % 8, place.bit_size = member.bit_size;
  place.type = type_of(call, place.type->scope, member.type);
  return MSC_OK;
}

int walk(Render* call, Place& place, std::string_view path) {
  int rc = MSC_OK;
  while (rc == MSC_OK && !path.empty()) {
    if (place.type == nullptr) return MSC_ENOENT;
    if (path[0] == '[') {
      rc = index(call, place, path);
      continue;
    }
    if (path[0] == '.') path.remove_prefix(1);
    if (is_pointer(*place.type)) rc = follow(call, place);
    if (rc == MSC_OK) rc = enter_member(call, place, path);
  }
  return rc;
}

std::uint32_t kind_of(const FakeHost::Type* type) {
  if (type == nullptr) return MSC_SCALAR_UNSIGNED; // a bitfield
  const std::string_view name = type->name;
  const auto is_negative = [](const auto& enumerator) { return enumerator.second < 0; };
  if (is_array(*type)) return MSC_SCALAR_NONE;
  if (is_pointer(*type)) return MSC_SCALAR_POINTER;
  if (name.starts_with("enum "))
    return std::ranges::any_of(type->enumerators, is_negative) ? MSC_SCALAR_SIGNED : MSC_SCALAR_UNSIGNED;
  if (name.find(' ') != name.npos) return MSC_SCALAR_NONE;
  if (name == "bool") return MSC_SCALAR_BOOL;
  if (name[0] == 'f') return MSC_SCALAR_REAL;
  return name[0] == 'u' ? MSC_SCALAR_UNSIGNED : MSC_SCALAR_SIGNED;
}

void set_number(msc_scalar& scalar, std::uint64_t bits, unsigned width) {
  if (width < 64) bits &= (1ULL << width) - 1;
  const bool is_negative = scalar.kind == MSC_SCALAR_SIGNED && width != 0 && (bits >> (width - 1) & 1) != 0;
  if (is_negative && width < 64) bits |= ~0ULL << width;
  scalar.number = bits;
  scalar.real = scalar.kind == MSC_SCALAR_SIGNED ? static_cast<double>(static_cast<std::int64_t>(bits))
                                                 : static_cast<double>(bits);
}

void set_real(msc_scalar& scalar, std::span<const std::byte> bytes) {
  float single = 0;
  if (bytes.size() == sizeof single) {
    std::memcpy(&single, bytes.data(), sizeof single);
    scalar.real = single;
  } else {
    std::memcpy(&scalar.real, bytes.data(), sizeof scalar.real);
  }
}

int fill(Render* call, const Place& place, msc_scalar& ret) {
  if (place.type == nullptr && place.bit_size == 0) return MSC_ENOENT;
  const std::size_t size = place.bit_size != 0 ? (place.bit + place.bit_size + 7) / 8 : place.type->size;
  std::span<const std::byte> bytes;
  if (size > largest_member) return MSC_EFAULT;
  if (const int rc = load(call, place, size, bytes); rc != MSC_OK) return rc;
  const msc_type type =
      place.type != nullptr ? call->host.handle(place.type->scope, place.type->name) : msc_type{MSC_BYTES};
  ret.kind = kind_of(place.type);
  ret.number = 0, ret.real = 0;
  ret.value = {type, place.bit_size != 0 ? nullptr : bytes.data(), place.bit_size != 0 ? 0 : size};
  ret.addr = place.in_memory ? place.address : 0, ret.space = place.in_memory ? place.space : 0;
  std::uint64_t bits = 0;
  std::memcpy(&bits, bytes.data(), std::min(size, sizeof bits));
  if (ret.kind == MSC_SCALAR_REAL)
    set_real(ret, bytes);
  else if (ret.kind != MSC_SCALAR_NONE)
    set_number(ret, bits >> place.bit,
               place.bit_size != 0 ? place.bit_size : static_cast<unsigned>(size * 8));
  return MSC_OK;
}

/// A value that is a pointer and has no other type.
int fill_pointer(const msc_value& value, msc_scalar& ret) {
  if (value.size != sizeof ret.number) return MSC_ENOENT;
  ret.kind = MSC_SCALAR_POINTER;
  std::memcpy(&ret.number, value.data, sizeof ret.number);
  ret.real = static_cast<double>(ret.number);
  ret.value = value, ret.addr = 0, ret.space = 0;
  return MSC_OK;
}

int begin(Render* call, const char* helper, const char* path, msc_scalar* ret) {
  if (path == nullptr || ret == nullptr) return misuse(call, std::string(helper) + " with NULL");
  return begin_filling(*ret) ? int{MSC_OK} : misuse(call, std::string(helper) + " into nothing");
}

} // namespace

int member_of(Render* call, const msc_value* value, const char* path, msc_scalar* ret) {
  if (const int rc = enter(call); rc != MSC_OK) return rc;
  if (value == nullptr) return misuse(call, "member_of() with NULL");
  if (const int rc = begin(call, "member_of()", path, ret); rc != MSC_OK) return rc;
  const bool is_made_up = call->made_up.holds(value->type);
  const auto* const type = known(call, value->type);
  if (type == nullptr && value->type > MSC_POINTER && !is_made_up)
    return misuse(call, "member_of() of no type");
  if (type == nullptr && value->type != MSC_POINTER && !is_made_up) return MSC_ENOENT;
  if (value->data == nullptr) return MSC_EFAULT;
  if (is_made_up) return call->made_up.scalar(value->type, path, 0, call->member, *ret);
  if (type == nullptr) return *path == 0 ? fill_pointer(*value, *ret) : int{MSC_ENOENT};
  Place place{type, {static_cast<const std::byte*>(value->data), value->size}};
  const int rc = walk(call, place, path);
  return rc == MSC_OK ? fill(call, place, *ret) : rc;
}

int member_at(Render* call, std::uint32_t space, std::uint64_t address, msc_type of, const char* path,
              msc_scalar* ret) {
  if (const int rc = enter(call); rc != MSC_OK) return rc;
  if (const int rc = begin(call, "member_at()", path, ret); rc != MSC_OK) return rc;
  if (space > MSC_ARENA && space < MSC_CPU0)
    return misuse(call, "member_at() in address space " + std::to_string(space));
  if (call->made_up.holds(of)) {
    if (call->host.beyond->without_memory) return MSC_EFAULT;
    const int rc = call->made_up.scalar(of, path, address, call->member, *ret);
    ret->addr = address, ret->space = space;
    return rc;
  }
  const auto* const type = known(call, of);
  if (type == nullptr) return of == MSC_BYTES ? int{MSC_ENOENT} : misuse(call, "member_at() of no type");
  Place place{type, {}, true, space, address};
  const int rc = walk(call, place, path);
  return rc == MSC_OK ? fill(call, place, *ret) : rc;
}

} // namespace mapscope::testing
