// SPDX-License-Identifier: Apache-2.0
#include "contract_suite.hpp"

#include <cstring>
#include <gmock/gmock.h>
#include <tuple>

namespace mapscope::test {
namespace {

using testing::FakeHost;
using ::testing::HasSubstr;

// 10.0.0.0/8 above a fork at 10.1.2.0/24, which has 10.1.2.3/32 and, with bits behind its length,
// 10.1.2.200/25 below it.
constexpr Sample trie_sample = {"lpm_trie", R"(
struct lpm_trie 512 root=256 n_entries=264
struct lpm_trie_node 40 child=16 prefixlen=32 flags=36 data=40
target map=0x10000 key_size=8 value_size=2 max_entries=8
@0x10100 u64:0x20000 u64:3
@0x20000 zero:16 u64:0x20100 u64:0 u32:8 u32:0 0a 00 00 00 01 02
@0x20100 zero:16 u64:0x20200 u64:0x20300 u32:24 u32:1 0a 01 02 c8
@0x20200 zero:16 u64:0 u64:0 u32:32 u32:0 0a 01 02 03 03 04
@0x20300 zero:16 u64:0 u64:0 u32:25 u32:0 0a 01 02 c8 05 06
)",
                                R"(entry 08 00 00 00 0a 00 00 00 = 01 02
text prefix 10.0.0.0/8
flag prefix_is_guess true
end
entry 20 00 00 00 0a 01 02 03 = 03 04
text prefix 10.1.2.3/32
flag prefix_is_guess true
end
entry 19 00 00 00 0a 01 02 c8 = 05 06
text prefix 10.1.2.128/25
flag prefix_is_guess true
end
)"};

INSTANTIATE_TEST_SUITE_P(LpmTrie, Contract, ::testing::Values(trie_sample), sample_name);

class Tries : public ::testing::Test {
protected:
  testing::Report render() { return host_.render(plugin_file("lpm_trie")); }
  template <class T> void poke(std::uint64_t address, T value) {
    auto run = std::prev(host_.memory.upper_bound(address));
    std::memcpy(run->second.data() + (address - run->first), &value, sizeof value);
  }
  FakeHost host_{trie_sample.image};

  static constexpr std::uint64_t first = 0x20000, fork = 0x20100, left = 0x20200; ///< nodes
  static constexpr std::uint64_t child = 16, length = 32;
};

TEST_F(Tries, WithoutARootAreEmpty) {
  poke<std::uint64_t>(0x10100, 0), poke<std::uint64_t>(0x10108, 0);
  EXPECT_EQ(render().text(), "");
}

TEST_F(Tries, ACircleIsAContradiction) {
  poke(left + child, first), poke(left + child + 8, fork);
  poke(left + length, 31U);
  const auto report = render();
  EXPECT_EQ(report.rc, MSC_OK);
  EXPECT_EQ(report.rows, 3U);
  EXPECT_THAT(report.text(), HasSubstr("note EFAULT 2 nodes contradict the prefix above them"));
}

TEST_F(Tries, ANodeIsShownWhereItBelongsAlone) {
  poke(fork + child + 8, left); // on both sides of its fork
  const auto report = render();
  EXPECT_EQ(report.rows, 2U);
  EXPECT_THAT(report.text(), HasSubstr("note EFAULT 1 node contradicts the prefix above them"));
}

TEST_F(Tries, NothingIsLongerThanTheLongest) {
  poke(left + child, fork);
  EXPECT_THAT(render().text(), HasSubstr("note EFAULT 1 node contradicts the prefix above them"));
  poke(left + child, std::uint64_t{0}), poke(left + length, 33U);
  EXPECT_THAT(render().text(), HasSubstr("note EFAULT 1 node contradicts the prefix above them"));
  poke(left + length, ~0U);
  EXPECT_THAT(render().text(), HasSubstr("note EFAULT 1 node contradicts the prefix above them"));
}

TEST_F(Tries, BesideANodeThatIsMissingTheOthersAreShown) {
  host_.memory.erase(left);
  const auto report = render();
  EXPECT_EQ(report.rc, MSC_OK);
  EXPECT_THAT(report.text(), HasSubstr("text prefix 10.1.2.128/25"));
  EXPECT_THAT(report.text(), HasSubstr("note EFAULT 1 node could not be read, with all below them"));
}

TEST_F(Tries, AValueThatIsMissingLeavesItsKey) {
  host_.memory[left].resize(44);
  EXPECT_THAT(render().text(), HasSubstr("entry 20 00 00 00 0a 01 02 03 = ??\ntext prefix 10.1.2.3/32\n"));
}

TEST_F(Tries, WithMoreNodesThanTheMapMayHoldAreGivenUp) {
  host_.target.max_entries = 0, host_.target.key_size = 4 + 256, host_.target.value_size = 1;
  host_.memory.clear();
  host_.memory[0x10100].resize(16);
  poke<std::uint64_t>(0x10100, 0x30000);
  for (std::uint32_t i = 0; i < 500; ++i) { // each a bit longer than the one above it
    const std::uint64_t at = 0x30000 + i * 0x200;
    host_.memory[at].resize(0x200);
    poke(at + child, at + 0x200), poke(at + length, i);
  }
  const auto report = render();
  EXPECT_EQ(report.rows, 64U);
  EXPECT_THAT(report.text(),
              HasSubstr("note EFAULT more nodes than the map may hold: the rest was given up"));
}

TEST_F(Tries, ACountOfItsOwnThatDiffersIsTold) {
  poke<std::uint64_t>(0x10108, 4); // caught as one was added
  EXPECT_THAT(render().text(), HasSubstr("note OK 4 entries by the trie's own count\n"));
  poke<std::uint64_t>(0x10108, 7);
  EXPECT_THAT(render().text(), HasSubstr("note EFAULT 7 entries by the trie's own count\n"));
}

TEST_F(Tries, KeysOfImplausibleSizesAreRefused) {
  for (const std::uint32_t size : {0U, 3U, 4U, 261U, ~0U}) {
    host_.target.key_size = size;
    EXPECT_EQ(render().rc, MSC_EFAIL) << size;
  }
}

TEST(Prefixes, OfOtherSizesAreHexadecimal) {
  FakeHost host(R"(
struct lpm_trie 512 root=256 n_entries=264
struct lpm_trie_node 40 child=16 prefixlen=32 flags=36 data=40
target map=0x10000 key_size=9 value_size=1 max_entries=8
@0x10100 u64:0x20000 u64:1
@0x20000 zero:16 u64:0 u64:0 u32:12 u32:0 01 ff ff ff ff 09
)");
  EXPECT_THAT(host.render(plugin_file("lpm_trie")).text(), HasSubstr("text prefix 01f0000000/12\n"));
}

using Members = std::vector<std::pair<std::string, std::pair<std::uint32_t, std::string>>>; ///< byte and type

/// A trie of 10.0.0.0/8 whose map has these types; its key is of the first.
std::string with_types(const std::vector<std::tuple<std::string, std::size_t, Members>>& types) {
  FakeHost host(R"(
struct lpm_trie 512 root=256 n_entries=264
struct lpm_trie_node 40 child=16 prefixlen=32 flags=36 data=40
target map=0x10000 key_size=8 value_size=1 max_entries=8
@0x10100 u64:0x20000 u64:1
@0x20000 zero:16 u64:0 u64:0 u32:8 u32:0 0a 00 00 00 09
)");
  for (const auto& [name, size, members] : types) {
    FakeHost::Type& type = host.types.emplace_back(FakeHost::Type{MSC_MAP_BTF, name, size, {}});
    for (const auto& [member, place] : members)
      type.members.emplace(member, FakeHost::Member{place.first * 8, 0, false, place.second});
  }
  host.target.key_type = host.handle(MSC_MAP_BTF, std::get<0>(types.front()));
  const std::string text = host.render(plugin_file("lpm_trie")).text();
  return text.substr(text.find('\n') + 1);
}

const std::string an_address = "text prefix 10.0.0.0/8\nend\n",
                  a_guess = "text prefix 10.0.0.0/8\nflag prefix_is_guess true\nend\n",
                  no_address = "text prefix 0a000000/8\nend\n";
const std::tuple<std::string, std::size_t, Members> number = {"typedef __u32", 4, {}},
                                                    network = {"typedef __be32", 4, {}},
                                                    half = {"typedef __u16", 2, {}},
                                                    in_addr = {"struct in_addr",
                                                               4,
                                                               {{"s_addr", {0, "typedef __be32"}}}};

TEST(Prefixes, AreAddressesWhereTheKeysTypeSaysSo) {
  const auto key_of = [](const std::string& type) {
    return std::tuple{std::string("struct key"), std::size_t{8},
                      Members{{"prefixlen", {0, "typedef __u32"}}, {"data", {4, type}}}};
  };
  EXPECT_EQ(with_types({key_of("typedef __be32"), number, network}), an_address);
  EXPECT_EQ(with_types({key_of("struct in_addr"), number, network, in_addr}), an_address);
  const std::tuple either = {std::string("union either"), std::size_t{4},
                             Members{{"bytes", {0, "typedef __u32"}}, {"address", {0, "typedef __be32"}}}};
  EXPECT_EQ(with_types({key_of("union either"), number, network, either}), an_address);
  EXPECT_EQ(with_types({key_of("typedef __u32"), number}), a_guess);
}

TEST(Prefixes, AreHexadecimalWhereTheKeysTypeSaysOtherwise) {
  EXPECT_EQ(with_types({{"struct key",
                         8,
                         {{"prefixlen", {0, "typedef __u32"}},
                          {"port", {4, "typedef __u16"}},
                          {"protocol", {6, "typedef __u16"}}}},
                        number,
                        half}),
            no_address);
}

/// As libbpf's users write it: the kernel's own key begins it.
TEST(Prefixes, MayLieBehindAHeader) {
  const std::tuple header = {std::string("struct bpf_lpm_trie_key_hdr"), std::size_t{4},
                             Members{{"prefixlen", {0, "typedef __u32"}}}};
  const auto key_of = [](const std::string& type) {
    return std::tuple{std::string("struct key"), std::size_t{8},
                      Members{{"hdr", {0, "struct bpf_lpm_trie_key_hdr"}}, {"data", {4, type}}}};
  };
  EXPECT_EQ(with_types({key_of("typedef __be32"), header, number, network}), an_address);
  EXPECT_EQ(with_types({key_of("typedef __u32"), header, number}), a_guess);
}

TEST(Prefixes, OfSixteenBytesAreIpv6) {
  FakeHost host(R"(
struct lpm_trie 512 root=256 n_entries=264
struct lpm_trie_node 40 child=16 prefixlen=32 flags=36 data=40
target map=0x10000 key_size=20 value_size=1 max_entries=8
@0x10100 u64:0x20000 u64:1
@0x20000 zero:16 u64:0 u64:0 u32:32 u32:0 20 01 0d b8 ff zero:11 09
)");
  EXPECT_THAT(host.render(plugin_file("lpm_trie")).text(),
              HasSubstr("text prefix 2001:db8::/32\nflag prefix_is_guess true\n"));
}

} // namespace
} // namespace mapscope::test
