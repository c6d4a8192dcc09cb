// SPDX-License-Identifier: Apache-2.0
// BTF for tests, one line per type, over libbpf's writing API.
//
// Members go where C would put them unless a bit offset is given. Thread rule: one thread; what types()
// returned is immutable and independent of the builder.
#pragma once

#include "host/btf/types.hpp"

#include <array>
#include <bit>
#include <bpf/btf.h>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

namespace mapscope::test {

using btf::TypeId;

struct Field {
  std::string name;
  TypeId type = 0;
  std::optional<std::uint32_t> bit = std::nullopt; ///< from the start of the record
  std::uint32_t width = 0;                         ///< of a bitfield; needs `bit`
};

struct Constant {
  std::string name;
  std::int64_t value = 0;
};

struct Variable {
  TypeId var = 0;
  std::uint32_t offset = 0, size = 0;
};

class BtfBuilder {
public:
  BtfBuilder();
  /// A split object: ids go on where those of `base` end. `base` must live, and get no more types.
  static BtfBuilder split_on(const BtfBuilder& base);
  ~BtfBuilder();
  BtfBuilder(const BtfBuilder&) = delete;
  BtfBuilder& operator=(const BtfBuilder&) = delete;

  /// `encoding` is of BTF_INT_SIGNED, BTF_INT_CHAR, BTF_INT_BOOL.
  TypeId integer(const std::string& name, std::uint32_t bytes, int encoding = 0);
  TypeId u8() { return integer("__u8", 1); }
  TypeId u16() { return integer("__u16", 2); }
  TypeId u32() { return integer("__u32", 4); }
  TypeId u64() { return integer("__u64", 8); }
  TypeId i8() { return integer("__s8", 1, BTF_INT_SIGNED); }
  TypeId i16() { return integer("__s16", 2, BTF_INT_SIGNED); }
  TypeId i32() { return integer("int", 4, BTF_INT_SIGNED); }
  TypeId i64() { return integer("long long", 8, BTF_INT_SIGNED); }
  TypeId boolean() { return integer("_Bool", 1, BTF_INT_BOOL); }
  TypeId character() { return integer("char", 1, BTF_INT_CHAR); }
  /// libbpf refuses odd sizes; they are patched in.
  TypeId real(const std::string& name, std::uint32_t bytes);

  TypeId pointer(TypeId to);
  TypeId array(TypeId element, std::uint32_t length);
  /// `size` 0 = as C would make it.
  TypeId record(const std::string& name, const std::vector<Field>& fields, std::uint32_t size = 0);
  TypeId union_of(const std::string& name, const std::vector<Field>& fields, std::uint32_t size = 0);
  TypeId enumeration(const std::string& name, const std::vector<Constant>& constants,
                     std::uint32_t bytes = 4);
  TypeId enumeration64(const std::string& name, const std::vector<Constant>& constants, bool is_signed);
  TypeId forward(const std::string& name, bool is_union = false);
  TypeId typedef_of(const std::string& name, TypeId to);
  TypeId const_of(TypeId to);
  TypeId volatile_of(TypeId to);
  TypeId restrict_of(TypeId to);
  TypeId type_tag(const std::string& tag, TypeId to);
  TypeId decl_tag(const std::string& tag, TypeId to);
  TypeId prototype(TypeId result = 0);
  TypeId function(const std::string& name, TypeId result = 0);
  TypeId variable(const std::string& name, TypeId type, int linkage = BTF_VAR_GLOBAL_ALLOCATED);
  /// Size is where the last variable ends.
  TypeId section(const std::string& name, const std::vector<Variable>& variables);

  /// Overwrites the `word`-th 32 bits of a type's record: 0 name, 1 info, 2 size or type, then what the kind
  /// has; for BTF that libbpf would refuse to write.
  void patch(TypeId type, std::uint32_t word, std::uint32_t value);
  /// An offset for patch(): that of a string, added when it is new.
  std::uint32_t string(const std::string& text);
  [[nodiscard]] TypeId next_id() const;

  [[nodiscard]] std::vector<std::byte> raw() const;
  /// Fails the running test when the result does not parse. `base` is needed for a split object.
  [[nodiscard]] std::shared_ptr<const btf::Types>
  types(const std::string& name = "test", std::shared_ptr<const btf::Types> base = nullptr) const;

private:
  BtfBuilder(struct btf* btf, TypeId first) : btf_(btf), first_(first) {}
  TypeId fill(TypeId record, const std::vector<Field>& fields, std::uint32_t size);

  struct btf* btf_;
  TypeId first_;
  std::vector<std::tuple<TypeId, std::uint32_t, std::uint32_t>> patches_;
};

/// Little-endian bytes of several numbers behind each other, without padding.
template <class... Numbers> std::vector<std::byte> pack(Numbers... numbers) {
  std::vector<std::byte> bytes;
  [[maybe_unused]] const auto append = [&bytes](auto number) { // unused without numbers
    for (const std::byte byte : std::bit_cast<std::array<std::byte, sizeof number>>(number))
      bytes.push_back(byte);
  };
  (append(numbers), ...);
  return bytes;
}

} // namespace mapscope::test
