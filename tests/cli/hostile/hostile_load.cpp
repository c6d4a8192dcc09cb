// SPDX-License-Identifier: Apache-2.0
// A plugin whose constructor crashes: nothing of it can even be loaded.
#include <mapscope/plugin.h>

MSC_MANIFEST("abi=1.0\0"
             "id=org.example.hostile_load\0"
             "version=6.6.6\0"
             "license=Apache-2.0\0"
             "attach=map-name:victim*");

namespace {

__attribute__((constructor)) void at_load() { *reinterpret_cast<volatile int*>(16) = 1; }

int render(const msc_host* /*host*/, msc_call* /*call*/, const msc_target* /*target*/) { return MSC_OK; }

} // namespace

const msc_plugin msc_plugin_v1 = {sizeof(msc_plugin), MSC_ABI_MAJOR, MSC_ABI_MINOR, render};
