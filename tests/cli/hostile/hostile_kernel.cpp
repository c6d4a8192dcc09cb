// SPDX-License-Identifier: Apache-2.0
// Claims a part of the kernel, begins to show it, and crashes.
#include <mapscope/plugin.h>

MSC_MANIFEST("abi=1.0\0"
             "id=org.example.hostile_kernel\0"
             "version=6.6.6\0"
             "license=Apache-2.0\0"
             "attach=kernel:sched_ext prio=1");

namespace {

volatile int* const nowhere = reinterpret_cast<int*>(8);

int render(const msc_host* host, msc_call* call, const msc_target* /*target*/) {
  msc_field field{};
  field.size = sizeof field;
  field.kind = MSC_NUMBER, field.name = "begun", field.number = 1;
  if (const int rc = host->field(call, &field); rc != MSC_OK) return rc;
  *nowhere = 1;
  return MSC_OK;
}

} // namespace

const msc_plugin msc_plugin_v1 = {sizeof(msc_plugin), MSC_ABI_MAJOR, MSC_ABI_MINOR, render};
