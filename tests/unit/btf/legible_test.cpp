// SPDX-License-Identifier: Apache-2.0
// Types that libbpf cannot read: of kinds and counts that came with Linux 7.2, of kinds yet unknown, damaged.
#include "host/btf/legible.hpp"
#include "tests/support/btf_builder.hpp"
#include "tests/support/value_tree.hpp"

#include <cstring>
#include <gmock/gmock.h>

namespace mapscope::test {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

constexpr std::uint32_t info(std::uint32_t kind, std::uint32_t vlen = 0) { return kind << 24 | vlen; }

using Bytes = std::vector<std::byte>;

Bytes words(std::initializer_list<std::uint32_t> numbers) {
  Bytes bytes(numbers.size() * 4);
  std::memcpy(bytes.data(), std::data(numbers), bytes.size());
  return bytes;
}

void append(Bytes& to, const Bytes& more) { to.insert(to.end(), more.begin(), more.end()); }

/// An object of raw types; `layout` is what a header of 32 bytes leads to.
Bytes object(const Bytes& types, const std::string& names, const Bytes& layout = {}) {
  const auto type_len = static_cast<std::uint32_t>(types.size()),
             str_len = static_cast<std::uint32_t>(names.size());
  Bytes all = words({0x0001eb9f, layout.empty() ? 24U : 32U, 0, type_len, type_len, str_len});
  if (!layout.empty()) append(all, words({type_len + str_len, static_cast<std::uint32_t>(layout.size())}));
  append(all, types);
  for (const char c : names) all.push_back(static_cast<std::byte>(c));
  append(all, layout);
  return all;
}

using namespace std::string_literals;
const std::string names = "\0int\0holder\0odd\0rest\0huge\0\0"s; // 1 int, 5 holder, 12 odd, 16 rest, 21 huge
constexpr std::uint32_t n_int = 1, n_holder = 5, n_odd = 12, n_rest = 16, n_huge = 21;

const Bytes integer = words({n_int, info(BTF_KIND_INT), 4, 32});

/// 1 int, 2 what is given, 3 struct holder {int; type 2 odd; int rest}
Bytes around(const Bytes& type) {
  Bytes types = integer;
  append(types, type);
  append(types, words({n_holder, info(BTF_KIND_STRUCT, 3), 12, n_int, 1, 0, n_odd, 2, 32, n_rest, 1, 64}));
  return types;
}

std::shared_ptr<const btf::Types> parsed(const Bytes& raw) {
  auto types = btf::Types::parse(raw, "test");
  if (types) return *types;
  ADD_FAILURE() << types.error().text;
  return BtfBuilder().types();
}

std::string show(const std::shared_ptr<const btf::Types>& types, btf::TypeId type) {
  return decode_text(types, type, pack(7U, 8U, 9U));
}

/// Of kinds up to `kind`, the last with these bytes and those for each element.
Bytes layout_up_to(std::uint32_t kind, std::uint32_t bytes, std::uint32_t each) {
  Bytes layout(kind * std::size_t{4});
  append(layout, words({bytes | each << 8}));
  return layout;
}

TEST(Legible, AnUnknownKindCostsItselfWhereTheLayoutTellsItsLength) {
  const Bytes odd = words({n_odd, info(21, 2), 4, 0xaaaaaaaa, 1, 2, 3, 4});
  const auto types = parsed(object(around(odd), names, layout_up_to(21, 4, 8)));
  ASSERT_EQ(types->count(), 4U);
  EXPECT_EQ(show(types, 3), "holder{int=7:uint32, odd=unsupported(a type of kind 21, which this version of "
                            "mapscope does not know), rest=9:uint32}");
  EXPECT_EQ(types->spell(2), "odd");
  EXPECT_EQ(types->find("odd").error().text, "odd is a type of kind 21, which this version of mapscope does "
                                             "not know, in the BTF of test");
  EXPECT_EQ(types->find("struct holder"), 3U);
  EXPECT_EQ(btf::lost_rest(*types), "");
}

TEST(Legible, KindsOfSevenBits) {
  const auto types = parsed(object(around(words({n_odd, info(32 + BTF_KIND_INT), 4})), names,
                                   layout_up_to(32 + BTF_KIND_INT, 0, 0)));
  EXPECT_THAT(show(types, 2), HasSubstr("a type of kind 33,")) << "not the int of 5 bits";
  EXPECT_EQ(types->find("struct holder"), 3U);
}

TEST(Legible, WithoutALayoutTheRestIsLost) {
  const auto types = parsed(object(around(words({n_odd, info(21), 4})), names));
  EXPECT_EQ(types->find("int"), 1U);
  EXPECT_EQ(types->count(), 3U);
  EXPECT_EQ(btf::lost_rest(*types), "the BTF of test is read up to type 2, a type of kind 21, which this "
                                    "version of mapscope does not know and whose length nothing tells");
  EXPECT_THAT(show(types, 2), StartsWith("unsupported(a type of kind 21"));
  EXPECT_EQ(show(types, 3), "unsupported(type 3 is not in the BTF of test)");
  EXPECT_EQ(parsed(object(around(words({n_odd, info(21), 4})), names, layout_up_to(20, 0, 0)))->count(), 3U)
      << "its kind is not in the layout";
}

TEST(Legible, MoreConstantsThanLibbpfCounts) {
  constexpr std::uint32_t many = 70'000;
  Bytes huge = words({n_huge, info(BTF_KIND_ENUM, many), 4});
  for (std::uint32_t i = 0; i < many; ++i) append(huge, words({i == 8 || i == 69'999 ? n_odd : n_huge, i}));
  const auto types = parsed(object(around(huge), names));
  ASSERT_EQ(types->count(), 4U);
  EXPECT_EQ(show(types, 3), "holder{int=7:uint32, odd=odd(8):uenum32, rest=9:uint32}");
  EXPECT_EQ(types->constant_at(2, 69'999)->value, 69'999);
  EXPECT_FALSE(types->constant_at(2, many));
  EXPECT_EQ(types->spell(2), "enum huge");
  EXPECT_EQ(types->find("enum huge"), 2U);
}

TEST(Legible, MoreMembersThanLibbpfCounts) {
  constexpr std::uint32_t many = 70'000;
  Bytes huge = words({n_huge, info(BTF_KIND_STRUCT, many), many * 4});
  for (std::uint32_t i = 0; i < many; ++i) append(huge, words({i == 69'999 ? n_odd : n_int, 1, i * 32}));
  const auto types = parsed(object(around(huge), names));
  EXPECT_EQ(types->offset_of("struct huge", "odd"), 69'999U * 4);
  EXPECT_EQ(types->member_at(2, 69'999)->name, "odd");
  EXPECT_EQ(types->size(2), many * 4U);
}

/// What stands on such an object sees it whole, too.
TEST(Legible, OfABase) {
  Bytes huge = words({n_huge, info(BTF_KIND_ENUM, 70'000), 4});
  huge.resize(huge.size() + std::size_t{70'000} * 8);
  const auto base = parsed(object(around(huge), names));
  const auto split =
      btf::Types::parse(object(words({0, info(BTF_KIND_CONST), 2}), std::string(1, '\0')), "split", base);
  ASSERT_TRUE(split) << split.error().text;
  EXPECT_EQ((*split)->spell(4), "enum huge");
  EXPECT_TRUE((*split)->constant_at(2, 69'999));
}

TEST(Legible, AsManyAsLibbpfCountsAreRead) {
  Bytes large = words({n_huge, info(BTF_KIND_ENUM, 65'535), 4});
  for (std::uint32_t i = 0; i < 65'535; ++i) append(large, words({n_odd, i}));
  const auto types = parsed(object(around(large), names));
  EXPECT_TRUE(types->constant_at(2, 65'534));
  EXPECT_EQ(btf::lost_reason(types->type(2)), "");
}

TEST(Legible, ATypeLongerThanItsObject) {
  const auto types = parsed(object(around(words({n_odd, info(BTF_KIND_STRUCT, 60'000), 4})), names));
  EXPECT_EQ(types->count(), 3U);
  EXPECT_THAT(btf::lost_rest(*types), HasSubstr("type 2, a type of 60000 elements, which do not fit"));
}

TEST(Legible, ARecordThatIsCutOff) {
  Bytes types = integer;
  append(types, words({n_odd, info(BTF_KIND_CONST)}));
  EXPECT_THAT(btf::lost_rest(*parsed(object(types, names))),
              HasSubstr("up to type 2, a type without a kind"));
}

TEST(Legible, LengthsThatAreNoWholeWords) {
  const auto types = parsed(object(around(words({n_odd, info(21), 4})), names, layout_up_to(21, 2, 0)));
  EXPECT_NE(btf::lost_rest(*types), "");
}

/// Nothing in an object may pose as a stand-in for what it is not.
TEST(Legible, ForwardDeclarationsWithoutSense) {
  const auto types = parsed(object(around(words({n_odd, info(BTF_KIND_FWD, 2), info(21)})), names));
  EXPECT_EQ(types->count(), 4U);
  EXPECT_EQ(btf::lost_rest(*types), "");
  EXPECT_EQ(types->find("struct holder"), 3U);
  Bytes last = integer;
  append(last, words({n_odd, info(BTF_KIND_FWD, 2), info(21)}));
  EXPECT_EQ(btf::lost_rest(*parsed(object(last, names))), "");
}

TEST(Legible, SplitObjectsGoOnWhereTheIdsEnd) {
  const auto base =
      parsed(object(around(words({n_odd, info(21, 2), 4, 1, 2, 3, 4})), names, layout_up_to(21, 0, 8)));
  const auto strings = static_cast<std::uint32_t>(names.size());
  const Bytes own = words({strings + 1, info(BTF_KIND_TYPEDEF), 3});
  const auto split = btf::Types::parse(object(own, "\0mine\0"s), "module", base);
  ASSERT_TRUE(split) << split.error().text;
  EXPECT_EQ((*split)->find("mine"), 4U);
  EXPECT_EQ((*split)->size(4), 12U);
  const auto torn = parsed(object(around(words({n_odd, info(21), 4})), names));
  const auto lost = btf::Types::parse(object(own, "\0mine\0"s), "module", torn);
  ASSERT_FALSE(lost);
  EXPECT_THAT(lost.error().text, HasSubstr("its own have no numbers"));
}

TEST(Legible, StringsMayLieBeforeTypes) {
  std::string padded = names + std::string((4 - names.size() % 4) % 4, '\0');
  const Bytes types = around(words({n_odd, info(21), 4}));
  const auto type_len = static_cast<std::uint32_t>(types.size()),
             str_len = static_cast<std::uint32_t>(padded.size());
  Bytes raw = words({0x0001eb9f, 24, str_len, type_len, 0, str_len});
  for (const char c : padded) raw.push_back(static_cast<std::byte>(c));
  append(raw, types);
  EXPECT_EQ(parsed(raw)->find("int"), 1U);
}

} // namespace
} // namespace mapscope::test
