// SPDX-License-Identifier: Apache-2.0
#include "host/catalog/layout.hpp"
#include "host/catalog/names.hpp"
#include "host/catalog/walks.hpp"
#include "host/target/target.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <span>
#include <unordered_map>

namespace mapscope::catalog {

namespace {

constexpr std::size_t name_size = kernel_name_length + 1;

/// struct bpf_map, include/linux/bpf.h.
struct MapFields {
  std::uint64_t size, type, key_size, value_size, max_entries, flags, id, name, btf, key_type, value_type;
  std::optional<std::uint64_t> vmlinux_value_type; // 5.6
  std::optional<std::uint64_t> extra;              // 5.16
  std::optional<std::uint64_t> frozen, refcnt, usercnt, ops;
  /// struct bpf_struct_ops_map, kernel/bpf/bpf_struct_ops.c; before 6.9 only the kernel itself had ops.
  std::optional<std::uint64_t> ops_btf;
};

Result<MapFields> map_fields(const btf::Types& kernel) {
  Layout map(kernel, "struct bpf_map");
  const Layout struct_ops(kernel, "struct bpf_struct_ops_map");
  const MapFields fields{.size = map.size(),
                         .type = map.need("map_type"),
                         .key_size = map.need("key_size"),
                         .value_size = map.need("value_size"),
                         .max_entries = map.need("max_entries"),
                         .flags = map.need("map_flags"),
                         .id = map.need("id"),
                         .name = map.need("name"),
                         .btf = map.need("btf"),
                         .key_type = map.need("btf_key_type_id"),
                         .value_type = map.need("btf_value_type_id"),
                         .vmlinux_value_type = map.want("btf_vmlinux_value_type_id"),
                         .extra = map.want("map_extra"),
                         .frozen = map.want("frozen"),
                         .refcnt = map.want("refcnt.counter"),
                         .usercnt = map.want("usercnt.counter"),
                         .ops = map.want("ops"),
                         .ops_btf = struct_ops.want("btf")};
  if (map.error()) return std::unexpected(*map.error());
  return fields;
}

class MapLister {
public:
  MapLister(Walk& walk, BtfObjects& btfs, const std::shared_ptr<const btf::Types>& kernel, MapFields fields)
      : walk_(walk), btfs_(btfs), kernel_(kernel), fields_(fields),
        type_names_(*kernel, "bpf_map_type", "BPF_MAP_TYPE_"),
        offload_ops_(walk.target.symbols().find("bpf_map_offload_ops")),
        ops_by_type_(walk.target.symbols().find("bpf_map_types")) {}

  Map record(std::uint64_t index, std::uint64_t address) {
    Map map;
    map.kva = address;
    map.id = static_cast<std::uint32_t>(index);
    target::Fault fault{};
    const auto object = Object::read(walk_.reader, address, fields_.size, &fault);
    if (!object) {
      map.type_name = "unknown", map.is_read = false;
      map.problem = fmt::format("its struct bpf_map at {:#x} is {}", address,
                                target::fault_text(fault, walk_.reader.space(), address));
      return map;
    }
    read_header(*object, map);
    read_types(*object, map);
    check_type(object->get<std::uint64_t>(fields_.ops).value_or(0), map);
    return map;
  }

private:
  void read_header(const Object& object, Map& map) const {
    map.name = object.text(fields_.name, name_size);
    map.type = object.get<std::uint32_t>(fields_.type);
    map.type_name = type_names_.name(map.type);
    map.key_size = object.get<std::uint32_t>(fields_.key_size);
    map.value_size = object.get<std::uint32_t>(fields_.value_size);
    map.max_entries = object.get<std::uint32_t>(fields_.max_entries);
    map.flags = object.get<std::uint32_t>(fields_.flags);
    map.flag_names = map_flag_names(map.flags);
    map.map_extra = object.get<std::uint64_t>(fields_.extra).value_or(0);
    if (const auto frozen = object.get<std::uint8_t>(fields_.frozen)) map.frozen = *frozen != 0;
    map.refcnt = object.get<std::int64_t>(fields_.refcnt);
    map.usercnt = object.get<std::int64_t>(fields_.usercnt);
    map.offloaded = offload_ops_ && object.get<std::uint64_t>(fields_.ops) == offload_ops_;
    if (const auto id = object.get<std::uint32_t>(fields_.id); id != map.id)
      map.problem = fmt::format("the id table lists it as {}, its own record says {}", map.id, id);
  }

  /// The kernel picks a map's ops by its type, and tells types apart by nothing else afterwards
  /// (find_and_alloc_map(), kernel/bpf/syscall.c).
  void check_type(std::uint64_t ops, Map& map) {
    constexpr std::uint32_t most_types = 1024;
    if (!ops_by_type_ || map.offloaded || ops == 0 || map.type >= most_types) return;
    const auto of_type = walk_.reader.get<std::uint64_t>(*ops_by_type_ + std::uint64_t{map.type} * 8);
    if (of_type.value_or(0) == 0 || *of_type == ops) return;
    const auto symbol = walk_.target.symbols().at(ops);
    add_problem(fmt::format("its type says {}, its ops are {}", map.type_name,
                            symbol ? symbol->name : fmt::format("at {:#x}", ops)),
                map);
  }

  /// Type ids are local to the map's BTF object: without that object there is no typing, and no other table
  /// helps.
  void read_types(const Object& object, Map& map) {
    map.vmlinux_value_type = object.get<std::uint32_t>(fields_.vmlinux_value_type).value_or(0);
    if (map.vmlinux_value_type != 0) map.vmlinux_types = ops_types(map);
    const auto btf = object.get<std::uint64_t>(fields_.btf);
    if (btf == 0) {
      if (map.vmlinux_value_type != 0) map.types = kernel_;
      return;
    }
    map.btf_id = btfs_.id_at(btf);
    map.types = types_at(btf, "its types", map);
    if (!map.types) return;
    map.key_type = object.get<std::uint32_t>(fields_.key_type);
    map.value_type = object.get<std::uint32_t>(fields_.value_type);
  }

  std::shared_ptr<const btf::Types> types_at(std::uint64_t btf, const char* what, Map& map) {
    auto types = btfs_.types_at(btf);
    if (types) return *types;
    add_problem(fmt::format("{} cannot be read: {}", what, types.error().text), map);
    return nullptr;
  }

  static void add_problem(const std::string& problem, Map& map) {
    map.problem = map.problem ? *map.problem + "; " + problem : problem;
  }

  /// A module may bring ops of its own, and their types are in its BTF.
  std::shared_ptr<const btf::Types> ops_types(Map& map) {
    if (!fields_.ops_btf) return kernel_;
    const auto btf = walk_.reader.get<std::uint64_t>(map.kva + *fields_.ops_btf);
    if (btf.value_or(0) != 0) return types_at(*btf, "the types of its ops", map);
    add_problem("the types of its ops cannot be found", map);
    return nullptr;
  }

  Walk& walk_;
  BtfObjects& btfs_;
  const std::shared_ptr<const btf::Types>& kernel_;
  MapFields fields_;
  EnumNames type_names_;
  std::optional<std::uint64_t> offload_ops_; ///< kernel/bpf/offload.c
  std::optional<std::uint64_t> ops_by_type_; ///< bpf_map_types[], of as many as the kernel knows
};

} // namespace

Result<void> list_maps(Walk& walk, BtfObjects& btfs, const std::shared_ptr<const btf::Types>& kernel,
                       std::vector<Map>& into) {
  const auto fields = map_fields(*kernel);
  if (!fields) return std::unexpected(fields.error());
  MapLister lister(walk, btfs, kernel, *fields);
  return for_each_in_idr(walk, "map_idr", [&](std::uint64_t index, std::uint64_t address) {
    into.push_back(lister.record(index, address));
  });
}

} // namespace mapscope::catalog
