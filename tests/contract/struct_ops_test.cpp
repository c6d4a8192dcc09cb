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

// As since 6.9: a description, links by their number, a count of functions. `open` and `done` are implemented
// by programs, `tick` by the kernel, `idle` by nobody.
constexpr Sample struct_ops_sample = {
    "struct_ops", R"(
struct bpf_map 64 refcnt.counter=16 usercnt.counter=24
struct bpf_struct_ops_map 512 map=0 st_ops_desc=64 links=72 funcs_cnt=80 uvalue=88 kvalue=128
struct bpf_struct_ops_value 128 common=0 common.state=4 data=64
struct bpf_struct_ops_desc 64 st_ops=16
struct bpf_struct_ops 64 name=24
struct bpf_link 64 prog=32
struct bpf_prog 64 type=4 tag=20 aux=32
struct bpf_prog_aux 128 id=8 name=40
struct bpf_struct_ops_valve 128 common=0 data=64:struct:valve
struct valve 40 open=0:function level=8 idle=16:function tick=24:function done=32:function
value_type struct bpf_struct_ops_valve
target map=0x10000 key_size=4 value_size=104 max_entries=1
symbol 0xffffffff81000000 valve_tick
symbol 0xffffffffc0000000 bpf__valve_open
@0x10010 u64:5 u64:3
@0x10040 u64:0x20000 u64:0x30000 u32:4 zero:4 u64:0x40000
@0x10080 u32:0 u32:1 zero:56 u64:0xffffffffc0000010 u64:7 u64:0 u64:0xffffffff81000000 u64:0xffffffffc0000200
@0x20010 u64:0x21000
@0x21018 u64:0x22000
@0x22000 76 61 6c 76 65 zero:123
@0x30000 u64:0x31000 u64:0x31100 u64:0 u64:0
@0x31020 u64:0x50000
@0x31120 u64:0x50100
@0x40040 u64:11 u64:7 u64:0 u64:0 u64:12
@0x50000 u32:0 u32:27 zero:12 01 23 45 67 89 ab cd ef zero:4 u64:0x51000
@0x50100 u32:0 u32:27 zero:12 zero:8 zero:4 u64:0x51100
@0x51000 u64:0 u32:11 zero:28 6f 70 65 6e 5f 69 74 zero:9
@0x51100 u64:0 u32:12 zero:28 zero:16
)",
    R"(value 10 00 00 c0 ff ff ff ff 07 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 )"
    R"(00 00 00 81 ff ff ff ff 00 02 00 c0 ff ff ff ff
object struct_ops
text state inuse
number refcnt 2
text ops valve
object programs
object open
number id 11
text name open_it
text tag 0123456789abcdef
text type struct_ops
number address 18446744072635809808
text symbol bpf__valve_open
number offset 16
end
object done
number id 12
text name 
text tag 0000000000000000
text type struct_ops
number address 18446744072635810304
text symbol bpf__valve_open
number offset 512
end
end
object functions
object tick
number address 18446744071578845184
text symbol valve_tick
number offset 0
end
end
end
)"};

INSTANTIATE_TEST_SUITE_P(StructOps, Contract, ::testing::Values(struct_ops_sample), sample_name);

class StructOps : public ::testing::Test {
protected:
  Report render() { return host_.render(plugin_file("struct_ops")); }
  void poke(std::uint64_t address, std::uint64_t value, std::size_t size = 8) {
    auto run = std::prev(host_.memory.upper_bound(address));
    std::memcpy(run->second.data() + (address - run->first), &value, size);
  }
  FakeHost::Type& type(std::string_view name) {
    return *std::ranges::find_if(host_.types, [&](const auto& candidate) { return candidate.name == name; });
  }
  FakeHost host_{struct_ops_sample.image};
};

TEST_F(StructOps, EveryStateHasItsName) {
  const char* states[] = {"init", "inuse", "tobefree", "ready", "state_4"};
  for (std::uint32_t state = 0; state < std::size(states); ++state) {
    poke(0x10084, state, 4);
    EXPECT_THAT(render().text(), HasSubstr(std::string("text state ") + states[state] + "\n"));
  }
}

TEST_F(StructOps, WithTheirOwnCountBefore64) {
  auto& value = type("struct bpf_struct_ops_value");
  value.members.erase("common.state");
  value.members.emplace("refcnt.refs.counter", FakeHost::Member{});
  value.members.emplace("state", FakeHost::Member{.bit_offset = 32, .type = {}});
  poke(0x10080, 3, 4);
  EXPECT_THAT(render().text(), HasSubstr("text state inuse\nnumber refcnt 3\n"));
  poke(0x10080, 0, 4);
  EXPECT_THAT(render().text(), HasSubstr("text state inuse\nnumber refcnt 2\n"));
}

TEST_F(StructOps, WithoutDescriptionAndWithHolesBefore69) {
  auto& map = type("struct bpf_struct_ops_map");
  map.members.erase("st_ops_desc"), map.members.erase("funcs_cnt");
  map.members.emplace("st_ops", FakeHost::Member{.bit_offset = 64 * 8, .type = {}});
  poke(0x10040, 0x21000);
  host_.memory[0x30000].resize(40);
  poke(0x30008, 0), poke(0x30020, 0x31100); // the link of `done` at its own place
  EXPECT_EQ(render().text(), struct_ops_sample.lines);
}

TEST_F(StructOps, WithProgramsInsteadOfLinksBefore60) {
  auto& map = type("struct bpf_struct_ops_map");
  map.members.erase("links");
  map.members.emplace("progs", FakeHost::Member{.bit_offset = 72 * 8, .type = {}});
  poke(0x30000, 0x50000), poke(0x30008, 0x50100);
  EXPECT_EQ(render().text(), struct_ops_sample.lines);
}

TEST_F(StructOps, ACountOfFunctionsBeyondTheMembersIsNotFollowed) {
  poke(0x10050, ~0U, 4);
  const Report report = render();
  EXPECT_EQ(report.text(), struct_ops_sample.lines);
  EXPECT_LT(report.calls, 200U);
}

TEST_F(StructOps, ProgramsThatAreMissingAreTold) {
  host_.memory.erase(0x31120);
  const Report report = render();
  EXPECT_EQ(report.rc, MSC_OK);
  EXPECT_THAT(report.text(), HasSubstr("object done\nnumber id 12\nnumber address"));
  EXPECT_THAT(report.text(), HasSubstr("note EFAULT 1 of its programs could not be read\n"));
  poke(0x40040, 0xffffffff0000000bULL); // no id at all: they have 32 bits
  EXPECT_THAT(render().text(), HasSubstr("note EFAULT 2 of its programs could not be read\n"));
}

TEST_F(StructOps, WithoutWhatBpfShowsTheValueIsThere) {
  poke(0x10058, 0xdead0000);
  const Report report = render();
  EXPECT_EQ(report.rc, MSC_OK);
  EXPECT_THAT(report.text(), HasSubstr("value 10 00 00 c0"));
  EXPECT_THAT(report.text(), HasSubstr("note EFAULT the ids of its programs could not be read\n"));
  EXPECT_THAT(report.text(), HasSubstr("object functions\nobject open\n"));
}

TEST_F(StructOps, WithoutItsValueTheProgramsAreThere) {
  host_.memory[0x10080].resize(64);
  const Report report = render();
  EXPECT_EQ(report.rc, MSC_OK);
  EXPECT_THAT(report.text(), HasSubstr("value ??\n"));
  EXPECT_THAT(report.text(), HasSubstr("object open\nnumber id 11\n"));
  EXPECT_THAT(report.text(), Not(HasSubstr("address")));
}

TEST_F(StructOps, WithoutBothNothingIsInvented) {
  host_.memory[0x10080].resize(64);
  poke(0x10058, 0);
  const Report report = render();
  EXPECT_EQ(report.rc, MSC_EFAULT);
  EXPECT_EQ(report.text(), "value ??\n");
}

TEST_F(StructOps, ANameThatIsMissingIsTold) {
  host_.memory.erase(0x22000);
  EXPECT_THAT(render().text(), HasSubstr("note EFAULT the name of its ops could not be read\n"));
}

TEST_F(StructOps, WithoutTheirTypeTheBytesAreThere) {
  host_.target.value_type = MSC_BYTES;
  const Report report = render();
  EXPECT_EQ(report.rc, MSC_OK);
  EXPECT_THAT(report.text(), HasSubstr("value 10 00 00 c0"));
  EXPECT_THAT(report.text(), HasSubstr("text ops valve\nobject programs\nend\n"));
}

TEST_F(StructOps, OfASizeThatContradictsTheMapAreRefused) {
  for (const std::size_t size : {std::size_t{0}, std::size_t{41}, ~std::size_t{0}}) {
    type("struct valve").size = size;
    EXPECT_THAT(render().text(), HasSubstr("note EFAIL ops of a size that contradicts the map's value"));
  }
  host_.target.value_size = 64;
  EXPECT_THAT(render().text(), HasSubstr("note EFAIL a value that ends before the ops begin"));
}

TEST_F(StructOps, NamesThatNoReportCanHaveAreLeftOut) {
  auto& valve = type("struct valve");
  valve.members.emplace("no name", FakeHost::Member{.bit_offset = 8 * 8, .is_function = true, .type = {}});
  const Report report = render();
  EXPECT_EQ(report.misuse, std::vector<std::string>{});
  EXPECT_THAT(report.text(), Not(HasSubstr("no name")));
}

} // namespace
} // namespace mapscope::test
