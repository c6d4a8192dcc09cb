// SPDX-License-Identifier: Apache-2.0
// The index of slots, and how allocators stand in the report.
#include "host/report/allocations.hpp"
#include "host/report/findings.hpp"
#include "host/report/slots.hpp"
#include "report_text.hpp"

namespace mapscope::report {
namespace {

using testing::HasSubstr;

catalog::Arena arena_of(std::uint32_t map) {
  catalog::Arena arena;
  arena.map = map, arena.user_vm_start = 1ULL << 44, arena.kern_vm_start = 0xffffc90000008000;
  arena.size = catalog::arena_span;
  return arena;
}

SlotPool pool_of(const std::string& name, std::uint32_t arena, std::uint64_t stride,
                 std::vector<Slot> slots) {
  SlotPool pool;
  pool.allocator = name, pool.arena = arena_of(arena);
  pool.stride = stride, pool.header = 8, pool.slots = std::move(slots);
  return pool;
}

class Index : public testing::Test {
protected:
  Index() {
    index_.add(pool_of("task", 1, 24, {{0x1018, 1, 0, true}, {0x1000, 0, 2, true}, {0x1048, 3, 0, false}}));
    index_.add(pool_of("cgrp", 1, 8192, {{0x4000, 7, 0, true}}));
    index_.add(pool_of("other", 2, 24, {{0x1000, 9, 0, true}}));
    index_.order();
  }
  std::string at(std::uint64_t pointer, std::uint32_t arena = 1) {
    const auto found = index_.find(arena_of(arena), pointer);
    if (!found) return "nothing";
    return found->pool->allocator + "[" + std::to_string(found->slot->idx) + "]+" +
           std::to_string(found->offset);
  }
  SlotIndex index_;
};

TEST_F(Index, FindsWhatAnAddressLiesIn) {
  constexpr std::uint64_t user = 1ULL << 44;
  EXPECT_EQ(at(user + 0x1000), "task[0]+0");
  EXPECT_EQ(at(user + 0x1008), "task[0]+8");
  EXPECT_EQ(at(user + 0x1017), "task[0]+23");
  EXPECT_EQ(at(user + 0x1018), "task[1]+0");
  EXPECT_EQ(at(user + 0x5fff), "cgrp[7]+8191") << "slots may be larger than a page";
  EXPECT_EQ(at(user + 0x1048), "task[3]+0") << "free ones are known, too";
  EXPECT_EQ(at(0x1000), "task[0]+0") << "the lower half counts";
  EXPECT_EQ(at(0xffffc90000008000 + 0x1000), "task[0]+0") << "as the kernel calls it";
}

TEST_F(Index, FindsNothingBetweenSlots) {
  for (const std::uint64_t pointer : {0x0U, 0xfffU, 0x1030U, 0x1060U, 0x3fffU, 0x6000U, 0xffffffffU})
    EXPECT_EQ(at(pointer), "nothing") << pointer;
}

TEST_F(Index, KeepsArenasApart) {
  EXPECT_EQ(at(0x1000, 2), "other[9]+0");
  EXPECT_EQ(at(0x4000, 2), "nothing");
  EXPECT_EQ(at(0x1000, 3), "nothing");
  EXPECT_EQ(SlotIndex().find(arena_of(1), 0x1000), std::nullopt);
}

const Says one([](btf::ValueVisitor& v) { v.unsigned_int(32, 1); });

Row slot_row(const Typed& payload) {
  Row row;
  row.shape = Shape::slot, row.slot = {3, 1, 24736}, row.value = payload;
  return row;
}

std::string allocator_text(Format format, const std::vector<Row>& rows) {
  Kept kept;
  const auto writer = make_map_writer(format, {}, kept);
  catalog::Map section;
  section.id = 12, section.name = "a_sched.bss";
  writer->begin_allocator("scx_task_allocator", section);
  for (const Row& row : rows) writer->row(row);
  Field field;
  field.kind = FieldKind::number, field.name = "elem_size", field.number = 40;
  writer->field(field);
  writer->end({Status::complete, "a@1", 1, ""});
  return kept.text;
}

TEST(JsonAllocator, ListsItsSlots) {
  const auto bytes = bytes_of({1, 2});
  EXPECT_EQ(allocator_text(Format::json, {slot_row({&one, bytes}), slot_row({nullptr, bytes}),
                                          slot_row({&one, {}, false})}),
            R"({"allocator_name":"scx_task_allocator","map_id":12,"map_name":"a_sched.bss","entries":[)"
            R"({"idx":3,"genn":1,"user_addr":24736,"payload":{"kind":"uint","bits":32,"value":1}},)"
            R"({"idx":3,"genn":1,"user_addr":24736,"payload":{"kind":"bytes","hex":"01 02"}},)"
            R"({"idx":3,"genn":1,"user_addr":24736,"payload":{"kind":"unsupported",)"
            R"("reason":"its memory could not be read"}}],)"
            R"("elem_size":40,"renderer":"a@1","status":"complete","entry_count":1})");
}

TEST(TextAllocator, ListsItsSlots) {
  const auto bytes = bytes_of({1, 2});
  EXPECT_EQ(allocator_text(Format::text, {slot_row({&one, bytes})}),
            "allocator scx_task_allocator  in map 12 a_sched.bss\n  3 (reused 1 time) at 0x60a0: 1\n  "
            "elem_size: 40\n  1 slot\n\n");
}

/// So that it can be found again where a pointer leads to it.
TEST(TextAllocator, ShowsTheWholeAddressWhereItIsKnown) {
  const auto bytes = bytes_of({1, 2});
  Row row = slot_row({&one, bytes});
  row.slot.address = 0x4000000060a0;
  EXPECT_THAT(allocator_text(Format::text, {row}), testing::HasSubstr(" at 0x4000000060a0: 1\n"));
  EXPECT_THAT(allocator_text(Format::json, {row}), testing::HasSubstr(R"("user_addr":24736,)"));
}

TEST(AllocationFinding, SaysSomethingWhereItsPluginDoesNot) {
  catalog::Map section;
  section.id = 12;
  Allocation allocation;
  allocation.name = "scx_task_allocator", allocation.section = &section;
  EXPECT_FALSE(finding_of(allocation));
  allocation.outcome.status = Status::failed;
  EXPECT_EQ(finding_of(allocation).value().text,
            "allocator scx_task_allocator is failed: its plugin does not say why");
  allocation.outcome.error = "it is torn";
  EXPECT_EQ(finding_of(allocation).value().text, "allocator scx_task_allocator is failed: it is torn");
}

TEST(AllocationFinding, TellsWhosePayloadsHaveNoType) {
  catalog::Map section;
  section.id = 12;
  SlotPool pool;
  Allocation allocation;
  allocation.name = "twins", allocation.section = &section, allocation.pool = &pool;
  pool.reason = "two structs would do";
  EXPECT_FALSE(finding_of(allocation)) << "nothing has been taken from it";
  pool.slots = {{0, 0, 0, true}};
  EXPECT_EQ(finding_of(allocation).value().text,
            "the payloads of allocator twins are shown as bytes: two structs would do");
}

TEST(JsonReport, HasAllocatorsBehindTheMaps) {
  for (const bool pretty : {false, true}) {
    Kept kept;
    Options options;
    options.pretty = pretty;
    const Meta meta{"0.1", "ELF core", "6.12", "x86_64", 4096, 0, 2};
    const auto writer = make_report_writer(Format::json, options, kept);
    writer->begin(meta);
    writer->before_map(), kept.append("1");
    writer->before_allocator(), kept.append("2");
    writer->before_allocator(), kept.append("3");
    writer->end({}, {}, {});
    const auto report = parsed(kept.text);
    EXPECT_EQ(report["maps"].Size(), 1U);
    ASSERT_EQ(report["sdt_allocations"].Size(), 2U);
    EXPECT_EQ(report["sdt_allocations"][1].GetInt(), 3);
    EXPECT_TRUE(report.HasMember("findings"));
  }
}

TEST(Entries, MayHaveAPayload) {
  const auto bytes = bytes_of({1, 2});
  Row row{Shape::entry, {nullptr, bytes}, 0, {nullptr, bytes}, {}};
  row.payload = Typed{&one, bytes};
  EXPECT_THAT(map_text(Format::json, a_map(), {row}),
              HasSubstr(R"("value_hex":"01 02","payload":{"kind":"uint","bits":32,"value":1}})"));
  EXPECT_THAT(map_text(Format::text, a_map(), {row}), HasSubstr("  01 02: 01 02\n    payload 1\n"));
}

TEST(Entries, HaveTheirPayloadInTheirRow) {
  const auto bytes = bytes_of({1, 2});
  Row row{Shape::entry, {&one, bytes}, 0, {&one, bytes}, {}};
  const Says task([](btf::ValueVisitor& v) {
    v.begin_struct("task");
    v.member("pid"), v.unsigned_int(32, 7);
    v.end_struct();
  });
  row.payload = Typed{&task, bytes};
  EXPECT_THAT(map_text(Format::text, a_map(), {row, row, row}),
              HasSubstr("\n  all: payload: task, payload.pid=7\n  key | value\n    1 |     1\n"));
}

TEST(LostPayloads, AreAFinding) {
  Outcome outcome;
  outcome.lost_payloads = 3, outcome.no_payload = "nobody knows";
  const auto findings = findings_of(a_map(), outcome);
  ASSERT_EQ(findings.size(), 1U);
  EXPECT_EQ(findings[0].map, 7U);
  EXPECT_EQ(findings[0].text, "m is shown without the payloads of 3 entries among those shown: nobody knows");
}

} // namespace
} // namespace mapscope::report
