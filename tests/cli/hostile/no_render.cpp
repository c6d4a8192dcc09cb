// SPDX-License-Identifier: Apache-2.0
// A plugin whose entry leads nowhere.
#include <mapscope/plugin.h>

MSC_MANIFEST("abi=1.0\0"
             "id=org.example.no_render\0"
             "version=6.6.6\0"
             "license=Apache-2.0\0"
             "attach=map-name:victim*");

const msc_plugin msc_plugin_v1 = {sizeof(msc_plugin), MSC_ABI_MAJOR, MSC_ABI_MINOR, nullptr};
