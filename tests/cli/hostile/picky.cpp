// SPDX-License-Identifier: Apache-2.0
// A plugin that keeps the contract wherever it has not been told of a map's name: what only one real map
// makes it do. As a decoder it can be given a smaller budget than the maps have entries.
#include <mapscope/plugin.h>

#include <cstdint>
#include <cstring>
#include <string_view>

#ifdef PICKY_DECODER
#define PICKY_LINES "abi=1.1\0id=org.example.picky_decoder\0attach=map-name:first*,victim* mode=element\0"
#define PICKY_BUDGET "budget=entries:" PICKY_DECODER "\0"
#else
#define PICKY_LINES                                                                                          \
  "abi=1.0\0id=org.example.picky\0attach=map-type:hash prio=500\0attach=value-type:struct task_ctx\0"
#define PICKY_BUDGET ""
#endif

MSC_MANIFEST(PICKY_LINES PICKY_BUDGET "version=1.0.0\0"
                                      "license=Apache-2.0");

namespace {

volatile int* volatile const nowhere = reinterpret_cast<int*>(8);

struct Name {
  char text[16] = {};
  [[nodiscard]] bool is(std::string_view wanted) const {
    return std::string_view(text, ::strnlen(text, sizeof text)) == wanted;
  }
};

int name_of(const msc_host* host, msc_call* call, const msc_target* target, Name& name) {
  msc_type type = 0;
  msc_member member{};
  if (const int rc = host->type_find(call, MSC_KERNEL_BTF, "struct bpf_map", &type); rc != MSC_OK) return rc;
  if (const int rc = host->type_member(call, type, "name", &member); rc != MSC_OK) return rc;
  return host->read(call, MSC_KERNEL, target->map + member.bit_offset / 8, name.text, sizeof name.text);
}

__attribute__((noinline)) void write_to_null() { *nowhere = 1; }

[[maybe_unused]] int rows(const msc_host* host, msc_call* call, const msc_target* target,
                          std::uint8_t first_byte) {
  for (std::uint32_t i = 0; i < 10; ++i) {
    std::uint8_t key[1024] = {}, value[1024] = {};
    if (target->key_size > sizeof key || target->value_size > sizeof value) return MSC_OK;
    std::memcpy(key, &i, target->key_size < sizeof i ? target->key_size : sizeof i);
    value[0] = first_byte;
    msc_row row{};
    row.size = sizeof row;
    row.shape = MSC_ENTRY;
    row.key = {MSC_DECLARED, key, target->key_size};
    row.value = {MSC_DECLARED, value, target->value_size};
    if (const int rc = host->row(call, &row); rc != MSC_OK) return rc;
  }
  return MSC_OK;
}

int render(const msc_host* host, msc_call* call, const msc_target* target) {
  Name name;
  if (const int rc = name_of(host, call, target, name); rc != MSC_OK) return rc;
  if (name.is("victim")) write_to_null();
#ifdef PICKY_DECODER
  return MSC_OK; // the rows are there without being asked for
#else
  static std::uint8_t renders = 0;
  if (name.is("refused")) return host->note(call, MSC_EFAIL, "no map of ours"), MSC_EFAIL;
  for (volatile bool goes_on = name.is("endless"); goes_on;) { // without a call: the place is to be render()
  }
  return rows(host, call, target, name.is("restless") ? ++renders : 7);
#endif
}

} // namespace

const msc_plugin msc_plugin_v1 = {sizeof(msc_plugin), MSC_ABI_MAJOR, MSC_ABI_MINOR, render};
