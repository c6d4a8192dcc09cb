// SPDX-License-Identifier: Apache-2.0
#include "contract_suite.hpp"

#include <gmock/gmock.h>

namespace mapscope::test {
namespace {

using testing::FakeHost;
using ::testing::HasSubstr;
using testing::Report;

constexpr Sample prog_array_sample = {"prog_array", R"(
struct bpf_array 256 value=216 ptrs=216
struct bpf_prog 64 type=4 tag=20 aux=32
struct bpf_prog_aux 128 id=8 name=40
target map=0x10000 key_size=4 value_size=4 max_entries=4
@0x100d8 u64:0 u64:0x20000 u64:0 u64:0x20100
@0x20000 u32:0 u32:6 zero:12 01 23 45 67 89 ab cd ef zero:4 u64:0x30000
@0x20100 u32:0 u32:99 zero:12 zero:8 zero:4 u64:0x30100
@0x30000 u64:0 u32:7 zero:28 66 69 72 73 74 zero:11
@0x30100 u64:0 u32:9 zero:28 zero:16
)",
                                      R"(count 2
object fd_array
number populated 2
number scanned 4
list indices
number 1
number 3
end
list slots
object
number index 1
text kind program
number id 7
text name first
text tag 0123456789abcdef
text type xdp
end
object
number index 3
text kind program
number id 9
text name 
text tag 0000000000000000
text type type_99
end
end
end
)"};

INSTANTIATE_TEST_SUITE_P(ProgArray, Contract, ::testing::Values(prog_array_sample), sample_name);

TEST(Slots, ThatReferToMissingMemoryAreListedAndTold) {
  FakeHost host(prog_array_sample.image);
  host.memory.erase(0x30000);
  const Report report = host.render(plugin_file("prog_array"));
  EXPECT_EQ(report.rc, MSC_OK);
  EXPECT_THAT(report.text(), HasSubstr("number index 1\ntext kind program\nend\n"));
  EXPECT_THAT(report.text(), HasSubstr("number id 9\n"));
  EXPECT_THAT(report.text(), HasSubstr("note EFAULT 1 slot refers to memory that could not be read\n"));
}

TEST(Slots, OnAMissingPageAreLostAndTheOthersAreNot) {
  FakeHost host(R"(
struct bpf_array 256 ptrs=216
struct bpf_prog 64 type=4 tag=20 aux=32
struct bpf_prog_aux 128 id=8 name=40
target map=0x10f00 key_size=4 value_size=4 max_entries=1000
@0x10fd8 zero:32 u64:0x20000
@0x12000 zero:4096
)");
  const Report report = host.render(plugin_file("prog_array"));
  EXPECT_EQ(report.rc, MSC_OK);
  EXPECT_THAT(report.text(),
              HasSubstr("number populated 1\nnumber scanned 488\nlist indices\nnumber 4\nend\n"));
  EXPECT_THAT(report.text(), HasSubstr("note EFAULT 512 slots could not be read\n"));
}

TEST(Slots, BeyondTheLimitOnlyCount) {
  FakeHost host(prog_array_sample.image);
  host.target.row_limit = 1;
  const Report report = host.render(plugin_file("prog_array"));
  EXPECT_EQ(report.counted, 2U);
  EXPECT_THAT(report.text(), HasSubstr("list indices\nnumber 1\nend\nflag indices_truncated true\n"));
  EXPECT_THAT(report.text(), ::testing::Not(HasSubstr("number id 9")));
}

TEST(Slots, ThatAllRepeatOnePageEndWithTheBudget) {
  FakeHost host(prog_array_sample.image);
  host.target.max_entries = ~0U;
  host.budget = 1000;
  const Report report = host.render(plugin_file("prog_array"));
  EXPECT_EQ(report.rc, MSC_STOP);
  EXPECT_EQ(report.after_stop, 0U);
}

} // namespace
} // namespace mapscope::test
