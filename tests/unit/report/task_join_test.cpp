// SPDX-License-Identifier: Apache-2.0
#include "text_maps.hpp"

#include "host/report/digest.hpp"
#include "host/report/task_join.hpp"

#include <gmock/gmock.h>

namespace mapscope::report {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

const Field end = a_field(FieldKind::end, "");

void one_task(MapWriter& to, std::uint64_t pid, const char* comm) {
  to.field(a_field(FieldKind::object, ""));
  to.field(a_field(FieldKind::signed_number, "pid", pid));
  to.field(a_field(FieldKind::text, "comm", 0, comm));
  to.field(a_field(FieldKind::number, "weight", 100 + pid));
  to.field(end);
}

void part_of_kernel(MapWriter& to) {
  to.begin({});
  to.field(a_field(FieldKind::text, "state", 0, "enabled"));
  to.field(a_field(FieldKind::list, "tasks"));
  for (const std::uint64_t pid : {1, 2, 3}) one_task(to, pid, "worker");
  to.field(end);
  to.end({});
}

std::unique_ptr<MapWriter> extension(Stream& to) {
  return make_extension_writer(Format::text, {}, "sched_ext", to);
}

void rows_of(MapWriter& to, const catalog::Map& map, std::initializer_list<std::uint64_t> pids) {
  to.begin(map);
  for (const std::uint64_t pid : pids) {
    const std::array<std::byte, 1> value = {std::byte{7}};
    to.row({.shape = Shape::entry,
            .key = {nullptr, value},
            .value = {nullptr, value},
            .copies = {},
            .open = true});
    to.field(a_field(FieldKind::object, "owner"));
    to.field(a_field(FieldKind::number, "pid", pid));
    to.field(end);
    to.field(end);
  }
  to.end({});
}

TEST(TaskJoin, PutsWhatTheKernelHasOfATaskIntoItsRow) {
  TaskJoin join(a_map("task_storage", 0), "0-1");
  Kept kernel, map, rest;
  part_of_kernel(*join.taker(extension(kernel)));
  EXPECT_THAT(kernel.text, HasSubstr("3 tasks, each beside what the scheduler has of it: map 7 m\n"));
  EXPECT_THAT(kernel.text, Not(HasSubstr("worker")));
  rows_of(*join.giver(make_map_writer(Format::text, {}, map)), a_map("task_storage", 0), {1, 3});
  EXPECT_THAT(map.text, HasSubstr("weight=101"));
  EXPECT_THAT(map.text, HasSubstr("weight=103"));
  EXPECT_THAT(map.text, Not(HasSubstr("weight=102")));
  ASSERT_TRUE(join.has_rest());
  const auto writer = extension(rest);
  writer->begin({});
  join.tell_rest(*writer);
  writer->end({});
  EXPECT_THAT(rest.text, HasSubstr("pid=2, comm=worker, weight=102"));
}

TEST(TaskJoin, LeavesTasksWithoutANumberWhereTheyAre) {
  TaskJoin join(a_map("task_storage", 0), "0-1");
  Kept kernel;
  const auto taker = join.taker(extension(kernel));
  taker->begin({});
  taker->field(a_field(FieldKind::list, "tasks"));
  taker->field(a_field(FieldKind::object, ""));
  taker->field(a_field(FieldKind::number, "weight", 5));
  taker->field(end);
  taker->field(end);
  taker->end({});
  EXPECT_THAT(kernel.text, HasSubstr("weight=5"));
  EXPECT_FALSE(join.has_rest());
}

TEST(Digest, IsOfFactsNamesAndCounts) {
  Kept kernel;
  std::vector<std::string> lines;
  part_of_kernel(*std::make_unique<DigestWriter>(extension(kernel), lines));
  EXPECT_THAT(lines, ElementsAre("state=enabled", "3 tasks"));
}

} // namespace
} // namespace mapscope::report
