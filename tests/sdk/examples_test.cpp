// SPDX-License-Identifier: Apache-2.0
// The examples of sdk/example that the guide shows, on images of a few lines, and the suite on each of them.
#include "face.hpp"

#include <dlfcn.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <mapscope/testing/conformance.hpp>
#include <stdexcept>

// Each example's msc_plugin_v1, which CMakeLists.txt calls so.
extern "C" const msc_plugin plugin_of_rate, plugin_of_cpu_sums, plugin_of_join, plugin_of_tasks;

namespace mapscope::test {
namespace {

constexpr const char* rate_image = R"(
map struct odd 12 hits=0:u32 balance=4:s32 cpu=8:u32
map key_type u32
map value_type struct odd
target map=0x1000 map_type=1 key_size=4 value_size=12 max_entries=4
entry u32:1 = u32:4 u32:-2 u32:0
entry u32:2 = zero:12
entry u32:3 = ??
)";

constexpr const char* cpu_sums_image = R"(
map struct odd 12 hits=0:u32 balance=4:s32 cpu=8:u32
map key_type u32
map value_type struct odd
target map=0x1000 map_type=5 key_size=4 value_size=12 max_entries=4
cpu 0 offset=0x100000
cpu 2 offset=0x200000
percpu_entry u32:1 = [ u32:4 zero:8 | - | u32:0xffffffff zero:8 ]
percpu_entry u32:2 = [ u32:1 zero:8 | - | ?? ]
percpu_entry u32:3 = [ u32:7 zero:8 | - | zero:12 ]
)";

constexpr const char* join_image = R"(
struct task_struct 64 pid=8:s32 comm=16:char[16]
map struct numbers 16 count=0:u64 sum=8:s64
map value_type struct numbers
target name=of_task map=0x1000 map_type=29 key_size=4 value_size=16 max_entries=0
@0x20000 zero:8 u32:77 zero:4 text:worker zero:10
@0x30000 zero:8 u32:78 zero:4 text:main zero:12
owned 0x20000 = u64:1 u64:2
owned 0x30000 = u64:3 u64:4
owned 0x40000 = u64:5 u64:6
other big map=0x2000 id=9 map_type=1 key_size=4 value_size=16 max_entries=4
map key_type u32
map value_type struct numbers
entry u32:77 = u64:700 u64:0
)";

constexpr const char* tasks_image = R"(
struct list_head 16 next=0:ptr:struct:list_head
struct task_struct 64 pid=0:s32 tasks=8:struct:list_head tasks.next=8:ptr:struct:list_head real_parent=24:ptr:struct:task_struct comm=32:char[16]
symbol 0x10000 init_task
@0x10000 zero:8 u64:0x20008 zero:48
@0x20000 u32:1 zero:4 u64:0x30008 zero:8 u64:0x10000 text:init zero:12
@0x30000 u32:2 zero:4 u64:0x10008 zero:8 u64:0x20000 text:worker zero:10
)";

TEST(Examples, RateAddsAFieldToEachValue) {
  EXPECT_EQ(rendered(plugin_of_rate, rate_image),
            "entry 01 00 00 00 = 04 00 00 00 fe ff ff ff 00 00 00 00\n"
            "real rate -0.500000\n"
            "end\n"
            "entry 02 00 00 00 = 00 00 00 00 00 00 00 00 00 00 00 00\n"
            "absent rate\n"
            "end\n"
            "entry 03 00 00 00 = ??\n"
            "note EFAULT 1 element could not be decoded where memory lacks\n");
}

TEST(Examples, RateLeavesValuesWithoutTypesAsTheyAre) {
  testing::FakeHost host(rate_image);
  host.value_type.clear();
  EXPECT_EQ(rendered(plugin_of_rate, host), "entry 01 00 00 00 = 04 00 00 00 fe ff ff ff 00 00 00 00\n"
                                            "entry 02 00 00 00 = 00 00 00 00 00 00 00 00 00 00 00 00\n"
                                            "entry 03 00 00 00 = ??\n"
                                            "note OK 3 elements without a type, shown undecoded\n");
}

#ifdef RATE_IN_RUST
/// The plugin of a library, which stays loaded.
const msc_plugin& plugin_in(const char* library) {
  void* const handle = ::dlopen(library, RTLD_NOW | RTLD_LOCAL);
  void* const plugin = handle != nullptr ? ::dlsym(handle, "msc_plugin_v1") : nullptr;
  if (plugin == nullptr) throw std::runtime_error(::dlerror());
  return *static_cast<const msc_plugin*>(plugin);
}

TEST(Examples, RateInRustShowsWhatRateShows) {
  const msc_plugin& in_rust = plugin_in(RATE_IN_RUST);
  EXPECT_EQ(rendered(in_rust, rate_image), rendered(plugin_of_rate, rate_image));
  testing::FakeHost untyped(rate_image);
  untyped.value_type.clear();
  EXPECT_EQ(rendered(in_rust, untyped).find("rate"), std::string::npos);
}
#endif

TEST(Examples, CpuSumsSumsUpCopiesAndRows) {
  EXPECT_THAT(rendered(plugin_of_cpu_sums, cpu_sums_image),
              ::testing::AllOf(::testing::HasSubstr("number hits 4294967299\n"),
                               ::testing::HasSubstr("number hits 7\n"),
                               ::testing::HasSubstr("note EFAULT 1 element could not"),
                               ::testing::HasSubstr("number total_hits 4294967306\n")));
}

TEST(Examples, JoinLooksIntoAnotherMapAndTheKernel) {
  EXPECT_EQ(rendered(plugin_of_join, join_image),
            "entry 00 00 02 00 00 00 00 00 = 01 00 00 00 00 00 00 00 02 00 00 00 00 00 00 00\n"
            "text task worker\nnumber pid 77\nnumber big_count 700\nend\n"
            "entry 00 00 03 00 00 00 00 00 = 03 00 00 00 00 00 00 00 04 00 00 00 00 00 00 00\n"
            "text task main\nnumber pid 78\nend\n"
            "entry 00 00 04 00 00 00 00 00 = 05 00 00 00 00 00 00 00 06 00 00 00 00 00 00 00\n"
            "note EFAULT 1 element could not be decoded where memory lacks\n");
}

TEST(Examples, TasksWalksTheKernelsList) {
  EXPECT_EQ(rendered(plugin_of_tasks, tasks_image),
            "list tasks\n"
            "object\ntext name init\nnumber pid 1\nnumber parent 0\nend\n"
            "object\ntext name worker\nnumber pid 2\nnumber parent 1\nend\n"
            "end\n");
}

struct Case {
  const char* name;
  const msc_plugin* plugin;
  const char* image;
};
std::ostream& operator<<(std::ostream& out, const Case& example) { return out << example.name; }

class Suite : public ::testing::TestWithParam<Case> {};

void expect_kept(const testing::Subject& subject) {
  for (const testing::Rule& rule : testing::rules()) {
    const testing::Finding finding = rule.run(subject);
    EXPECT_TRUE(finding.kept) << rule.name << ": " << finding.text;
  }
}

TEST_P(Suite, IsKeptOnAnImage) {
  expect_kept({.plugin = GetParam().plugin, .hosts = {testing::FakeHost(GetParam().image)}});
}

TEST_P(Suite, IsKeptOnMadeUpMaps) {
  const testing::FakeHost image(GetParam().image);
  auto hosts = testing::made_up_hosts(image.target, {}, 6);
  for (testing::FakeHost& host : hosts)
    host.key_type = "u32", host.value_type = "struct odd", host.name = "made_up";
  expect_kept({.plugin = GetParam().plugin, .hosts = hosts});
}

INSTANTIATE_TEST_SUITE_P(Examples, Suite,
                         ::testing::Values(Case{"rate", &plugin_of_rate, rate_image},
                                           Case{"cpu_sums", &plugin_of_cpu_sums, cpu_sums_image},
                                           Case{"join", &plugin_of_join, join_image},
                                           Case{"tasks", &plugin_of_tasks, tasks_image}),
                         [](const auto& info) { return info.param.name; });

} // namespace
} // namespace mapscope::test
