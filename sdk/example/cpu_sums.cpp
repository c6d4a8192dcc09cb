// SPDX-License-Identifier: Apache-2.0
// What the CPUs' copies sum up to: of each element, and of the map.
#include <mapscope/plugin.hpp>

static void render(mapscope::Call& call) {
  std::uint64_t total = 0;
  call.rows([&](mapscope::Element& e) {
    const auto hits = e.get<std::uint64_t>("hits"); // of per-CPU values the sum
    e.number("hits", hits);
    total += hits;
  });
  call.number("total_hits", total);
}

MSC_PLUGIN(render, "id=org.example.cpu_sums\0"
                   "version=" MAPSCOPE_PLUGIN_VERSION "\0"
                   "license=Apache-2.0\0"
                   "attach=value-type:struct odd map-type:percpu_hash,percpu_array mode=element");
