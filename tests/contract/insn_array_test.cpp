// SPDX-License-Identifier: Apache-2.0
#include "contract_suite.hpp"

#include <gmock/gmock.h>

namespace mapscope::test {
namespace {

using testing::FakeHost;
using ::testing::HasSubstr;
using ::testing::Not;

// Instruction 1 was deleted; instruction 2 has no machine code.
constexpr Sample insn_array_sample = {"insn_array", R"(
struct bpf_insn_array 512 ips=256 values=264
struct bpf_insn_array_value 16 orig_off=0 xlated_off=4 jitted_off=8
target map=0x10000 key_size=4 value_size=16 max_entries=3
symbol 0x50000 bpf_prog_1234_jumps
@0x10100 u64:0x20000
@0x10108 u32:0 u32:0 u32:16 u32:0
@0x10118 u32:1 u32:0xffffffff u32:0 u32:0
@0x10128 u32:2 u32:1 u32:0 u32:0
@0x20000 u64:0x50010 u64:0 u64:0
)",
                                      R"(element 0 = 00 00 00 00 00 00 00 00 10 00 00 00 00 00 00 00
number ip 327696
text symbol bpf_prog_1234_jumps
number offset 16
end
element 1 = 01 00 00 00 ff ff ff ff 00 00 00 00 00 00 00 00
flag deleted true
end
element 2 = 02 00 00 00 01 00 00 00 00 00 00 00 00 00 00 00
end
)"};

INSTANTIATE_TEST_SUITE_P(InsnArray, Contract, ::testing::Values(insn_array_sample), sample_name);

TEST(InsnArrays, AValueThatIsMissingLeavesItsAddress) {
  FakeHost host(insn_array_sample.image);
  host.memory.erase(0x10108);
  EXPECT_THAT(host.render(plugin_file("insn_array")).text(), HasSubstr("element 0 = ??\nnumber ip 327696\n"));
}

TEST(InsnArrays, AddressesThatAreMissingAreCounted) {
  FakeHost host(insn_array_sample.image);
  host.memory[0x20000].resize(8);
  auto report = host.render(plugin_file("insn_array"));
  EXPECT_EQ(report.rc, MSC_OK);
  EXPECT_EQ(report.rows, 3U);
  EXPECT_THAT(report.text(), HasSubstr("note EFAULT 2 addresses of code could not be read\n"));
  host.memory.erase(0x10100);
  report = host.render(plugin_file("insn_array"));
  EXPECT_THAT(report.text(), HasSubstr("note EFAULT 3 addresses of code could not be read\n"));
  EXPECT_THAT(report.text(), Not(HasSubstr("number ip")));
}

TEST(InsnArrays, ValuesOfAnotherSizeAreRefused) {
  FakeHost host(insn_array_sample.image);
  host.target.value_size = 12;
  EXPECT_EQ(host.render(plugin_file("insn_array")).rc, MSC_EFAIL);
}

TEST(InsnArrays, ACountWithoutMemoryEndsWithTheBudget) {
  FakeHost host(insn_array_sample.image);
  host.target.max_entries = ~0U;
  host.budget = 10'000;
  const auto report = host.render(plugin_file("insn_array"));
  EXPECT_EQ(report.rc, MSC_STOP);
  EXPECT_LE(report.rows, 10'000U);
}

} // namespace
} // namespace mapscope::test
