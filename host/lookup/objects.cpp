// SPDX-License-Identifier: Apache-2.0
#include "host/lookup/objects.hpp"

#include "host/lookup/listing.hpp"

#include "host/base/utf8.hpp"

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <cerrno>
#include <cstring>
#include <fmt/format.h>
#include <fstream>
#include <linux/bpf.h>
#include <span>
#include <system_error>

namespace mapscope::lookup {

namespace {

/// Names of 16 bytes, the last of them 0.
std::string name_of(const char* name) { return valid_utf8(std::string(name, ::strnlen(name, 15))); }

std::string name_or_number(const std::optional<catalog::EnumNames>& names, std::uint32_t type,
                           const char* known) {
  if (names) return names->name(type);
  return known != nullptr ? known : fmt::format("type_{}", type);
}

/// "frozen:\t1" of /proc/self/fdinfo; nothing where that is not there.
std::optional<bool> is_frozen(int fd) {
  constexpr std::string_view key = "frozen:";
  std::ifstream file(fmt::format("/proc/self/fdinfo/{}", fd));
  for (std::string line; std::getline(file, line);)
    if (line.starts_with(key)) return line.find('1', key.size()) != line.npos;
  return std::nullopt;
}

/// Since 6.9 it says which object its ops are of; before, there was only the kernel itself. Older headers
/// have a gap there.
std::uint32_t ops_object(const bpf_map_info& info) {
  std::uint32_t id = 0;
  constexpr std::size_t at = offsetof(bpf_map_info, btf_value_type_id) + sizeof info.btf_value_type_id;
  static_assert(at + sizeof id == offsetof(bpf_map_info, map_extra));
  std::memcpy(&id, reinterpret_cast<const char*>(&info) + at, sizeof id);
  return id;
}

void add_types(const bpf_map_info& info, ObjectTypes& types, catalog::Map& map) {
  map.vmlinux_value_type = info.btf_vmlinux_value_type_id;
  if (map.vmlinux_value_type != 0) {
    const std::uint32_t object = ops_object(info);
    map.vmlinux_types = object != 0 ? types.of(object) : types.kernel();
    if (!map.vmlinux_types) map.problem = "the types of its ops cannot be had";
  }
  if (info.btf_id == 0) return void(map.types = map.vmlinux_value_type != 0 ? types.kernel() : nullptr);
  map.btf_id = info.btf_id;
  map.types = types.of(info.btf_id);
  if (!map.types) return void(map.problem = "its types cannot be had");
  map.key_type = info.btf_key_type_id, map.value_type = info.btf_value_type_id;
}

catalog::Map with_id(std::uint32_t id) {
  catalog::Map map;
  map.id = id, map.is_live = true;
  return map;
}

/// One that there is, and that may not be looked at.
catalog::Map refused_map(std::uint32_t id, int error) {
  catalog::Map map = with_id(id);
  map.type_name = "unknown", map.is_read = false;
  map.problem = fmt::format("it may not be opened: {}", std::generic_category().message(error));
  return map;
}

std::string tag_text(std::span<const std::uint8_t> tag) {
  std::string text;
  for (const std::uint8_t byte : tag) text += fmt::format("{:02x}", byte);
  return text;
}

bool get_info(int fd, bpf_prog_info& info) {
  std::uint32_t length = sizeof info;
  return ::bpf_obj_get_info_by_fd(fd, &info, &length) == 0;
}

/// Ids; nothing where it uses more of them by now.
std::optional<std::vector<std::uint32_t>> used_maps(int fd, std::uint32_t count) {
  std::vector<std::uint32_t> ids(count);
  bpf_prog_info info{};
  info.map_ids = reinterpret_cast<std::uint64_t>(ids.data()), info.nr_map_ids = count;
  if (!get_info(fd, info) || info.nr_map_ids != count) return std::nullopt;
  return ids;
}

/// The function that begins with the program's first instruction, see catalog::Program; a loader may call the
/// program otherwise.
std::string full_name(int fd, const catalog::Program& program, ObjectTypes& types) {
  if (program.name.size() != catalog::kernel_name_length || program.btf == 0) return "";
  bpf_func_info first{};
  bpf_prog_info info{};
  info.func_info = reinterpret_cast<std::uint64_t>(&first);
  info.nr_func_info = 1, info.func_info_rec_size = sizeof first;
  if (!get_info(fd, info) || info.nr_func_info == 0 || first.insn_off != 0) return "";
  const auto own = types.of(static_cast<std::uint32_t>(program.btf));
  const btf_type* function = own ? own->type(first.type_id) : nullptr;
  const auto name = function != nullptr && btf_is_func(function) ? own->name_of(first.type_id) : "";
  return name.size() > program.name.size() && name.starts_with(program.name) ? valid_utf8(name) : "";
}

} // namespace

TypeNames::TypeNames(const btf::Types* kernel) {
  if (kernel == nullptr) return;
  maps_.emplace(*kernel, "bpf_map_type", "BPF_MAP_TYPE_");
  programs_.emplace(*kernel, "bpf_prog_type", "BPF_PROG_TYPE_");
}

std::string TypeNames::of_map(std::uint32_t type) const {
  return name_or_number(maps_, type, ::libbpf_bpf_map_type_str(static_cast<bpf_map_type>(type)));
}

std::string TypeNames::of_program(std::uint32_t type) const {
  return name_or_number(programs_, type, ::libbpf_bpf_prog_type_str(static_cast<bpf_prog_type>(type)));
}

std::optional<catalog::Map> map_record(std::uint32_t id, ObjectTypes& types, const TypeNames& names) {
  const Descriptor fd = open_map(id);
  if (!fd.is_open()) return errno == ENOENT ? std::nullopt : std::optional(refused_map(id, errno));
  bpf_map_info info{};
  std::uint32_t length = sizeof info;
  if (::bpf_obj_get_info_by_fd(fd.get(), &info, &length) != 0) return refused_map(id, errno);
  catalog::Map map = with_id(id);
  map.name = name_of(info.name);
  map.type = info.type, map.type_name = names.of_map(info.type);
  map.key_size = info.key_size, map.value_size = info.value_size;
  map.max_entries = info.max_entries, map.flags = info.map_flags;
  map.flag_names = catalog::map_flag_names(info.map_flags);
  map.map_extra = info.map_extra;
  map.frozen = is_frozen(fd.get());
  map.offloaded = info.ifindex != 0;
  add_types(info, types, map);
  return map;
}

std::optional<catalog::Program> program_record(std::uint32_t id, ObjectTypes& types, const TypeNames& names) {
  catalog::Program program;
  program.id = id;
  const Descriptor fd(::bpf_prog_get_fd_by_id(id));
  bpf_prog_info info{};
  if (!fd.is_open() && errno == ENOENT) return std::nullopt;
  program.is_read = fd.is_open() && get_info(fd.get(), info);
  program.lacks_maps = !program.is_read;
  if (!program.is_read) return program;
  program.name = name_of(info.name);
  program.type = info.type, program.type_name = names.of_program(info.type);
  program.tag = tag_text(info.tag);
  program.run_cnt = info.run_cnt, program.run_time_ns = info.run_time_ns;
  program.recursion_misses = info.recursion_misses;
  program.uid = info.created_by_uid, program.loaded_at_ns = info.load_time;
  program.btf = info.btf_id;
  program.full_name = full_name(fd.get(), program, types);
  const auto maps = used_maps(fd.get(), info.nr_map_ids);
  program.lacks_maps = !maps;
  if (maps) program.map_ids = *maps;
  return program;
}

} // namespace mapscope::lookup
