// SPDX-License-Identifier: Apache-2.0
#include "contract_suite.hpp"

#include <gmock/gmock.h>

namespace mapscope::test {
namespace {

// Kernels up to 6.1.176: the pointer stands right behind a key of four bytes, at no multiple of eight.
constexpr Sample old_layout = {"percpu_hash", R"(
struct bpf_htab 512 buckets=256 n_buckets=272
struct bucket 16 head=8 head.first=8 lock=0
struct htab_elem 48 hash_node=0 hash_node.next=0 lru_node=8 hash=32 key=40
target map=0x10000 key_size=4 value_size=2 max_entries=2
cpu 0 offset=0x100000
@0x10100 u64:0x20000 zero:8 u32:2
@0x20000 zero:8 u64:0x30000 zero:8 u64:3
@0x30000 u64:0x30080 zero:24 u32:8 zero:4 u32:1 u64:0x6000040000 zero:4
@0x30080 u64:1       zero:24 u32:4 zero:4 u32:2 u64:0x6000040008 zero:4
@0x6000140000 01 02 zero:6 03 04
)",
                               R"(percpu_entry 01 00 00 00 = [01 02]
percpu_entry 02 00 00 00 = [03 04]
)"};

INSTANTIATE_TEST_SUITE_P(OldPercpuHash, Contract, ::testing::Values(old_layout), sample_name);

TEST(PercpuHash, OneElementIsEnoughToTell) {
  testing::FakeHost host(old_layout.image);
  host.memory.erase(0x30080);
  const auto report = host.render(plugin_file("percpu_hash"));
  EXPECT_THAT(report.text(), ::testing::HasSubstr("percpu_entry 01 00 00 00 = [01 02]"));
}

} // namespace
} // namespace mapscope::test
