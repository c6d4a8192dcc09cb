// SPDX-License-Identifier: Apache-2.0
// One BTF object of the target: type look-ups and layouts by name, over libbpf.
//
// Refuses: to resolve against any BTF but the target's own. A split object keeps its base alive.
// Thread rule: immutable after parse(); the name index is built once, on first use, safely from any thread.
#pragma once

#include "host/base/result.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

struct btf;      // libbpf
struct btf_type; // libbpf

namespace mapscope::btf {

using TypeId = std::uint32_t; ///< 0 is void

/// A member reached by a path, with anonymous structs and unions on the way entered silently.
struct Member {
  TypeId type = 0;              ///< as declared; peel() removes typedefs and qualifiers
  std::uint64_t bit_offset = 0; ///< from the start of the outermost type
  std::uint32_t bit_size = 0;   ///< 0 for an ordinary member, the width for a bitfield
  [[nodiscard]] std::uint64_t offset() const { return bit_offset / 8; }
};

/// A member found by its place among the members, not by a path.
struct NamedMember {
  std::string_view name; ///< "" for an anonymous one; lives as long as the Types
  Member member;
};

struct NamedConstant {
  std::string_view name; ///< lives as long as the Types
  std::int64_t value = 0;
};

class Types {
public:
  /// Copies `raw`. `base` is the object that ids below the split point belong to; null for a stand-alone
  /// object. `name` is what messages call it ("vmlinux", a module's name, "BTF object 17").
  static Result<std::shared_ptr<const Types>> parse(std::span<const std::byte> raw, std::string name,
                                                    std::shared_ptr<const Types> base = nullptr);
  ~Types();
  Types(const Types&) = delete;
  Types& operator=(const Types&) = delete;

  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] const Types* base() const { return base_.get(); }
  /// Ids run from 1 to count() - 1, those of the base included.
  [[nodiscard]] TypeId count() const;

  /// Null for id 0 and for ids outside the object.
  [[nodiscard]] const btf_type* type(TypeId id) const;
  /// Never null: "" for offset 0 and for offsets outside the string section.
  [[nodiscard]] const char* string(std::uint32_t offset) const;
  /// The same, cut where no kernel's name is as long: a string section may be one string of gigabytes that a
  /// million types share. Lives as long as this object.
  [[nodiscard]] std::string_view text(std::uint32_t offset) const;
  [[nodiscard]] std::string_view name_of(TypeId id) const;

  /// All types that find() would choose among, the preferred first.
  [[nodiscard]] std::vector<TypeId> find_all(std::string_view spelled) const;
  /// "struct bpf_map", "union u", "enum e" (also finds enum64), "typedef t", or a bare name (any kind but
  /// FUNC and VAR). Definitions only; when several share the name, this object's own win over its base's,
  /// then the lowest id.
  [[nodiscard]] Result<TypeId> find(std::string_view spelled) const;
  /// Value of an enumerator in any enum or enum64, named or not.
  [[nodiscard]] Result<std::int64_t> enumerator(std::string_view name) const;

  /// Strips const, volatile, restrict, typedef, type tags and decl tags, at most 32 of them; 0 when that
  /// fails.
  [[nodiscard]] TypeId peel(TypeId id) const;
  /// Bytes; an error for void, functions and forward declarations, and where multiplication would wrap.
  [[nodiscard]] Result<std::uint64_t> size(TypeId id) const;
  /// The type as C spells it ("struct foo", "unsigned int", "u64[4]", "struct foo *"); "void" for 0.
  [[nodiscard]] std::string spell(TypeId id) const;

  /// `path` is "a.b.c" from a struct or union, or from a section, whose variables are its members; "a[3].b"
  /// indexes arrays. The error names what was not found.
  [[nodiscard]] Result<Member> member(TypeId from, std::string_view path) const;
  /// The name that the first wrong one of such a path probably means; "" when none is near, or none wrong.
  [[nodiscard]] std::string nearest_member(TypeId from, std::string_view path) const;
  /// The same by name of the outer type, e.g. offset_of("struct bpf_map", "ops").
  [[nodiscard]] Result<std::uint64_t> offset_of(std::string_view type, std::string_view path) const;
  /// The `index`-th member of a struct, union or section; nothing behind the last and for all other types.
  [[nodiscard]] std::optional<NamedMember> member_at(TypeId record, std::uint32_t index) const;
  /// The `index`-th enumerator of an enum or enum64, as declared; nothing behind the last and for all other
  /// types.
  [[nodiscard]] std::optional<NamedConstant> constant_at(TypeId enumeration, std::uint32_t index) const;
  [[nodiscard]] bool is_function_pointer(TypeId id) const;
  /// The first struct with an id above `after` that begins with a member of type `held`; 0 when there is
  /// none.
  [[nodiscard]] TypeId next_holder(TypeId held, TypeId after) const;
  /// Elements of an array type (after peeling).
  [[nodiscard]] Result<std::uint32_t> array_length(TypeId id) const;

private:
  class Names;
  class Enumerators;
  using WideRecords = std::vector<std::pair<TypeId, std::vector<std::byte>>>;
  Types(struct btf* btf, WideRecords wide, std::string name, std::shared_ptr<const Types> base);
  [[nodiscard]] const btf_type* wide_type(TypeId id) const;
  [[nodiscard]] TypeId first_own() const { return base_ ? base_->count() : 1; }
  [[nodiscard]] const Names& names() const;
  [[nodiscard]] const Enumerators& enumerators() const;
  [[nodiscard]] std::vector<TypeId> find_kinds(std::string_view name, std::uint32_t kinds) const;

  struct btf* btf_;
  WideRecords wide_; ///< what libbpf cannot hold: struct btf_type with its elements, by id
  std::string name_;
  std::shared_ptr<const Types> base_;
  bool has_wide_; ///< this object, or one that it stands on
  mutable std::once_flag names_once_, enumerators_once_;
  mutable std::unique_ptr<Names> names_;
  mutable std::unique_ptr<Enumerators> enumerators_;
};

} // namespace mapscope::btf
