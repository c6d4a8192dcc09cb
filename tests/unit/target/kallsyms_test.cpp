// SPDX-License-Identifier: Apache-2.0
#include "host/target/kernel_symbols.hpp"
#include "tests/support/text_image.hpp"
#include "tests/support/tiny_kernel.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>

namespace mapscope::target {
namespace {

using test::FlatMemory;
using test::image_at;
using test::KernelSymbols;
using test::SymbolEncoding;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

const std::string stext = "note SYMBOL(_stext)=ffffffff80001000\n";

/// Image addresses are the physical ones behind image_at(0).
struct Memory : FlatMemory {
  explicit Memory(const std::string& text) : FlatMemory(text, image_at(0)) {}
  Result<std::unique_ptr<Symbols>> symbols(std::span<const std::string_view> wanted = {}) const {
    auto read = kallsyms_of(space(), Vmcoreinfo::parse(image().vmcoreinfo()), wanted);
    if (!read) return std::unexpected(read.error());
    return std::move(read->symbols);
  }
  std::string refusal() const {
    const auto read = symbols();
    return read ? "was accepted" : read.error().text;
  }
};

std::string table(const KernelSymbols& symbols) { return stext + kallsyms_text(symbols, 0x8000); }

KernelSymbols usual() {
  return {
      .names = {{"fixed_percpu_data", 0x20}, {"_stext", image_at(0x1000)}, {"map_idr", image_at(0x200000)}}};
}

std::string replaced(std::string text, std::string_view what, std::string_view with) {
  const auto at = text.find(what);
  if (at == text.npos) ADD_FAILURE() << what << " is not there";
  return text.replace(at, what.size(), with);
}

TEST(Kallsyms, AllWaysOfStoringAddresses) {
  for (const auto encoding : {SymbolEncoding::relative_signed, SymbolEncoding::relative,
                              SymbolEncoding::self_relative, SymbolEncoding::absolute}) {
    auto symbols = usual();
    symbols.encoding = encoding;
    const Memory memory(table(symbols));
    const auto read = memory.symbols();
    ASSERT_TRUE(read) << static_cast<int>(encoding) << read.error().text;
    EXPECT_EQ((*read)->size(), 3U);
    EXPECT_EQ((*read)->find("map_idr"), image_at(0x200000)) << static_cast<int>(encoding);
    if (encoding == SymbolEncoding::relative_signed || encoding == SymbolEncoding::absolute) {
      EXPECT_EQ((*read)->find("fixed_percpu_data"), 0x20U) << static_cast<int>(encoding);
    }
  }
}

TEST(Kallsyms, WantedNamesAndOthers) {
  const Memory memory(table(usual()));
  constexpr std::array<std::string_view, 2> wanted{"map_idr", "nowhere"};
  const auto read = memory.symbols(wanted);
  ASSERT_TRUE(read);
  EXPECT_EQ((*read)->find("map_idr"), image_at(0x200000));
  const std::string names[] = {"map_idr", "nowhere"};
  (*read)->expect(names);
  EXPECT_FALSE((*read)->find("nowhere"));
  EXPECT_EQ((*read)->find("_stext"), image_at(0x1000));
  EXPECT_FALSE((*read)->find("map_id"));
  EXPECT_FALSE((*read)->find("map_idrs"));
  EXPECT_FALSE((*read)->find(""));
  EXPECT_FALSE((*read)->find(std::string(5000, 'x')));
}

TEST(Kallsyms, WithoutSymbolsOfDataNoneIsBehindTheCode) {
  auto symbols = usual();
  symbols.names = {{"_stext", image_at(0x1000)},
                   {"last", image_at(0x2000)},
                   {"_etext", image_at(0x3000)},
                   {"_sinittext", image_at(0x5000)},
                   {"_einittext", image_at(0x6000)}};
  const auto name_at = [&](std::uint64_t address) {
    const Memory memory(table(symbols));
    const auto read = memory.symbols();
    const auto found = read ? (*read)->at(address) : std::nullopt;
    return found ? found->name : "";
  };
  EXPECT_EQ(name_at(image_at(0x2fff)), "last");
  EXPECT_EQ(name_at(image_at(0x3010)), "");
  EXPECT_EQ(name_at(image_at(0x5010)), "_sinittext");
  EXPECT_EQ(name_at(image_at(0x600000)), "");
  symbols.names.emplace_back("_end", image_at(0x700000));
  EXPECT_EQ(name_at(image_at(0x600000)), "_einittext") << "with _end there are symbols of all";
}

TEST(Kallsyms, NothingSaysHowFarTheLastReaches) {
  auto symbols = usual();
  symbols.names = {{"_stext", image_at(0x1000)}, {"__stop_table", image_at(0x2000)}};
  const Memory memory(table(symbols));
  const auto read = memory.symbols();
  ASSERT_TRUE(read) << read.error().text;
  EXPECT_EQ((*read)->at(image_at(0x1fff)).value().name, "_stext");
  EXPECT_EQ((*read)->at(image_at(0x2000)).value().name, "__stop_table");
  EXPECT_FALSE((*read)->at(image_at(0x2001)));
  EXPECT_FALSE((*read)->at(~0ULL - 5)); // the complement of a small number
}

TEST(Kallsyms, TokensSharedByNames) {
  auto symbols = usual();
  symbols.tokens = {"Tmap", "_idr", "Tmap_idr", "_s", "T_st"};
  symbols.names.emplace_back("prog_idr", image_at(0x300000));
  symbols.names.emplace_back("map_idr_s", image_at(0x400000));
  const Memory memory(table(symbols));
  const auto read = memory.symbols();
  ASSERT_TRUE(read) << read.error().text;
  EXPECT_EQ((*read)->find("map_idr"), image_at(0x200000));
  EXPECT_EQ((*read)->find("prog_idr"), image_at(0x300000));
  EXPECT_EQ((*read)->find("map_idr_s"), image_at(0x400000));
}

TEST(Kallsyms, RecordsLongerThanOneByteCanSay) {
  auto symbols = usual();
  const std::string name(300, 'n');
  symbols.names.insert(symbols.names.begin(), {name, image_at(0x300000)});
  const Memory memory(table(symbols));
  const auto read = memory.symbols();
  ASSERT_TRUE(read) << read.error().text;
  EXPECT_EQ((*read)->find(name), image_at(0x300000));
  EXPECT_EQ((*read)->find("map_idr"), image_at(0x200000));
}

TEST(Kallsyms, ASuffixIsASecondTry) {
  auto symbols = usual();
  symbols.tokens = {"idr.ll", "btf_idr"};
  symbols.names = {{"_stext", image_at(0x1000)},
                   {"map_idr.llvm.1234", image_at(0x200000)},
                   {"prog_idr.llvm.1", image_at(0x300000)},
                   {"prog_idr", image_at(0x300010)},
                   {"btf_idr.llvm.9", image_at(0x400000)},
                   {"btf_idr.llvm.8", image_at(0x400010)}};
  const Memory memory(table(symbols));
  constexpr std::array<std::string_view, 2> wanted{"map_idr", "prog_idr"};
  const auto read = memory.symbols(wanted);
  ASSERT_TRUE(read) << read.error().text;
  EXPECT_EQ((*read)->find("map_idr"), image_at(0x200000));
  EXPECT_EQ((*read)->find("prog_idr"), image_at(0x300010)) << "the name itself is the first try";
  EXPECT_EQ((*read)->find("btf_idr"), image_at(0x400000)) << "of several the first";
  EXPECT_FALSE((*read)->find("map"));
}

TEST(Kallsyms, OfEqualNamesTheFirst) {
  auto symbols = usual();
  symbols.names.emplace_back("map_idr", image_at(0x500000));
  EXPECT_EQ((*Memory(table(symbols)).symbols())->find("map_idr"), image_at(0x200000));
}

TEST(Kallsyms, KeysThatAreMissing) {
  const Memory old("note SYMBOL(_stext)=ffffffff80001000\n");
  EXPECT_THAT(old.refusal(), HasSubstr("VMCOREINFO does not say where the kernel's symbols are"));
  const Memory unchecked(kallsyms_text(usual(), 0x8000));
  EXPECT_THAT(unchecked.refusal(), HasSubstr("nothing says where _stext is"));
}

TEST(Kallsyms, TablesThatAreNotInTheDump) {
  const std::string good = table(usual());
  const auto moved = [&](const std::string& name) {
    return Memory(replaced(good, "{" + name + "+0xffffffff8", "{" + name + "+0xffffffff9")).refusal();
  };
  EXPECT_EQ(moved("kallsyms_num_syms"), "was accepted") << "the names say how many they are";
  EXPECT_THAT(moved("kallsyms_offsets"), HasSubstr("kallsyms_offsets is not in the dump"));
  EXPECT_THAT(moved("kallsyms_names"), HasSubstr("no way of reading the kernel's symbols"));
  EXPECT_THAT(moved("kallsyms_token_table"), HasSubstr("no way of reading the kernel's symbols"));
  EXPECT_EQ(moved("kallsyms_token_index"), "was accepted") << "the table says where its tokens begin, too";
}

TEST(Kallsyms, TablesThatContradictEachOther) {
  const std::string good = table(usual());
  const std::string uncounted = replaced(good, "kallsyms_markers:\nu32 0", "kallsyms_markers:\nu32 5");
  EXPECT_THAT(Memory(replaced(uncounted, "kallsyms_num_syms: u32 3", "kallsyms_num_syms: u32 0")).refusal(),
              HasSubstr("kallsyms_num_syms is 0, which no kernel has"));
  EXPECT_THAT(Memory(replaced(uncounted, "kallsyms_num_syms: u32 3", "kallsyms_num_syms: u32 -1")).refusal(),
              HasSubstr("kallsyms_num_syms is 4294967295, which no kernel has"));
  EXPECT_THAT(
      Memory(replaced(uncounted, "kallsyms_num_syms: u32 3", "kallsyms_num_syms: u32 90000")).refusal(),
      HasSubstr("kallsyms_offsets is not in the dump"));
  EXPECT_EQ(
      Memory(replaced(good, "kallsyms_token_index:\nu16 0", "kallsyms_token_index:\nu16 0xffff")).refusal(),
      "was accepted");
  EXPECT_THAT(Memory(replaced(good, "=ffffffff80001000", "=ffffffff80001001")).refusal(),
              HasSubstr("no way of reading the kernel's symbols puts _stext where VMCOREINFO has it"));
}

TEST(Kallsyms, ARecordLongerThanTheTable) {
  const std::string good = table(usual());
  EXPECT_THAT(Memory(replaced(good, "kallsyms_names:\n", "kallsyms_names: u8 0xff 0xff\n")).refusal(),
              HasSubstr("no way of reading the kernel's symbols"));
}

TEST(Kallsyms, NamesThatEndWithTheDump) {
  const Memory memory(stext + "note SYMBOL(kallsyms_names)=ffffffff80300000\n@0x300000 u8 7 84\n" +
                      replaced(kallsyms_text(usual(), 0x8000), "SYMBOL(kallsyms_names)", "SYMBOL(unused)"));
  EXPECT_THAT(memory.refusal(), HasSubstr("no way of reading the kernel's symbols"));
}

/// 1,000 symbols in order, from _stext on.
KernelSymbols many() {
  KernelSymbols symbols{.names = {{"_stext", image_at(0x1000)}}};
  for (std::uint64_t i = 1; i < 1000; ++i)
    symbols.names.emplace_back(fmt::format("symbol_{}", i), image_at(0x1000 + 16 * i));
  return symbols;
}

/// What of the tables is damaged, as it is told.
std::vector<std::string> doubts(const std::string& text) {
  const Memory memory(text);
  auto read = kallsyms_of(memory.space(), Vmcoreinfo::parse(memory.image().vmcoreinfo()), {});
  if (!read) return {read.error().text};
  return read->doubts;
}

/// `text` with another number of symbols.
std::string with_number(const std::string& text, std::string_view number) {
  const std::size_t at = text.find("kallsyms_num_syms: u32 ") + 23;
  return std::string(text).replace(at, text.find('\n', at) - at, number);
}

TEST(Kallsyms, ADamagedNumberOfSymbolsGivesWayToTheNames) {
  for (auto symbols : {many(), usual()}) {
    symbols.padded = symbols.names.size() > 3;
    const std::string good = table(symbols);
    EXPECT_THAT(doubts(good), IsEmpty());
    for (const std::string number : {"0", "1", "2", "4", "700", "999", "1001", "70000", "-1"}) {
      const std::string text = with_number(good, number);
      const Memory memory(text);
      const auto read = memory.symbols();
      ASSERT_TRUE(read) << number << ": " << read.error().text;
      EXPECT_EQ((*read)->size(), symbols.names.size()) << number;
      const auto& [name, address] = symbols.names.back();
      EXPECT_EQ((*read)->find(name), address) << number;
      EXPECT_THAT(doubts(text),
                  ElementsAre(fmt::format("kallsyms_num_syms is {}, and the kernel's symbols are {} by their "
                                          "names; the names are believed",
                                          number == "-1" ? "4294967295" : number, symbols.names.size())));
    }
  }
}

TEST(Kallsyms, ANumberThatNothingConfirmsIsTold) {
  const std::string good = table(many());
  const std::size_t at = good.find("kallsyms_markers:\nu32 0\n");
  const auto none = std::string(good).replace(at, 24, "kallsyms_markers:\nu32 5\n");
  EXPECT_THAT(doubts(with_number(none, "300")),
              ElementsAre("that the kernel's symbols are 300, as kallsyms_num_syms says, their names do not "
                          "confirm: some may be missing; give --symbols"));
}

/// The image with one byte of the record of this symbol overwritten: its length.
std::string with_length(const std::string& text, std::size_t symbol, unsigned length) {
  std::size_t at = text.find("kallsyms_names:\n") + 16;
  for (std::size_t i = 0; i < symbol; ++i) at = text.find('\n', at) + 1;
  const std::size_t end = text.find(' ', at + 3);
  return std::string(text).replace(at, end - at, fmt::format("u8 {}", length));
}

TEST(Kallsyms, ADamagedLengthCostsItsBlockAndNoOther) {
  const std::string good = table(many());
  for (const unsigned length : {0U, 1U, 100U, 0xffU}) {
    const Memory memory(with_length(good, 300, length));
    const auto read = memory.symbols();
    ASSERT_TRUE(read) << read.error().text;
    EXPECT_EQ((*read)->find("symbol_255"), image_at(0x1000 + 16 * 255));
    EXPECT_FALSE((*read)->find("symbol_400")) << "what could be shifted is not told";
    EXPECT_EQ((*read)->find("symbol_512"), image_at(0x1000 + 16 * 512));
    EXPECT_EQ((*read)->find("symbol_999"), image_at(0x1000 + 16 * 999));
    EXPECT_EQ((*read)->at(image_at(0x1000 + 16 * 999 - 1))->name, "symbol_998");
    EXPECT_THAT(doubts(with_length(good, 300, length)),
                ElementsAre("256 of the kernel's 1000 symbols are left out, as a name among them is damaged; "
                            "give --symbols"));
  }
}

/// The same markers, read from the second on, would lead from block to block as well.
TEST(Kallsyms, MarkersAreFoundBeforeAGap) {
  auto symbols = many();
  symbols.padded = true;
  const Memory memory(table(symbols));
  const auto read = memory.symbols();
  ASSERT_TRUE(read) << read.error().text;
  for (std::uint64_t i = 1; i < 1000; ++i)
    EXPECT_EQ((*read)->find(fmt::format("symbol_{}", i)), image_at(0x1000 + 16 * i)) << i;
}

TEST(Kallsyms, ADamagedMarkerCostsNothing) {
  const std::string good = table(many());
  std::size_t at = good.find("kallsyms_markers:\nu32 0\n") + 24; // of the second block
  const Memory memory(std::string(good).replace(at, good.find('\n', at) - at, "u32 7"));
  const auto read = memory.symbols();
  ASSERT_TRUE(read) << read.error().text;
  for (std::uint64_t i = 1; i < 1000; ++i)
    EXPECT_EQ((*read)->find(fmt::format("symbol_{}", i)), image_at(0x1000 + 16 * i)) << i;
}

TEST(Kallsyms, AnAddressThatIsNotBetweenItsNeighboursIsNone) {
  const std::string good = table(many());
  auto torn = many();
  torn.names[700].second = image_at(0x500000);
  const Memory memory(table(torn));
  const auto read = memory.symbols();
  ASSERT_TRUE(read) << read.error().text;
  EXPECT_FALSE((*read)->find("symbol_700"));
  EXPECT_EQ((*read)->find("symbol_699"), image_at(0x1000 + 16 * 699));
  EXPECT_EQ((*read)->find("symbol_701"), image_at(0x1000 + 16 * 701));
}

/// Without what says where they are: as before 6.0.
std::string unnamed(std::string text) {
  while (text.find("note SYMBOL(kallsyms_") != text.npos) {
    const std::size_t at = text.find("note SYMBOL(kallsyms_");
    text.erase(at, text.find('\n', at) + 1 - at);
  }
  return text;
}

/// As many as make a kernel's tables; those of fewer are left.
KernelSymbols thousands(SymbolEncoding encoding) {
  KernelSymbols symbols{.names = {{"_stext", image_at(0x1000)}}, .encoding = encoding};
  for (std::uint64_t i = 1; i < 3000; ++i)
    symbols.names.emplace_back(fmt::format("symbol_{}", i), image_at(0x1000 + 16 * i));
  return symbols;
}

TEST(Kallsyms, TablesAreFoundByTheirShape) {
  for (const auto encoding :
       {SymbolEncoding::relative_signed, SymbolEncoding::relative, SymbolEncoding::absolute}) {
    const Memory memory(unnamed(table(thousands(encoding))));
    const auto read = kallsyms_of(memory.space(), Vmcoreinfo::parse(memory.image().vmcoreinfo()), {});
    ASSERT_TRUE(read) << static_cast<int>(encoding) << ": " << read.error().text;
    EXPECT_EQ(read->remark, "the kernel's symbols were found by their shape");
    EXPECT_THAT(read->doubts, IsEmpty());
    EXPECT_EQ(read->symbols->size(), 3000U);
    EXPECT_EQ(read->symbols->find("symbol_2999"), image_at(0x1000 + 16 * 2999));
  }
}

TEST(Kallsyms, ByShapeADamagedNumberOfSymbolsIsCounted) {
  for (const auto encoding :
       {SymbolEncoding::relative_signed, SymbolEncoding::relative, SymbolEncoding::absolute})
    for (const char* number : {"0", "5", "2900", "2999", "3001", "-1"}) {
      const Memory memory(unnamed(with_number(table(thousands(encoding)), number)));
      const auto read = memory.symbols();
      ASSERT_TRUE(read) << number << ": " << read.error().text;
      EXPECT_EQ((*read)->size(), 3000U) << number;
      EXPECT_EQ((*read)->find("symbol_2999"), image_at(0x1000 + 16 * 2999)) << number;
    }
}

} // namespace
} // namespace mapscope::target
