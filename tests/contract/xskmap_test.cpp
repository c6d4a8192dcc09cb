// SPDX-License-Identifier: Apache-2.0
#include "contract_suite.hpp"

#include <gmock/gmock.h>

namespace mapscope::test {
namespace {

using testing::FakeHost;
using ::testing::HasSubstr;

// The socket of slot 1 is not bound.
constexpr Sample xskmap_sample = {"xskmap", R"(
struct xsk_map 512 xsk_map=256
struct xdp_sock 128 dev=64 queue_id=80
struct net_device 128 ifindex=8 name=16
target map=0x10000 key_size=4 value_size=4 max_entries=2
@0x10100 u64:0x20000 u64:0x20100
@0x20000 zero:64 u64:0x40000 zero:8 u16:3
@0x20100 zero:64 u64:0 zero:8 u16:0
@0x40000 zero:8 u32:2 zero:4 65 74 68 30 zero:12
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
text kind xsk
text device eth0
number queue_id 3
end
object
number index 1
text kind xsk
number queue_id 0
end
end
end
)"};

INSTANTIATE_TEST_SUITE_P(Xskmap, Contract, ::testing::Values(xskmap_sample), sample_name);

TEST(Xskmaps, ASocketThatIsMissingIsTold) {
  FakeHost host(xskmap_sample.image);
  host.memory.erase(0x20000);
  const auto report = host.render(plugin_file("xskmap"));
  EXPECT_EQ(report.rc, MSC_OK);
  EXPECT_THAT(report.text(), HasSubstr("note EFAULT 1 slot refers to memory that could not be read"));
}

} // namespace
} // namespace mapscope::test
