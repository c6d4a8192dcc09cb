// SPDX-License-Identifier: Apache-2.0
#include "host/pipeline/lookup_values.hpp"

#include "host/report/declared.hpp"

namespace mapscope::pipeline {

void BlankedFields::state(const btf::SpecialField& /*field*/, std::span<const std::byte> /*bytes*/,
                          const btf::Types& /*types*/, btf::Progress& /*progress*/, btf::ValueVisitor& out) {
  any_ = true;
  out.fact("blanked", true);
}

/// What leads into an arena is a number like any other.
void BlankedFields::pointer(const btf::SpecialField& field, std::uint64_t value, const btf::Types& /*types*/,
                            btf::Progress& /*progress*/, btf::ValueVisitor& out) {
  if (field.kind == btf::Special::arena || field.kind == btf::Special::plain ||
      field.kind == btf::Special::function)
    return out.pointer(value);
  any_ = true;
  out.begin_pointer(value);
  out.fact("deref_skipped_reason", std::string_view("bpf(2) reads kernel pointers as zeros"));
  out.end_pointer();
}

LookupValues::LookupValues(const catalog::Map& map, const btf::Types* kernel, const btf::Limits& limits)
    : limits_(limits), key_(declared(map, true, kernel)), value_(declared(map, false, kernel)) {}

std::shared_ptr<const btf::Decoder> LookupValues::declared(const catalog::Map& map, bool is_key,
                                                           const btf::Types* kernel) {
  if (!is_key && map.name.ends_with(".rodata.str1.1")) return btf::Decoder::printable_text();
  const std::uint32_t size = is_key ? map.key_size : map.value_size;
  if (size == 0) return nullptr;
  auto [ref, remark] = report::declared_type(map, is_key);
  if (!remark.empty() && (remarks_.empty() || remarks_.back() != remark)) remarks_.push_back(remark);
  if (!ref.types) return nullptr;
  // The kernel's own types have no special fields.
  return btf::Decoder::compile(ref.types, ref.id, limits_, ref.types.get() != kernel ? &blanked_ : nullptr);
}

std::shared_ptr<const btf::Decoder> LookupValues::decoder(std::shared_ptr<const btf::Types> types,
                                                          btf::TypeId type) const {
  return types && type != 0 ? btf::Decoder::compile(std::move(types), type, limits_) : nullptr;
}

void LookupValues::take_key_type(const std::shared_ptr<const btf::Types>& types, btf::TypeId type) {
  if (auto other = decoder(types, type)) key_ = std::move(other);
}

void LookupValues::take_value_type(const std::shared_ptr<const btf::Types>& types, btf::TypeId type) {
  if (auto other = decoder(types, type)) value_ = std::move(other);
}

/// Local storage is keyed by its owner's address; a value without a type is bytes.
void LookupValues::take_owner_key() {
  key_ = btf::Decoder::kernel_pointer();
  if (!value_) value_ = btf::Decoder::raw_bytes();
}

} // namespace mapscope::pipeline
