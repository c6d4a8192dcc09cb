// SPDX-License-Identifier: Apache-2.0
// A map's object for each shape of row, and the report around maps.
#include "host/btf/decoder.hpp"
#include "report_text.hpp"

namespace mapscope::report {
namespace {

const Says one([](btf::ValueVisitor& v) { v.unsigned_int(32, 1); });
const std::string one_json = R"({"kind":"uint","bits":32,"value":1})";
const std::vector<std::byte> bytes = bytes_of({1, 0});
const Typed typed{&one, bytes}, untyped{nullptr, bytes};
const Typed unreadable{&one, {}, false};

const std::string head =
    R"({"name":"m","map_type":1,"value_size":8,"max_entries":8,"id":7,"type_name":"hash",)"
    R"("key_size":4,"map_flags":0,"flag_names":[])";

/// What stands behind the header, and that indenting changes nothing.
std::string body(const std::vector<Row>& rows, const Outcome& ends = {}) {
  const std::string text = map_text(Format::json, a_map(), rows, ends);
  EXPECT_TRUE(parsed(text) == parsed(map_text(Format::json, a_map(), rows, ends, {.pretty = true})));
  EXPECT_THAT(text, testing::StartsWith(head));
  return text.substr(std::min(text.size(), head.size()));
}

Row entry(const Typed& key, const Typed& value) { return {Shape::entry, key, 0, value, {}}; }

TEST(JsonMap, HeaderWithEverything) {
  auto map = a_map();
  map.flags = 3, map.flag_names = {"BPF_F_A", "BPF_F_B"}, map.map_extra = 5, map.kva = ~0ULL, map.btf_id = 9;
  map.frozen = false, map.refcnt = 2, map.usercnt = -1, map.bytes = 640, map.programs = {3, 4};
  map.full_name = "m_in_full", map.types_from = ".maps";
  EXPECT_EQ(
      map_text(Format::json, map, {}, {Status::complete, "x@1", 0, "a note"}),
      R"({"name":"m","map_type":1,"value_size":8,"max_entries":8,"id":7,"type_name":"hash","key_size":4,)"
      R"("map_flags":3,"flag_names":["BPF_F_A","BPF_F_B"],"full_name":"m_in_full","types_from":".maps","map_extra":5,"map_kva":18446744073709551615,)"
      R"("btf_id":9,"frozen":false,"refcnt":2,"usercnt":-1,"bytes":640,"programs":[3,4],)"
      R"("renderer":"x@1","status":"complete","entry_count":0,"notes":["a note"]})");
}

TEST(JsonMap, TypesOfKeysAndValues) {
  auto map = a_map();
  map.key_type = 3, map.value_type = 4, map.key_type_name = "u32", map.value_type_name = "task_ctx";
  const std::string names = R"("flag_names":[],"key_type":"u32","value_type":"task_ctx",)";
  EXPECT_THAT(map_text(Format::json, map, {}, {}),
              testing::HasSubstr(names + R"("btf_key_type_id":3,"btf_value_type_id":4,)"));
  map.types_from = ".maps";
  EXPECT_THAT(map_text(Format::json, map, {}, {}), testing::Not(testing::HasSubstr("btf_key_type_id")))
      << "ids of another object";
}

TEST(JsonMap, FormsOfFields) {
  Kept kept;
  const auto writer = make_map_writer(Format::json, {}, kept);
  writer->begin(a_map());
  writer->field({FieldKind::list, "queues", 0, 0, "", {}});
  for (const auto& [kind, number] : {std::pair{FieldKind::number, 7UL}, {FieldKind::address, 1UL << 63}})
    writer->field({kind, "", number, 0, "", {}});
  writer->field({FieldKind::end, "", 0, 0, "", {}});
  writer->field({FieldKind::address, "ip", 5, 0, "", {}});
  writer->field({FieldKind::number, "count", 5, 0, "", {}});
  writer->end({});
  EXPECT_THAT(kept.text, testing::HasSubstr(R"("field_forms":{"ip":"address",)"
                                            R"("queues[]":"address from 0x8000000000000000"}})"));
}

TEST(JsonMap, WithoutRows) { EXPECT_EQ(body({}), R"(,"status":"complete"})"); }

TEST(JsonMap, EveryStatus) {
  const std::vector<std::pair<Status, std::string>> all = {
      {Status::complete, "complete"}, {Status::truncated, "truncated"},   {Status::partial, "partial"},
      {Status::failed, "failed"},     {Status::unreadable, "unreadable"}, {Status::crashed, "crashed"},
      {Status::skipped, "skipped"},   {Status::timed_out, "timed-out"}};
  for (const auto& [status, name] : all)
    EXPECT_EQ(body({}, {status, "", {}, ""}), R"(,"status":")" + name + "\"}");
}

/// "error" has it all, what went wrong first.
TEST(JsonMap, ProblemsLimitsAndNotes) {
  Outcome outcome{Status::partial, "", {}, "torn"};
  outcome.limits = {"3 of 9"}, outcome.notes = {"odd", "\""};
  EXPECT_EQ(body({}, outcome), R"(,"status":"partial","error":"torn; 3 of 9; odd; \"","limits":["3 of 9"],)"
                               R"("notes":["odd","\""]})");
  outcome.error = "", outcome.notes = {};
  EXPECT_EQ(body({}, outcome), R"(,"status":"partial","error":"3 of 9","limits":["3 of 9"]})");
}

/// Who tests for the presence of "error" must not take a map for damaged that is not.
TEST(JsonMap, WhatIsCompleteHasNoError) {
  Outcome outcome{Status::complete, "", {}, ""};
  outcome.notes = {"odd"};
  EXPECT_EQ(body({}, outcome), R"(,"status":"complete","notes":["odd"]})");
  outcome.error = "looked twice";
  EXPECT_EQ(body({}, outcome), R"(,"status":"complete","notes":["looked twice","odd"]})");
}

TEST(JsonMap, SingleValue) {
  EXPECT_EQ(body({{Shape::value, {}, 0, typed, {}}}),
            R"(,"value":)" + one_json + R"(,"value_hex":"01 00","status":"complete"})");
  EXPECT_EQ(body({{Shape::value, {}, 0, untyped, {}}}),
            R"(,"value":{"kind":"bytes","hex":"01 00"},"value_hex":"01 00","status":"complete"})");
  EXPECT_EQ(body({{Shape::value, {}, 0, unreadable, {}}}, {Status::unreadable, "", {}, "x"}),
            R"(,"value_unreadable":true,"status":"unreadable","error":"x"})");
}

TEST(JsonMap, Entries) {
  EXPECT_EQ(body({entry(typed, typed), entry(untyped, untyped), entry(typed, unreadable)}),
            R"(,"entries":[{"key":)" + one_json + R"(,"key_hex":"01 00","value":)" + one_json +
                R"(,"value_hex":"01 00"},{"key_hex":"01 00","value_hex":"01 00"},{"key":)" + one_json +
                R"(,"key_hex":"01 00"}],"status":"complete"})");
}

TEST(JsonMap, EmptyKeysAreReadable) {
  EXPECT_EQ(body({entry({}, {})}), R"(,"entries":[{"key_hex":"","value_hex":""}],"status":"complete"})");
}

TEST(JsonMap, Elements) {
  EXPECT_EQ(body({{Shape::value, {}, 0, typed, {}},
                  {Shape::element, {}, 0, typed, {}},
                  {Shape::element, {}, 4294967295, untyped, {}},
                  {Shape::element, {}, 2, unreadable, {}}}),
            R"(,"value":)" + one_json + R"(,"value_hex":"01 00","array_entries":[{"key":0,"value":)" +
                one_json +
                R"(,"value_hex":"01 00"},{"key":4294967295,"value":{"kind":"bytes","hex":"01 00"},)"
                R"("value_hex":"01 00"},{"key":2}],"status":"complete"})");
}

TEST(JsonMap, CopiesPerCpu) {
  const std::vector<std::optional<Typed>> copies = {typed, std::nullopt, untyped};
  const std::string both = R"("per_cpu":[)" + one_json +
                           R"(,null,{"kind":"bytes","hex":"01 00"}],"per_cpu_hex":["01 00",null,"01 00"]})";
  EXPECT_EQ(body({{Shape::percpu_element, {}, 3, {}, copies}}),
            R"(,"percpu_entries":[{"key":3,)" + both + R"(],"status":"complete"})");
  EXPECT_EQ(body({{Shape::percpu_entry, typed, 0, {}, copies}}), R"(,"percpu_hash_entries":[{"key":)" +
                                                                     one_json + R"(,"key_hex":"01 00",)" +
                                                                     both + R"(],"status":"complete"})");
  EXPECT_EQ(body({{Shape::percpu_element, {}, 0, {}, {}}}),
            R"(,"percpu_entries":[{"key":0,"per_cpu":[],"per_cpu_hex":[]}],"status":"complete"})");
}

TEST(JsonMap, NamesFromTheTargetAreEscaped) {
  auto map = a_map();
  map.name = "a\"\n\xff";
  const auto object = parsed(map_text(Format::json, map, {}, {Status::failed, "", {}, "line\none"}));
  EXPECT_STREQ(object["name"].GetString(), "a\"\n\xef\xbf\xbd");
  EXPECT_STREQ(object["error"].GetString(), "line\none");
}

/// A whole report over as many maps, each of which is "{}".
std::string report(std::size_t maps, const Options& options, std::span<const catalog::Program> programs = {},
                   std::span<const PluginUse> plugins = {}, std::span<const Finding> findings = {}) {
  Kept kept;
  const Meta meta{"0.1", "ELF core", "6.12", "x86_64", 4096, 1 << 21, 2};
  const auto writer = make_report_writer(Format::json, options, kept);
  writer->begin(meta);
  for (std::size_t i = 0; i < maps; ++i) writer->before_map(), kept.append("{}");
  writer->end(programs, plugins, findings);
  return kept.text;
}

const std::string meta_json = R"("mapscope":{"version":"0.1","source":{"kind":"ELF core","release":"6.12",)"
                              R"("arch":"x86_64","page_size":4096,"kaslr_offset":2097152,"cpus":2},)"
                              R"("limits":{"depth":0,"array_elements":0,"nodes":0},"plugins":[)";

TEST(JsonReport, WithoutMaps) {
  EXPECT_EQ(report(0, {}),
            R"({"schema":"single","maps":[],)" + meta_json + "]},\"programs\":[],\"findings\":[]}\n");
}

TEST(JsonReport, ExtensionsComeBeforeTheMaps) {
  const auto text = [](bool pretty, std::size_t maps) {
    Kept kept;
    const auto writer = make_report_writer(Format::json, {.pretty = pretty}, kept);
    const Meta meta;
    writer->begin(meta);
    for (const char* id : {"a.b", "c.d"}) {
      writer->before_extension(id, {});
      const auto extension = make_extension_writer(Format::json, {.pretty = pretty}, "a part", kept);
      extension->begin({});
      extension->field({.kind = FieldKind::number, .name = "n", .number = 5, .text = {}, .value = {}});
      extension->end({Status::partial, "a.b@1", std::nullopt, "gap"});
    }
    for (std::size_t i = 0; i < maps; ++i) writer->before_map(), kept.append("{}");
    writer->end({}, {}, {});
    return kept.text;
  };
  const std::string one = R"({"title":"a part","n":5,"renderer":"a.b@1","status":"partial","error":"gap"})";
  EXPECT_THAT(text(false, 1), testing::StartsWith(R"({"schema":"single","extensions":{"a.b":)" + one +
                                                  R"(,"c.d":)" + one + R"(},"maps":[{}],"mapscope":)"));
  for (const std::size_t maps : {0U, 2U}) EXPECT_TRUE(parsed(text(false, maps)) == parsed(text(true, maps)));
}

TEST(JsonReport, WithEverything) {
  catalog::Program program;
  program.id = 3, program.name = "p", program.type_name = "kprobe", program.tag = "0123456789abcdef";
  program.map_ids = {7, 8}, program.run_cnt = 1, program.run_time_ns = 2, program.uid = 0,
  program.loaded_at_ns = 5;
  const std::vector<catalog::Program> programs = {program, {}};
  const std::vector<PluginUse> plugins = {{"a.b", "1.0.0", 2}};
  const std::vector<Finding> findings = {{"warning", 7, "look"}, {"info", std::nullopt, "all"}};
  const std::string text = report(2, {}, programs, plugins, findings);
  EXPECT_EQ(text,
            R"({"schema":"single","maps":[{},{}],)" + meta_json +
                R"({"id":"a.b","version":"1.0.0","maps":2}]},"programs":[{"id":3,"name":"p","type":"kprobe",)"
                R"("tag":"0123456789abcdef","map_ids":[7,8],"run_cnt":1,"run_time_ns":2,"uid":0,)"
                R"("loaded_at_ns":5},{"id":0,"name":"","type":"","tag":"","map_ids":[]}],)"
                R"("findings":[{"severity":"warning","map":7,"text":"look"},)"
                R"({"severity":"info","text":"all"}]})"
                "\n");
  for (const std::size_t maps : {0U, 1U, 2U})
    EXPECT_TRUE(parsed(report(maps, {}, programs, plugins, findings)) ==
                parsed(report(maps, {.pretty = true}, programs, plugins, findings)));
}

} // namespace
} // namespace mapscope::report
