// SPDX-License-Identifier: Apache-2.0
#include "host/btf/types.hpp"

#include "host/btf/name_index.hpp"

#include <algorithm>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <cerrno>
#include <fmt/format.h>
#include <sys/mman.h>
#include <system_error>
#include <unistd.h>

namespace mapscope::btf {

namespace {

/// The kernel allows 32 modifiers in a row (MAX_RESOLVE_DEPTH, kernel/bpf/btf.c); nesting is bounded alike.
constexpr unsigned most_hops = 32;
/// Records entered in search of one member; anonymous members in a hostile BTF may nest without end.
constexpr unsigned most_anonymous = 1000;

constexpr std::uint32_t bit(std::uint32_t kind) { return 1U << kind; }
constexpr std::uint32_t enum_kinds = bit(BTF_KIND_ENUM) | bit(BTF_KIND_ENUM64);
constexpr std::uint32_t definitions = bit(BTF_KIND_STRUCT) | bit(BTF_KIND_UNION) | enum_kinds |
                                      bit(BTF_KIND_TYPEDEF) | bit(BTF_KIND_INT) | bit(BTF_KIND_FLOAT);

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

/// libbpf prints on its own; here errors are values.
void silence_libbpf() {
  static std::once_flag once;
  std::call_once(once, [] { libbpf_set_print(nullptr); });
}

bool write_all(int file, std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    const ssize_t written = write(file, bytes.data(), bytes.size());
    if (written <= 0) return false;
    bytes = bytes.subspan(static_cast<std::size_t>(written));
  }
  return true;
}

/// btf__new_split() is in libbpf 1.1's header and not in the library; a file in memory stands in for it.
struct btf* new_split(std::span<const std::byte> raw, struct btf* base) {
  const int file = memfd_create("btf", MFD_CLOEXEC);
  if (file < 0) return nullptr;
  struct btf* btf = nullptr;
  if (write_all(file, raw)) btf = btf__parse_raw_split(fmt::format("/proc/self/fd/{}", file).c_str(), base);
  const int error = errno;
  close(file);
  errno = error;
  return btf;
}

} // namespace

Types::Types(struct btf* btf, std::string name, std::shared_ptr<const Types> base)
    : btf_(btf), name_(std::move(name)), base_(std::move(base)) {}

Types::~Types() { btf__free(btf_); }

Result<std::shared_ptr<const Types>> Types::parse(std::span<const std::byte> raw, std::string name,
                                                  std::shared_ptr<const Types> base) {
  silence_libbpf();
  if (raw.size() > UINT32_MAX) return fail(Errc::corrupt, name + ": BTF of more than 4 GiB");
  const auto size = static_cast<std::uint32_t>(raw.size());
  struct btf* btf = base ? new_split(raw, base->btf_) : btf__new(raw.data(), size);
  if (const long error = libbpf_get_error(btf); error != 0)
    return fail(Errc::corrupt, fmt::format("{}: its {} bytes of BTF cannot be parsed: {}", name, size,
                                           std::generic_category().message(static_cast<int>(-error))));
  return std::shared_ptr<const Types>(new Types(btf, std::move(name), std::move(base)));
}

TypeId Types::count() const { return btf__type_cnt(btf_); }

const btf_type* Types::type(TypeId id) const { return id == 0 ? nullptr : btf__type_by_id(btf_, id); }

const char* Types::string(std::uint32_t offset) const {
  const char* text = btf__str_by_offset(btf_, offset);
  return text != nullptr ? text : "";
}

std::string_view Types::name_of(TypeId id) const {
  const btf_type* named = type(id);
  return named != nullptr ? string(named->name_off) : std::string_view();
}

const Types::Index& Types::index() const {
  std::call_once(index_once_,
                 [this] { index_ = std::make_unique<Index>(*this, base_ ? base_->count() : 1); });
  return *index_;
}

std::vector<TypeId> Types::own(std::string_view name, std::uint32_t kinds) const {
  auto ids = index().find(*this, name);
  std::erase_if(ids, [&](TypeId id) { return (kinds & bit(btf_kind(type(id)))) == 0; });
  return ids;
}

std::vector<TypeId> Types::find_all(std::string_view spelled) const {
  const auto [name, kinds] = split_spelling(spelled);
  auto ids = own(name, kinds);
  if (base_) std::ranges::copy(base_->find_all(spelled), std::back_inserter(ids));
  return ids;
}

Result<TypeId> Types::find(std::string_view spelled) const {
  if (const auto ids = find_all(spelled); !ids.empty()) return ids.front();
  return fail(Errc::not_found, fmt::format("no {} in the BTF of {}", spelled, name_));
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
    std::uint64_t size = 0;
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
      size = 8;
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

Result<std::uint32_t> Types::array_length(TypeId id) const {
  const btf_type* array = type(peel(id));
  if (array == nullptr || !btf_is_array(array))
    return fail(Errc::not_found, fmt::format("{} is not an array", spell(id)));
  return btf_array(array)->nelems;
}

std::optional<Member> Types::member_here(TypeId record, std::string_view name, unsigned& visits) const {
  const btf_type* at = type(peel(record));
  if (at == nullptr || !btf_is_composite(at) || visits == 0) return std::nullopt;
  --visits;
  const btf_member* members = btf_members(at);
  for (unsigned i = 0; i < btf_vlen(at); ++i) {
    const std::string_view own = string(members[i].name_off);
    const Member here{members[i].type, btf_member_bit_offset(at, i), btf_member_bitfield_size(at, i)};
    if (own == name) return here;
    if (!own.empty()) continue;
    if (auto inside = member_here(here.type, name, visits)) {
      inside->bit_offset += here.bit_offset;
      return inside;
    }
  }
  return std::nullopt;
}

namespace {

/// One step of a path: a member's name, or an index when `name` is empty.
struct Step {
  std::string_view name;
  std::uint32_t index = 0;
};

/// Takes the next step off "a[3].b"; nothing when it is malformed.
std::optional<Step> next_step(std::string_view& path) {
  if (path.starts_with('[')) {
    const std::size_t end = path.find(']');
    if (end == std::string_view::npos || end < 2 || end > 9) return std::nullopt;
    Step step;
    for (const char digit : path.substr(1, end - 1)) {
      if (digit < '0' || digit > '9') return std::nullopt;
      step.index = step.index * 10 + static_cast<std::uint32_t>(digit - '0');
    }
    path.remove_prefix(end + 1);
    return step;
  }
  if (path.starts_with('.')) path.remove_prefix(1);
  const std::size_t end = std::min(path.find_first_of(".["), path.size());
  const Step step{path.substr(0, end)};
  path.remove_prefix(end);
  return step.name.empty() ? std::nullopt : std::optional(step);
}

} // namespace

Result<Member> Types::member(TypeId from, std::string_view path) const {
  Member at{from, 0, 0};
  unsigned visits = most_anonymous;
  for (std::string_view rest = path; !rest.empty();) {
    const auto step = next_step(rest);
    if (!step) return fail(Errc::usage, fmt::format("\"{}\" is not a member path", path));
    if (!step->name.empty()) {
      const auto inside = member_here(at.type, step->name, visits);
      if (!inside)
        return fail(Errc::not_found, fmt::format("{} has no member {}", spell(at.type), step->name));
      at = {inside->type, at.bit_offset + inside->bit_offset, inside->bit_size};
      continue;
    }
    const auto length = array_length(at.type);
    if (!length) return std::unexpected(length.error());
    const TypeId element = btf_array(type(peel(at.type)))->type;
    const auto size_of = size(element);
    if (!size_of) return std::unexpected(size_of.error());
    if (*length != 0 && step->index >= *length)
      return fail(Errc::not_found, fmt::format("{} has no element {}", spell(at.type), step->index));
    at = {element, at.bit_offset + *size_of * step->index * 8, 0};
  }
  return at;
}

Result<std::uint64_t> Types::offset_of(std::string_view type, std::string_view path) const {
  const auto id = find(type);
  if (!id) return std::unexpected(id.error());
  const auto found = member(*id, path);
  if (!found) return std::unexpected(found.error());
  return found->offset();
}

std::string Types::spell(TypeId id) const {
  std::string behind;
  for (unsigned hop = 0; hop <= most_hops; ++hop) {
    const btf_type* at = type(id);
    if (at == nullptr) return "void" + behind;
    const std::string_view name = string(at->name_off);
    const auto named = [&](std::string_view keyword) {
      return fmt::format("{}{}{}", keyword, name.empty() ? "{...}" : name, behind);
    };
    switch (btf_kind(at)) {
    case BTF_KIND_STRUCT:
      return named("struct ");
    case BTF_KIND_UNION:
      return named("union ");
    case BTF_KIND_ENUM:
    case BTF_KIND_ENUM64:
      return named("enum ");
    case BTF_KIND_FWD:
      return named(btf_kflag(at) ? "union " : "struct ");
    case BTF_KIND_PTR:
      behind = " *" + behind, id = at->type;
      continue;
    case BTF_KIND_ARRAY:
      behind += fmt::format("[{}]", btf_array(at)->nelems), id = btf_array(at)->type;
      continue;
    case BTF_KIND_FUNC_PROTO:
      return "function" + behind;
    case BTF_KIND_VOLATILE:
    case BTF_KIND_CONST:
    case BTF_KIND_RESTRICT:
    case BTF_KIND_TYPE_TAG:
    case BTF_KIND_DECL_TAG:
    case BTF_KIND_VAR:
      id = at->type;
      continue;
    default:
      return std::string(name) + behind;
    }
  }
  return "..." + behind;
}

} // namespace mapscope::btf
