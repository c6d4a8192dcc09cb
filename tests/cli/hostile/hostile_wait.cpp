// SPDX-License-Identifier: Apache-2.0
// A plugin that never comes to be loaded.
#include <mapscope/plugin.h>

MSC_MANIFEST("abi=1.0\0"
             "id=org.example.hostile_wait\0"
             "version=6.6.6\0"
             "license=Apache-2.0\0"
             "attach=map-name:victim*");

namespace {

__attribute__((constructor)) void at_load() {
  for (volatile bool on = true; on;) {
  }
}

int render(const msc_host* /*host*/, msc_call* /*call*/, const msc_target* /*target*/) { return MSC_OK; }

} // namespace

const msc_plugin msc_plugin_v1 = {sizeof(msc_plugin), MSC_ABI_MAJOR, MSC_ABI_MINOR, render};
