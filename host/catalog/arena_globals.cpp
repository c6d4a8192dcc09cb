// SPDX-License-Identifier: Apache-2.0
#include "host/catalog/arena_globals.hpp"

#include "host/base/checked.hpp"
#include "host/btf/info.hpp"
#include "host/catalog/layout.hpp"
#include "host/target/target.hpp"

#include <algorithm>
#include <bpf/btf.h>
#include <expected>
#include <fmt/format.h>
#include <linux/bpf.h>
#include <ranges>

namespace mapscope::catalog {

namespace {

/// BPF_COMPLEXITY_LIMIT_INSNS, include/linux/bpf.h.
constexpr std::uint32_t most_insns = 1'000'000;

/// struct bpf_prog, include/linux/filter.h.
struct CodeFields {
  std::uint64_t len, insns;
};

std::optional<CodeFields> code_fields(const btf::Types& kernel) {
  Layout program(kernel, "struct bpf_prog");
  const CodeFields fields{.len = program.need("len"), .insns = program.need("insnsi")};
  if (program.error()) return std::nullopt;
  return fields;
}

/// Of the instructions that load 64 bits (BPF_LD_IMM64, two slots) what they load. The verifier has put the
/// address of a variable there.
std::vector<std::uint64_t> loaded_numbers(target::Reader& reader, const CodeFields& fields,
                                          const Program& program) {
  std::vector<std::uint64_t> numbers;
  const auto len = reader.get<std::uint32_t>(program.kva + fields.len);
  if (!len || *len > most_insns) return numbers;
  std::vector<std::byte> code(std::size_t{*len} * sizeof(bpf_insn));
  target::Fault fault{};
  const std::size_t done = reader.read_some(program.kva + fields.insns, code, &fault);
  for (std::size_t at = 0; at + 2 * sizeof(bpf_insn) <= done; at += sizeof(bpf_insn)) {
    const auto first = load_at<bpf_insn>(code, at), second = load_at<bpf_insn>(code, at + sizeof(bpf_insn));
    if (first->code != (BPF_LD | BPF_IMM | BPF_DW)) continue;
    numbers.push_back(static_cast<std::uint32_t>(first->imm) |
                      std::uint64_t{static_cast<std::uint32_t>(second->imm)} << 32);
    at += sizeof(bpf_insn);
  }
  return numbers;
}

/// A place where the section may be.
struct Candidate {
  std::uint64_t offset; ///< bytes from the arena's start
  const char* words;
  std::uint64_t addressed = 0; ///< variables of it that programs name
  bool may_be_mapped = false;  ///< its first page and its last
};

class Finder {
public:
  Finder(const target::Target& target, const btf::Types& kernel, Catalog& catalog)
      : reader_(target.reader()), fields_(code_fields(kernel)), catalog_(catalog) {}

  void find(Arena& arena) {
    const auto map = std::ranges::lower_bound(catalog_.maps, arena.map, {}, &Map::id);
    if (map == catalog_.maps.end() || map->id != arena.map) return;
    const auto& types = map->types ? map->types : map->program_types;
    const btf::TypeId section = types ? arena_section(*types) : 0;
    const std::uint64_t size = section != 0 ? types->size(section).value_or(0) : 0;
    if (size == 0) return;
    const auto offset = place_of(arena, size, *map);
    if (offset) arena.globals = ArenaGlobals{types, section, size, *offset};
    if (!offset) map->type_notes.push_back("its programs' variables are not shown: " + offset.error());
  }

private:
  /// Bytes from the arena's start, or why that is not known.
  std::expected<std::uint64_t, std::string> place_of(const Arena& arena, std::uint64_t size, const Map& map) {
    const std::uint64_t span = (size + arena.page_size - 1) / arena.page_size * arena.page_size;
    if (span > arena.size)
      return std::unexpected(
          fmt::format("their {} bytes are more than the {} of the arena", size, arena.size));
    if (arena.user_vm_start == 0) return std::unexpected("no process has mapped it, and none wrote them");
    Candidate places[] = {{0, "at its start"}, {arena.size - span, "at its end"}};
    count_addressed(arena, size, map, places);
    for (Candidate& place : places)
      place.may_be_mapped =
          may_be_mapped(arena, place.offset) && may_be_mapped(arena, place.offset + size - 1);
    return choose(places);
  }

  void count_addressed(const Arena& arena, std::uint64_t size, const Map& map, std::span<Candidate> places) {
    for (const std::uint32_t id : map.programs) {
      const auto program = std::ranges::lower_bound(catalog_.programs, id, {}, &Program::id);
      if (!fields_ || program == catalog_.programs.end() || program->id != id) continue;
      for (const std::uint64_t number : loaded_numbers(reader_, *fields_, *program))
        for (Candidate& place : places)
          if (number - arena.user_vm_start - place.offset < size) ++place.addressed;
    }
  }

  /// What a dump left out proves nothing.
  [[nodiscard]] bool may_be_mapped(const Arena& arena, std::uint64_t offset) {
    std::byte byte{};
    target::Fault fault{};
    (void)read_arena(reader_, arena, arena.user_vm_start + offset, std::span(&byte, 1), &fault);
    return fault != target::Fault::unmapped;
  }

  /// Small arenas have one place; else what programs name decides, and where they name none the pages do.
  static std::expected<std::uint64_t, std::string> choose(std::span<const Candidate, 2> places) {
    const Candidate &first = places[0], &last = places[1];
    if (first.addressed != last.addressed) return (first.addressed > last.addressed ? first : last).offset;
    if (first.offset == last.offset) return first.offset;
    if (first.may_be_mapped != last.may_be_mapped) return (first.may_be_mapped ? first : last).offset;
    return std::unexpected(
        fmt::format("they may lie {} or {}, {}", first.words, last.words,
                    first.may_be_mapped ? "where there are pages" : "and there is a page at neither"));
  }

  target::Reader reader_;
  std::optional<CodeFields> fields_;
  Catalog& catalog_;
};

/// Of a union's members, and of those without bytes before the one in question.
constexpr std::uint32_t most_tried = 64;

/// Goes from a variable into its members, to what lies at an offset.
class Path {
public:
  Path(const btf::Types& types, btf::TypeId wanted) : types_(types), wanted_(wanted) {}

  /// False when it ends beside what is wanted.
  bool enter(btf::TypeId type, std::uint64_t offset, std::string& path) const {
    constexpr int deepest = 32;
    for (int depth = 0; depth < deepest; ++depth) {
      type = types_.peel(type);
      if (offset == 0 && type == wanted_) return true;
      if (!step(type, offset, path)) return false;
    }
    return false;
  }

private:
  bool step(btf::TypeId& type, std::uint64_t& offset, std::string& path) const {
    const btf_type* at = types_.type(type);
    if (at == nullptr) return false;
    if (!btf_is_array(at)) return into_member(type, offset, path);
    const btf::TypeId element = btf_array(at)->type;
    const std::uint64_t size = types_.size(element).value_or(0);
    if (size == 0 || offset / size >= btf_array(at)->nelems) return false;
    path += fmt::format("[{}]", offset / size);
    type = element, offset %= size;
    return true;
  }

  /// Members of a struct are in the order of their offsets, those of a union all lie at its start.
  bool into_member(btf::TypeId& type, std::uint64_t& offset, std::string& path) const {
    const btf_type* record = types_.type(type);
    if (!btf_is_composite(record)) return false;
    const auto all = std::views::iota(0U, btf::vlen_of(record));
    const bool is_union = btf_is_union(record);
    const auto behind = std::ranges::upper_bound(
        all, offset, {}, [&](std::uint32_t i) { return types_.member_at(type, i)->member.offset(); });
    const auto end = static_cast<std::uint32_t>(behind - all.begin());
    for (std::uint32_t i = 0; i < std::min(end, most_tried); ++i)
      if (enter_member(is_union ? i : end - 1 - i, type, offset, path)) return true;
    return false;
  }

  bool enter_member(std::uint32_t index, btf::TypeId& type, std::uint64_t& offset, std::string& path) const {
    const auto found = types_.member_at(type, index);
    if (!found) return false;
    const auto& [name, member] = *found;
    const std::uint64_t size = types_.size(member.type).value_or(0);
    if (member.bit_size != 0 || offset < member.offset() || offset - member.offset() >= size) return false;
    if (!name.empty()) path += fmt::format(".{}", name);
    offset -= member.offset(), type = member.type;
    return true;
  }

  const btf::Types& types_;
  btf::TypeId wanted_;
};

} // namespace

std::string global_at(const Arena& arena, std::uint64_t pointer, btf::TypeId type) {
  if (!arena.globals) return "";
  const auto& [types, section, size, place] = *arena.globals;
  const std::uint64_t offset =
      arena.kernel_address(pointer) - arena.kernel_address(arena.user_vm_start) - place;
  const btf_type* variables = types->type(section);
  if (offset >= size || variables == nullptr) return "";
  const std::span all(btf_var_secinfos(variables), btf::vlen_of(variables)); // in the order of their offsets
  const auto behind = std::ranges::upper_bound(all, offset, {}, &btf_var_secinfo::offset);
  if (behind == all.begin()) return "";
  const btf_var_secinfo& there = *std::prev(behind);
  const btf_type* variable = types->type(there.type);
  if (variable == nullptr || !btf_is_var(variable) || offset - there.offset >= there.size) return "";
  std::string path(types->text(variable->name_off));
  return Path(*types, type).enter(variable->type, offset - there.offset, path) ? path : "";
}

btf::TypeId arena_section(const btf::Types& types) {
  const auto found = types.find(".addr_space.1");
  const btf_type* section = found ? types.type(*found) : nullptr;
  return section != nullptr && btf_is_datasec(section) ? *found : 0;
}

void find_arena_globals(const target::Target& target, const btf::Types& kernel, Catalog& catalog,
                        std::span<Arena> arenas) {
  if (arenas.empty()) return;
  Finder finder(target, kernel, catalog);
  for (Arena& arena : arenas) finder.find(arena);
}

} // namespace mapscope::catalog
