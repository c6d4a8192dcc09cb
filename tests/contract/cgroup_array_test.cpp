// SPDX-License-Identifier: Apache-2.0
#include "contract_suite.hpp"

#include <cstring>
#include <gmock/gmock.h>

namespace mapscope::test {
namespace {

using testing::FakeHost;
using ::testing::HasSubstr;
using ::testing::Not;

// The root, and a cgroup two levels below it.
constexpr Sample cgroup_array_sample = {"cgroup_array", R"(
struct bpf_array 256 value=216 ptrs=216
struct cgroup 64 kn=8
struct kernfs_node 64 __parent=8 name=16 id=24
target map=0x10000 key_size=4 value_size=4 max_entries=2
@0x100d8 u64:0x20000 u64:0x20100
@0x20000 u64:0 u64:0x30000
@0x20100 u64:0 u64:0x30200
@0x30000 u64:0 u64:0 u64:0x40000 u64:1
@0x30100 u64:0 u64:0x30000 u64:0x40010 u64:40
@0x30200 u64:0 u64:0x30100 u64:0x41ffe u64:41
@0x40000 zero:16 61 2e 73 6c 69 63 65 00 zero:4072
@0x41ffe 62 2e 73 00 zero:4092
)",
                                        R"(count 2
object fd_array
number populated 2
number scanned 2
list indices
number 0
number 1
end
list slots
object
number index 0
text kind cgroup
number id 1
text path /
end
object
number index 1
text kind cgroup
number id 41
text path /a.slice/b.s
end
end
end
)"};

INSTANTIATE_TEST_SUITE_P(CgroupArray, Contract, ::testing::Values(cgroup_array_sample), sample_name);

TEST(Cgroups, AreNamedByTheParentOfOlderKernelsToo) {
  std::string image = cgroup_array_sample.image;
  image.replace(image.find("__parent"), 8, "parent");
  EXPECT_EQ(FakeHost(image).render(plugin_file("cgroup_array")).text(), cgroup_array_sample.lines);
}

TEST(Cgroups, WhoseParentsRunInACircleHaveNoPath) {
  FakeHost host(cgroup_array_sample.image);
  const std::uint64_t own = 0x30200;
  std::memcpy(host.memory[0x30100].data() + 8, &own, sizeof own);
  const auto report = host.render(plugin_file("cgroup_array"));
  EXPECT_EQ(report.rc, MSC_OK);
  EXPECT_THAT(report.text(), HasSubstr("number id 41\nend\n"));
}

TEST(Cgroups, WithANameThatDoesNotEndHaveNoPath) {
  FakeHost host(cgroup_array_sample.image);
  auto& page = host.memory[0x41ffe];
  std::fill(page.begin(), page.end(), std::byte{'x'});
  EXPECT_THAT(host.render(plugin_file("cgroup_array")).text(), HasSubstr("number id 41\nend\n"));
}

TEST(Cgroups, WithoutADirectoryAreTold) {
  FakeHost host(cgroup_array_sample.image);
  host.memory.erase(0x30200);
  const auto report = host.render(plugin_file("cgroup_array"));
  EXPECT_THAT(report.text(), HasSubstr("number index 1\ntext kind cgroup\nend\n"));
  EXPECT_THAT(report.text(), HasSubstr("note EFAULT 1 slot refers to memory that could not be read"));
}

} // namespace
} // namespace mapscope::test
