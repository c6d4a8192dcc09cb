// SPDX-License-Identifier: Apache-2.0
#include "contract_suite.hpp"

#include <gmock/gmock.h>

namespace mapscope::test {
namespace {

using testing::FakeHost;
using ::testing::HasSubstr;

constexpr Sample cpumap_sample = {"cpumap", R"(
struct bpf_cpu_map 512 cpu_map=256
struct bpf_cpu_map_entry 128 cpu=0 value.qsize=8 prog=16 kthread=24
struct bpf_prog 64 type=4 tag=20 aux=32
struct bpf_prog_aux 128 id=8 name=40
struct task_struct 64 pid=8 tgid=12 comm=16
target map=0x10000 key_size=4 value_size=4 max_entries=2
@0x10100 u64:0x20000
@0x20000 u64:0 u64:0x30000
@0x30000 u32:1 u32:0 u32:192 u32:0 u64:0x50000 u64:0x40000
@0x40000 zero:8 u32:86 u32:86 63 70 75 zero:13
@0x50000 zero:32 u64:0x50100
@0x50100 zero:8 u32:77
)",
                                  R"(count 1
object fd_array
number populated 1
number scanned 2
list indices
number 1
end
list slots
object
number index 1
text kind cpu
number cpu 1
number qsize 192
number program 77
object kthread
number pid 86
number tgid 86
text comm cpu
end
end
end
end
)"};

INSTANTIATE_TEST_SUITE_P(Cpumap, Contract, ::testing::Values(cpumap_sample), sample_name);

TEST(Cpumaps, WithoutTheirTableFail) {
  FakeHost host(cpumap_sample.image);
  host.memory.erase(0x20000);
  EXPECT_EQ(host.render(plugin_file("cpumap")).rc, MSC_EFAULT);
}

TEST(Cpumaps, AnEntryThatIsMissingIsTold) {
  FakeHost host(cpumap_sample.image);
  host.memory.erase(0x30000);
  const auto report = host.render(plugin_file("cpumap"));
  EXPECT_EQ(report.rc, MSC_OK);
  EXPECT_THAT(report.text(), HasSubstr("note EFAULT 1 slot refers to memory that could not be read"));
}

} // namespace
} // namespace mapscope::test
