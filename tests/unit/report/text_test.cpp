// SPDX-License-Identifier: Apache-2.0
// Maps, reports and what is no map as text.
#include "host/btf/decoder.hpp"
#include "host/report/fill.hpp"
#include "text_maps.hpp"

namespace mapscope::report {
namespace {

TEST(TextMap, Header) {
  EXPECT_EQ(text(a_map(), {}), head + "\n\n");
  auto map = a_map();
  map.name = "", map.flag_names = {"A", "B"}, map.frozen = true, map.programs = {1, 2};
  EXPECT_EQ(text(map, {}), "map 7 (no name)  hash, key 4 B, value 8 B, max_entries 8, A|B, frozen, used by "
                           "program 1, program 2\n\n");
  map = a_map(), map.full_name = "m_in_full", map.types_from = ".maps";
  EXPECT_EQ(text(map, {}), "map 7 m_in_full  hash, key 4 B, value 8 B, max_entries 8, types from .maps\n\n");
  map = {}, map.id = 7, map.is_read = false;
  EXPECT_EQ(text(map, {}), "map 7 (not known)  of unknown type and sizes\n\n");
  map = a_map(), map.name = "a\033[2J\xc2\x9b";
  EXPECT_THAT(text(map, {}), HasSubstr("map 7 a\\x1b[2J\\x9b "));
}

TEST(TextMap, HowItEnded) {
  EXPECT_EQ(text(a_map(), {}, {Status::complete, "", 1, ""}), head + "\n  1 entry\n\n");
  EXPECT_EQ(text(a_map(), {}, {Status::complete, "", 0, "torn"}), head + "\n  0 entries\n  note: torn\n\n");
  EXPECT_EQ(text(a_map(), {}, {Status::skipped, "", {}, "no plugin\033"}),
            head + "\n  [skipped] no plugin\\x1b\n\n");
  EXPECT_EQ(text(a_map(), {}, {Status::crashed, "", {}, ""}), head + "\n  [crashed]\n\n");
  EXPECT_THAT(text(a_map(), {}, {Status::crashed, "", {}, ""}, {.color = true}),
              HasSubstr("\033[33m[crashed]\033[0m"));
}

/// What went wrong is not lost among what was left out on purpose.
TEST(TextMap, ProblemsLimitsAndNotesHaveLinesOfTheirOwn) {
  Outcome outcome{Status::partial, "", 9, "torn"};
  outcome.limits = {"3 of 9 entries shown", "no page"}, outcome.notes = {"odd\033"};
  EXPECT_EQ(text(a_map(), {}, outcome),
            head + "\n  9 entries\n  [partial] torn\n  [truncated] 3 of 9 entries shown\n"
                   "  [truncated] no page\n  note: odd\\x1b\n\n");
  outcome.status = Status::truncated;
  EXPECT_THAT(text(a_map(), {}, outcome), HasSubstr("\n  [partial] torn\n  [truncated] 3 of"));
  outcome.error = "";
  EXPECT_THAT(text(a_map(), {}, outcome, {.color = true}),
              HasSubstr("9 entries\n  [truncated] 3 of 9 entries shown\n"))
      << "what was asked for alarms nobody";
  outcome.limits = {};
  EXPECT_THAT(text(a_map(), {}, outcome), HasSubstr("9 entries\n  [truncated]\n  note: odd"));
}

TEST(TextMap, SingleValue) {
  EXPECT_EQ(text(a_map("array", 1), {{Shape::value, {}, 0, value(one), {}}}, {Status::complete, "", 1, ""}),
            "map 7 m  array, key 4 B, value 8 B, max_entries 1\n  1\n\n");
}

TEST(TextMap, WhoStandsInIsNamed) {
  Outcome outcome{Status::crashed, "b@1", 9, "a@2 crashed: SIGSEGV"};
  outcome.stands_in = true;
  EXPECT_THAT(text(a_map(), {}, outcome), HasSubstr("  [crashed] a@2 crashed: SIGSEGV; shown by b@1\n"));
}

TEST(TextMap, FlatEntriesAreATable) {
  const Says key(members({{"pid", 3}, {"cpu", 0}})), long_one(members({{"hits", 1000000}, {"misses", 2}})),
      short_one(members({{"hits", 1}, {"misses", 0}}));
  EXPECT_EQ(text(a_map(), {entry(key, long_one), entry(key, short_one)}),
            head +
                "\n  pid cpu |    hits misses\n    3   0 | 1000000      2\n    3   0 |       1      0\n\n");
  EXPECT_EQ(text(a_map(), {entry(one, one)}), head + "\n  key | value\n    1 |     1\n\n");
}

TEST(TextMap, WhatFitsNoTableHasLines) {
  const Says list(list_of({members({{"a", 1}}), members({{"a", 2}})}));
  EXPECT_EQ(text(a_map(), {entry(one, one), entry(one, list), entry(one, one)}),
            head + "\n  1: 1\n  1: [s{a=1}, s{a=2}]\n  1: 1\n\n");
}

TEST(TextMap, LongTablesStream) {
  const Says list(list_of({members({{"a", 1}}), members({{"a", 2}})}));
  std::vector<Row> rows(300, entry(one, one));
  rows.push_back(entry(one, list));
  const std::string all = text(a_map(), rows);
  EXPECT_EQ(std::ranges::count(all, '\n'), 304);
  EXPECT_THAT(all, HasSubstr("\n    1 |     1\n  1: [s{a=1}, s{a=2}]\n\n"))
      << "an odd one has lines of its own";
}

/// What a table is laid out by is no more than its first rows.
TEST(TextMap, RowsGoOutBeforeTheirMapEnds) {
  Kept kept;
  const auto writer = make_map_writer(Format::text, {}, kept);
  writer->begin(a_map());
  const std::string long_name(200, 'x');
  const Says value_of(text_array(long_name));
  for (int i = 0; i < 2000; ++i) writer->row(entry(one, value_of));
  EXPECT_THAT(kept.text, HasSubstr(long_name));
  writer->end({});
}

Events pointed(std::uint64_t address, const Events& target) {
  return [=](V& v) {
    v.begin_struct("holder");
    v.member("ctx"), v.begin_pointer(address), v.deref(), target(v), v.end_pointer();
    v.end_struct();
  };
}

TEST(TextMap, WhatAPointerLeadsToStandsInItsRow) {
  const Says first(pointed(0x10, members({{"pid", 1}, {"runs", 7}}))),
      second(pointed(0x20, members({{"pid", 22}, {"runs", 7}}))),
      third(pointed(0x30, members({{"pid", 3}, {"runs", 0}})));
  EXPECT_EQ(text(a_map(), {entry(one, first), entry(one, second), entry(one, third)}),
            head + "\n  all: holder, ctx -> s\n"
                   "  key |  ctx ctx->pid ctx->runs\n"
                   "    1 | 0x10        1         7\n"
                   "    1 | 0x20       22         7\n"
                   "    1 | 0x30        3         0\n\n");
  EXPECT_THAT(text(a_map(), {entry(one, first), entry(one, second)}),
              HasSubstr("\n  1: holder{ctx=0x10 -> s{pid=1, runs=7}}\n"))
      << "two are no table";
}

TEST(TextMap, ChainsOfPointersHaveLinesBelowTheirRow) {
  const Says plain(pointed(0x10, members({{"pid", 1}}))),
      chain(pointed(0x20, pointed(0x30, members({{"pid", 2}}))));
  EXPECT_THAT(
      text(a_map(), {entry(one, plain), entry(one, plain), entry(one, plain), entry(one, chain)}),
      HasSubstr(
          "\n  all: holder\n  where not said: ctx -> s\n  key |  ctx ctx->pid\n    1 | 0x10        1\n"));
  EXPECT_THAT(text(a_map(), {entry(one, plain), entry(one, plain), entry(one, plain), entry(one, chain)}),
              HasSubstr("\n    1 | 0x20        -  ctx -> holder\n      ctx->ctx 0x30 -> s{pid=2}\n\n"));
}

TEST(TextMap, WhatCannotBeRead) {
  Row row = entry(one, one);
  row.value.readable = false;
  EXPECT_THAT(text(a_map(), {row}), HasSubstr("<unsupported: could not be read>"));
}

TEST(TextMap, WhatIsQueuedHasAPlaceAndNoKey) {
  Row row{Shape::queued, {}, 0, value(one), {}};
  EXPECT_EQ(text(a_map(), {row}, {Status::complete, "", 1, ""}),
            head + "\n  index | value\n      0 |     1\n  1 entry\n\n");
}

TEST(TextMap, CountsTheOneEntryOfAMapForOne) {
  auto map = a_map();
  map.max_entries = 1;
  EXPECT_THAT(text(map, {{Shape::queued, {}, 0, value(one), {}}}, {Status::complete, "", 1, ""}),
              HasSubstr("\n  1 entry\n"));
  EXPECT_THAT(text(map, {}, {Status::complete, "", 0, ""}), HasSubstr("\n  0 entries\n"));
}

TEST(TextMap, NoBlankStandsBeforeALinesEnd) {
  const Says array(cut_array({1001, 1002, 1003, 1004}, 4, {}));
  const std::vector<std::optional<Typed>> copies = {value(array)};
  for (const Row& row : {entry(one, array), Row{Shape::percpu_element, {}, 5, {}, copies}})
    EXPECT_THAT(text(a_map(), {row}, {}, {.width = 16}), testing::Not(HasSubstr(" \n")));
}

TEST(TextMap, EqualCopiesPerCpuShareALine) {
  const Says two([](V& v) { v.unsigned_int(32, 2); });
  const auto shown = [&](std::vector<std::optional<Typed>> copies) {
    const std::string all = text(a_map(), {{Shape::percpu_element, {}, 5, {}, copies}});
    return all.substr(head.size() + 1);
  };
  EXPECT_EQ(shown({value(one), value(one)}), "  5:\n    all CPUs  1\n\n");
  EXPECT_EQ(shown({value(one)}), "  5:\n    cpu 0     1\n\n");
  EXPECT_EQ(shown({value(one), value(two), value(two), std::nullopt}),
            "  5:\n    cpu 0     1\n    cpus 1-2  2\n    cpu 3     <not there>\n\n");
  EXPECT_EQ(shown({}), "  5: <no copies>\n\n");
  const std::vector<std::optional<Typed>> copies = {value(one), value(two), value(one)};
  EXPECT_THAT(text(a_map(), {{Shape::percpu_element, {}, 5, {}, copies}}, {}, {.inside = 2}),
              HasSubstr("    cpu 1     2\n    ... 2 of 3 CPUs shown (report.inside)\n"));
}

/// What --strict and the map's status rest on.
TEST(TextMap, TellsWhatItLeavesOut) {
  Kept kept;
  const auto cuts_of = [&](const Row& row) {
    const auto writer = make_map_writer(Format::text, {.inside = 2}, kept);
    writer->begin(a_map());
    writer->row(row);
    return writer->cuts();
  };
  const Says two([](V& v) { v.unsigned_int(32, 2); }), array(cut_array({1, 2, 3}, 9, {.not_zero = 8}));
  EXPECT_EQ(cuts_of(entry(one, array)).list, 9U);
  EXPECT_EQ(cuts_of(entry(one, array)).longest, 0U);
  EXPECT_EQ(cuts_of(entry(array, one)).list, 0U) << "keys are whole";
  const std::vector<std::optional<Typed>> copies = {value(one), value(two), value(one)};
  EXPECT_EQ(cuts_of({Shape::percpu_element, {}, 5, {}, copies}).copies, 3U);
  const std::vector<std::byte> long_one(300, std::byte{7});
  EXPECT_EQ(cuts_of({Shape::entry, value(one), 0, {nullptr, long_one}, {}}).bytes, 300U);
  EXPECT_FALSE(cuts_of(entry(one, two)).list != 0);
}

TEST(TextMap, CopiesThatDifferBehindACutShareNoLine) {
  const Says cut(cut_array({1}, 9, {.not_zero = 8})), whole(cut_array({1}, 9, {.zero = true}));
  const std::vector<std::byte> other = bytes_of({2});
  const auto shown = [&](std::vector<std::optional<Typed>> copies) {
    const std::string all = text(a_map(), {{Shape::percpu_element, {}, 5, {}, copies}});
    return all.substr(head.size() + 1);
  };
  const std::string is = "[1, ... 1 of 9 shown, [8] is not zero]";
  EXPECT_EQ(shown({value(cut), Typed{&cut, other}}),
            "  5:\n    cpu 0     " + is + "\n    cpu 1     " + is + "\n\n");
  EXPECT_EQ(shown({value(cut), value(cut)}), "  5:\n    all CPUs  " + is + "\n\n") << "compared as bytes";
  EXPECT_EQ(shown({value(whole), Typed{&whole, other}}), "  5:\n    all CPUs  [1, ... [1..8] zero]\n\n");
}

TEST(TextMap, FieldsBeginWithTheirName) {
  Kept kept;
  const auto writer = make_map_writer(Format::text, {}, kept);
  writer->begin(a_map());
  writer->field(a_field(FieldKind::object, "filter"));
  writer->field(a_field(FieldKind::number, "bits", 0)); // what is zero in fields is no less worth telling
  writer->field(a_field(FieldKind::text, "kind", 0, "small"));
  writer->field(a_field(FieldKind::end, ""));
  writer->field(a_field(FieldKind::number, "level", 3));
  writer->end({});
  EXPECT_THAT(kept.text, HasSubstr("\n  filter: {bits=0, kind=small}\n  level: 3\n"));
}

/// An arena: its pages by address.
std::string arena_text(const std::string& arena_bytes, const std::vector<std::vector<std::byte>>& pages) {
  Kept kept;
  Options options;
  options.arena_bytes = arena_bytes, options.width = 200;
  const auto writer = make_map_writer(Format::text, options, kept);
  writer->begin(a_map());
  writer->field(a_field(FieldKind::object, "arena"));
  writer->field(a_field(FieldKind::number, "before", 1));
  writer->field(a_field(FieldKind::list, "pages"));
  for (const auto& bytes : pages) {
    writer->field(a_field(FieldKind::object, ""));
    writer->field(a_field(FieldKind::address, "user_addr", 0x1000));
    Field page = a_field(FieldKind::page, "bytes");
    page.value = {nullptr, bytes};
    writer->field(page);
    writer->field(a_field(FieldKind::end, ""));
  }
  writer->field(a_field(FieldKind::end, ""));
  writer->field(a_field(FieldKind::number, "behind", 2));
  writer->field(a_field(FieldKind::end, ""));
  writer->end({});
  return kept.text.substr(head.size() + 1);
}

TEST(TextMap, PagesAreCountedUnlessAskedFor) {
  std::vector<std::vector<std::byte>> pages = {
      std::vector<std::byte>(1024), std::vector<std::byte>(1024, std::byte{7}), {}};
  pages[1].back() = std::byte{9};
  for (const char* form : {"array", "none"})
    EXPECT_EQ(arena_text(form, pages),
              "  arena: {before=1, pages=3 with 2 KiB, 1 of them not all zeros, 1 could not be read "
              "(report.arena_bytes=hex shows them), behind=2}\n\n");
  EXPECT_EQ(arena_text("none", {}), "  arena: {before=1, behind=2}\n\n");
  const std::string hex = arena_text("hex", pages);
  EXPECT_THAT(hex, HasSubstr("user_addr 0x1000\n"));
  EXPECT_THAT(hex, HasSubstr("          03f0  07 07 07")) << "all of it";
}

/// A worker's frames lie in one buffer that the next frame overwrites.
TEST(TextMap, NamesOfFieldsEndWithTheCall) {
  Kept kept;
  const auto writer = make_map_writer(Format::text, {}, kept);
  std::string name = "filter of one";
  const auto field = [&](FieldKind kind, std::string_view next) {
    name.assign(next);
    writer->field(a_field(kind, name, 5));
  };
  writer->begin(a_map());
  field(FieldKind::object, "filter of one");
  field(FieldKind::number, "bits of a kind");
  field(FieldKind::number, "level");
  writer->field(a_field(FieldKind::end, ""));
  name = "something else";
  writer->end({});
  EXPECT_THAT(kept.text, HasSubstr("\n  filter of one: {bits of a kind=5, level=5}\n"));
}

TEST(TextMap, RowsBehindAFieldOfTheMapAreATable) {
  Kept kept;
  const auto writer = make_map_writer(Format::text, {}, kept);
  writer->begin(a_map());
  writer->field(a_field(FieldKind::number, "level", 3));
  writer->row(entry(one, one));
  writer->field(a_field(FieldKind::number, "more", 4));
  writer->row(entry(one, one));
  writer->end({});
  EXPECT_EQ(kept.text, head + "\n  level: 3\n  key | value\n    1 |     1\n  more: 4\n  1: 1\n\n");
}

TEST(TextMap, FieldsOfARowFollowIt) {
  Kept kept;
  const auto writer = make_map_writer(Format::text, {}, kept);
  const auto key = bytes_of({1, 2}), value = bytes_of({3});
  writer->begin(a_map());
  writer->row({.shape = Shape::entry,
               .key = {nullptr, key},
               .index = 0,
               .value = {nullptr, value},
               .copies = {},
               .open = true});
  writer->field(a_field(FieldKind::text, "prefix", 0, "1.0.0.0/8"));
  writer->field(a_field(FieldKind::end, ""));
  writer->end({});
  EXPECT_THAT(kept.text, HasSubstr("\n  01 02: 03\n    prefix=1.0.0.0/8\n"));
}

TEST(TextMap, FieldsOfFlatRowsStandInTheirTable) {
  Kept kept;
  const auto writer = make_map_writer(Format::text, {}, kept);
  writer->begin(a_map());
  Row row = entry(one, one);
  row.open = true;
  for (const char* comm : {"init", "a\tb"}) {
    writer->row(row);
    writer->field(a_field(FieldKind::object, "owner"));
    writer->field(a_field(FieldKind::number, "pid", 0));
    writer->field(a_field(FieldKind::text, "comm", 0, comm));
    writer->field(a_field(FieldKind::end, ""));
    writer->field(a_field(FieldKind::end, ""));
  }
  writer->end({});
  EXPECT_EQ(kept.text, head + "\n  key | value | owner.pid owner.comm\n"
                              "    1 |     1 |         0 init\n"
                              "    1 |     1 |         0 a\\x09b\n\n");
}

TEST(TextReport, FrameAroundTheMaps) {
  const auto shown = [](const std::vector<catalog::Program>& programs, const std::vector<Finding>& findings) {
    Kept kept;
    const Meta meta{"0.1", "ELF core", "6.12\033", "x86_64", 4096, 0, 2};
    const auto writer = make_report_writer(Format::text, {}, kept);
    writer->begin(meta), writer->end(programs, {}, findings);
    return kept.text;
  };
  const std::string first = "Linux 6.12\\x1b, x86_64, 2 CPUs, from an ELF core\n\n";
  EXPECT_EQ(shown({}, {}), first);
  catalog::Program program;
  program.id = 3, program.name = "p\n", program.type_name = "kprobe", program.tag = "0123",
  program.map_ids = {7};
  catalog::Program lost;
  lost.id = 4, lost.is_read = false;
  EXPECT_THAT(shown({program, lost}, {}), HasSubstr("  kprobe\n     4 (not known)\n"));
  EXPECT_EQ(shown({program}, {{"info", 7, "look\r"}, {"error", std::nullopt, "all"}}),
            first + "programs\n     3 p\\x0a  kprobe\n\n"
                    "worth a look\n  info     map 7: look\\x0d\n  error    all\n");
}

TEST(TextReport, SaysHowAMachineWasLookedInto) {
  const auto first_line = [](const Meta& meta) {
    Kept kept;
    make_report_writer(Format::text, {}, kept)->begin(meta);
    return kept.text;
  };
  Meta meta{
      .version = "0.1", .source_kind = "live", .release = "6.12", .arch = "x86_64", .cpus = 2, .via = "bpf"};
  EXPECT_EQ(first_line(meta), "Linux 6.12, x86_64, 2 CPUs, from this machine as it runs (bpf): what is shown "
                              "was looked up while it changed\n\n");
  meta.via = "peek", meta.is_running = true;
  EXPECT_THAT(first_line(meta), HasSubstr("from this machine as it runs (peek): what is shown was read "));
}

TEST(TextReport, TellsHowTheKernelDied) {
  Kept kept;
  Meta meta{.version = "0.1", .source_kind = "ELF core", .release = "6.12", .arch = "x86_64", .cpus = 2};
  meta.host_name = "db7", meta.time = "2026-11-29T23:14:09Z", meta.uptime_ns = 125'000'000'000;
  meta.panic = {.text = "sysrq triggered\033 crash", .cpu = 1, .comm = "bash", .pid = 12};
  make_report_writer(Format::text, {}, kept)->begin(meta);
  EXPECT_EQ(kept.text, "Linux 6.12, x86_64, 2 CPUs, from an ELF core\n"
                       "host db7, up 2 min 5 s, 2026-11-29T23:14:09Z by its clock\n"
                       "panicked on CPU 1 in bash[12]: sysrq triggered\\x1b crash\n\n");
}

TEST(TextReport, FirstPageTellsFindingsPartsAndMaps) {
  Kept kept;
  Options options;
  options.width = 80;
  catalog::Map map = a_map();
  map.programs = {3, 4}, map.bytes = 89376;
  const Outcome outcome{.status = Status::partial, .renderer = "a@1", .entry_count = 4, .error = ""};
  catalog::Program one, two;
  one.id = 3, one.name = "enqueue", two.id = 4, two.name = "dequeue";
  const std::vector<catalog::Program> programs = {one, two};
  const std::vector<MapLine> maps = {{&map, &outcome}, {&map, &outcome}};
  const std::vector<Finding> findings = {{"info", 7, "look\r"}};
  const std::vector<Digest> parts = {{"sched_ext", {"state=enabled"}}};
  const auto writer = make_report_writer(Format::text, options, kept);
  writer->overview({findings, parts, maps, programs});
  const std::string row = "   7  hash m      4 / 8  #####.....  87 KiB  [partial]  enqueue, dequeue\n";
  EXPECT_EQ(kept.text, "worth a look\n  info     map 7: look\\x0d\n\nsched_ext\n  state=enabled\n\n"
                       "maps\n  id  type name entries              memory  programs\n" +
                           row + row + "\n");
  writer->end({}, {}, findings);
  EXPECT_THAT(kept.text, testing::EndsWith(row + "\n")) << "and they are told once";
}

TEST(TextReport, MemoryIsInUnitsThatOneReads) {
  for (const auto& [bytes, text] : {std::pair{0UL, "0 B"},
                                    {1023UL, "1023 B"},
                                    {1024UL, "1 KiB"},
                                    {89376UL, "87 KiB"},
                                    {1258291UL, "1.2 MiB"},
                                    {20UL << 20, "20 MiB"},
                                    {~0UL, "16 EiB"}})
    EXPECT_EQ(bytes_text(bytes), text);
}

TEST(TextReport, WhatIsNoMapStandsBesideItsFindings) {
  Kept kept;
  const auto writer = make_report_writer(Format::text, {}, kept);
  const Meta meta{"0.1", "ELF core", "6.12", "x86_64", 4096, 0, 1};
  writer->begin(meta);
  const std::vector<Finding> findings = {{"error", std::nullopt, "it fell\r"}};
  writer->before_extension("a.b", findings);
  const auto extension = make_extension_writer(Format::text, {}, "sched_ext, by a.b@1", kept);
  extension->begin({});
  extension->field(a_field(FieldKind::text, "state", 0, "enabled"));
  extension->end({Status::partial, "a.b@1", std::nullopt, "gap"});
  EXPECT_EQ(kept.text, "Linux 6.12, x86_64, 1 CPU, from an ELF core\n\n"
                       "sched_ext, by a.b@1\n  state: enabled\n  [partial] gap\n\n");
}

} // namespace
} // namespace mapscope::report
