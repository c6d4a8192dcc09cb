// SPDX-License-Identifier: Apache-2.0
#include "host/catalog/catalog.hpp"

#include "host/target/target.hpp"

#include "host/base/glob.hpp"
#include "host/catalog/layout.hpp"
#include "host/catalog/map_definitions.hpp"
#include "host/catalog/map_memory.hpp"
#include "host/catalog/walks.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace mapscope::catalog {

namespace {

template <class Record> void sort_by_id(std::vector<Record>& records) {
  std::ranges::sort(records, {}, &Record::id);
}

constexpr std::uint64_t largest_id = INT32_MAX; // idr_alloc_cyclic(..., 1, INT_MAX), kernel/bpf/syscall.c

/// A table that cannot be walked leaves its list empty; the others stand. True if all of it was read.
bool keep_gap(Walk& walk, Result<void> walked, const char* table, std::string_view what) {
  if (!walked) walk.gaps.push_back({fmt::format("{}: {}", what, walked.error().text)});
  return walked && !walk.torn.contains(table);
}

} // namespace

Result<target::XarrayLayout> idr_layout(const btf::Types& kernel) {
  Layout idr(kernel, "struct idr"), node(kernel, "struct xa_node");
  target::XarrayLayout layout{.head = idr.need("idr_rt.xa_head"),
                              .shift = node.need("shift"),
                              .offset = node.need("offset"),
                              .parent = node.need("parent"),
                              .slots = node.need("slots")};
  if (idr.error()) return std::unexpected(*idr.error());
  if (node.error()) return std::unexpected(*node.error());
  const auto slots = kernel.member(*kernel.find("struct xa_node"), "slots");
  const auto fan_out = kernel.array_length(slots->type);
  if (!fan_out) return std::unexpected(fan_out.error());
  layout.fan_out = *fan_out;
  return layout;
}

Result<void> for_each_in_idr(Walk& walk, const char* idr_name,
                             const std::function<void(std::uint64_t, std::uint64_t)>& visit) {
  const auto idr = walk.target.symbols().find(idr_name);
  if (!idr)
    return fail(
        Errc::not_found,
        fmt::format("the kernel's symbols have no {}; give them with --symbols or --vmlinux", idr_name));
  const auto layout = idr_layout(walk.kernel);
  if (!layout) return std::unexpected(layout.error());
  const auto gap = [&](std::string what) {
    walk.gaps.push_back({fmt::format("{}: {}", idr_name, what)});
    walk.torn.insert(idr_name);
  };
  const auto entry = [&](std::uint64_t index, std::uint64_t object) {
    if (index > largest_id) return gap(fmt::format("an entry at {}, which no id can be", index));
    visit(index, object);
  };
  target::walk_xarray(walk.reader, *layout, *idr, entry, gap);
  return {};
}

bool Names::fit(std::string_view glob) const {
  return glob_match(glob, name) || (!full.empty() && glob_match(glob, full));
}

bool Catalog::lacks_uses() const {
  return lacks_programs || std::ranges::any_of(programs, &Program::lacks_maps);
}

namespace {

/// What only programs tell is lost with them.
void tell_of_lost_types(std::vector<Map>& maps) {
  for (Map& map : maps)
    if (!map.types && map.vmlinux_value_type == 0 && map.untyped.empty())
      map.untyped = "programs that may declare its types could not be read";
}

} // namespace

Result<Catalog> read_catalog(const target::Target& target, const std::shared_ptr<const btf::Types>& kernel) {
  Catalog catalog;
  Walk walk{target, *kernel, target.reader(), catalog.gaps};
  BtfObjects btfs(walk, kernel);
  if (auto listed = list_maps(walk, btfs, kernel, catalog.maps); !listed)
    return std::unexpected(std::move(listed.error()).within("cannot list the maps"));
  for (MapMemory memory(target, *kernel); Map & map : catalog.maps) map.bytes = memory.of(map);
  catalog.lacks_maps = walk.torn.contains("map_idr");
  sort_by_id(catalog.maps);
  catalog.lacks_programs = !keep_gap(walk, list_programs(walk, btfs, catalog.maps, catalog.programs),
                                     "prog_idr", "programs are not listed");
  apply_definitions(
      catalog.maps, catalog.programs, list_inner_maps(walk, catalog.maps),
      [&](std::uint64_t btf) { return btfs.types_at(btf).value_or(std::shared_ptr<const btf::Types>()); });
  if (catalog.lacks_uses()) tell_of_lost_types(catalog.maps);
  catalog.lacks_btfs = !keep_gap(walk, btfs.list(catalog.btfs), "btf_idr", "BTF objects are not listed");
  sort_by_id(catalog.programs);
  sort_by_id(catalog.btfs);
  return catalog;
}

} // namespace mapscope::catalog
