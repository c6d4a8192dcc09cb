// SPDX-License-Identifier: Apache-2.0
#include "contract_suite.hpp"

#include <cstring>
#include <gmock/gmock.h>

namespace mapscope::test {
namespace {

using testing::FakeHost;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr const char* types = R"(
struct bpf_stack_map 512 n_buckets=272 buckets=280
struct stack_map_bucket 32 nr=20 data=24
symbol 0x81000000 first
symbol 0x81000100 second
@0x10110 u32:4 zero:4 u64:0 u64:0x20000 u64:0 u64:0x20100
)";

// The second address is behind a call that never returns; the third is of user space.
const std::string stacks_image = std::string(types) + R"(
target map=0x10000 key_size=4 value_size=32 max_entries=3
@0x20000 zero:20 u32:3 u64:0x81000100 u64:0x81000100 u64:0x1234
@0x20100 zero:20 u32:0
)";
const Sample stacks_sample = {"stack_trace", stacks_image.c_str(), R"(count 2
object stack_trace
number n_buckets 4
list entries
object
number bucket_id 1
number nr 3
list pcs
number 2164261120
number 2164261120
number 4660
end
bytes data_hex 00 01 00 81 00 00 00 00 00 01 00 81 00 00 00 00 34 12 00 00 00 00 00 00
list frames
object
number ip 2164261120
text symbol second
number offset 0
end
object
number ip 2164261120
text symbol first
number offset 256
end
object
number ip 4660
end
end
end
object
number bucket_id 3
number nr 0
bytes data_hex 
list frames
end
end
end
end
)"};

const std::string build_ids_image = std::string(types) + R"(
target map=0x10000 key_size=4 value_size=96 max_entries=4 map_flags=32
@0x20000 zero:20 u32:2 u32:1 ab cd zero:17 ef u64:0x111 u32:2 zero:20 u64:0x222
@0x20100 zero:20 u32:2 u32:0 zero:20 u64:0 u32:7 zero:20 u64:0x333
)";
const Sample build_ids_sample = {"stack_trace", build_ids_image.c_str(), R"(count 2
object stack_trace
number n_buckets 4
list entries
object
number bucket_id 1
number nr 2
bytes data_hex 01 00 00 00 ab cd 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 ef 11 01 00 00 00 00 00 00 02 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 22 02 00 00 00 00 00 00
list build_ids
object
text status valid
text build_id abcd0000000000000000000000000000000000ef
number offset 273
end
object
text status ip
number ip 546
end
end
end
object
number bucket_id 3
number nr 2
bytes data_hex 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 07 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 33 03 00 00 00 00 00 00
list build_ids
object
text status empty
end
object
text status status_7
number ip 819
end
end
end
end
end
)"};

INSTANTIATE_TEST_SUITE_P(StackTrace, Contract, ::testing::Values(stacks_sample), sample_name);
INSTANTIATE_TEST_SUITE_P(StackBuildIds, Contract, ::testing::Values(build_ids_sample), sample_name);

class StackTraces : public ::testing::Test {
protected:
  testing::Report render() { return host_.render(plugin_file("stack_trace")); }
  template <class T> void poke(std::uint64_t address, T value) {
    auto run = std::prev(host_.memory.upper_bound(address));
    std::memcpy(run->second.data() + (address - run->first), &value, sizeof value);
  }
  FakeHost host_{stacks_sample.image};
};

TEST_F(StackTraces, StacksDeeperThanTheMapsValuesAreCut) {
  poke<std::uint32_t>(0x20014, 0xffffffff);
  host_.memory[0x20000].resize(24 + 32);
  const auto report = render();
  EXPECT_EQ(report.rc, MSC_OK);
  EXPECT_THAT(report.text(), HasSubstr("number nr 4294967295\n"));
  EXPECT_THAT(report.text(), HasSubstr("note EFAULT 1 stack is deeper than the map's values\n"));
  host_.target.value_size = 0xffffffff;
  EXPECT_THAT(render().text(), HasSubstr("note EFAULT 1 stack could not be read\n"));
}

TEST_F(StackTraces, AStackThatIsMissingIsTold) {
  host_.memory.erase(0x20000);
  const auto report = render();
  EXPECT_EQ(report.counted, 2U);
  EXPECT_THAT(report.text(), HasSubstr("number bucket_id 1\nbytes data_hex \n"));
  EXPECT_THAT(report.text(), HasSubstr("number bucket_id 3\n"));
  EXPECT_THAT(report.text(), HasSubstr("note EFAULT 1 stack could not be read\n"));
}

TEST_F(StackTraces, ATableWithAnotherSizeIsNotBelieved) {
  poke<std::uint32_t>(0x10110, 1U << 31);
  const auto report = render();
  EXPECT_EQ(report.counted, 2U);
  EXPECT_THAT(
      report.text(),
      HasSubstr("note EFAULT n_buckets of struct bpf_stack_map is 2147483648, where max_entries gives 4"));
}

TEST_F(StackTraces, FailsWithoutItsTable) {
  host_.memory[0x10110].resize(4);
  EXPECT_EQ(render().rc, MSC_EFAULT);
}

} // namespace
} // namespace mapscope::test
