// SPDX-License-Identifier: Apache-2.0
#include "contract_suite.hpp"

#include <gmock/gmock.h>

namespace mapscope::test {
namespace {

using testing::FakeHost;
using ::testing::HasSubstr;

// The map of slot 2 is being freed: it has no id any more.
constexpr Sample array_of_maps_sample = {"array_of_maps", R"(
struct bpf_array 256 value=216 ptrs=216
struct bpf_map 128 id=48 name=80
target map=0x10000 key_size=4 value_size=4 max_entries=3
@0x100d8 u64:0x20000 u64:0 u64:0x20100
@0x20000 zero:48 u32:7 zero:28 69 6e 6e 65 72 zero:11
@0x20100 zero:48 u32:0 zero:28 6f 6c 64 zero:13
)",
                                         R"(count 2
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
text kind map
number id 7
text name inner
end
object
number index 2
text kind map
number id 0
text name old
end
end
end
)"};

// One element in each of two buckets.
constexpr Sample hash_of_maps_sample = {"hash_of_maps", R"(
struct bpf_map 128 id=48 name=80
struct bpf_htab 512 buckets=256 n_buckets=272
struct bucket 16 head=8 head.first=8 lock=0
struct htab_elem 48 hash_node=0 hash_node.next=0 lru_node=8 hash=32 key=40
target map=0x10000 key_size=4 value_size=4 max_entries=2
cpu 0 offset=0x100000
@0x10100 u64:0x20000 zero:8 u32:2
@0x20000 zero:8 u64:0x30000 zero:8 u64:0x30080
@0x30000 u64:1 zero:24 u32:8 zero:4 u32:1 zero:4 u64:0x40000
@0x30080 u64:3 zero:24 u32:5 zero:4 u32:2 zero:4 u64:0x40100
@0x40000 zero:48 u32:7 zero:28 69 6e 6e 65 72 zero:11
@0x40100 zero:48 u32:8 zero:28 6f 74 68 65 72 zero:11
)",
                                        R"(count 2
object fd_array
number populated 2
number scanned 2
list slots
object
bytes key_hex 01 00 00 00
text kind map
number id 7
text name inner
end
object
bytes key_hex 02 00 00 00
text kind map
number id 8
text name other
end
end
end
)"};

INSTANTIATE_TEST_SUITE_P(ArrayOfMaps, Contract, ::testing::Values(array_of_maps_sample), sample_name);
INSTANTIATE_TEST_SUITE_P(HashOfMaps, Contract, ::testing::Values(hash_of_maps_sample), sample_name);

TEST(MapsOfMaps, AKeyStaysWhereItsMapIsMissing) {
  FakeHost host(hash_of_maps_sample.image);
  host.memory.erase(0x40000);
  const auto report = host.render(plugin_file("hash_of_maps"));
  EXPECT_EQ(report.rc, MSC_OK);
  EXPECT_THAT(report.text(), HasSubstr("bytes key_hex 01 00 00 00\ntext kind map\nend\n"));
  EXPECT_THAT(report.text(), HasSubstr("note EFAULT 1 slot refers to memory that could not be read"));
}

TEST(MapsOfMaps, AKeyOfAMapWithTypesIsTyped) {
  FakeHost host(hash_of_maps_sample.image);
  host.target.key_type = 7;
  EXPECT_THAT(host.render(plugin_file("hash_of_maps")).text(),
              HasSubstr("bytes key_hex 01 00 00 00\nbytes key 01 00 00 00\ntext kind map\n"));
}

TEST(MapsOfMaps, WhatIsBeyondTheLimitIsPopulatedToo) {
  FakeHost host(hash_of_maps_sample.image);
  host.target.row_limit = 1;
  const auto report = host.render(plugin_file("hash_of_maps"));
  EXPECT_EQ(report.counted, 2U);
  EXPECT_THAT(report.text(), HasSubstr("number populated 2\nnumber scanned 2\n"));
  EXPECT_THAT(report.text(), ::testing::Not(HasSubstr("key_hex 02")));
}

} // namespace
} // namespace mapscope::test
