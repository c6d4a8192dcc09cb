// SPDX-License-Identifier: Apache-2.0
#include "host/pipeline/lookup_values.hpp"

#include "host/btf/special.hpp"
#include "host/report/declared.hpp"

#include <algorithm>
#include <bpf/btf.h>

namespace mapscope::pipeline {

namespace {

constexpr std::size_t list_head_size = 16; // struct bpf_list_head

/// Of records in records and arrays of them, as btf_find_field() (kernel/bpf/btf.c) finds them; it takes 11
/// fields.
class ListHeads {
public:
  explicit ListHeads(const btf::Types& types) : types_(types) {}
  std::vector<std::size_t> in(btf::TypeId type) {
    find(type, 0, 0);
    return std::move(found_);
  }

private:
  void find(btf::TypeId id, std::size_t at, unsigned depth) {
    constexpr unsigned deepest = 8, most_looks = 1U << 16;
    id = types_.peel(id);
    const btf_type* const type = types_.type(id);
    if (type == nullptr || depth > deepest || ++looks_ > most_looks) return;
    if (btf_is_array(type)) elements(*::btf_array(type), at, depth + 1);
    if (!btf_is_struct(type)) return;
    if (btf::special_struct(types_.name_of(id)) == btf::Special::list_head) return found_.push_back(at);
    for (std::uint32_t i = 0; const auto member = types_.member_at(id, i); ++i)
      find(member->member.type, at + member->member.offset(), depth + 1);
  }
  void elements(const struct btf_array& array, std::size_t at, unsigned depth) {
    constexpr std::uint32_t most = 64;
    const std::uint64_t size = types_.size(array.type).value_or(0);
    for (std::uint32_t i = 0; i < std::min(array.nelems, most); ++i) find(array.type, at + i * size, depth);
  }

  const btf::Types& types_;
  std::vector<std::size_t> found_;
  unsigned looks_ = 0;
};

} // namespace

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
  if (!is_key) list_heads_ = ListHeads(*ref.types).in(ref.id);
  // The kernel's own types have no special fields.
  return btf::Decoder::compile(ref.types, ref.id, limits_, ref.types.get() != kernel ? &blanked_ : nullptr);
}

std::span<const std::byte> LookupValues::without_list_heads(std::span<const std::byte> value) {
  if (list_heads_.empty()) return value;
  cleared_.assign(value.begin(), value.end());
  for (const std::size_t at : list_heads_)
    if (at <= cleared_.size())
      std::ranges::fill(std::span(cleared_).subspan(at, std::min(list_head_size, cleared_.size() - at)),
                        std::byte{});
  return cleared_;
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
