// SPDX-License-Identifier: Apache-2.0
// A plugin that was built with a later minor of the interface, whose records are longer, and that is content
// with what this one has. Where it is told to say more, it relies on what only the later one knows.
#include <mapscope/plugin.h>

#include <cstdint>
#include <cstring>

MSC_MANIFEST("abi=1.0\0"
             "id=org.example.later\0"
             "version=1.0.0\0"
             "license=Apache-2.0\0"
             "attach=map-name:victim*\0"
             "config=says:string=");

namespace {

template <class Record> struct Longer {
  Record known{};
  std::uint64_t later[3]{};

  Longer() { known.size = sizeof *this; }
};

/// The host goes as far as it knows and says so, also where there is nothing to be found.
template <class Record> bool is_filled(int rc, const Longer<Record>& record) {
  return (rc == MSC_OK || rc == MSC_ENOENT) && record.known.size == sizeof(Record);
}

bool asks_with_longer_records(const msc_host& host, msc_call* call, const msc_target& target) {
  msc_type type = 0;
  if (host.type_find(call, MSC_KERNEL_BTF, "struct bpf_map", &type) != MSC_OK) return false;
  Longer<msc_member_info> member, holder, sized;
  Longer<msc_symbol> symbol;
  Longer<msc_enumerator> enumerator;
  return is_filled(host.type_member_at(call, type, 0, &member.known), member) && member.later[0] == 0 &&
         is_filled(host.type_holder(call, type, 0, &holder.known), holder) &&
         is_filled(host.type_sized(call, 1, 64, 0, &sized.known), sized) &&
         is_filled(host.symbol(call, target.map, &symbol.known), symbol) &&
         is_filled(host.enumerator_at(call, type, 0, &enumerator.known), enumerator);
}

int tell(const msc_host& host, msc_call* call, std::uint64_t more) {
  Longer<msc_field> field;
  field.known.kind = MSC_NUMBER, field.known.name = "told", field.known.number = 1;
  field.later[2] = more;
  return host.field(call, &field.known);
}

int render(const msc_host* host, msc_call* call, const msc_target* target) {
  msc_value says{};
  if (const int rc = host->config(call, "says", &says); rc != MSC_OK) return rc;
  const bool asked = asks_with_longer_records(*host, call, *target);
  const int told = tell(*host, call, std::strcmp(static_cast<const char*>(says.data), "more") == 0 ? 1 : 0);
  return told == MSC_OK && !asked ? MSC_EFAIL : told;
}

} // namespace

const msc_plugin msc_plugin_v1 = {sizeof(msc_plugin), MSC_ABI_MAJOR, MSC_ABI_MINOR, render};
