// SPDX-License-Identifier: Apache-2.0
// What a plugin gets of an element, and what it gets where something lacks or does not fit.
#include "face.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <mapscope/testing/conformance.hpp>
#include <stdexcept>

namespace mapscope::test {
namespace {

using testing::FakeHost;
using ::testing::HasSubstr;

constexpr const char* types = R"(
enum state 4 IDLE=0 BUSY=1
map enum state 4 IDLE=0 BUSY=1 ODD=-1
map struct cpu 8 ns=0:u64
map struct node 16 next=0:ptr:struct:node pid=8:u32
map struct stats 96 big=0:u64 low=8:s32 small=12:u8 on=13:bool ratio=16:f64 state=24:enum:state name=28:char[8] text=40:ptr:char next=48:ptr:struct:node cpus=56:struct:cpu[2] three=bit:576:3 minus=bit:579:3:s32 single=76:f32
map key_type u32
map value_type struct stats
target name=stats map=0x1000 id=3 map_type=1 key_size=4 value_size=96 max_entries=4
@0x2000 u64:0x3000 u32:7
@0x3000 u64:0 u32:8
@0x4000 text:far zero:253
)";
constexpr const char* row =
    "entry u32:5 = u64:-1 u32:-2 u8:200 u8:1 zero:2 u64:0x3ff8000000000000 u32:1 text:worker zero:6 "
    "u64:0x4000 u64:0x2000 u64:11 u64:22 u8:0x2d zero:3 u32:0x3f000000 zero:16\n";

/// The lines behind the row's own.
template <void (*Decode)(Element&)> std::string fields_of(const std::string& image) {
  const std::string all = rendered(decoder_of<Decode>, image);
  return all.substr(all.find('\n') + 1);
}
template <void (*Decode)(Element&)> std::string fields() {
  return fields_of<Decode>(std::string(types) + row);
}

void numbers(Element& e) {
  e.number("big", e.get<std::uint64_t>("big"));
  e.number("low", e.get<std::int32_t>("low"));
  e.signed_number("low_wide", e.get<std::int64_t>("low"));
  e.number("small", e.get<std::uint8_t>("small"));
  e.flag("on", e.get<bool>("on"));
  e.real("ratio", e.get<double>("ratio"));
  e.real("single", e.get<float>("single"));
  e.real("low_real", e.get<double>("low"));
  e.number("element", e.get<std::uint64_t>("cpus[" + std::to_string(1) + "].ns"));
  e.number("behind", e.get<int>("next.next.pid"));
  e.number("three", e.get<unsigned>("three"));
  e.signed_number("minus", e.get<int>("minus"));
  e.number("own_key", e.key<std::uint32_t>());
}

TEST(Elements, HaveNumbersOfEveryKind) {
  EXPECT_EQ(fields<numbers>(),
            "number big 18446744073709551615\nnumber low -2\nnumber low_wide -2\nnumber small 200\n"
            "flag on true\nreal ratio 1.500000\nreal single 0.500000\nreal low_real -2.000000\n"
            "number element 22\nnumber behind 8\nnumber three 5\nnumber minus -3\nnumber own_key 5\nend\n");
}

void strings(Element& e) {
  e.text("name", e.string("name"));
  e.text("far", e.string("text"));
  e.text("state", e.string("state"));
}

TEST(Elements, HaveTextOfArraysPointersAndEnums) {
  EXPECT_EQ(fields<strings>(), "text name worker\ntext far far\ntext state BUSY\nend\n");
}

struct Cpu {
  std::uint64_t ns;
};
enum class State : std::uint32_t { idle, busy };
void structs(Element& e) {
  e.number("ns", e.get<Cpu>("cpus[0]").ns);
  e.flag("busy", e.get<State>("state") == State::busy);
}

TEST(Elements, HaveStructsAndEnumsOfThePlugins) {
  EXPECT_EQ(fields<structs>(), "number ns 11\nflag busy true\nend\n");
}

void maybe(Element& e) {
  e.flag("member", e.get_if<int>("none").has_value());
  e.flag("memory", e.get_if<int>("next.next.next.pid").has_value());
  e.flag("text", e.string_if("none").has_value());
  e.flag("there", e.get_if<int>("next.pid").has_value());
}

TEST(Elements, MayBeAskedForWhatLacks) {
  EXPECT_EQ(fields<maybe>(), "flag member false\nflag memory false\nflag text false\nflag there true\nend\n");
}

template <class T> void get_big(Element& e) { e.number("big", static_cast<std::uint64_t>(e.get<T>("big"))); }
void get_low(Element& e) { e.number("low", e.get<std::uint64_t>("low")); }
void get_small(Element& e) { e.number("small", static_cast<std::uint64_t>(e.get<std::int8_t>("small"))); }
void get_real(Element& e) { e.number("ratio", e.get<std::uint64_t>("ratio")); }
void get_struct(Element& e) { e.number("cpus", e.get<std::uint64_t>("cpus")); }
void get_none(Element& e) { e.number("none", e.get<std::uint64_t>("none")); }
void get_wrong_size(Element& e) { e.number("cpu", e.get<Cpu>("cpus").ns); }
void get_text_of_struct(Element& e) { e.text("cpu", e.string("cpus[0]")); }
void get_no_text(Element& e) { e.text("small", e.string("small")); }

TEST(Elements, RefuseWhatDoesNotFit) {
  const std::string returned = "returned -4\n";
  EXPECT_EQ(fields<get_big<std::int64_t>>(),
            "note EFAIL \"big\" is too large for a number of 8 bytes\n" + returned);
  EXPECT_EQ(fields<get_low>(),
            "note EFAIL \"low\" is too low for a number of 8 bytes without a sign\n" + returned);
  EXPECT_THAT(fields<get_small>(), HasSubstr("\"small\" is too large for a number of 1 byte"));
  EXPECT_THAT(fields<get_real>(), HasSubstr("note EFAIL \"ratio\" is no integer\n"));
  EXPECT_THAT(fields<get_struct>(), HasSubstr("note EFAIL \"cpus\" is no number\n"));
  EXPECT_THAT(fields<get_none>(),
              HasSubstr("note EFAIL 1 of 1 elements are without all that it adds, the first "
                        "for MSC_ENOENT\n"));
  EXPECT_THAT(fields<get_wrong_size>(), HasSubstr("\"cpus\" has 16 bytes, and the plugin takes it as 8"));
  EXPECT_THAT(fields<get_text_of_struct>(), HasSubstr("note EFAIL \"cpus[0]\" is no text\n"));
  EXPECT_THAT(fields<get_no_text>(), HasSubstr("note EFAIL \"small\" is no text\n"));
}

constexpr const char* copies = R"(
map struct stats 16 hits=0:s64 on=8:bool name=9:char[7]
map key_type u32
map value_type struct stats
target map=0x1000 map_type=5 key_size=4 value_size=16 max_entries=4
cpu 1 offset=0x100000
cpu 3 offset=0x200000
percpu_entry u32:1 = [ - | u64:-5 u8:0 text:one zero:4 | - | u64:7 u8:1 text:three zero:2 ]
percpu_entry u32:2 = [ - | u64:-5 zero:8 | - | u64:4 zero:8 ]
percpu_entry u32:3 = [ ]
percpu_entry u32:4 = [ - | ?? | - | u64:4 zero:8 ]
)";

void per_cpu(Element& e) {
  e.number("hits", e.get<std::uint64_t>("hits"));
  e.real("real", e.get<double>("hits"));
  e.signed_number("first", e.get<int>("hits", 1));
  e.flag("on", e.get<bool>("on"));
  e.text("name", e.string("name"));
  e.text("last", e.string("name", 3));
  e.flag("no_cpu", e.get_if<int>("hits", 2).has_value());
}

TEST(Elements, OfEachCpuAreSummedUp) {
  const std::string text = rendered(decoder_of<per_cpu>, copies);
  EXPECT_THAT(text,
              HasSubstr("number hits 2\nreal real 2.000000\nnumber first -5\nflag on false\ntext name one\n"
                        "text last three\nflag no_cpu false\nend\n"));
  EXPECT_THAT(text, HasSubstr("note EFAULT 2 elements could not be decoded where memory lacks\n"));
  EXPECT_THAT(
      text,
      HasSubstr(
          "note EFAIL 1 element could not be decoded, the first: \"hits\" is too low for a number of 8"));
}

void leave_out_even(Element& e) {
  if (e.key<int>() % 2 == 0) return e.leave_out();
  e.number("odd", 1);
}

const std::string small_map = "map key_type u32\nmap value_type u32\n"
                              "target name=small map=0x1000 key_size=4 value_size=4 max_entries=4\n"
                              "entry u32:1 = u32:10\nentry u32:2 = u32:20\nentry u32:3 = ??\n";

TEST(Elements, MayBeLeftOut) {
  EXPECT_EQ(
      rendered(decoder_of<leave_out_even>, small_map),
      "entry 01 00 00 00 = 0a 00 00 00\nnumber odd 1\nend\nentry 03 00 00 00 = ??\nnumber odd 1\nend\n");
}

void open_and_fail(Element& e) {
  e.object("half");
  e.list("list");
  if (e.key<int>() != 1) e.fail("it is not the first");
  e.end(), e.end();
}

TEST(Elements, ThatFailAreShownWithWhatTheyHad) {
  EXPECT_EQ(rendered(decoder_of<open_and_fail>, small_map),
            "entry 01 00 00 00 = 0a 00 00 00\nobject half\nlist list\nend\nend\nend\n"
            "entry 02 00 00 00 = 14 00 00 00\nobject half\nlist list\nend\nend\nend\n"
            "entry 03 00 00 00 = ??\nobject half\nlist list\nend\nend\nend\n"
            "note EFAIL 2 elements could not be decoded, the first: it is not the first\n");
}

void throw_something(Element&) { throw std::runtime_error("something of its own"); }

TEST(Elements, AreNotWhatAnExceptionPassesThrough) {
  EXPECT_EQ(rendered(decoder_of<throw_something>, small_map),
            "entry 01 00 00 00 = 0a 00 00 00\nentry 02 00 00 00 = 14 00 00 00\nentry 03 00 00 00 = ??\n"
            "note EFAIL an exception: something of its own\nreturned -4\n");
}

void two_of_three(Call& call) {
  int seen = 0;
  call.rows([&](Element& e) {
    e.number("seen", static_cast<std::uint64_t>(++seen));
    return seen < 2;
  });
  call.number("seen_of_all", static_cast<std::uint64_t>(seen));
}

TEST(Elements, MayBeEnough) {
  EXPECT_EQ(rendered(plugin_of<two_of_three>, small_map),
            "entry 01 00 00 00 = 0a 00 00 00\nnumber seen 1\nend\n"
            "entry 02 00 00 00 = 14 00 00 00\nnumber seen 2\nend\n"
            "entry 03 00 00 00 = ??\nnumber seen_of_all 2\n");
}

TEST(Elements, ThatAreEnoughKeepTheSuitesRules) {
  const testing::Subject subject{.plugin = &plugin_of<two_of_three>, .hosts = {FakeHost(small_map)}};
  for (const testing::Rule& rule : testing::rules()) {
    const testing::Finding finding = rule.run(subject);
    EXPECT_TRUE(finding.kept) << rule.name << ": " << finding.text;
  }
}

TEST(Elements, WhoseBudgetIsSpentStopTheRender) {
  FakeHost host(small_map);
  host.byte_budget = 18; // the second element is the last that fits
  EXPECT_EQ(host.render(plugin_of<two_of_three>).rc, MSC_STOP);
}

TEST(Elements, BeyondTheRowLimitAreSeenAndCounted) {
  FakeHost host(small_map);
  host.target.row_limit = 1;
  const testing::Report report = host.render(plugin_of<two_of_three>);
  EXPECT_EQ(report.rows, 1U);
  EXPECT_EQ(report.counted, 2U);
  EXPECT_EQ(report.text(), "entry 01 00 00 00 = 0a 00 00 00\nnumber seen 1\nend\nnumber seen_of_all 2\n");
}

void total(Call& call) {
  std::uint64_t sum = 0;
  const auto other = call.find_map("other");
  const bool whole = call.elements(*other, [&](Element& e) { sum += e.get_if<std::uint32_t>().value_or(0); });
  std::uint64_t mine = 0;
  call.elements([&](Element&) { ++mine; });
  call.rows([](Element&) {});
  call.number("sum", sum);
  call.flag("whole", whole);
  call.number("mine", mine);
  call.flag("same", call.find_map("id:7")->address() == other->address() && call.this_map().name == "small");
  call.flag("unknown", call.find_map("nobody").has_value());
  const auto found = call.lookup(*other, std::uint32_t{2});
  call.number("found", found->shape());
  call.number("twenty", call.get<std::uint32_t>(found->value()));
  call.flag("not_found", call.lookup(*other, std::uint32_t{9}).has_value());
  call.typed("found_value", found->value());
}

TEST(Maps, AreFoundWalkedAndLookedInto) {
  const std::string other = "other other map=0x2000 id=7 key_size=4 value_size=4 max_entries=4\n"
                            "map key_type u32\nmap value_type u32\n"
                            "entry u32:1 = u32:1\nentry u32:2 = u32:20\nentry u32:3 = ??\n";
  const std::string rows =
      "entry 01 00 00 00 = 0a 00 00 00\nentry 02 00 00 00 = 14 00 00 00\nentry 03 00 00 00 = ??\n";
  const std::string rest =
      "number mine 3\nflag same true\nflag unknown false\nnumber found 1\nnumber twenty 20\n"
      "flag not_found false\nbytes found_value 14 00 00 00\n";
  EXPECT_EQ(rendered(plugin_of<total>, small_map + other), rows + "number sum 21\nflag whole true\n" + rest);
}

void sum_of_lost(Call& call) {
  call.flag("whole", call.elements(*call.find_map("other"), [](Element&) {}));
}

TEST(Maps, SayWhenTheyCouldNotBeReadAsAWhole) {
  EXPECT_EQ(rendered(plugin_of<sum_of_lost>, small_map + "other other map=0x2000\nlost\n"),
            "note EFAULT some elements of the map other could not be read\nflag whole false\n");
}

void in_kernel(Call& call) {
  auto node = call.object_at(MSC_KERNEL, 0x2000, call.map_type("struct node"));
  call.number("pid", node.get<std::uint32_t>("next.pid"));
  call.flag("missing", call.object_at(MSC_KERNEL, 0x9000, node.type()).get_if<int>("pid").has_value());
  call.will_read(MSC_KERNEL, 0x2000, 4096);
  call.debug("for the author");
}

TEST(Objects, InMemoryHaveMembers) {
  const testing::Report report = FakeHost(types).render(plugin_of<in_kernel>);
  EXPECT_EQ(report.text(), "number pid 8\nflag missing false\n");
  EXPECT_EQ(report.hints, 1U);
  EXPECT_THAT(report.debug, ::testing::ElementsAre("for the author"));
  EXPECT_TRUE(report.misuse.empty());
}

void untyped(Element& e) {
  e.number("own_key", e.key<std::uint32_t>()); // the bytes of a number are one without a type too
  e.number("half", e.get<std::uint64_t>("half"));
}

TEST(Elements, WithoutATypeAreLeftAsTheyAre) {
  EXPECT_EQ(rendered(decoder_of<untyped>, "target map=0x1000 key_size=4 value_size=4 max_entries=4\n"
                                          "entry u32:1 = u32:10\n"),
            "entry 01 00 00 00 = 0a 00 00 00\nnumber own_key 1\nend\n"
            "note OK 1 element without a type, shown undecoded\n");
}

} // namespace
} // namespace mapscope::test
