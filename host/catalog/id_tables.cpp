// SPDX-License-Identifier: Apache-2.0
#include "host/catalog/id_tables.hpp"

#include "host/catalog/walks.hpp"

#include <linux/btf.h>

namespace mapscope::catalog {

namespace {
constexpr unsigned most_candidates = 4096; ///< a kernel has some ten
constexpr std::uint32_t root_is_idr = 4;   // ROOT_IS_IDR, include/linux/radix-tree.h
constexpr std::uint32_t most_types = 1024; ///< of maps
bool is_node(std::uint64_t entry) { return (entry & 3) == 2 && entry > 4096; }
} // namespace

IdTables::IdTables(const target::Target& target, const btf::Types& kernel, const ImageWords& image)
    : image_(image), translator_(*target.space().translator), reader_(target.reader()) {
  Layout idr(kernel, "struct idr"), map(kernel, "struct bpf_map"), program(kernel, "struct bpf_prog"),
      aux(kernel, "struct bpf_prog_aux"), btf(kernel, "struct btf");
  fields_ = {.flags = idr.need("idr_rt.xa_flags"),
             .base = idr.need("idr_base"),
             .next = idr.need("idr_next"),
             .map_id = map.need("id"),
             .map_type = map.need("map_type"),
             .map_ops = map.need("ops"),
             .aux = program.need("aux"),
             .aux_id = aux.need("id"),
             .aux_prog = aux.need("prog"),
             .btf_id = btf.need("id"),
             .btf_data = btf.need("data")};
  const auto layout = idr_layout(kernel);
  if (layout) layout_ = *layout;
  is_usable_ = layout && !idr.error() && !map.error() && !program.error() && !aux.error() && !btf.error();
}

bool IdTables::is_idr(std::uint64_t idr) {
  const auto next = get<std::uint32_t>(idr + fields_.next);
  return (get<std::uint32_t>(idr + fields_.flags) & root_is_idr) != 0 &&
         reader_.get<std::uint32_t>(idr + fields_.base) == 0U && next > 0 && next <= INT32_MAX;
}

/// Its operations are the kernel's own, whatever its type.
bool IdTables::is_map(std::uint64_t id, std::uint64_t object) {
  const auto type = get<std::uint32_t>(object + fields_.map_type);
  return get<std::uint32_t>(object + fields_.map_id) == id && type != 0 && type < most_types &&
         image_.holds(get<std::uint64_t>(object + fields_.map_ops));
}

bool IdTables::is_program(std::uint64_t id, std::uint64_t object) {
  const auto aux = get<std::uint64_t>(object + fields_.aux);
  return get<std::uint32_t>(aux + fields_.aux_id) == id &&
         get<std::uint64_t>(aux + fields_.aux_prog) == object;
}

bool IdTables::is_btf(std::uint64_t id, std::uint64_t object) {
  return get<std::uint32_t>(object + fields_.btf_id) == id &&
         get<std::uint16_t>(get<std::uint64_t>(object + fields_.btf_data)) == BTF_MAGIC;
}

void IdTables::consider(std::uint64_t address, std::uint64_t word) {
  if (!is_node(word) || !translator_.is_kernels(word) || !is_usable_) return;
  const std::uint64_t idr = address - layout_.head;
  if (!is_idr(idr) || heads_.size() >= most_candidates || !heads_.insert(word).second) return;
  std::uint64_t all = 0;
  std::array<std::uint64_t, names.size()> right{};
  walk_xarray(
      reader_, layout_, idr,
      [&](std::uint64_t id, std::uint64_t object) {
        ++all;
        right[0] += is_map(id, object), right[1] += is_program(id, object), right[2] += is_btf(id, object);
      },
      [](const std::string&) {}); // what it lacks is told when it is read
  for (std::size_t i = 0; i < names.size(); ++i)
    if (right[i] > all / 2 && right[i] > best_[i].right) best_[i] = {idr, right[i]};
}

} // namespace mapscope::catalog
