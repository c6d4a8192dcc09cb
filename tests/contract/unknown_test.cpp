// SPDX-License-Identifier: Apache-2.0
#include "contract_suite.hpp"

#include <gmock/gmock.h>

namespace mapscope::test {
namespace {

using testing::FakeHost;
using ::testing::HasSubstr;
using testing::Report;

// A type of a kernel to come; struct bpf_stack would be of a map of another type.
constexpr Sample unknown_sample = {"unknown", R"(
struct bpf_map 16 ops=8
struct bpf_stack 24 map=0:struct:bpf_map
struct bpf_heap_map 24 map=0:struct:bpf_map top=16
struct bpf_page_heap 24 map=0:struct:bpf_map
struct heap 24 top=0
target map=0x10000 map_type=99 key_size=4 value_size=8 max_entries=3
symbol 0xffffffff81000000 heap_map_ops
symbol 0xffffffff81000100 something_else
@0x10000 u64:1 u64:0xffffffff81000000 u64:7
)",
                                   R"(text ops heap_map_ops
bytes container 01 00 00 00 00 00 00 00 00 00 00 81 ff ff ff ff 07 00 00 00 00 00 00 00
note STOP no plugin renders maps of this type; shown is struct bpf_heap_map, taken by the name of its operations, heap_map_ops
)"};

INSTANTIATE_TEST_SUITE_P(Unknown, Contract, ::testing::Values(unknown_sample), sample_name);

TEST(Unknown, WithoutAStructOfThatNameTheMapItselfIsShown) {
  FakeHost host(unknown_sample.image);
  host.symbols[0xffffffff81000000] = "graph_map_ops";
  EXPECT_THAT(host.render(plugin_file("unknown")).text(),
              HasSubstr("shown is struct bpf_map, as no struct is named like its operations, graph_map_ops"));
  host.symbols[0xffffffff81000000] = "big_heap_map_ops"; // may have the heap's struct, but not that of pages
  EXPECT_THAT(host.render(plugin_file("unknown")).text(), HasSubstr("shown is struct bpf_heap_map, "));
  host.types[2].name = "struct bpf_small_heap";
  EXPECT_THAT(host.render(plugin_file("unknown")).text(), HasSubstr("shown is struct bpf_map, "));
  host.symbols[0xffffffff81000000] = "bpf_map_ops"; // names nothing
  EXPECT_THAT(host.render(plugin_file("unknown")).text(), HasSubstr("shown is struct bpf_map, "));
}

TEST(Unknown, AnAddressInsideASymbolIsNotItsName) {
  FakeHost host(unknown_sample.image);
  host.symbols.erase(0xffffffff81000000);
  host.symbols[0xffffffff80ffff00] = "heap_map_ops";
  const Report report = host.render(plugin_file("unknown"));
  EXPECT_EQ(report.rc, MSC_OK);
  EXPECT_EQ(report.text(), "bytes container 01 00 00 00 00 00 00 00 00 00 00 81 ff ff ff ff\n"
                           "note STOP no plugin renders maps of this type; shown is struct bpf_map, as its "
                           "operations have no name\n");
}

TEST(Unknown, AStructOfNoSizeOrOfHalfTheMemoryIsRefused) {
  for (const std::size_t size : {std::size_t{0}, std::size_t{1} << 40}) {
    FakeHost host(unknown_sample.image);
    host.types[2].size = size;
    EXPECT_EQ(host.render(plugin_file("unknown")).text(), "note EFAIL its struct has an implausible size\n");
  }
}

TEST(Unknown, AContainerThatIsMissingIsUnreadable) {
  FakeHost host(unknown_sample.image);
  host.types[2].size = 4096;
  EXPECT_EQ(host.render(plugin_file("unknown")).rc, MSC_EFAULT);
}

} // namespace
} // namespace mapscope::test
