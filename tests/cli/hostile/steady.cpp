// SPDX-License-Identifier: Apache-2.0
// A plugin that shows every map as ten entries: what stands by when another one fails.
#include <mapscope/plugin.h>

#include <cstdint>

MSC_MANIFEST("abi=1.0\0"
             "id=org.example.steady\0"
             "version=1.0.0\0"
             "license=Apache-2.0\0"
             "attach=map-type:hash,array prio=5");

namespace {

int render(const msc_host* host, msc_call* call, const msc_target* target) {
  for (std::uint32_t i = 0; i < 10; ++i) {
    std::uint64_t value = 0;
    const int rc = host->read(call, MSC_KERNEL, target->map, &value, sizeof value);
    if (rc != MSC_OK) return rc;
    value += i;
    msc_row row{};
    row.size = sizeof row;
    row.shape = MSC_ENTRY;
    row.key = {MSC_DECLARED, &i, sizeof i};
    row.value = {MSC_DECLARED, &value, sizeof value};
    if (const int given = host->row(call, &row); given != MSC_OK) return given;
  }
  return MSC_OK;
}

} // namespace

const msc_plugin msc_plugin_v1 = {sizeof(msc_plugin), MSC_ABI_MAJOR, MSC_ABI_MINOR, render};
