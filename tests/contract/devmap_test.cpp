// SPDX-License-Identifier: Apache-2.0
#include "contract_suite.hpp"

#include <cstring>
#include <gmock/gmock.h>

namespace mapscope::test {
namespace {

using testing::FakeHost;
using ::testing::HasSubstr;

constexpr const char* devices = R"(
struct bpf_dtab 512 netdev_map=256 dev_index_head=280 n_buckets=296
struct bpf_dtab_netdev 128 dev=0 index_hlist=8 xdp_prog=24 idx=48
struct hlist_head 8 first=0
struct hlist_node 16 next=0
struct net_device 128 ifindex=8 name=16
struct bpf_prog 64 type=4 tag=20 aux=32
struct bpf_prog_aux 128 id=8 name=40
@0x10100 u64:0x20000 zero:16 u64:0x20000 zero:8 u32:4
@0x30000 u64:0x40000 u64:0x30088 zero:8 u64:0x50000 zero:16 u32:9
@0x30080 u64:0x40100 u64:0 zero:8 u64:0 zero:16 u32:5
@0x40000 zero:8 u32:2 zero:4 65 74 68 30 zero:12
@0x40100 zero:8 u32:1 zero:4 6c 6f zero:14
@0x50000 zero:32 u64:0x50100
@0x50100 zero:8 u32:77
)";

const std::string devmap_image = std::string(devices) + R"(
target map=0x10000 key_size=4 value_size=4 max_entries=3
@0x20000 u64:0x30000 u64:0 u64:0x30080
)";
const Sample devmap_sample = {"devmap", devmap_image.c_str(), R"(count 2
object fd_array
number populated 2
number scanned 3
list indices
number 0
number 2
end
list slots
object
number index 0
text kind device
number ifindex 2
text name eth0
number program 77
end
object
number index 2
text kind device
number ifindex 1
text name lo
end
end
end
)"};

// A chain of two in bucket 1.
const std::string devmap_hash_image = std::string(devices) + R"(
target map=0x10000 key_size=4 value_size=4 max_entries=3 attach=1
@0x20000 u64:0 u64:0x30008 u64:0 u64:0
)";
const Sample devmap_hash_sample = {"devmap", devmap_hash_image.c_str(), R"(count 2
object fd_array
number populated 2
number scanned 2
list indices
number 5
number 9
end
list slots
object
number index 5
text kind device
number ifindex 1
text name lo
end
object
number index 9
text kind device
number ifindex 2
text name eth0
number program 77
end
end
end
)"};

INSTANTIATE_TEST_SUITE_P(Devmap, Contract, ::testing::Values(devmap_sample), sample_name);
INSTANTIATE_TEST_SUITE_P(DevmapHash, Contract, ::testing::Values(devmap_hash_sample), sample_name);

class DevmapHash : public ::testing::Test {
protected:
  testing::Report render() { return host_.render(plugin_file("devmap")); }
  void poke(std::uint64_t address, std::uint64_t value) {
    auto run = std::prev(host_.memory.upper_bound(address));
    std::memcpy(run->second.data() + (address - run->first), &value, sizeof value);
  }
  FakeHost host_{devmap_hash_sample.image};
};

TEST_F(DevmapHash, EndsChainsThatRunInACircle) {
  poke(0x30088, 0x30008);
  const auto report = render();
  EXPECT_EQ(report.rc, MSC_OK);
  EXPECT_THAT(report.text(), HasSubstr("note EFAULT 1 chain runs in a circle\n"));
  EXPECT_LE(report.counted, 6U);
}

TEST_F(DevmapHash, TellsOfChainsThatBreakOff) {
  poke(0x30008, 0xdead0000);
  const auto report = render();
  EXPECT_THAT(report.text(), HasSubstr("number populated 1\n"));
  EXPECT_THAT(report.text(), HasSubstr("note EFAULT 1 chain breaks off\n"));
}

TEST_F(DevmapHash, GivesUpWhenThereAreMoreThanTheMapMayHold) {
  for (std::uint64_t i = 0; i < 300; ++i) {
    std::vector<std::byte> element(0x80);
    const std::uint64_t at = 0x60000 + i * 0x80, next = at + 0x88;
    std::memcpy(element.data() + 8, &next, sizeof next);
    host_.memory[at] = element;
  }
  poke(0x20008, 0x60008);
  const auto report = render();
  EXPECT_EQ(report.counted, 3U + 64U);
  EXPECT_THAT(report.text(),
              HasSubstr("note EFAULT more elements than the map may hold: the rest was given up\n"));
}

TEST_F(DevmapHash, RefusesACountOfBucketsThatIsNoPowerOfTwo) {
  poke(0x10128, 6);
  EXPECT_EQ(render().rc, MSC_EFAIL);
}

TEST_F(DevmapHash, FailsWithoutItsBuckets) {
  host_.memory.erase(0x20000);
  EXPECT_EQ(render().rc, MSC_EFAULT);
}

} // namespace
} // namespace mapscope::test
