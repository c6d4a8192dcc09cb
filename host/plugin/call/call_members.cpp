// SPDX-License-Identifier: Apache-2.0
// Members of values and of objects in memory, by their paths.
#include "host/plugin/call/call.hpp"

#include "host/catalog/arenas.hpp"

#include <mapscope/contract.hpp>

#include <bpf/btf.h>
#include <cstring>
#include <fmt/format.h>

using namespace mapscope;

namespace {

constexpr std::size_t longest_path = 256;
constexpr std::uint64_t largest_member = 1U << 20; ///< bytes that are read of an object in memory
constexpr unsigned most_pointers = 16;             ///< of one path

std::uint32_t kind_of(btf::ScalarKind kind) {
  switch (kind) {
  case btf::ScalarKind::unsigned_number:
    return MSC_SCALAR_UNSIGNED;
  case btf::ScalarKind::signed_number:
    return MSC_SCALAR_SIGNED;
  case btf::ScalarKind::boolean:
    return MSC_SCALAR_BOOL;
  case btf::ScalarKind::real:
    return MSC_SCALAR_REAL;
  case btf::ScalarKind::pointer:
    return MSC_SCALAR_POINTER;
  case btf::ScalarKind::none:
    break;
  }
  return MSC_SCALAR_NONE;
}

/// Programs may bring a kernel type of their own shape: "struct task_struct___old" (CO-RE).
std::string without_flavour(const std::string& spelled) {
  const std::size_t flavour = spelled.find("___");
  return flavour == spelled.npos || flavour == 0 ? spelled : spelled.substr(0, flavour);
}

} // namespace

/// Asked for again and again with the same few paths.
const btf::Leg* msc_call::leg_of(msc_type type, const TypeRef& ref, std::string_view path) {
  auto& known = legs_[type];
  if (const auto found = known.find(path); found != known.end()) return &found->second;
  auto leg = btf::leg(*ref.types, ref.id, path);
  if (!leg) {
    missing_ = leg.error().text, missing_of_ = ref, missing_path_ = path;
    return nullptr;
  }
  return &known.emplace(std::string(path), std::move(*leg)).first->second;
}

int msc_call::member_of(const msc_value& value, const char* path, msc_scalar* found) {
  if (!contract::begin_filling(*found)) return misuse("member_of() into a record of another size");
  if (value.type == MSC_DECLARED || value.type == MSC_POINTER)
    return misuse("member_of() a value without a handle of its type");
  const auto ref = resolve(value.type);
  if (!ref) return no_type(value.type, "member_of");
  if (value.data == nullptr) return MSC_EFAULT;
  const std::string_view spelled(path, ::strnlen(path, longest_path));
  const btf::Leg* leg = leg_of(value.type, *ref, spelled);
  if (leg == nullptr) return MSC_ENOENT;
  const std::uint64_t at = leg->member.offset(), size = btf::span_of(*ref->types, leg->member);
  if (at > value.size || size > value.size - at) return MSC_EFAULT; // cut
  const std::span bytes(static_cast<const std::byte*>(value.data) + at, size);
  if (leg->follows) return follow(value.type, *ref, *leg, bytes, 0, found);
  fill(value.type, *ref, leg->member, bytes, found);
  found->addr = 0, found->space = MSC_KERNEL;
  return MSC_OK;
}

int msc_call::member_at(std::uint32_t space, std::uint64_t address, msc_type type, const char* path,
                        msc_scalar* found) {
  if (!contract::begin_filling(*found)) return misuse("member_at() into a record of another size");
  const auto ref = resolve(type);
  if (!ref) return no_type(type, "member_at");
  return in_memory({space, address}, type, *ref, {path, ::strnlen(path, longest_path)}, 0, found);
}

int msc_call::in_memory(const Place& place, msc_type type, const TypeRef& ref, std::string_view path,
                        unsigned pointers, msc_scalar* found) {
  const btf::Leg* leg = leg_of(type, ref, path);
  if (leg == nullptr) return MSC_ENOENT;
  const std::uint64_t size = btf::span_of(*ref.types, leg->member);
  if (size > largest_member) return misuse(fmt::format("a member of {} bytes", size));
  std::vector<std::byte> bytes(size); // kept until the next call, while a pointer in it is followed
  const std::uint64_t at = place.address + leg->member.offset();
  if (const int rc = read(place.space, at, bytes.data(), size); rc != MSC_OK) return rc;
  if (leg->follows) return follow(type, ref, *leg, bytes, pointers, found);
  member_ = std::move(bytes);
  fill(type, ref, leg->member, member_, found);
  found->addr = at, found->space = place.space;
  return MSC_OK;
}

/// An object of the kernel has the kernel's own layout: that of the program names what it uses, and no more.
int msc_call::follow(msc_type type, const TypeRef& ref, const btf::Leg& leg, std::span<const std::byte> bytes,
                     unsigned pointers, msc_scalar* found) {
  const auto pointee = btf::pointee(*ref.types, leg.member.type);
  const std::uint64_t pointer = btf::scalar(*ref.types, leg.member, bytes).number;
  if (pointer == 0 || pointers == most_pointers) return MSC_EFAULT;
  Place place{MSC_KERNEL, pointer};
  TypeRef next{ref.types, pointee.type};
  msc_type tag = type & tag_mask;
  if (is_in_arena(pointer, pointee.is_arenas))
    place.space = MSC_ARENA;
  else if (!reader_.space().translator->is_kernels(pointer))
    return MSC_EFAULT;
  else if (const auto own = kernels_own(next))
    next = *own, tag = kernel_tag;
  const auto size = next.types->size(next.id);
  if (leg.index != 0 && !size) return MSC_ENOENT;
  place.address += leg.index * size.value_or(0);
  return in_memory(place, tag | next.id, next, leg.rest, pointers + 1, found);
}

bool msc_call::is_in_arena(std::uint64_t pointer, bool is_typed) {
  if (!arena_) arena_ = arena();
  return *arena_ != nullptr && (*arena_)->holds(pointer, is_typed);
}

std::optional<msc_call::TypeRef> msc_call::kernels_own(const TypeRef& type) const {
  if (type.types == environment_.kernel) return std::nullopt;
  const btf_type* found = type.types->type(type.id);
  const bool is_record = found != nullptr && (btf_is_composite(found) || btf_is_fwd(found));
  if (!is_record || found->name_off == 0) return std::nullopt;
  const auto own = environment_.kernel->find(without_flavour(type.types->spell(type.id)));
  return own ? std::optional(TypeRef{environment_.kernel, *own}) : std::nullopt;
}

void msc_call::fill(msc_type type, const TypeRef& ref, const btf::Member& member,
                    std::span<const std::byte> bytes, msc_scalar* found) {
  const btf::Scalar scalar = btf::scalar(*ref.types, member, bytes);
  found->kind = kind_of(scalar.kind);
  found->number = scalar.number, found->real = scalar.real;
  const bool is_bitfield = member.bit_size != 0;
  found->value = {(type & tag_mask) | member.type, is_bitfield ? nullptr : bytes.data(), bytes.size()};
}
