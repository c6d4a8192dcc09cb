// SPDX-License-Identifier: Apache-2.0
#include "contract_suite.hpp"

#include <cstring>
#include <gmock/gmock.h>

namespace mapscope::test {
namespace {

using testing::FakeHost;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::Report;

const std::string types = R"(
struct bpf_cgroup_storage_map 512 map=0 list=256
struct bpf_cgroup_storage 128 buf=0 key=16 list_map=32 list_cg=48
struct bpf_storage_buffer 32 data=16
struct bpf_cgroup_storage_key 16 cgroup_inode_id=0 attach_type=8
struct list_head 16 next=0
struct cgroup 256 kn=8 self.flags=16 bpf.storages=64
struct kernfs_node 64 __parent=8 name=16 id=24
)";

// Two storages in the map's list; the first one's cgroup is found behind another storage of its ring, the
// second one's ring has lost its head.
const std::string list = R"(
@0x10100 u64:0x20020 u64:0x20120
@0x20000 u64:0x30000 zero:8 u64:41 u32:1 zero:4 u64:0x20120 u64:0 u64:0x20230
@0x20100 u64:0x30100 zero:8 u64:42 u32:0 zero:4 u64:0x10100 u64:0 u64:0x20130
@0x20230 u64:0x40040 u64:0
@0x40000 u64:0 u64:0x50000 u32:2
@0x40040 u64:0x20030 u64:0
@0x50000 u64:0 u64:0x50100 u64:0x60000 u64:41
@0x50100 u64:0 u64:0 u64:0x60100 u64:1
@0x60000 61 zero:600
)";

const std::string shared_image = types + list + R"(
enum bpf_attach_type 4
target map=0x10000 key_size=16 value_size=2 max_entries=0
@0x30000 zero:16 01 02
@0x30100 zero:16 03 04
)";
const Sample shared_sample = {"cgroup_storage", shared_image.c_str(),
                              R"(entry 29 00 00 00 00 00 00 00 01 00 00 00 00 00 00 00 = 01 02
object owner
number id 41
text path /a
end
bytes attach_type 01 00 00 00
end
entry 2a 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 = 03 04
bytes attach_type 00 00 00 00
end
)"};

// By cgroup alone; CPU 1 does not exist.
const std::string percpu_image = types + list + R"(
target map=0x10000 key_size=8 value_size=2 max_entries=0 attach=1
cpu 0 offset=0x100000
cpu 2 offset=0x200000
@0x130000 01 02
@0x230000 03 04
@0x130100 05 06
)";
const Sample percpu_sample = {"cgroup_storage", percpu_image.c_str(),
                              R"(percpu_entry 29 00 00 00 00 00 00 00 = [01 02 | - | 03 04]
object owner
number id 41
text path /a
end
end
percpu_entry 2a 00 00 00 00 00 00 00 = [05 06 | - | ??]
end
)"};

INSTANTIATE_TEST_SUITE_P(CgroupStorage, Contract, ::testing::Values(shared_sample), sample_name);
INSTANTIATE_TEST_SUITE_P(PercpuCgroupStorage, Contract, ::testing::Values(percpu_sample), sample_name);

class CgroupStorage : public ::testing::Test {
protected:
  Report render() { return host_.render(plugin_file("cgroup_storage")); }
  void poke(std::uint64_t address, std::uint64_t value) {
    auto run = std::prev(host_.memory.upper_bound(address));
    std::memcpy(run->second.data() + (address - run->first), &value, sizeof value);
  }
  FakeHost host_{shared_sample.image};
};

TEST_F(CgroupStorage, WithoutEntriesIsEmpty) {
  poke(0x10100, 0x10100);
  const Report report = render();
  EXPECT_EQ(report.rc, MSC_OK);
  EXPECT_EQ(report.text(), "");
}

TEST_F(CgroupStorage, AListInACircleEnds) {
  poke(0x20120, 0x20020);
  const Report report = render();
  EXPECT_EQ(report.rc, MSC_OK);
  EXPECT_LE(report.rows, 4U);
  EXPECT_THAT(report.text(), HasSubstr("note EFAULT the list runs in a circle\n"));
}

TEST_F(CgroupStorage, AListThatBreaksOffIsTold) {
  for (const std::uint64_t next : {std::uint64_t{0}, std::uint64_t{0xdead0000}, ~std::uint64_t{0}}) {
    poke(0x20020, next);
    const Report report = render();
    EXPECT_EQ(report.rc, MSC_OK);
    EXPECT_EQ(report.rows, 1U);
    EXPECT_THAT(report.text(), HasSubstr("note EFAULT the list breaks off\n"));
  }
}

TEST_F(CgroupStorage, ValuesThatAreMissingLeaveTheirKeys) {
  host_.memory.erase(0x30000);
  poke(0x20100, 0);
  const Report report = render();
  EXPECT_EQ(report.rc, MSC_OK);
  EXPECT_THAT(report.text(), HasSubstr("entry 29 00 00 00 00 00 00 00 01 00 00 00 00 00 00 00 = ??\n"));
  EXPECT_THAT(report.text(), HasSubstr("entry 2a 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 = ??\n"));
}

TEST_F(CgroupStorage, ARingWithoutEndHasNoOwner) {
  poke(0x40040, 0x20230); // back to the other storage, not to where the search began
  poke(0x50018, 43);
  const Report report = render();
  EXPECT_EQ(report.rc, MSC_OK);
  EXPECT_EQ(report.rows, 2U);
  EXPECT_THAT(report.text(), Not(HasSubstr("owner")));
}

TEST_F(CgroupStorage, KeysOfAnotherSizeAreRefused) {
  for (const std::uint32_t size : {0U, 4U, 12U, 24U, ~0U}) {
    host_.target.key_size = size;
    EXPECT_EQ(render().rc, MSC_EFAIL) << size;
  }
}

TEST_F(CgroupStorage, AKernelWithoutTheNamesOfAttachmentsLeavesTheNumber) {
  std::erase_if(host_.types, [](const FakeHost::Type& type) { return type.name.starts_with("enum"); });
  const Report report = render();
  EXPECT_EQ(report.rc, MSC_OK);
  EXPECT_THAT(report.text(), Not(HasSubstr("attach_type")));
}

TEST_F(CgroupStorage, CopiesThatWereNeverMadeAreNone) {
  host_ = FakeHost(percpu_sample.image);
  poke(0x20000, 0);
  EXPECT_THAT(render().text(), HasSubstr("percpu_entry 29 00 00 00 00 00 00 00 = []\n"));
}

} // namespace
} // namespace mapscope::test
