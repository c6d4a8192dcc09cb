// SPDX-License-Identifier: Apache-2.0
// The maps of BPF objects that schedulers are: which there are, and which belong together.
//
// A loader gives the kernel one BTF for all maps of an object, so maps with the same BTF are of one. Refuses:
// maps that have none, as queues.
#pragma once

#include "../xarray.hpp"

namespace mapscope::builtin {

class ObjectMaps {
public:
  /// Those that map_idr has, by their addresses.
  explicit ObjectMaps(Call& call) {
    const auto table = call.symbol_address("map_idr");
    if (!table) return;
    const std::uint32_t id = call.offset(call.kernel_type("struct bpf_map"), "id");
    const auto lost = IdTable(call).for_each(*table, [&](std::uint64_t map) {
      const auto number = load<std::uint32_t>(call, map + id);
      const auto found = number ? call.find_map(("id:" + std::to_string(*number)).c_str()) : std::nullopt;
      if (found && found->target.btf_id != 0) all_.push_back(*found);
    });
    if (lost != 0) call.note(MSC_EFAULT, "some maps that a scheduler may have could not be listed");
  }

  [[nodiscard]] const std::vector<Map>& all() const { return all_; }

  /// Variables of a program are an array of one element, whose type is their section.
  [[nodiscard]] static bool is_section(const Map& map) {
    constexpr std::uint32_t array = 2; // BPF_MAP_TYPE_ARRAY
    return map.target.map_type == array && map.target.max_entries == 1 && map.target.value_type != MSC_BYTES;
  }

private:
  std::vector<Map> all_;
};

} // namespace mapscope::builtin
