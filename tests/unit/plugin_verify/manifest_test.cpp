// SPDX-License-Identifier: Apache-2.0
// Rules V5, V6, V7 and V11 on text alone: each with what it accepts and what it rejects.
#include "host/plugin/verify/manifest.hpp"
#include "host/plugin/verify/manifest_rules.hpp"
#include "tests/support/plugin_library.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace mapscope::plugin {
namespace {

using test::manifest_text;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

Result<Manifest> parse(std::string text) { return parse_manifest(text.append(1, '\0')); }
Result<Manifest> parse_with(const std::string& line) {
  return parse(manifest_text("org.example.x", {"attach=map-type:hash", line}));
}
std::string error_of(const Result<Manifest>& manifest) {
  return manifest ? "accepted as " + manifest->id : manifest.error().text;
}

TEST(Manifest, ReadsEveryKey) {
  const auto manifest = parse(
      manifest_text("org.example.x",
                    {"summary=a b=c", "url=https://example.org", "attach=map-type:hash,lru_* prio=-3",
                     "attach=allocator:sdt_* var=struct scx_allocator prio=100",
                     "needs=struct bpf_htab.buckets,map.ops", "needs=task_struct", "config=payload:type",
                     "config=deep:bool=true", "config=most:u64=18446744073709551615",
                     "config=title:string=a=b:c", "budget=entries:5 ms:7", "flavour=vanilla"},
                    "2.0-rc1"));
  ASSERT_TRUE(manifest) << manifest.error().text;
  EXPECT_EQ(manifest->version, "2.0-rc1");
  EXPECT_EQ(manifest->summary, "a b=c");
  ASSERT_EQ(manifest->attaches.size(), 2U);
  EXPECT_EQ(manifest->attaches[0].kind, AttachKind::map_type);
  EXPECT_THAT(manifest->attaches[0].patterns, ElementsAre("hash", "lru_*"));
  EXPECT_EQ(manifest->attaches[0].priority, -3);
  EXPECT_EQ(manifest->attaches[1].variable_type, "struct scx_allocator");
  EXPECT_EQ(manifest->attaches[1].priority, 100);
  ASSERT_EQ(manifest->needs.size(), 2U);
  EXPECT_EQ(manifest->needs[0].type, "struct bpf_htab");
  EXPECT_THAT(manifest->needs[0].members, ElementsAre("buckets", "map.ops"));
  EXPECT_TRUE(manifest->needs[1].members.empty());
  ASSERT_EQ(manifest->options.size(), 4U);
  EXPECT_EQ(manifest->options[0].fallback, std::nullopt);
  EXPECT_EQ(manifest->options[2].type, OptionType::u64);
  EXPECT_EQ(manifest->options[3].fallback, "a=b:c");
  EXPECT_EQ(manifest->budget_entries, 5U);
  EXPECT_EQ(manifest->budget_bytes, std::nullopt);
  EXPECT_EQ(manifest->budget_ms, 7U);
  EXPECT_THAT(manifest->ignored, ElementsAre("flavour"));
}

TEST(Manifest, ALastNulOfItsOwnIsNoLine) {
  const auto manifest = parse(manifest_text("org.example.x").append(1, '\0'));
  EXPECT_TRUE(manifest) << manifest.error().text;
}

TEST(Manifest, AnEmptyLineBetweenOthersIsWrong) {
  EXPECT_EQ(error_of(parse(manifest_text("org.example.x", {"attach=map-type:hash", "", "url=x"}))),
            "V5: line 6, \"\", is not key=value");
}

TEST(Manifest, OptionsOfAnAttachLineComeInAnyOrder) {
  const auto manifest = parse_with("attach=allocator:a prio=2 var=struct x");
  ASSERT_TRUE(manifest) << manifest.error().text;
  EXPECT_EQ(manifest->attaches[1].variable_type, "struct x");
  EXPECT_EQ(manifest->attaches[1].priority, 2);
}

TEST(Manifest, TypePatternsMayHaveBlanksAndBrackets) {
  const auto manifest = parse_with("attach=value-type:struct foo,u64[4] prio=1");
  ASSERT_TRUE(manifest) << manifest.error().text;
  EXPECT_THAT(manifest->attaches[1].patterns, ElementsAre("struct foo", "u64[4]"));
}

TEST(Manifest, MapTypesThatAreNewerThanALibraryOfTheSystem) {
  const auto manifest = parse_with("attach=map-type:rhash,insn_array,arena,cgrp_storage,type_36");
  EXPECT_TRUE(manifest) << manifest.error().text;
}

TEST(Manifest, KindsHaveTheirNames) {
  EXPECT_EQ(attach_kind_name(AttachKind::allocator), "allocator");
  EXPECT_EQ(attach_kind_name(AttachKind::value_type), "value-type");
  EXPECT_EQ(attach_kind_name(AttachKind::map_type), "map-type");
  EXPECT_EQ(attach_kind_name(AttachKind::kernel), "kernel");
}

// V5: the whole description, without the NUL that parse() adds.

TEST(ManifestText, SizeIsBounded) {
  EXPECT_THAT(error_of(parse_manifest(std::string(64 * 1024 + 1, '\0'))),
              StartsWith("V5: the manifest has 65537 bytes"));
}

TEST(ManifestText, EndsWithNul) {
  EXPECT_EQ(error_of(parse_manifest(manifest_text("org.example.x"))),
            "V5: the manifest's text does not end with a NUL");
  EXPECT_EQ(error_of(parse_manifest("")), "V5: the manifest's text does not end with a NUL");
}

TEST(ManifestText, LinesAreCounted) {
  const auto with_lines = [](std::size_t count) {
    return parse(manifest_text("org.example.x", std::vector<std::string>(count - 4, "attach=map-type:hash")));
  };
  EXPECT_TRUE(with_lines(256));
  EXPECT_EQ(error_of(with_lines(257)), "V5: the manifest has more than 256 lines");
}

TEST(ManifestText, LengthsAtTheirLimit) {
  EXPECT_TRUE(parse_with("x=" + std::string(512, 'v')));
  EXPECT_EQ(error_of(parse_with("x=" + std::string(513, 'v'))),
            "V5: line 6: the value of x= has 513 bytes, at most 512 are read");
  EXPECT_TRUE(parse_with(std::string(32, 'k') + "=v"));
  EXPECT_THAT(error_of(parse_with(std::string(33, 'k') + "=v")), StartsWith("V5: line 6: \"kkk"));
  EXPECT_TRUE(parse_with("attach=map-name:" + std::string(64, 'n')));
  EXPECT_THAT(error_of(parse_with("attach=map-name:" + std::string(65, 'n'))),
              HasSubstr("is no pattern: 1 to 64 bytes"));
}

struct Rejected {
  std::string line, error;
};
void PrintTo(const Rejected& rejected, std::ostream* out) { *out << testing::PrintToString(rejected.line); }

class RejectedLine : public testing::TestWithParam<Rejected> {};

TEST_P(RejectedLine, NamesRuleAndReason) {
  EXPECT_THAT(error_of(parse_with(GetParam().line)), HasSubstr(GetParam().error));
  EXPECT_THAT(error_of(parse_with(GetParam().line)), StartsWith("V"));
}

INSTANTIATE_TEST_SUITE_P(
    Text, RejectedLine,
    testing::Values(Rejected{"needs", "V5: line 6, \"needs\", is not key=value"},
                    Rejected{"=v", "V5: line 6: \"\" is no key"}, Rejected{"Key=v", "\"Key\" is no key"},
                    Rejected{"k\n=v", "V5: line 6 is not UTF-8 text without control characters"},
                    Rejected{"k=\x1b[2J", "without control characters"},
                    Rejected{"k=\x7f", "without control"}, Rejected{"k=\xc2\x9b", "without control"},
                    Rejected{"k=\xff", "is not UTF-8"}));

INSTANTIATE_TEST_SUITE_P(Keys, RejectedLine,
                         testing::Values(Rejected{"id=org.example.y", "V6: id= stands on 2 lines"},
                                         Rejected{"abi=0.1", "V6: abi= stands on 2"},
                                         Rejected{"!arena=1", "V6: !arena= must be understood"}));

INSTANTIATE_TEST_SUITE_P(
    Attach, RejectedLine,
    testing::Values(Rejected{"attach=", "V11: attach=: expected KIND:PATTERN"},
                    Rejected{"attach=hash", "expected KIND"},
                    Rejected{"attach=map:hash",
                             "with a KIND of allocator, map-name, value-type, struct-ops, map-type, kernel"},
                    Rejected{"attach=kernel:", "\"\" is no pattern"},
                    Rejected{"attach=kernel:sched*", "kernel: takes one name"},
                    Rejected{"attach=kernel:a,b", "kernel: takes one name"},
                    Rejected{"attach=kernel:a var=struct x", "nothing else"},
                    Rejected{"attach=map-type:", "\"\" is no pattern"},
                    Rejected{"attach=map-type:hash,,array", "\"\" is no pattern"},
                    Rejected{"attach=map-type:array,hsh",
                             "no map type is called \"hsh\" (did you mean hash?); a type newer than this "
                             "mapscope is type_N by its number, such as type_40"},
                    Rejected{"attach=map-type:percpu_hsh",
                             "no map type is called \"percpu_hsh\" (did you mean percpu_hash?)"},
                    Rejected{"attach=map-type:HASH", "no map type is called \"HASH\"; a type newer"},
                    Rejected{"attach=map-type:type_x", "no map type is called \"type_x\""},
                    Rejected{"attach=map-name:[ab]", "\"[ab]\" is no pattern"},
                    Rejected{"attach=map-name:a\\*", "is no pattern"},
                    Rejected{"attach=map-name:a b", "is no pattern"},
                    Rejected{"attach=map-type:hash priority=3",
                             "\"priority=3\" is no option; there are var=, prio= and mode="},
                    Rejected{"attach=value-type:struct hval mdoe=element", "\"mdoe=element\" is no option"},
                    Rejected{"attach=map-type:hash prio=", "prio= takes one whole number"},
                    Rejected{"attach=map-type:hash prio=1.5", "not \"1.5\""},
                    Rejected{"attach=map-type:hash prio=99999999999", "takes one whole number"},
                    Rejected{"attach=map-type:hash prio=1 prio=2", "takes one whole number"},
                    Rejected{"attach=map-type:hash var=struct x", "every allocator: has it, nothing else"},
                    Rejected{"attach=allocator:x", "every allocator: has it"},
                    Rejected{"attach=allocator:x var=", "not \"\""},
                    Rejected{"attach=allocator:x var=9x", "takes one type"},
                    Rejected{"attach=allocator:x var=struct a var=struct b", "takes one type"}));

INSTANTIATE_TEST_SUITE_P(Needs, RejectedLine,
                         testing::Values(Rejected{"needs=", "V11: needs=: \"\" is no type"},
                                         Rejected{"needs=struct ", "is no type"},
                                         Rejected{"needs=class x", "\"class x\" is no type"},
                                         Rejected{"needs=struct x.", "\"\" is no member"},
                                         Rejected{"needs=struct x.a,", "\"\" is no member"},
                                         Rejected{"needs=struct x.a..b", "is no member"},
                                         Rejected{"needs=struct x.a[3]", "is no member"}));

INSTANTIATE_TEST_SUITE_P(Config, RejectedLine,
                         testing::Values(Rejected{"config=x", "V11: config=x: expected name:TYPE"},
                                         Rejected{"config=:u64", "\"\" is no name"},
                                         Rejected{"config=x:int", "with a TYPE of bool, u64, string, type"},
                                         Rejected{"config=x:bool=1", "the default \"1\" is no bool"},
                                         Rejected{"config=x:u64=-1", "the default \"-1\" is no u64"},
                                         Rejected{"config=x:u64=18446744073709551616", "is no u64"},
                                         Rejected{"config=a b:u64", "is no name"}));

INSTANTIATE_TEST_SUITE_P(Budget, RejectedLine,
                         testing::Values(Rejected{"budget=", "V11: budget=: \"\" is none of"},
                                         Rejected{"budget=entries", "is none of"},
                                         Rejected{"budget=seconds:1",
                                                  "\"seconds:1\" is none of entries:N, bytes:N, ms:N"},
                                         Rejected{"budget=ms:1 ms:2", "\"ms:2\" is none of"},
                                         Rejected{"budget=ms:-1", "is none of"}));

TEST(ManifestGrammar, SymbolsOfSeveralLines) {
  const auto manifest = parse_with(std::string("symbols=jiffies,map_idr\0symbols=f.isra.0", 40));
  ASSERT_TRUE(manifest) << manifest.error().text;
  EXPECT_THAT(manifest->symbols, ElementsAre("jiffies", "map_idr", "f.isra.0"));
  EXPECT_TRUE(manifest->ignored.empty());
  EXPECT_THAT(error_of(parse_with("symbols=a,,b")), HasSubstr("V11: symbols=a,,b: \"\" is no symbol's name"));
  EXPECT_THAT(error_of(parse_with("symbols=a b")), HasSubstr("is no symbol's name"));
}

TEST(ManifestGrammar, OnePartOfTheKernel) {
  const auto manifest = parse_with("attach=kernel:sched_ext prio=3");
  ASSERT_TRUE(manifest) << manifest.error().text;
  EXPECT_EQ(manifest->attaches.back().kind, AttachKind::kernel);
  EXPECT_THAT(manifest->attaches.back().patterns, ElementsAre("sched_ext"));
  EXPECT_EQ(manifest->attaches.back().priority, 3);
  EXPECT_THAT(error_of(parse_with(std::string("attach=kernel:a\0attach=kernel:b", 31))),
              HasSubstr("V11: attach=kernel: stands there twice"));
}

TEST(ManifestGrammar, OneOptionOfAName) {
  EXPECT_THAT(error_of(parse(
                  manifest_text("org.example.x", {"attach=map-type:hash", "config=x:u64", "config=x:bool"}))),
              HasSubstr("V11: config= declares x twice"));
}

// V6

TEST(ManifestIdentity, RequiredKeys) {
  for (const std::string key : {"abi", "id", "version", "license", "attach"}) {
    std::string text = manifest_text("org.example.x");
    text.replace(text.find(key + "="), key.size(), std::string(key.size(), 'z'));
    EXPECT_EQ(error_of(parse(text)), "V6: there is no " + key + "= line, and every plugin has one");
  }
}

TEST(ManifestIdentity, IdHasItsForm) {
  for (const char* id : {"a.b", "org.sched-ext.sdt_alloc", "0.1"})
    EXPECT_TRUE(parse(manifest_text(id))) << id;
  for (const char* id : {"a", ".a", "a.", "a..b", "A.b", "a_b.c", "a.b c", "a/b.c", "a.\xc3\xa4"})
    EXPECT_THAT(error_of(parse(manifest_text(id))), HasSubstr("V6: id=")) << id;
}

TEST(ManifestIdentity, EmptyTextIsNoText) {
  EXPECT_EQ(error_of(parse(manifest_text("org.example.x", {"attach=map-type:a"}, ""))),
            "V6: version= is empty");
}

// V7

std::string abi_error(AbiVersion wanted, AbiVersion offered) {
  const auto served = check_abi(wanted, offered);
  return served ? "" : served.error().text;
}

TEST(ManifestAbi, BeforeOnePointZeroTheMinorIsTheSame) {
  EXPECT_EQ(abi_error({0, 1}, {0, 1}), "");
  EXPECT_EQ(abi_error({0, 2}, {0, 1}),
            "the plugin is for interface 0.2, this mapscope offers 0.1: upgrade mapscope");
  EXPECT_THAT(abi_error({0, 1}, {0, 2}), HasSubstr("upgrade the plugin"));
}

TEST(ManifestAbi, FromOnePointZeroOlderMinorsAreServed) {
  EXPECT_EQ(abi_error({1, 0}, {1, 3}), "");
  EXPECT_EQ(abi_error({1, 3}, {1, 3}), "");
  EXPECT_THAT(abi_error({1, 4}, {1, 3}), HasSubstr("upgrade mapscope"));
  EXPECT_THAT(abi_error({2, 0}, {1, 3}), HasSubstr("upgrade mapscope"));
  EXPECT_THAT(abi_error({0, 1}, {1, 0}), HasSubstr("upgrade the plugin"));
}

TEST(ManifestAbi, IsTwoNumbers) {
  for (const char* text : {"1", "1.", ".1", "1.0.0", "x.y", "1.70000", "-1.0", ""})
    EXPECT_FALSE(parse_abi(text)) << text;
  EXPECT_EQ(parse_abi("65535.12")->minor, 12U);
}

TEST(ManifestAbi, IsWhatThePluginSays) {
  std::string text = manifest_text("org.example.x");
  text.replace(0, text.find('\0'), "abi=9.7");
  EXPECT_THAT(error_of(parse(text)), StartsWith("V7: the plugin is for interface 9.7"));
}

} // namespace
} // namespace mapscope::plugin
