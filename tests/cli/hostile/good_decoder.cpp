// SPDX-License-Identifier: Apache-2.0
// A decoder that does what it should, and stands before those that do not.
#include <mapscope/plugin.hpp>

static void show(mapscope::Element& e) { e.flag("good", true); }

MSC_ELEMENT_PLUGIN(show, "id=org.example.good\0"
                         "version=1.0.0\0"
                         "license=Apache-2.0\0"
                         "attach=map-name:victim mode=element prio=1");
