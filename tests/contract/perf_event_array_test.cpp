// SPDX-License-Identifier: Apache-2.0
#include "contract_suite.hpp"

#include <gmock/gmock.h>

namespace mapscope::test {
namespace {

using testing::FakeHost;
using ::testing::HasSubstr;

// Slot 1's event belongs to a PMU of its own, to any CPU and to nobody.
constexpr Sample perf_event_array_sample = {"perf_event_array", R"(
struct bpf_array 256 value=216 ptrs=216
struct bpf_event_entry 32 event=0
struct perf_event 128 attr.type=16 attr.config=24 cpu=32 owner=40 pmu=48
struct pmu 32 name=8
struct task_struct 64 pid=8 tgid=12 comm=16
target map=0x10000 key_size=4 value_size=4 max_entries=3
@0x100d8 u64:0x20000 u64:0x20100 u64:0
@0x20000 u64:0x30000
@0x20100 u64:0x30100
@0x30000 zero:16 u32:1 u32:0 u64:9 u32:1 u32:0 u64:0x40000 u64:0x50000
@0x30100 zero:16 u32:8 u32:0 u64:2 u32:0xffffffff u32:0 u64:0 u64:0
@0x40000 zero:8 u32:11 u32:10 69 6e 69 74 zero:12
@0x50000 u64:0 u64:0x50010 73 77 00 zero:64
)",
                                            R"(count 2
object fd_array
number populated 2
number scanned 3
list indices
number 0
number 1
end
list slots
object
number index 0
text kind perf_event
text type software
text pmu sw
number config 9
number cpu 1
object owner
number pid 11
number tgid 10
text comm init
end
end
object
number index 1
text kind perf_event
text type type_8
number config 2
number cpu -1
end
end
end
)"};

INSTANTIATE_TEST_SUITE_P(PerfEventArray, Contract, ::testing::Values(perf_event_array_sample), sample_name);

TEST(PerfEvents, WhoseOwnerIsMissingAreStillDescribed) {
  FakeHost host(perf_event_array_sample.image);
  host.memory.erase(0x40000);
  const auto report = host.render(plugin_file("perf_event_array"));
  EXPECT_EQ(report.rc, MSC_OK);
  EXPECT_THAT(report.text(), HasSubstr("number config 9\nnumber cpu 1\nend\n"));
}

} // namespace
} // namespace mapscope::test
