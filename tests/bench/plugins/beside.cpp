// SPDX-License-Identifier: Apache-2.0
// A decoder with one field beside each value: what an element costs on its way past a plugin.
#include <mapscope/plugin.hpp>

static void render(mapscope::Call& call) {
  const bool adds = call.config("adds") == "true";
  std::uint64_t seen = 0;
  call.rows([&](mapscope::Element& e) {
    if (adds) e.number("n", e.key<std::uint32_t>());
    ++seen;
  });
  call.number("seen", seen);
}

MSC_PLUGIN(render, "id=org.example.beside\0"
                   "version=1.0.0\0"
                   "license=Apache-2.0\0"
                   "attach=map-name:zero_array mode=element\0"
                   "config=adds:bool=false");
