// SPDX-License-Identifier: Apache-2.0
#include "host/plugin/call/member_helpers.hpp"

#include "host/btf/flavour.hpp"
#include "host/plugin/call/environment.hpp"
#include "host/plugin/call/memory.hpp"
#include "host/plugin/call/type_handles.hpp"
#include "host/plugin/call/type_helpers.hpp"
#include "host/plugin/call/words.hpp"

#include <mapscope/contract.hpp>

#include <bpf/btf.h>
#include <cstring>
#include <fmt/format.h>

namespace mapscope::plugin {

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

std::string_view cut(const char* path) { return {path, ::strnlen(path, longest_path)}; }

void fill(msc_type type, const catalog::TypeRef& ref, const btf::Member& member,
          std::span<const std::byte> bytes, msc_scalar* found) {
  const btf::Scalar scalar = btf::scalar(*ref.types, member, bytes);
  found->kind = kind_of(scalar.kind);
  found->number = scalar.number, found->real = scalar.real;
  const bool is_bitfield = member.bit_size != 0;
  found->value = {(type & tag_mask) | member.type, is_bitfield ? nullptr : bytes.data(), bytes.size()};
}

} // namespace

const btf::Leg* MemberHelpers::leg(const Handle& from, std::string_view path) {
  auto& known = legs_[from.type];
  if (const auto found = known.find(path); found != known.end()) return &found->second;
  auto leg = btf::leg(*from.ref.types, from.ref.id, path);
  if (leg) return &known.emplace(std::string(path), std::move(*leg)).first->second;
  types_.miss(leg.error().text, from.ref, path);
  return nullptr;
}

int MemberHelpers::of(const msc_value& value, const char* path, msc_scalar* found) {
  if (!contract::begin_filling(*found)) return words_.misuse("member_of() into a record of another size");
  if (value.type == MSC_DECLARED || value.type == MSC_POINTER)
    return words_.misuse("member_of() a value without a handle of its type");
  const auto ref = types_.resolve(value.type);
  if (!ref) return types_.no_type(value.type, "member_of");
  if (value.data == nullptr) return MSC_EFAULT;
  const Handle from{value.type, *ref};
  const btf::Leg* leg = this->leg(from, cut(path));
  if (leg == nullptr) return MSC_ENOENT;
  const std::uint64_t at = leg->member.offset(), size = btf::span_of(*ref->types, leg->member);
  if (at > value.size || size > value.size - at) return MSC_EFAULT; // cut
  const std::span bytes(static_cast<const std::byte*>(value.data) + at, size);
  if (leg->follows) return follow(from, *leg, bytes, 0, found);
  fill(from.type, *ref, leg->member, bytes, found);
  found->addr = 0, found->space = MSC_KERNEL;
  return MSC_OK;
}

int MemberHelpers::at(std::uint32_t space, std::uint64_t address, msc_type type, const char* path,
                      msc_scalar* found) {
  if (!contract::begin_filling(*found)) return words_.misuse("member_at() into a record of another size");
  const auto ref = types_.resolve(type);
  if (!ref) return types_.no_type(type, "member_at");
  return in_memory({space, address}, {type, *ref}, cut(path), 0, found);
}

int MemberHelpers::in_memory(const Place& place, const Handle& from, std::string_view path, unsigned pointers,
                             msc_scalar* found) {
  const btf::Leg* leg = this->leg(from, path);
  if (leg == nullptr) return MSC_ENOENT;
  const std::uint64_t size = btf::span_of(*from.ref.types, leg->member);
  if (size > largest_member) return words_.misuse(fmt::format("a member of {} bytes", size));
  std::vector<std::byte> bytes(size);
  const std::uint64_t at = place.address + leg->member.offset();
  if (const int rc = memory_.read(place.space, at, bytes.data(), size); rc != MSC_OK) return rc;
  if (leg->follows) return follow(from, *leg, bytes, pointers, found);
  bytes_ = std::move(bytes);
  fill(from.type, from.ref, leg->member, bytes_, found);
  found->addr = at, found->space = place.space;
  return MSC_OK;
}

int MemberHelpers::follow(const Handle& from, const btf::Leg& leg, std::span<const std::byte> bytes,
                          unsigned pointers, msc_scalar* found) {
  const auto pointee = btf::pointee(*from.ref.types, leg.member.type);
  const std::uint64_t pointer = btf::scalar(*from.ref.types, leg.member, bytes).number;
  if (pointer == 0 || pointers == most_pointers) return MSC_EFAULT;
  Place place{MSC_KERNEL, pointer};
  Handle next{(from.type & tag_mask) | pointee.type, {from.ref.types, pointee.type}};
  if (memory_.is_in_arena(pointer, pointee.is_arenas))
    place.space = MSC_ARENA;
  else if (!memory_.space().translator->is_kernels(pointer))
    return MSC_EFAULT;
  else if (const auto own = kernels_own(next.ref))
    next = {kernel_tag | own->id, *own};
  const auto size = next.ref.types->size(next.ref.id);
  if (leg.index != 0 && !size) return MSC_ENOENT;
  place.address += leg.index * size.value_or(0);
  return in_memory(place, next, leg.rest, pointers + 1, found);
}

std::optional<catalog::TypeRef> MemberHelpers::kernels_own(const catalog::TypeRef& type) const {
  const auto& kernel = task_.environment.kernel;
  const btf_type* found = type.types->type(type.id);
  const bool is_record = found != nullptr && (btf_is_composite(found) || btf_is_fwd(found));
  if (type.types == kernel || !is_record || found->name_off == 0) return std::nullopt;
  const auto own = kernel->find(btf::without_flavour(type.types->spell(type.id)));
  return own ? std::optional(catalog::TypeRef{kernel, *own}) : std::nullopt;
}

} // namespace mapscope::plugin
