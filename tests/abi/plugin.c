/* SPDX-License-Identifier: Apache-2.0
 * A plugin in C that uses what every interface so far has; compiled with each frozen header. It shows the
 * first element of each array, and what it took it from. */
#include <mapscope/plugin.h>

#define TEXT_(X) #X
#define TEXT(X) TEXT_(X)

enum { most = 4096 };

static int offset_of(const struct msc_host* host, struct msc_call* call, msc_type type, const char* member,
                     uint64_t* offset) {
  struct msc_member found;
  int rc = host->type_member(call, type, member, &found);
  if (rc == MSC_OK) *offset = found.bit_offset / 8;
  return rc;
}

static int render(const struct msc_host* host, struct msc_call* call, const struct msc_target* target) {
  unsigned char bytes[most];
  const uint32_t index = 0;
  uint64_t value = 0;
  msc_type array = 0;
  if (target->value_size > most) return host->note(call, MSC_EFAIL, "elements of more than 4096 bytes");
  int rc = host->type_find(call, MSC_KERNEL_BTF, "struct bpf_array", &array);
  if (rc == MSC_OK) rc = offset_of(host, call, array, "value", &value);
  if (rc == MSC_OK) rc = host->read(call, MSC_KERNEL, target->map + value, bytes, target->value_size);
  if (rc != MSC_OK) return rc;
  const struct msc_row row = {.size = sizeof row,
                              .shape = MSC_ELEMENT,
                              .key = {MSC_DECLARED, &index, sizeof index},
                              .value = {MSC_DECLARED, bytes, target->value_size}};
  rc = host->row(call, &row);
  const struct msc_field field = {
      .size = sizeof field, .kind = MSC_NUMBER, .name = "interface_minor", .number = MSC_ABI_MINOR};
  return rc == MSC_OK ? host->field(call, &field) : rc;
}

const struct msc_plugin msc_plugin_v1 = {sizeof(struct msc_plugin), MSC_ABI_MAJOR, MSC_ABI_MINOR, render};

MSC_MANIFEST("abi=" TEXT(MSC_ABI_MAJOR) "." TEXT(MSC_ABI_MINOR) "\0"
                                                                "id=org.example.frozen\0"
                                                                "version=1\0"
                                                                "license=Apache-2.0\0"
                                                                "attach=map-type:array prio=1");
