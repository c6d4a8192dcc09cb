// SPDX-License-Identifier: Apache-2.0
// A plugin that shows a part of each map and then fails, in one of the ways in which a plugin can without
// taking its process along: what it returns, what it calls helpers with, what it uses up.
#include <mapscope/plugin.h>

#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <stdexcept>
#include <string_view>

MSC_MANIFEST("abi=1.0\0"
             "id=org.example.failing\0"
             "version=6.6.6\0"
             "license=Apache-2.0\0"
             "attach=map-name:victim*\0"
             "attach=kernel:sched_ext prio=1\0"
             "config=how:string=fail\0"
             "config=rows:u64=3");

namespace {

struct Render {
  const msc_host& host;
  msc_call* call;
  const msc_target& target;

  [[nodiscard]] const char* option(const char* key) const {
    msc_value value{};
    host.config(call, key, &value);
    return static_cast<const char*>(value.data);
  }
  [[nodiscard]] int row(std::uint32_t number, std::uint32_t shape = MSC_ENTRY,
                        std::uint64_t flags = 0) const {
    std::uint64_t value = number * 3ULL;
    msc_row row{};
    row.size = sizeof row;
    row.shape = shape, row.flags = flags;
    row.key = {MSC_DECLARED, &number, target.key_size};
    row.value = {MSC_DECLARED, &value, target.value_size};
    return host.row(call, &row);
  }
  [[nodiscard]] int field(const char* name, std::uint32_t kind = MSC_NUMBER) const {
    msc_field field{};
    field.size = sizeof field;
    field.kind = kind, field.name = name, field.number = 1;
    return host.field(call, &field);
  }
  [[nodiscard]] int read(std::uint64_t address, std::size_t size) const {
    static thread_local char room[1024];
    return host.read(call, MSC_KERNEL, address, room, size);
  }
};

/// What it uses up, it uses up until it is told to stop.
template <class Step> int until_stopped(Step step) {
  for (std::uint32_t i = 0;; ++i)
    if (const int rc = step(i); rc != MSC_OK) return rc;
}

/// It does not look at what the helper says of the misuse, and thinks that all is well.
void misuse(const Render& render, std::string_view how) {
  const auto& [host, call, target] = render;
  msc_row row{};
  msc_field field{};
  msc_type type = 0;
  std::size_t size = 0;
  char name[80];
  std::memset(name, 'x', sizeof name);
  name[sizeof name - 1] = 0;
  row.size = sizeof row, field.size = sizeof field;
  if (how == "null_row") (void)host.row(call, nullptr);
  if (how == "row_of_no_size") row.size = 4, (void)host.row(call, &row);
  if (how == "row_of_no_shape") (void)render.row(9, 77);
  if (how == "row_of_another_shape") (void)render.row(9, MSC_ELEMENT);
  if (how == "row_without_a_key") row.shape = MSC_ENTRY, (void)host.row(call, &row);
  if (how == "row_behind_members") (void)render.field("one"), (void)render.row(9);
  if (how == "row_in_a_row") (void)render.row(9, MSC_ENTRY, MSC_ROW_OPEN), (void)render.row(10);
  if (how == "value_behind_rows") (void)render.row(9, MSC_VALUE);
  if (how == "null_field") (void)host.field(call, nullptr);
  if (how == "field_of_no_kind") (void)render.field("one", 99);
  if (how == "field_without_a_name") (void)render.field(nullptr);
  if (how == "field_with_a_bad_name") (void)render.field("no name");
  if (how == "field_with_a_long_name") (void)render.field(name);
  if (how == "end_of_nothing") (void)render.field(nullptr, MSC_END);
  if (how == "name_in_a_list") (void)render.field("list", MSC_LIST), (void)render.field("one");
  if (how == "string_of_nothing")
    field.kind = MSC_STRING, field.name = "one", field.value.size = 8, (void)host.field(call, &field);
  if (how == "too_deep")
    for (int i = 0; i < 20; ++i) (void)render.field("deeper", MSC_OBJECT);
  if (how == "name_twice") (void)render.field("one"), (void)render.field("one");
  if (how == "name_twice_inside")
    (void)render.field("object", MSC_OBJECT), (void)render.field("one"), (void)render.field("one");
  if (how == "name_twice_in_a_row")
    (void)render.row(9, MSC_ENTRY, MSC_ROW_OPEN), (void)render.field("one"), (void)render.field("one");
  if (how == "name_of_a_row") (void)render.row(9, MSC_ENTRY, MSC_ROW_OPEN), (void)render.field("key_hex");
  if (how.starts_with("name_")) (void)render.field(how.substr(5).data()); // of the host: name_status
  if (how == "read_of_too_much") (void)host.read(call, MSC_KERNEL, target.map, name, MSC_READ_MAX + 1ULL);
  if (how == "read_into_nothing") (void)host.read(call, MSC_KERNEL, target.map, nullptr, 8);
  if (how == "read_from_no_space") (void)host.read(call, 77, target.map, name, 8);
  if (how == "type_of_nothing") (void)host.type_find(call, MSC_KERNEL_BTF, nullptr, &type);
  if (how == "size_of_no_type") (void)host.type_size(call, 0x777, &size);
  if (how == "option_of_nobody") (void)render.option("undeclared");
  if (how == "finding_of_no_weight") (void)host.finding(call, 77, "x");
  if (how == "note_of_no_code") (void)host.note(call, 77, "x");
  if (how == "note_of_no_error") (void)host.note(call, -77, "x");
  if (how == "string_without_end")
    field.kind = MSC_STRING, field.name = "one", field.value = {MSC_BYTES, "x", SIZE_MAX},
    (void)host.field(call, &field);
  if (how == "count_beyond") (void)host.count(call, 1), (void)host.count(call, UINT64_MAX);
  if (how == "slots_of_a_map") {
    msc_slots slots{};
    slots.size = sizeof slots;
    (void)host.slots(call, &slots);
  }
}

/// The maps of these tests have no types.
int asks_of_bytes(const Render& render) {
  const auto& [host, call, target] = render;
  std::size_t size = 0;
  msc_member member{};
  msc_member_info info{};
  msc_enumerator enumerator{};
  info.size = sizeof info, enumerator.size = sizeof enumerator;
  const bool has_none = target.value_type == MSC_BYTES &&
                        host.type_size(call, target.value_type, &size) == MSC_ENOENT &&
                        host.type_member(call, target.value_type, "x", &member) == MSC_ENOENT &&
                        host.type_member_at(call, target.value_type, 0, &info) == MSC_ENOENT &&
                        host.type_holder(call, target.value_type, 0, &info) == MSC_ENOENT &&
                        host.enumerator_at(call, target.value_type, 0, &enumerator) == MSC_ENOENT;
  return has_none ? MSC_OK : MSC_EFAIL;
}

int fail(const Render& render, std::string_view how) {
  if (how == "fail") render.host.note(render.call, MSC_EFAIL, "no such layout is known");
  if (how == "fail") return MSC_EFAIL;
  if (how == "says_it_fails") return render.host.note(render.call, MSC_EFAIL, "no map of ours");
  if (how == "asks_of_bytes") return asks_of_bytes(render);
  if (how == "fail_without_a_word") render.host.note(render.call, MSC_EFAIL, "");
  if (how == "fail_without_a_word") return MSC_EFAIL;
  if (how == "fault_of_nothing") return MSC_EFAULT;
  if (how == "gap_without_a_word") return render.host.note(render.call, MSC_EFAULT, " "), MSC_EFAULT;
  if (how == "first_byte") return render.read(8, 8);
  if (how == "no_type") {
    msc_type type = 0;
    return render.host.type_find(render.call, MSC_KERNEL_BTF, "struct nowhere", &type);
  }
  if (how == "exception") throw std::runtime_error("nobody catches this");
  if (how == "exception_of_another_type") throw 7;
  if (how == "invalid") return MSC_EINVAL;
  if (how == "negative_code") return -999;
  if (how == "positive_code") return 12345;
  if (how == "stops_early") return MSC_STOP;
  if (how == "gap_and_all_its_rows") render.host.note(render.call, MSC_EFAULT, "a gap");
  if (how.ends_with("all_its_rows"))
    return until_stopped([&](std::uint32_t i) { return render.row(i + 100); });
  if (how == "all_its_bytes")
    return until_stopped([&](std::uint32_t) { return render.field("x", MSC_OBJECT); }); // opened for ever
  if (how == "all_it_may_read")
    return until_stopped([&](std::uint32_t) { return render.read(render.target.map, 64); });
  if (how == "notes_for_ever")
    return until_stopped([&](std::uint32_t) { return render.host.note(render.call, MSC_OK, "a note"); });
  if (how == "notes_without_end")
    return until_stopped([&](std::uint32_t) { return render.host.note(render.call, MSC_OK, ""); });
  if (how == "all_its_time")
    return until_stopped([&](std::uint32_t) { return render.read(render.target.map, 0); });
  misuse(render, how);
  return MSC_OK;
}

int render(const msc_host* host, msc_call* call, const msc_target* target) {
  const Render render{*host, call, *target};
  const auto rows = static_cast<std::uint32_t>(std::strtoul(render.option("rows"), nullptr, 10));
  if (target->map == 0) (void)render.field("begun");
  for (std::uint32_t i = 0; i < rows && target->map != 0; ++i) (void)render.row(i);
  return fail(render, render.option("how"));
}

} // namespace

const msc_plugin msc_plugin_v1 = {sizeof(msc_plugin), MSC_ABI_MAJOR, MSC_ABI_MINOR, render};
