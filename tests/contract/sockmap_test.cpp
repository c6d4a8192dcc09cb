// SPDX-License-Identifier: Apache-2.0
// Both maps of sockets, and the array of listeners, which says the same of a socket.
#include "contract_suite.hpp"

#include <cstring>
#include <gmock/gmock.h>

namespace mapscope::test {
namespace {

using testing::FakeHost;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr const char* sockets = R"(
struct bpf_stab 512 sks=256
struct bpf_shtab 512 buckets=256 buckets_num=264
struct bpf_shtab_bucket 16 head=0 head.first=0
struct bpf_shtab_elem 64 hash=16 sk=24 node=32 key=48
struct reuseport_array 512 ptrs=256
struct hlist_node 16 next=0
struct sock_common 96 skc_daddr=0 skc_rcv_saddr=4 skc_dport=12 skc_num=14 skc_family=16 skc_state=18 skc_v6_daddr=24 skc_v6_rcv_saddr=40 skc_cookie=56
struct unix_sock 256 addr=128
struct unix_address 8 len=4 name=8
@0x40000 c0 00 02 01 7f 00 00 01 zero:4 01 bb u16:40000 u16:2 u16:1 zero:36 u64:5
@0x40100 zero:12 u16:0 u16:8080 u16:10 u16:10 u32:0 zero:16 zero:15 01 u64:0
@0x40200 zero:16 u16:1 u16:7 zero:36 zero:64 zero:8 u64:0x50000
@0x50000 u32:1 u32:7 u16:1 00 61 62 63 64
)";

const std::string sockmap_image = std::string(sockets) + R"(
target map=0x10000 key_size=4 value_size=4 max_entries=4
@0x10100 u64:0x20000
@0x20000 u64:0x40000 u64:0 u64:0x40100 u64:0x40200
)";
const Sample sockmap_sample = {"sockmap", sockmap_image.c_str(), R"(count 3
object fd_array
number populated 3
number scanned 4
list indices
number 0
number 2
number 3
end
list slots
object
number index 0
text kind socket
text family inet
text src 127.0.0.1:40000
text dst 192.0.2.1:443
text state established
number cookie 5
end
object
number index 2
text kind socket
text family inet6
text src [::1]:8080
text dst [::]:0
text state listen
end
object
number index 3
text kind socket
text family unix
text state close
text path @abcd
end
end
end
)"};

// A chain of one in each of two buckets.
const std::string sockhash_image = std::string(sockets) + R"(
target map=0x10000 key_size=2 value_size=4 max_entries=2 attach=1
@0x10100 u64:0x20000 u32:2
@0x20000 u64:0x30020 u64:0 u64:0x30120 u64:0
@0x30000 zero:24 u64:0x40200 u64:0 u64:0 0a 0b
@0x30100 zero:24 u64:0x40100 u64:0 u64:0 0c 0d
)";
const Sample sockhash_sample = {"sockmap", sockhash_image.c_str(), R"(count 2
object fd_array
number populated 2
number scanned 2
list slots
object
bytes key_hex 0a 0b
text kind socket
text family unix
text state close
text path @abcd
end
object
bytes key_hex 0c 0d
text kind socket
text family inet6
text src [::1]:8080
text dst [::]:0
text state listen
end
end
end
)"};

const std::string reuseport_image = std::string(sockets) + R"(
target map=0x10000 key_size=4 value_size=8 max_entries=2
@0x10100 u64:0 u64:0x40100
)";
const Sample reuseport_sample = {"reuseport_sockarray", reuseport_image.c_str(), R"(count 1
object fd_array
number populated 1
number scanned 2
list indices
number 1
end
list slots
object
number index 1
text kind socket
text family inet6
text src [::1]:8080
text dst [::]:0
text state listen
end
end
end
)"};

INSTANTIATE_TEST_SUITE_P(Sockmap, Contract, ::testing::Values(sockmap_sample), sample_name);
INSTANTIATE_TEST_SUITE_P(Sockhash, Contract, ::testing::Values(sockhash_sample), sample_name);
INSTANTIATE_TEST_SUITE_P(ReuseportSockarray, Contract, ::testing::Values(reuseport_sample), sample_name);

TEST(Sockets, OfAKernelWithoutIpv6AndUnixHaveNoSuchEnds) {
  FakeHost host(sockmap_sample.image);
  std::erase_if(host.types, [](const FakeHost::Type& type) { return type.name == "struct unix_sock"; });
  for (FakeHost::Type& type : host.types) type.members.erase("skc_v6_daddr");
  const auto report = host.render(plugin_file("sockmap"));
  EXPECT_EQ(report.rc, MSC_OK);
  EXPECT_THAT(report.text(), HasSubstr("text family inet6\ntext state listen\nend\n"));
  EXPECT_THAT(report.text(), Not(HasSubstr("path")));
}

TEST(Sockets, WithAnImplausibleNameHaveNoPath) {
  for (const std::int32_t length : {0, -1, 2, 112, 0x7fffffff}) {
    FakeHost host(sockmap_sample.image);
    std::memcpy(host.memory[0x50000].data() + 4, &length, sizeof length);
    const auto report = host.render(plugin_file("sockmap"));
    EXPECT_EQ(report.rc, MSC_OK);
    EXPECT_THAT(report.text(), Not(HasSubstr("path"))) << length;
  }
}

class Sockhash : public ::testing::Test {
protected:
  testing::Report render() { return host_.render(plugin_file("sockmap")); }
  void poke(std::uint64_t address, std::uint64_t value) {
    auto run = std::prev(host_.memory.upper_bound(address));
    std::memcpy(run->second.data() + (address - run->first), &value, sizeof value);
  }
  FakeHost host_{sockhash_sample.image};
};

TEST_F(Sockhash, EndsChainsThatRunInACircle) {
  poke(0x30020, 0x30020);
  const auto report = render();
  EXPECT_EQ(report.rc, MSC_OK);
  EXPECT_THAT(report.text(), HasSubstr("note EFAULT 1 chain runs in a circle\n"));
  EXPECT_THAT(report.text(), HasSubstr("key_hex 0c 0d"));
}

TEST_F(Sockhash, RefusesWhatItsKernelRefuses) {
  host_.target.key_size = 513;
  EXPECT_EQ(render().rc, MSC_EFAIL);
  host_.target.key_size = 2;
  std::memset(host_.memory[0x10100].data() + 8, 3, 1);
  EXPECT_EQ(render().rc, MSC_EFAIL);
}

} // namespace
} // namespace mapscope::test
