/* SPDX-License-Identifier: Apache-2.0
 * Arrays, in C, from the header alone. */
#include <mapscope/plugin.h>

MSC_MANIFEST("abi=1.0\0"
             "id=org.example.plain\0"
             "version=1\0"
             "license=Apache-2.0\0"
             "attach=map-type:array\0"
             "needs=struct bpf_array.value");

/* Where the first element is; 0 and the code when that is not known. */
static uint64_t elements(const struct msc_host* host, struct msc_call* call, uint64_t map, int* rc) {
  msc_type array = 0;
  struct msc_member value = {0};
  *rc = host->type_find(call, MSC_KERNEL_BTF, "struct bpf_array", &array);
  if (*rc == MSC_OK) *rc = host->type_member(call, array, "value", &value);
  return *rc == MSC_OK ? map + value.bit_offset / 8 : 0;
}

static int render(const struct msc_host* host, struct msc_call* call, const struct msc_target* target) {
  unsigned char bytes[256];
  const uint64_t step = (target->value_size + 7ULL) & ~7ULL;
  const size_t size = target->value_size < sizeof bytes ? target->value_size : sizeof bytes;
  int rc = MSC_OK;
  const uint64_t first = elements(host, call, target->map, &rc);
  for (uint32_t i = 0; rc == MSC_OK && i < target->max_entries; ++i) {
    const int read = host->read(call, MSC_KERNEL, first + i * step, bytes, size);
    if (read != MSC_OK && read != MSC_EFAULT) return read;
    const struct msc_row row = {.size = sizeof row,
                                .shape = MSC_ELEMENT,
                                .key = {MSC_DECLARED, &i, sizeof i},
                                .value = {MSC_DECLARED, read == MSC_OK ? bytes : NULL, size}};
    rc = host->row(call, &row);
  }
  return rc;
}

const struct msc_plugin msc_plugin_v1 = {sizeof msc_plugin_v1, MSC_ABI_MAJOR, MSC_ABI_MINOR, &render};
