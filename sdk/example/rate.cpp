// SPDX-License-Identifier: Apache-2.0
// Beside each struct odd its balance per hit.
#include <mapscope/plugin.hpp>

static void show(mapscope::Element& e) {
  const auto hits = e.get<double>("hits");
  if (hits == 0) return e.absent("rate");
  e.real("rate", e.get<double>("balance") / hits);
}

MSC_ELEMENT_PLUGIN(show, "id=org.example.rate\0"
                         "version=" MAPSCOPE_PLUGIN_VERSION "\0"
                         "license=Apache-2.0\0"
                         "attach=value-type:struct odd map-type:array,hash mode=element");
