// SPDX-License-Identifier: Apache-2.0
#include "host/btf/types.hpp"

#include "host/btf/info.hpp"
#include "host/btf/legible.hpp"
#include "host/btf/load.hpp"
#include "host/btf/name_chains.hpp"

#include <algorithm>
#include <bpf/btf.h>
#include <cstring>
#include <fmt/format.h>

namespace mapscope::btf {

namespace {

/// The kernel allows 32 modifiers in a row (MAX_RESOLVE_DEPTH, kernel/bpf/btf.c); nesting is bounded alike.
constexpr unsigned most_hops = 32;
/// KSYM_NAME_LEN (include/linux/kallsyms.h) as of 6.1; the kernel loads no BTF with longer names.
constexpr std::size_t longest_name = 512;

constexpr std::uint32_t bit(std::uint32_t kind) { return 1U << kind; }
constexpr std::uint32_t enum_kinds = bit(BTF_KIND_ENUM) | bit(BTF_KIND_ENUM64);
constexpr std::uint32_t definitions = bit(BTF_KIND_STRUCT) | bit(BTF_KIND_UNION) | enum_kinds |
                                      bit(BTF_KIND_TYPEDEF) | bit(BTF_KIND_INT) | bit(BTF_KIND_FLOAT) |
                                      bit(BTF_KIND_DATASEC);
/// What find_kinds() is asked for; functions are half of all names in a kernel.
constexpr std::uint32_t indexed = definitions | bit(BTF_KIND_FWD);

struct Spelled {
  std::string_view name;
  std::uint32_t kinds = definitions;
};

Spelled split_spelling(std::string_view spelled) {
  constexpr std::pair<std::string_view, std::uint32_t> prefixes[] = {{"struct ", bit(BTF_KIND_STRUCT)},
                                                                     {"union ", bit(BTF_KIND_UNION)},
                                                                     {"enum ", enum_kinds},
                                                                     {"typedef ", bit(BTF_KIND_TYPEDEF)}};
  for (const auto& [prefix, kinds] : prefixes)
    if (spelled.starts_with(prefix)) return {spelled.substr(prefix.size()), kinds};
  return {spelled, definitions};
}

bool is_modifier(const btf_type* type) {
  switch (btf_kind(type)) {
  case BTF_KIND_TYPEDEF:
  case BTF_KIND_VOLATILE:
  case BTF_KIND_CONST:
  case BTF_KIND_RESTRICT:
  case BTF_KIND_TYPE_TAG:
  case BTF_KIND_DECL_TAG:
    return true;
  default:
    return false;
  }
}

} // namespace

/// This object's own types by name.
class Types::Names {
public:
  explicit Names(const Types& types)
      : first_(types.first_own()), chains_(std::max(first_, types.count()) - first_) {
    for (TypeId id = types.count(); id-- > first_;) {
      const btf_type* type = types.type(id);
      if ((bit(btf_kind(type)) & indexed) == 0 || type->name_off == 0) continue;
      chains_.add(id - first_, types.text(type->name_off));
    }
  }

  void append(std::vector<TypeId>& to, const Types& types, std::string_view name, std::uint32_t kinds) const {
    chains_.candidates(name, [&](std::uint32_t number) {
      const TypeId id = first_ + number;
      if ((bit(btf_kind(types.type(id))) & kinds) != 0 && types.name_of(id) == name) to.push_back(id);
    });
  }

private:
  TypeId first_;
  NameChains chains_;
};

/// This object's own enumerators by name.
class Types::Enumerators {
public:
  explicit Enumerators(const Types& types) : values_(collect(types)), chains_(count(values_)) {
    for (std::uint32_t number = count(values_); number-- > 0;) chains_.add(number, values_[number].first);
  }

  [[nodiscard]] std::optional<std::int64_t> find(std::string_view name) const {
    std::optional<std::int64_t> value;
    chains_.candidates(name, [&](std::uint32_t number) {
      if (!value && values_[number].first == name) value = values_[number].second;
    });
    return value;
  }

private:
  using Values = std::vector<std::pair<std::string_view, std::int64_t>>;
  static std::uint32_t count(const Values& values) { return static_cast<std::uint32_t>(values.size()); }

  static Values collect(const Types& types) {
    Values values;
    for (TypeId id = types.first_own(); id < types.count(); ++id) {
      const btf_type* type = types.type(id);
      const bool is_signed = btf_kflag(type);
      if (btf_is_enum(type))
        for (const auto& [name, value] : std::span(btf_enum(type), vlen_of(type)))
          values.emplace_back(types.text(name),
                              is_signed ? std::int64_t{value} : std::int64_t{std::uint32_t(value)});
      if (btf_is_enum64(type))
        for (const struct btf_enum64& value : std::span(btf_enum64(type), vlen_of(type)))
          values.emplace_back(types.text(value.name_off),
                              static_cast<std::int64_t>(btf_enum64_value(&value)));
    }
    return values;
  }

  Values values_;
  NameChains chains_;
};

Types::Types(struct btf* btf, WideRecords wide, std::string name, std::shared_ptr<const Types> base)
    : btf_(btf), wide_(std::move(wide)), name_(std::move(name)), base_(std::move(base)),
      has_wide_(!wide_.empty() || (base_ != nullptr && base_->has_wide_)) {}

Types::~Types() { btf__free(btf_); }

Result<std::shared_ptr<const Types>> Types::parse(std::span<const std::byte> raw, std::string name,
                                                  std::shared_ptr<const Types> base) {
  auto loaded = load_btf(raw, base ? base->btf_ : nullptr);
  if (!loaded)
    return std::unexpected(std::move(loaded.error())
                               .within(fmt::format("{}: cannot read its {} bytes of BTF", name, raw.size())));
  return std::shared_ptr<const Types>(
      new Types(loaded->btf, std::move(loaded->wide), std::move(name), std::move(base)));
}

TypeId Types::count() const { return btf__type_cnt(btf_); }

const btf_type* Types::type(TypeId id) const {
  if (has_wide_)
    if (const btf_type* wide = wide_type(id)) return wide;
  return id == 0 ? nullptr : btf__type_by_id(btf_, id);
}

const btf_type* Types::wide_type(TypeId id) const {
  if (id < first_own()) return base_ ? base_->wide_type(id) : nullptr;
  const auto found = std::ranges::lower_bound(wide_, id, {}, &WideRecords::value_type::first);
  if (found == wide_.end() || found->first != id) return nullptr;
  return reinterpret_cast<const btf_type*>(found->second.data());
}

const char* Types::string(std::uint32_t offset) const {
  const char* text = btf__str_by_offset(btf_, offset);
  return text != nullptr ? text : "";
}

std::string_view Types::text(std::uint32_t offset) const {
  const char* text = string(offset);
  return {text, strnlen(text, longest_name)};
}

std::string_view Types::name_of(TypeId id) const {
  const btf_type* named = type(id);
  return named != nullptr ? text(named->name_off) : std::string_view();
}

const Types::Names& Types::names() const {
  std::call_once(names_once_, [this] { names_ = std::make_unique<Names>(*this); });
  return *names_;
}

const Types::Enumerators& Types::enumerators() const {
  std::call_once(enumerators_once_, [this] { enumerators_ = std::make_unique<Enumerators>(*this); });
  return *enumerators_;
}

std::vector<TypeId> Types::find_kinds(std::string_view name, std::uint32_t kinds) const {
  std::vector<TypeId> ids;
  for (const Types* object = this; object != nullptr; object = object->base())
    object->names().append(ids, *object, name, kinds);
  return ids;
}

std::vector<TypeId> Types::find_all(std::string_view spelled) const {
  const auto [name, kinds] = split_spelling(spelled);
  return find_kinds(name, kinds);
}

Result<TypeId> Types::find(std::string_view spelled) const {
  if (const auto ids = find_all(spelled); !ids.empty()) return ids.front();
  const auto declared = find_kinds(split_spelling(spelled).name, bit(BTF_KIND_FWD));
  for (const TypeId id : declared)
    if (const auto reason = lost_reason(type(id)); !reason.empty())
      return fail(Errc::unsupported, fmt::format("{} is {}, in the BTF of {}", spelled, reason, name_));
  if (!declared.empty())
    return fail(Errc::not_found,
                fmt::format("{} is declared in the BTF of {} and not defined", spelled, name_));
  return fail(Errc::not_found, fmt::format("no {} in the BTF of {}", spelled, name_));
}

Result<std::int64_t> Types::enumerator(std::string_view name) const {
  for (const Types* object = this; object != nullptr; object = object->base())
    if (const auto value = object->enumerators().find(name)) return *value;
  return fail(Errc::not_found, fmt::format("no enumerator {} in the BTF of {}", name, name_));
}

TypeId Types::peel(TypeId id) const {
  for (unsigned hop = 0; hop <= most_hops; ++hop) {
    const btf_type* at = type(id);
    if (at == nullptr) return 0;
    if (!is_modifier(at)) return id;
    id = at->type;
  }
  return 0;
}

Result<std::uint64_t> Types::size(TypeId id) const {
  std::uint64_t factor = 1;
  for (unsigned hop = 0; hop <= most_hops; ++hop) {
    id = peel(id);
    const btf_type* at = type(id);
    if (at == nullptr) return fail(Errc::not_found, "void has no size");
    std::uint64_t size = 8; // of a pointer: only 64-bit kernels are read
    switch (btf_kind(at)) {
    case BTF_KIND_INT:
    case BTF_KIND_FLOAT:
    case BTF_KIND_ENUM:
    case BTF_KIND_ENUM64:
    case BTF_KIND_STRUCT:
    case BTF_KIND_UNION:
    case BTF_KIND_DATASEC:
      size = at->size;
      break;
    case BTF_KIND_PTR:
      break;
    case BTF_KIND_VAR:
      id = at->type;
      continue;
    case BTF_KIND_ARRAY:
      if (__builtin_mul_overflow(factor, btf_array(at)->nelems, &factor))
        return fail(Errc::corrupt, "an array type larger than the address space");
      id = btf_array(at)->type;
      continue;
    default:
      return fail(Errc::not_found, fmt::format("{} has no size", spell(id)));
    }
    if (__builtin_mul_overflow(factor, size, &size))
      return fail(Errc::corrupt, "an array type larger than the address space");
    return size;
  }
  return fail(Errc::corrupt, "types nested without end");
}

} // namespace mapscope::btf
