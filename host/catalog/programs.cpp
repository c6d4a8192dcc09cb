// SPDX-License-Identifier: Apache-2.0
#include "host/base/utf8.hpp"
#include "host/catalog/arena_globals.hpp"
#include "host/catalog/layout.hpp"
#include "host/catalog/names.hpp"
#include "host/catalog/walks.hpp"
#include "host/target/target.hpp"

#include <algorithm>
#include <bpf/btf.h>
#include <fmt/format.h>

namespace mapscope::catalog {

namespace {

constexpr std::size_t name_size = kernel_name_length + 1;
constexpr std::size_t tag_size = 8; // BPF_TAG_SIZE
/// MAX_USED_MAPS, include/linux/bpf_verifier.h: 64 since 4.x. Some room for kernels that raise it.
constexpr std::uint32_t most_used_maps = 1024;

/// struct bpf_prog and bpf_prog_aux, include/linux/bpf.h; the statistics moved from aux to prog in 5.12.
struct ProgramFields {
  std::uint64_t prog_size, type, tag, aux;
  std::optional<std::uint64_t> stats, aux_stats;
  std::uint64_t aux_size, id, name, used_maps, used_map_cnt, load_time, user;
  std::optional<std::uint64_t> btf;                                         // 5.0
  std::optional<std::uint64_t> func_info, func_info_cnt, insn_off, type_id; // 5.0
  std::optional<std::uint64_t> uid;                                         // user_struct.uid.val
  std::optional<std::uint64_t> code_start;                                  // bpf_prog_aux.ksym.start, 5.7
  std::optional<std::uint64_t> cnt, nsecs, misses; // struct bpf_prog_stats, include/linux/filter.h
};

Result<ProgramFields> program_fields(const btf::Types& kernel) {
  Layout prog(kernel, "struct bpf_prog"), aux(kernel, "struct bpf_prog_aux");
  const Layout user(kernel, "struct user_struct"), stats(kernel, "struct bpf_prog_stats");
  const Layout function(kernel, "struct bpf_func_info");
  const ProgramFields fields{.prog_size = prog.size(),
                             .type = prog.need("type"),
                             .tag = prog.need("tag"),
                             .aux = prog.need("aux"),
                             .stats = prog.want("stats"),
                             .aux_stats = aux.want("stats"),
                             .aux_size = aux.size(),
                             .id = aux.need("id"),
                             .name = aux.need("name"),
                             .used_maps = aux.need("used_maps"),
                             .used_map_cnt = aux.need("used_map_cnt"),
                             .load_time = aux.need("load_time"),
                             .user = aux.need("user"),
                             .btf = aux.want("btf"),
                             .func_info = aux.want("func_info"),
                             .func_info_cnt = aux.want("func_info_cnt"),
                             .insn_off = function.want("insn_off"),
                             .type_id = function.want("type_id"),
                             .uid = user.want("uid.val"),
                             .code_start = aux.want("ksym.start"),
                             .cnt = stats.want("cnt"),
                             .nsecs = stats.want("nsecs"),
                             .misses = stats.want("misses")};
  if (prog.error()) return std::unexpected(*prog.error());
  if (aux.error()) return std::unexpected(*aux.error());
  return fields;
}

std::string tag_text(const Object& prog, std::uint64_t offset) {
  std::string tag;
  for (std::size_t i = 0; i < tag_size; ++i) tag += fmt::format("{:02x}", prog.get<std::uint8_t>(offset + i));
  return tag;
}

class ProgramLister {
public:
  ProgramLister(Walk& walk, BtfObjects& btfs, const std::vector<Map>& maps, ProgramFields fields)
      : walk_(walk), btfs_(btfs), fields_(fields),
        type_names_(walk.kernel, "bpf_prog_type", "BPF_PROG_TYPE_") {
    for (const Map& map : maps) map_ids_.emplace(map.kva, map.id);
  }

  Program record(std::uint64_t index, std::uint64_t address) {
    Program program;
    program.kva = address;
    program.id = static_cast<std::uint32_t>(index);
    program.lacks_maps = true, program.is_read = false; // until they are
    const auto prog = read(address, fields_.prog_size, "struct bpf_prog", program.id);
    if (!prog) return program;
    program.type = prog->get<std::uint32_t>(fields_.type);
    program.type_name = type_names_.name(program.type);
    program.tag = tag_text(*prog, fields_.tag);
    const auto aux =
        read(prog->get<std::uint64_t>(fields_.aux), fields_.aux_size, "struct bpf_prog_aux", program.id);
    if (!aux) return program;
    read_aux(*aux, program);
    program.is_read = true;
    const auto stats =
        fields_.stats ? prog->get<std::uint64_t>(fields_.stats) : aux->get<std::uint64_t>(fields_.aux_stats);
    if (stats.value_or(0) != 0) read_stats(*stats, program);
    return program;
  }

private:
  std::optional<Object> read(std::uint64_t address, std::uint64_t size, const char* what, std::uint32_t id) {
    target::Fault fault{};
    auto object = Object::read(walk_.reader, address, size, &fault);
    if (!object)
      gap(id, fmt::format("its {} at {:#x} is {}", what, address,
                          target::fault_text(fault, walk_.reader.space(), address)));
    return object;
  }

  void gap(std::uint32_t id, const std::string& what) {
    walk_.gaps.push_back({.text = fmt::format("program {}: {}", id, what), .program = id});
  }

  void read_aux(const Object& aux, Program& program) {
    program.name = aux.text(fields_.name, name_size);
    program.loaded_at_ns = aux.get<std::uint64_t>(fields_.load_time);
    program.code_start = aux.get<std::uint64_t>(fields_.code_start).value_or(0);
    program.btf = aux.get<std::uint64_t>(fields_.btf).value_or(0);
    program.full_name = full_name(aux, program);
    const auto user = aux.get<std::uint64_t>(fields_.user);
    if (user != 0 && fields_.uid) program.uid = walk_.reader.get<std::uint32_t>(user + *fields_.uid);
    if (const auto id = aux.get<std::uint32_t>(fields_.id); id != program.id)
      gap(program.id, fmt::format("its own record says id {}", id));
    read_used_maps(aux.get<std::uint64_t>(fields_.used_maps), aux.get<std::uint32_t>(fields_.used_map_cnt),
                   program);
  }

  /// The function that begins with the program's first instruction (bpf_get_prog_name(), kernel/bpf/core.c).
  /// A loader may call the program otherwise; then the kernel's name is no part of it.
  std::string full_name(const Object& aux, const Program& program) {
    if (program.name.size() != kernel_name_length || program.btf == 0) return "";
    const auto first = aux.get<std::uint64_t>(fields_.func_info);
    if (first.value_or(0) == 0 || aux.get<std::uint32_t>(fields_.func_info_cnt).value_or(0) == 0) return "";
    if (!fields_.insn_off || !fields_.type_id) return "";
    const auto begin = walk_.reader.get<std::uint32_t>(*first + *fields_.insn_off);
    const auto id = walk_.reader.get<std::uint32_t>(*first + *fields_.type_id);
    const auto types = btfs_.types_at(program.btf);
    if (begin != 0U || !id || !types) return "";
    const btf_type* function = (*types)->type(*id);
    const auto name = function != nullptr && btf_is_func(function) ? (*types)->name_of(*id) : "";
    return name.size() > program.name.size() && name.starts_with(program.name) ? valid_utf8(name) : "";
  }

  void read_used_maps(std::uint64_t array, std::uint32_t count, Program& program) {
    if (count > most_used_maps) {
      gap(program.id, fmt::format("says it uses {} maps; the first {} are looked at", count, most_used_maps));
      count = most_used_maps;
    } else {
      program.lacks_maps = false;
    }
    for (std::uint32_t i = 0; i < count; ++i) {
      const auto map = walk_.reader.get<std::uint64_t>(array + 8ULL * i);
      if (!map) {
        gap(program.id, fmt::format("map {} of {} cannot be read", i, count));
        program.lacks_maps = true;
        return;
      }
      if (const auto known = map_ids_.find(*map); known != map_ids_.end())
        program.map_ids.push_back(known->second);
    }
  }

  /// Sums one u64 counter of the per-CPU struct bpf_prog_stats; absent when a CPU's copy cannot be read, or
  /// the CPUs are not known.
  std::optional<std::uint64_t> sum(std::uint64_t per_cpu, std::optional<std::uint64_t> member) {
    const target::PerCpu& cpus = walk_.target.per_cpu();
    if (!member || cpus.possible().empty()) return std::nullopt;
    std::uint64_t total = 0;
    for (const std::uint32_t cpu : cpus.possible()) {
      const auto area = cpus.offset(cpu);
      const auto copy = area ? walk_.reader.get<std::uint64_t>(per_cpu + *area + *member) : std::nullopt;
      if (!copy) return std::nullopt;
      total += *copy;
    }
    return total;
  }

  void read_stats(std::uint64_t per_cpu, Program& program) {
    program.run_cnt = sum(per_cpu, fields_.cnt);
    program.run_time_ns = sum(per_cpu, fields_.nsecs);
    program.recursion_misses = sum(per_cpu, fields_.misses);
  }

  Walk& walk_;
  BtfObjects& btfs_;
  ProgramFields fields_;
  EnumNames type_names_;
  std::unordered_map<std::uint64_t, std::uint32_t> map_ids_;
};

void link_maps_to_programs(std::vector<Map>& maps, const std::vector<Program>& programs) {
  std::unordered_map<std::uint32_t, Map*> by_id;
  for (Map& map : maps) by_id.emplace(map.id, &map);
  for (const Program& program : programs)
    for (const std::uint32_t id : program.map_ids) by_id.at(id)->programs.push_back(program.id);
  for (Map& map : maps) {
    std::ranges::sort(map.programs);
    map.programs.erase(std::ranges::unique(map.programs).begin(), map.programs.end());
  }
}

/// The first program with types is as good as any: what shares a map agrees on what is in it. But of several
/// objects that share an arena, one may declare variables in it.
void find_program_types(BtfObjects& btfs, std::vector<Map>& maps, const std::vector<Program>& programs) {
  std::unordered_map<std::uint32_t, std::uint64_t> btf_of;
  for (const Program& program : programs) btf_of.emplace(program.id, program.btf);
  for (Map& map : maps) {
    if (map.types) continue;
    std::uint64_t before = 0;
    for (const std::uint32_t id : map.programs) {
      const std::uint64_t object = btf_of.at(id);
      if (object == 0 || object == before) continue;
      before = object;
      const auto types = btfs.types_at(object);
      if (!types) continue;
      const bool is_whole = map.type_name != "arena" || arena_section(**types) != 0;
      if (!map.program_types || is_whole) map.program_types = *types;
      if (is_whole) break;
    }
  }
}

} // namespace

Result<void> list_programs(Walk& walk, BtfObjects& btfs, std::vector<Map>& maps, std::vector<Program>& into) {
  const auto fields = program_fields(walk.kernel);
  if (!fields) return std::unexpected(fields.error());
  ProgramLister lister(walk, btfs, maps, *fields);
  auto walked = for_each_in_idr(walk, "prog_idr", [&](std::uint64_t index, std::uint64_t address) {
    into.push_back(lister.record(index, address));
  });
  link_maps_to_programs(maps, into);
  find_program_types(btfs, maps, into);
  return walked;
}

} // namespace mapscope::catalog
