// SPDX-License-Identifier: Apache-2.0
// Member paths.
#include "host/base/nearest.hpp"
#include "host/btf/info.hpp"
#include "host/btf/record_member.hpp"
#include "host/btf/types.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace mapscope::btf {

namespace {

/// One step of a path: a member's name, or an index when `name` is empty.
struct Step {
  std::string_view name;
  std::uint32_t index = 0;
};

/// Takes the next step off "a[3].b"; nothing when it is malformed.
class Path {
public:
  explicit Path(std::string_view text) : rest_(text) {}
  [[nodiscard]] bool done() const { return rest_.empty(); }

  std::optional<Step> next() {
    const bool first = std::exchange(first_, false);
    if (rest_.starts_with('[')) return index();
    if (!first) {
      if (!rest_.starts_with('.')) return std::nullopt;
      rest_.remove_prefix(1);
    }
    const Step step{take(std::min(rest_.find_first_of(".["), rest_.size()))};
    return step.name.empty() ? std::nullopt : std::optional(step);
  }

private:
  std::string_view take(std::size_t length) {
    const std::string_view taken = rest_.substr(0, length);
    rest_.remove_prefix(length);
    return taken;
  }

  std::optional<Step> index() {
    const std::size_t end = rest_.find(']');
    if (end == std::string_view::npos || end < 2 || end > 10) return std::nullopt; // nine digits fit 32 bits
    Step step;
    for (const char digit : take(end + 1).substr(1, end - 1)) {
      if (digit < '0' || digit > '9') return std::nullopt;
      step.index = step.index * 10 + static_cast<std::uint32_t>(digit - '0');
    }
    return step;
  }

  std::string_view rest_;
  bool first_ = true;
};

/// Looks for one member, entering anonymous structs and unions. In a hostile BTF these may nest without end
/// and, as a type may be in itself several times, without a bound on their number.
class Search {
public:
  Search(const Types& types, std::string_view name) : types_(types), name_(name) {}

  std::optional<Member> in(TypeId record, unsigned depth = 0) {
    const btf_type* at = types_.type(types_.peel(record));
    if (at != nullptr && btf_is_datasec(at)) return in_section(at);
    if (at == nullptr || !btf_is_composite(at) || depth > deepest || visits_ == 0) return std::nullopt;
    --visits_;
    for (unsigned i = 0; i < vlen_of(at); ++i) {
      const std::string_view own = types_.text(btf_members(at)[i].name_off);
      if (!own.empty() && own != name_) continue;
      const Member here = record_member(types_, at, i);
      if (!own.empty()) return here;
      if (auto inside = in(here.type, depth + 1)) {
        inside->bit_offset += here.bit_offset;
        return inside;
      }
    }
    return std::nullopt;
  }

private:
  [[nodiscard]] std::optional<Member> in_section(const btf_type* section) const {
    for (unsigned i = 0; i < vlen_of(section); ++i)
      if (const auto found = section_member(types_, section, i); found && found->name == name_)
        return found->member;
    return std::nullopt;
  }

  static constexpr unsigned deepest = 32;
  const Types& types_;
  std::string_view name_;
  unsigned visits_ = 1000;
};

Result<Member> element(const Types& types, const Member& array, std::uint32_t index) {
  const auto length = types.array_length(array.type);
  if (!length) return std::unexpected(length.error());
  if (*length != 0 && index >= *length) // any index of a flexible array is one
    return fail(Errc::not_found, fmt::format("{} has no element {}", types.spell(array.type), index));
  const TypeId type = btf_array(types.type(types.peel(array.type)))->type;
  const auto size = types.size(type);
  if (!size) return std::unexpected(size.error());
  std::uint64_t bits = 0;
  if (__builtin_mul_overflow(*size * 8, index, &bits) || *size > UINT64_MAX / 8 ||
      __builtin_add_overflow(bits, array.bit_offset, &bits))
    return fail(Errc::corrupt, "an array type larger than the address space");
  return Member{type, bits, 0};
}

} // namespace

std::optional<NamedMember> Types::member_at(TypeId record, std::uint32_t index) const {
  const btf_type* found = type(peel(record));
  if (found == nullptr || index >= vlen_of(found)) return std::nullopt;
  if (btf_is_datasec(found)) return section_member(*this, found, index);
  if (!btf_is_composite(found)) return std::nullopt;
  return NamedMember{text(btf_members(found)[index].name_off), record_member(*this, found, index)};
}

bool Types::is_function_pointer(TypeId id) const {
  const btf_type* pointer = type(peel(id));
  if (pointer == nullptr || !btf_is_ptr(pointer)) return false;
  const btf_type* target = type(peel(pointer->type));
  return target != nullptr && btf_is_func_proto(target);
}

TypeId Types::next_holder(TypeId held, TypeId after) const {
  const TypeId wanted = peel(held);
  const TypeId end = count();
  if (wanted == 0 || after >= end) return 0;
  for (TypeId id = after + 1; id < end; ++id) {
    const btf_type* candidate = type(id);
    if (candidate == nullptr || !btf_is_struct(candidate) || vlen_of(candidate) == 0) continue;
    const Member first = record_member(*this, candidate, 0);
    if (first.bit_offset == 0 && first.bit_size == 0 && peel(first.type) == wanted) return id;
  }
  return 0;
}

Result<std::uint32_t> Types::array_length(TypeId id) const {
  const btf_type* array = type(peel(id));
  if (array == nullptr || !btf_is_array(array))
    return fail(Errc::not_found, fmt::format("{} is not an array", spell(id)));
  return btf_array(array)->nelems;
}

Result<Member> Types::member(TypeId from, std::string_view path) const {
  Member at{from, 0, 0};
  for (Path rest(path); !rest.done();) {
    const auto step = rest.next();
    if (!step) return fail(Errc::usage, fmt::format("\"{}\" is not a member path", path));
    if (step->name.empty()) {
      const auto inside = element(*this, at, step->index);
      if (!inside) return std::unexpected(inside.error());
      at = *inside;
      continue;
    }
    const auto inside = Search(*this, step->name).in(at.type);
    if (!inside) return fail(Errc::not_found, fmt::format("{} has no member {}", spell(at.type), step->name));
    at = {inside->type, at.bit_offset + inside->bit_offset, inside->bit_size};
  }
  return at;
}

namespace {

/// Names of a record's members, those in anonymous ones too; bounded as Search is.
void add_names(const Types& types, TypeId record, std::vector<std::string>& names, unsigned depth = 0) {
  constexpr std::size_t most = 2000;
  for (std::uint32_t i = 0; depth < 8 && names.size() < most; ++i) {
    const auto at = types.member_at(record, i);
    if (!at) return;
    if (at->name.empty())
      add_names(types, at->member.type, names, depth + 1);
    else
      names.emplace_back(at->name);
  }
}

} // namespace

std::string Types::nearest_member(TypeId from, std::string_view path) const {
  Member at{from, 0, 0};
  for (Path rest(path); !rest.done();) {
    const auto step = rest.next();
    if (!step) return "";
    const auto inside = step->name.empty() ? element(*this, at, step->index).value_or(Member{})
                                           : Search(*this, step->name).in(at.type).value_or(Member{});
    if (inside.type == 0) {
      std::vector<std::string> names;
      add_names(*this, at.type, names);
      return nearest(step->name, names);
    }
    at = inside;
  }
  return "";
}

Result<std::uint64_t> Types::offset_of(std::string_view type, std::string_view path) const {
  const auto id = find(type);
  if (!id) return std::unexpected(id.error());
  const auto found = member(*id, path);
  if (!found) return std::unexpected(found.error());
  return found->offset();
}

} // namespace mapscope::btf
