// SPDX-License-Identifier: Apache-2.0
#include "tests/support/btf_builder.hpp"

#include <algorithm>
#include <cstring>
#include <gtest/gtest.h>
#include <stdexcept>

namespace mapscope::test {

namespace {

TypeId checked(int id) {
  if (id < 0)
    throw std::invalid_argument(std::string("libbpf refuses to write a type: ") + std::strerror(-id));
  return static_cast<TypeId>(id);
}

} // namespace

BtfBuilder::BtfBuilder() : BtfBuilder(btf__new_empty(), 1) {}

BtfBuilder BtfBuilder::split_on(const BtfBuilder& base) {
  return BtfBuilder(btf__new_empty_split(base.btf_), base.next_id());
}

BtfBuilder::~BtfBuilder() { btf__free(btf_); }

TypeId BtfBuilder::next_id() const { return btf__type_cnt(btf_); }

TypeId BtfBuilder::integer(const std::string& name, std::uint32_t bytes, int encoding) {
  return checked(btf__add_int(btf_, name.c_str(), bytes, encoding));
}

TypeId BtfBuilder::real(const std::string& name, std::uint32_t bytes) {
  const TypeId id = checked(btf__add_float(btf_, name.c_str(), 8));
  patch(id, 2, bytes);
  return id;
}

TypeId BtfBuilder::pointer(TypeId to) { return checked(btf__add_ptr(btf_, static_cast<int>(to))); }

TypeId BtfBuilder::array(TypeId element, std::uint32_t length) {
  const int type = static_cast<int>(element);
  return checked(btf__add_array(btf_, type, type, length));
}

TypeId BtfBuilder::record(const std::string& name, const std::vector<Field>& fields, std::uint32_t size) {
  return fill(checked(btf__add_struct(btf_, name.c_str(), size)), fields, size);
}

TypeId BtfBuilder::union_of(const std::string& name, const std::vector<Field>& fields, std::uint32_t size) {
  return fill(checked(btf__add_union(btf_, name.c_str(), size)), fields, size);
}

TypeId BtfBuilder::fill(TypeId record, const std::vector<Field>& fields, std::uint32_t size) {
  const bool is_union = btf_is_union(btf__type_by_id(btf_, record));
  std::int64_t end = 0, widest = 1;
  for (const Field& field : fields) {
    // Where all is given, nothing is asked of libbpf: types that lead to themselves would keep it for ever.
    const bool placed = field.bit && size != 0;
    const bool unsized = placed || field.type == 0 || field.type == record || field.type >= next_id();
    const std::int64_t bytes = unsized ? 0 : std::max<std::int64_t>(btf__resolve_size(btf_, field.type), 0);
    const std::int64_t align = unsized ? 1 : std::max(btf__align_of(btf_, field.type), 1);
    const std::int64_t natural = is_union ? 0 : (end + align - 1) / align * align * 8;
    const std::uint32_t bit = field.bit.value_or(static_cast<std::uint32_t>(natural));
    checked(btf__add_field(btf_, field.name.c_str(), static_cast<int>(field.type), bit, field.width));
    const std::int64_t bits = field.width != 0 ? field.width : bytes * 8;
    end = std::max(end, (bit + bits + 7) / 8);
    widest = std::max(widest, align);
  }
  if (size == 0) patch(record, 2, static_cast<std::uint32_t>((end + widest - 1) / widest * widest));
  return record;
}

TypeId BtfBuilder::enumeration(const std::string& name, const std::vector<Constant>& constants,
                               std::uint32_t bytes) {
  const TypeId id = checked(btf__add_enum(btf_, name.c_str(), bytes));
  for (const Constant& constant : constants)
    checked(btf__add_enum_value(btf_, constant.name.c_str(), constant.value));
  return id;
}

TypeId BtfBuilder::enumeration64(const std::string& name, const std::vector<Constant>& constants,
                                 bool is_signed) {
  const TypeId id = checked(btf__add_enum64(btf_, name.c_str(), 8, is_signed));
  for (const Constant& constant : constants)
    checked(btf__add_enum64_value(btf_, constant.name.c_str(), static_cast<std::uint64_t>(constant.value)));
  return id;
}

TypeId BtfBuilder::forward(const std::string& name, bool is_union) {
  return checked(btf__add_fwd(btf_, name.c_str(), is_union ? BTF_FWD_UNION : BTF_FWD_STRUCT));
}

TypeId BtfBuilder::typedef_of(const std::string& name, TypeId to) {
  return checked(btf__add_typedef(btf_, name.c_str(), static_cast<int>(to)));
}

TypeId BtfBuilder::const_of(TypeId to) { return checked(btf__add_const(btf_, static_cast<int>(to))); }

TypeId BtfBuilder::volatile_of(TypeId to) { return checked(btf__add_volatile(btf_, static_cast<int>(to))); }

TypeId BtfBuilder::restrict_of(TypeId to) { return checked(btf__add_restrict(btf_, static_cast<int>(to))); }

TypeId BtfBuilder::type_tag(const std::string& tag, TypeId to) {
  return checked(btf__add_type_tag(btf_, tag.c_str(), static_cast<int>(to)));
}

TypeId BtfBuilder::decl_tag(const std::string& tag, TypeId to) {
  return checked(btf__add_decl_tag(btf_, tag.c_str(), static_cast<int>(to), -1));
}

TypeId BtfBuilder::prototype(TypeId result) {
  return checked(btf__add_func_proto(btf_, static_cast<int>(result)));
}

TypeId BtfBuilder::function(const std::string& name, TypeId result) {
  const TypeId type = prototype(result);
  return checked(btf__add_func(btf_, name.c_str(), BTF_FUNC_GLOBAL, static_cast<int>(type)));
}

TypeId BtfBuilder::variable(const std::string& name, TypeId type, int linkage) {
  return checked(btf__add_var(btf_, name.c_str(), linkage, static_cast<int>(type)));
}

TypeId BtfBuilder::section(const std::string& name, const std::vector<Variable>& variables) {
  std::uint32_t size = 0;
  for (const Variable& variable : variables) size = std::max(size, variable.offset + variable.size);
  const TypeId id = checked(btf__add_datasec(btf_, name.c_str(), size));
  for (const Variable& variable : variables)
    checked(btf__add_datasec_var_info(btf_, static_cast<int>(variable.var), variable.offset, variable.size));
  return id;
}

void BtfBuilder::patch(TypeId type, std::uint32_t word, std::uint32_t value) {
  // At once for those who ask libbpf about the type while building, and again in raw(): libbpf may by then
  // have moved its copy.
  auto* record = reinterpret_cast<std::uint32_t*>(const_cast<btf_type*>(btf__type_by_id(btf_, type)));
  record[word] = value;
  patches_.emplace_back(type, word, value);
}

std::uint32_t BtfBuilder::string(const std::string& text) {
  return checked(btf__add_str(btf_, text.c_str()));
}

std::vector<std::byte> BtfBuilder::raw() const {
  std::uint32_t size = 0;
  const auto* data = static_cast<const std::byte*>(btf__raw_data(btf_, &size));
  std::vector<std::byte> raw(data, data + size);
  btf_header header{};
  std::memcpy(&header, raw.data(), sizeof header);
  const auto* first = reinterpret_cast<const std::byte*>(btf__type_by_id(btf_, first_));
  for (const auto& [type, word, value] : patches_) {
    const auto from = reinterpret_cast<const std::byte*>(btf__type_by_id(btf_, type)) - first;
    std::memcpy(raw.data() + header.hdr_len + header.type_off + from + word * sizeof value, &value,
                sizeof value);
  }
  return raw;
}

std::shared_ptr<const btf::Types> BtfBuilder::types(const std::string& name,
                                                    std::shared_ptr<const btf::Types> base) const {
  auto parsed = btf::Types::parse(raw(), name, std::move(base));
  if (parsed) return *parsed;
  ADD_FAILURE() << parsed.error().text;
  throw std::invalid_argument(parsed.error().text);
}

} // namespace mapscope::test
