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

const std::string storage = R"(
struct bpf_local_storage_map 512 map=0 buckets=256 bucket_log=264
struct bpf_local_storage_map_bucket 16 list=0 list.first=0
struct bpf_local_storage_elem 128 map_node=8 local_storage=32 sdata.smap=64 sdata.data=72
struct bpf_local_storage 64 owner=40
struct hlist_node 16 next=0
)";

// A chain of two, and an element whose task is gone. Equal values, since a task that cannot be read is
// shown as none.
const std::string task_image = storage + R"(
struct task_struct 64 pid=8 tgid=12 comm=16 exit_state=32
target map=0x10000 key_size=4 value_size=2 max_entries=0
@0x10100 u64:0x20ff0 u32:1
@0x20ff0 u64:0x30008 u64:0
@0x21000 u64:0x30208 u64:0
@0x30000 zero:8 u64:0x30108 zero:16 u64:0x40000 zero:24 u64:0x10000 07 07
@0x30100 zero:8 u64:0 zero:16 u64:0x40100 zero:24 u64:0x10000 07 07
@0x30200 zero:8 u64:0 zero:16 u64:0 zero:24 u64:0x10000 07 07
@0x40000 zero:40 u64:0x50000
@0x40100 zero:40 u64:0x50100
@0x50000 zero:8 u32:11 u32:10 61 62 zero:14 u32:0
@0x50100 zero:8 u32:12 u32:12 63 zero:15 u32:32
)";
const Sample task_sample = {"local_storage", task_image.c_str(), R"(entry 00 00 05 00 00 00 00 00 = 07 07
object owner
number pid 11
number tgid 10
text comm ab
end
end
entry 00 01 05 00 00 00 00 00 = 07 07
object owner
number pid 12
number tgid 12
text comm c
text state zombie
end
end
entry 00 00 00 00 00 00 00 00 = 07 07
text state detached
end
)"};

/// One element, whose owner lies at 0x50000, and one that has none.
std::string image_of_one(const std::string& owner, const char* attach) {
  return storage + R"(
target map=0x10000 key_size=4 value_size=2 max_entries=0 attach=)" +
         attach + R"(
@0x10100 u64:0x20000 u32:0
@0x20000 u64:0x30008 u64:0
@0x30000 zero:8 u64:0x30108 zero:16 u64:0x40000 zero:24 u64:0x10000 07 07
@0x30100 zero:8 u64:0 zero:16 u64:0 zero:24 u64:0x10000 07 07
@0x40000 zero:40 u64:0x50000
)" + owner;
}

// /a/b of a tmpfs, which nobody can open by that name any more.
const std::string inode_image = image_of_one(R"(
struct inode 128 i_ino=8 i_nlink=16 i_sb=24 i_dentry.first=32
struct super_block 64 s_dev=0 s_root=8 s_type=16
struct file_system_type 32 name=0
struct dentry 64 d_parent=0 d_name.name=8 d_u.d_alias=16
@0x50000 zero:8 u64:77 u32:0 u32:0 u64:0x60000 u64:0x70210
@0x60000 u32:0x80001f u32:0 u64:0x70000 u64:0x61000
@0x61000 u64:0x62000
@0x62000 74 6d 70 66 73 zero:300
@0x70000 u64:0x70000 u64:0x62005 zero:16
@0x70100 u64:0x70000 u64:0x63000 zero:16
@0x70200 u64:0x70100 u64:0x64000 zero:16
@0x63000 61 zero:300
@0x64000 62 zero:300
)",
                                             "1");
const Sample inode_sample = {"local_storage", inode_image.c_str(), R"(entry 00 00 05 00 00 00 00 00 = 07 07
object owner
number ino 77
text dev 8:31
text fs tmpfs
text path /a/b
text state deleted
end
end
entry 00 00 00 00 00 00 00 00 = 07 07
text state detached
end
)"};

const std::string socket_image = image_of_one(R"(
struct sock_common 96 skc_daddr=0 skc_rcv_saddr=4 skc_dport=12 skc_num=14 skc_family=16 skc_state=18 skc_cookie=56
struct sock 512 sk_socket=64
struct socket_alloc 256 socket=0 vfs_inode=128
struct inode 128 i_ino=8
@0x50000 c0 00 02 01 7f 00 00 01 zero:4 01 bb u16:40000 u16:2 u16:1 zero:36 u64:0 u64:0x60000
@0x60000 zero:136 u64:4711
)",
                                              "2");
const Sample socket_sample = {"local_storage", socket_image.c_str(),
                              R"(entry 00 00 05 00 00 00 00 00 = 07 07
object owner
text family inet
text src 127.0.0.1:40000
text dst 192.0.2.1:443
text state established
number ino 4711
end
end
entry 00 00 00 00 00 00 00 00 = 07 07
text state detached
end
)"};

const std::string cgroup_image = image_of_one(R"(
struct cgroup 64 kn=8 self.flags=16
struct kernfs_node 64 __parent=8 name=16 id=24
@0x50000 u64:0 u64:0x60000 u32:16
@0x60000 u64:0 u64:0x60100 u64:0x70000 u64:41
@0x60100 u64:0 u64:0 u64:0x70100 u64:1
@0x70000 61 zero:600
)",
                                              "3");
const Sample cgroup_sample = {"local_storage", cgroup_image.c_str(),
                              R"(entry 00 00 05 00 00 00 00 00 = 07 07
object owner
number id 41
text path /a
text state dying
end
end
entry 00 00 00 00 00 00 00 00 = 07 07
text state detached
end
)"};

INSTANTIATE_TEST_SUITE_P(TaskStorage, Contract, ::testing::Values(task_sample), sample_name);
INSTANTIATE_TEST_SUITE_P(InodeStorage, Contract, ::testing::Values(inode_sample), sample_name);
INSTANTIATE_TEST_SUITE_P(SkStorage, Contract, ::testing::Values(socket_sample), sample_name);
INSTANTIATE_TEST_SUITE_P(CgrpStorage, Contract, ::testing::Values(cgroup_sample), sample_name);

class LocalStorage : public ::testing::Test {
protected:
  Report render() { return host_.render(plugin_file("local_storage")); }
  void poke(std::uint64_t address, std::uint64_t value) {
    auto run = std::prev(host_.memory.upper_bound(address));
    std::memcpy(run->second.data() + (address - run->first), &value, sizeof value);
  }
  FakeHost host_{task_sample.image};
};

TEST_F(LocalStorage, ChainsInACircleEndAndTheOthersGoOn) {
  poke(0x30108, 0x30008);
  const Report report = render();
  EXPECT_EQ(report.rc, MSC_OK);
  EXPECT_THAT(report.text(), HasSubstr("note EFAULT 1 chain runs in a circle\n"));
  EXPECT_THAT(report.text(), HasSubstr("text state detached\n"));
}

TEST_F(LocalStorage, ChainsThatBreakOffAreTold) {
  poke(0x30008, 0xdead0000);
  const Report report = render();
  EXPECT_EQ(report.rc, MSC_OK);
  EXPECT_EQ(report.rows, 2U);
  EXPECT_THAT(report.text(), HasSubstr("note EFAULT 1 chain breaks off\n"));
}

TEST_F(LocalStorage, BucketsThatAreMissingAreCounted) {
  host_.memory.erase(0x21000);
  const Report report = render();
  EXPECT_EQ(report.rows, 2U);
  EXPECT_THAT(report.text(), HasSubstr("note EFAULT 1 bucket could not be read\n"));
  host_.memory.erase(0x20ff0);
  EXPECT_EQ(render().rc, MSC_EFAULT);
}

TEST_F(LocalStorage, ACountOfBucketsThatNoKernelHasIsRefused) {
  for (const std::uint64_t log : {17U, 64U, 0xffffffffU}) {
    poke(0x10104, log << 32);
    std::memcpy(host_.memory[0x10100].data() + 8, &log, 4);
    EXPECT_EQ(render().rc, MSC_EFAIL) << log;
  }
}

TEST_F(LocalStorage, ElementsOfAnotherMapAreLeftOut) {
  poke(0x30040, 0x99000);
  const Report report = render();
  EXPECT_EQ(report.rows, 2U);
  EXPECT_THAT(report.text(), HasSubstr("note OK 1 element is of another map, caught mid-move\n"));
}

TEST_F(LocalStorage, AnElementThatIsMissingIsTold) {
  host_.memory[0x30200].resize(64); // its chain still goes on
  const Report report = render();
  EXPECT_EQ(report.rows, 2U);
  EXPECT_THAT(report.text(), HasSubstr("note EFAULT 1 element could not be read\n"));
}

TEST_F(LocalStorage, AValueThatIsMissingLeavesItsOwner) {
  host_.memory[0x30000].resize(72);
  EXPECT_THAT(render().text(), HasSubstr("entry 00 00 05 00 00 00 00 00 = ??\nobject owner\nnumber pid 11"));
}

TEST_F(LocalStorage, AnOwnerThatIsMissingLeavesItsAddress) {
  host_.memory.erase(0x50000);
  const Report report = render();
  EXPECT_THAT(report.text(), HasSubstr("entry 00 00 05 00 00 00 00 00 = 07 07\nend\n"));
  EXPECT_THAT(report.text(), HasSubstr("note EFAULT 1 owner could not be read\n"));
}

TEST_F(LocalStorage, WhatLeadsToTheOwnerIsMissing) {
  host_.memory.erase(0x40000);
  const Report report = render();
  EXPECT_THAT(report.text(), HasSubstr("entry 00 00 00 00 00 00 00 00 = 07 07\nend\n"));
  EXPECT_THAT(report.text(), HasSubstr("note EFAULT 1 owner could not be read\n"));
}

TEST_F(LocalStorage, AnElementThatLeftItsOwnerIsDetachedWhateverItPointsTo) {
  std::string image = task_sample.image;
  image.replace(image.find(" sdata.smap"), 0, " state=40");
  host_ = FakeHost(image);
  poke(0x30028, 2);
  EXPECT_THAT(render().text(), ::testing::StartsWith("entry 00 00 00 00 00 00 00 00 = 07 07\n"
                                                     "text state detached\nend\n"
                                                     "entry 00 01 05 00"));
}

TEST_F(LocalStorage, TasksThatAreAlmostGoneAreDead) {
  poke(0x50120, 16);
  EXPECT_THAT(render().text(), HasSubstr("text state dead\n"));
}

TEST(Inodes, OfWhatIsInNoDirectoryHaveNoPath) {
  FakeHost host(inode_sample.image);
  host.memory[0x70200] = host.memory[0x70000];
  const std::uint64_t self = 0x70200;
  std::memcpy(host.memory[0x70200].data(), &self, sizeof self);
  const auto report = host.render(plugin_file("local_storage"));
  EXPECT_THAT(report.text(), HasSubstr("text fs tmpfs\ntext state deleted\n"));
}

TEST(Inodes, WhoseParentsRunInACircleHaveNoPath) {
  FakeHost host(inode_sample.image);
  const std::uint64_t child = 0x70200;
  std::memcpy(host.memory[0x70100].data(), &child, sizeof child);
  const auto report = host.render(plugin_file("local_storage"));
  EXPECT_EQ(report.rc, MSC_OK);
  EXPECT_THAT(report.text(), Not(HasSubstr("path")));
}

TEST(Inodes, OfKernelsThatWrapTheirNamesOtherwise) {
  std::string image = inode_sample.image;
  image.erase(image.find("d_u.d_alias"), 4);
  EXPECT_EQ(FakeHost(image).render(plugin_file("local_storage")).text(), inode_sample.lines);
}

TEST(Inodes, WithoutAFileSystemAreANumber) {
  FakeHost host(inode_sample.image);
  host.memory.erase(0x60000);
  EXPECT_THAT(host.render(plugin_file("local_storage")).text(),
              HasSubstr("number ino 77\ntext state deleted\nend\n"));
}

} // namespace
} // namespace mapscope::test
