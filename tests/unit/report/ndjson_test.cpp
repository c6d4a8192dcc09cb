// SPDX-License-Identifier: Apache-2.0
// A map's elements as lines, whatever they come as: rows, copies, fields; and what is of no element.
#include "report_text.hpp"

namespace mapscope::report {
namespace {

using V = btf::ValueVisitor;

const Options big_as_strings = {.big_numbers_as_strings = true};
const std::string whose = R"({"map":"m","map_id":7,"type":"hash",)";

Field named(FieldKind kind, std::string_view name, std::uint64_t number = 0) {
  Field field;
  field.kind = kind, field.name = name, field.number = number;
  return field;
}
Field text(std::string_view name, std::string_view words) {
  Field field = named(FieldKind::text, name);
  field.text = words;
  return field;
}
Field typed(std::string_view name, const Typed& value) {
  Field field = named(FieldKind::typed, name);
  field.value = value;
  return field;
}
const Field closing = named(FieldKind::end, "");

using Steps = std::function<void(MapWriter&)>;

Row entry(const Typed& key, const Typed& value) {
  Row row;
  row.key = key, row.value = value;
  return row;
}
Row single(Shape shape, std::uint32_t index, const Typed& value) {
  Row row = entry({}, value);
  row.shape = shape, row.index = index;
  return row;
}

/// All lines of the map but its last.
std::string lines_of(const Steps& steps, const catalog::Map& map = a_map()) {
  Kept kept;
  const auto writer = make_map_writer(Format::ndjson, big_as_strings, kept);
  writer->begin(map);
  steps(*writer);
  writer->end({Status::complete, "x@1", 1, ""});
  for (std::size_t at = 0; at < kept.text.size(); at = kept.text.find('\n', at) + 1)
    (void)parsed(kept.text.substr(at, kept.text.find('\n', at) - at));
  return kept.text.substr(0, kept.text.find("{\"map_summary\""));
}

struct Values {
  Says number{[](V& v) { v.unsigned_int(64, ~0ULL); }};
  Says pointer{[](V& v) { v.begin_pointer(0x10), v.deref(), v.boolean(true), v.end_pointer(); }};
  Says broken{[](V& v) { v.unsupported("why"); }};
  std::vector<std::byte> bytes = bytes_of({1, 2});
  Typed untyped{nullptr, bytes}, numbered{&number, bytes}, leading{&pointer, bytes};
};

TEST(Ndjson, Entries) {
  const Values v;
  EXPECT_EQ(lines_of([&](MapWriter& to) {
              to.row(entry(v.untyped, v.numbered));
              to.row(entry(v.numbered, v.untyped));
            }),
            whose + R"("key":"01 02","value":"18446744073709551615"})" + "\n" + whose +
                R"("key":"18446744073709551615","value":"01 02"})" + "\n");
}

TEST(Ndjson, ElementsHaveTheirIndexForAKey) {
  const Values v;
  EXPECT_EQ(lines_of([&](MapWriter& to) { to.row(single(Shape::element, 3, v.untyped)); }),
            whose + R"("key":3,"value":"01 02"})" + "\n");
  EXPECT_EQ(lines_of([&](MapWriter& to) { to.row(single(Shape::value, 0, v.untyped)); }),
            whose + R"("key":0,"value":"01 02"})" + "\n");
  EXPECT_EQ(lines_of([&](MapWriter& to) { // an array's first element comes twice
              to.row(single(Shape::value, 0, v.untyped)), to.row(single(Shape::element, 0, v.untyped));
              to.row(single(Shape::element, 1, v.untyped));
            }),
            whose + R"("key":0,"value":"01 02"})" + "\n" + whose + R"("key":1,"value":"01 02"})" + "\n");
  auto without_keys = a_map();
  without_keys.key_size = 0;
  EXPECT_EQ(lines_of([&](MapWriter& to) { to.row(single(Shape::value, 0, v.untyped)); }, without_keys),
            whose + R"("key":null,"value":"01 02"})" + "\n");
}

TEST(Ndjson, WhatStandsBesideAValueIsMore) {
  const Values v;
  EXPECT_EQ(
      lines_of([&](MapWriter& to) {
        Row row = entry(v.untyped, v.leading);
        row.open = true, row.payload = v.numbered;
        to.row(row);
        to.field(named(FieldKind::object, "owner")), to.field(named(FieldKind::number, "pid", 12));
        to.field(closing), to.field(named(FieldKind::address, "at", 0xff)), to.field(closing);
        to.row(entry(v.untyped, v.untyped));
      }),
      whose + R"("key":"01 02","value":"0x10","more":{"payload":"18446744073709551615","owner":{"pid":12},)" +
          R"("at":"0xff","links":[{"path":"value","address":"0x10","deref":true}]}})" + "\n" + whose +
          R"("key":"01 02","value":"01 02"})" + "\n");
}

TEST(Ndjson, WhatCannotBeReadIsNullAndSaysWhy) {
  const Values v;
  EXPECT_EQ(
      lines_of([&](MapWriter& to) { to.row(entry(v.untyped, {nullptr, {}, false})); }),
      whose +
          R"("key":"01 02","value":null,"more":{"gaps":[{"path":"value","reason":"its memory could not be read"}]}})" +
          "\n");
}

TEST(Ndjson, OneLinePerCpu) {
  const Values v;
  const std::vector<std::optional<Typed>> copies = {v.leading, std::nullopt};
  Row row = single(Shape::percpu_element, 1, {});
  row.copies = copies;
  const std::string first = whose + R"("key":1,"cpu":0,"value":"0x10","more":{)",
                    links = R"("links":[{"path":"value","address":"0x10","deref":true}]}})",
                    second = whose + R"("key":1,"cpu":1,"value":null)";
  EXPECT_EQ(lines_of([&](MapWriter& to) { to.row(row); }), first + links + "\n" + second + "}\n");
  EXPECT_EQ(lines_of([&](MapWriter& to) {
              Row open = row;
              open.open = true;
              to.row(open), to.field(text("a", "b")), to.field(closing);
            }),
            first + R"("a":"b",)" + links + "\n" + second + R"(,"more":{"a":"b"}})" + "\n");
  EXPECT_EQ(lines_of([&](MapWriter& to) { to.row(single(Shape::percpu_element, 2, {})); }),
            whose + R"("key":2,"cpu":null,"value":null})" + "\n");
}

/// What renderers emit as fields of the map's record.
TEST(Ndjson, RecordsAndSlotsAreLines) {
  const Values v;
  const auto list = [](MapWriter& to, const char* outer, const char* inner,
                       const std::function<void()>& inside) {
    to.field(named(FieldKind::object, outer)), to.field(named(FieldKind::number, "size", 5));
    to.field(named(FieldKind::list, inner));
    inside();
    to.field(closing), to.field(closing);
  };
  const auto object = [](MapWriter& to, const std::vector<Field>& fields) {
    to.field(named(FieldKind::object, ""));
    for (const Field& field : fields) to.field(field);
    to.field(closing);
  };
  Field data = named(FieldKind::hex, "data_hex");
  data.value = v.untyped;
  EXPECT_EQ(
      lines_of([&](MapWriter& to) {
        list(to, "ringbuf", "records", [&] {
          object(to, {named(FieldKind::number, "pos", 8), text("state", "busy"), data});
          object(to, {named(FieldKind::number, "pos", 9), data, typed("value", v.leading)});
        });
      }),
      whose + R"("key":8,"value":"01 02","more":{"state":"busy"}})" + "\n" + whose +
          R"("key":9,"value":"0x10","more":{"links":[{"path":"value","address":"0x10","deref":true}]}})" +
          "\n");
  EXPECT_EQ(lines_of([&](MapWriter& to) {
              list(to, "fd_array", "slots", [&] {
                object(to, {named(FieldKind::number, "index", 3), text("kind", "map"),
                            named(FieldKind::object, "owner"), named(FieldKind::number, "pid", 1), closing});
              });
            }),
            whose + R"("key":3,"value":{"kind":"map","owner":{"pid":1}}})" + "\n");
  EXPECT_EQ(lines_of([&](MapWriter& to) { list(to, "other", "records", [] {}); }), "");
}

TEST(Ndjson, TheSummaryHasAllElse) {
  Kept kept;
  const auto writer = make_map_writer(Format::ndjson, big_as_strings, kept);
  auto map = a_map();
  map.kva = 0xffff888000000000;
  writer->begin(map);
  writer->field(named(FieldKind::object, "fd_array")), writer->field(named(FieldKind::list, "slots"));
  writer->field(closing), writer->field(named(FieldKind::list, "indices"));
  writer->field(named(FieldKind::number, "", 5)), writer->field(closing), writer->field(closing);
  writer->end({Status::truncated, "x@1", 4, "", {}, 0, {}, false, false, {"a limit"}, {}});
  const auto summary = parsed(kept.text);
  const auto& record = summary["map_summary"];
  EXPECT_STREQ(record["name"].GetString(), "m");
  EXPECT_STREQ(record["map_kva"].GetString(), "0xffff888000000000");
  EXPECT_EQ(record["fd_array"]["indices"][0].GetUint(), 5U);
  EXPECT_FALSE(record["fd_array"].HasMember("slots"));
  EXPECT_STREQ(record["status"].GetString(), "truncated");
  EXPECT_STREQ(record["limits"][0].GetString(), "a limit");
}

TEST(Ndjson, SlotsOfAllocators) {
  const Values v;
  Kept kept;
  const auto writer = make_map_writer(Format::ndjson, big_as_strings, kept);
  writer->begin_allocator("scx_task_allocator", a_map());
  Row row = single(Shape::slot, 0, v.numbered);
  row.slot = {3, 1, 0x60a0, 0x4000000060a0};
  writer->row(row);
  writer->field(named(FieldKind::number, "elem_size", 40));
  writer->end({});
  EXPECT_EQ(
      kept.text,
      R"({"map":"scx_task_allocator","map_id":7,"type":"allocator","key":3,"value":"18446744073709551615",)"
      R"("more":{"genn":1,"user_addr":"0x4000000060a0"}})"
      "\n"
      R"({"allocator_summary":{"allocator_name":"scx_task_allocator","map_id":7,"map_name":"m","elem_size":40,"status":"complete"}})"
      "\n");
}

TEST(Ndjson, TheReportAroundTheMaps) {
  Kept kept;
  const Meta meta{.version = "1", .source_kind = "ELF core", .release = "6.1", .arch = "x86_64"};
  const auto writer = make_report_writer(Format::ndjson, big_as_strings, kept);
  writer->begin(meta);
  writer->before_extension("a.b", {});
  const auto extension = make_extension_writer(Format::ndjson, big_as_strings, "", kept);
  extension->begin({});
  extension->field(text("state", "on"));
  extension->end({Status::complete, "a.b@1", {}, ""});
  const std::vector<Finding> findings = {{"warning", 7, "full"}};
  const std::vector<PluginUse> plugins = {{"a.b", "1", 2}};
  catalog::Program program;
  program.id = 5, program.name = "p";
  writer->end(std::span(&program, 1), plugins, findings);
  EXPECT_EQ(
      kept.text,
      R"({"schema":"mapscope-ndjson","version":1,"source":{"kind":"ELF core","release":"6.1","arch":"x86_64",)"
      R"("page_size":0,"kaslr_offset":0,"cpus":0},"mapscope":"1"})"
      "\n"
      R"({"extension":"a.b","state":"on","renderer":"a.b@1","status":"complete"})"
      "\n"
      R"({"program":{"id":5,"name":"p","type":"","tag":"","map_ids":[]}})"
      "\n"
      R"({"plugin":{"id":"a.b","version":"1","maps":2}})"
      "\n"
      R"({"finding":{"severity":"warning","map":7,"text":"full"}})"
      "\n");
}

} // namespace
} // namespace mapscope::report
