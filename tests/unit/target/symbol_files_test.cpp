// SPDX-License-Identifier: Apache-2.0
#include "host/target/symbol_files.hpp"
#include "tests/support/core_file.hpp"
#include "tests/support/elf_vmlinux.hpp"

#include <gmock/gmock.h>

namespace mapscope::target {
namespace {

using test::ScratchFile;
using testing::HasSubstr;

constexpr std::uint64_t linked = 0xffffffff81000000, slid = 0xffffffff9f000000;

Result<std::unique_ptr<Symbols>> text(std::string_view content, std::optional<std::uint64_t> stext = linked) {
  return read_symbol_text(ScratchFile(content).path(), stext);
}

TEST(SymbolText, AddressesByName) {
  const auto symbols = text("ffffffff81000000 T _stext\nffffffff82000010 d map_idr\n");
  ASSERT_TRUE(symbols);
  EXPECT_EQ((*symbols)->find("map_idr"), 0xffffffff82000010);
  EXPECT_EQ((*symbols)->size(), 2U);
  EXPECT_FALSE((*symbols)->find("map_id"));
}

TEST(SymbolText, SymbolsOfModulesAreLeftOut) {
  const auto symbols = text("ffffffff81000000 T _stext\nffffffffc0000010 d map_idr\t[module]\n");
  EXPECT_FALSE((*symbols)->find("map_idr"));
}

TEST(SymbolText, LinesThatAreNoneAreLeftOut) {
  const auto symbols =
      text("\n# a comment\nffffffff81000000 T _stext\nffffffff82000000 D\nffffffff82000000  D x\n"
           "fffffffff82000000 D too_wide\n0000000000000000 D hidden\nffffffff82000000 D last");
  ASSERT_TRUE(symbols);
  EXPECT_EQ((*symbols)->size(), 2U);
  EXPECT_TRUE((*symbols)->find("last"));
}

TEST(SymbolText, MovesWithTheImage) {
  const auto symbols =
      text("ffffffff81000000 T _stext\nffffffff82000010 d map_idr\n0000000000020000 A per_cpu\n", slid);
  ASSERT_TRUE(symbols);
  EXPECT_EQ((*symbols)->find("_stext"), slid);
  EXPECT_EQ((*symbols)->find("map_idr"), slid + 0x1000010);
  EXPECT_EQ((*symbols)->find("per_cpu"), 0x20000U) << "an offset is no address";
}

TEST(SymbolText, StaysWhereTheTargetDoesNotSay) {
  EXPECT_EQ((*text("ffffffff81000000 T _stext\n", std::nullopt))->find("_stext"), linked);
}

TEST(SymbolText, WithoutStextItIsOfNoKernel) {
  const auto error = text("ffffffff81000000 T _text\n").error();
  EXPECT_EQ(error.code, Errc::usage);
  EXPECT_THAT(error.text, HasSubstr("no kernel address of _stext among 1 symbols"));
  EXPECT_THAT(text("0000000000000000 T _stext\n").error().text, HasSubstr("rights to see addresses"));
  EXPECT_THAT(text("0000000000001000 T _stext\n").error().text, HasSubstr("no kernel address of _stext"));
  EXPECT_THAT(text("ffffffff81000000 T _stext.x\n").error().text, HasSubstr("no kernel address of _stext"));
}

TEST(SymbolText, OfEqualNamesTheFirst) {
  EXPECT_EQ((*text("ffffffff81000000 T _stext\nffffffff81000010 t x\nffffffff81000020 t x\n"))->find("x"),
            linked + 0x10);
}

TEST(SymbolText, ASuffixIsASecondTry) {
  const auto symbols = text("ffffffff81000000 T _stext\nffffffff82000020 d map_idr.llvm.77\n"
                            "ffffffff82000010 d map_idr.llvm.1\nffffffff82000030 d prog_idr.x\n"
                            "ffffffff82000040 d prog_idr\n");
  EXPECT_EQ((*symbols)->find("map_idr"), 0xffffffff82000010);
  EXPECT_EQ((*symbols)->find("prog_idr"), 0xffffffff82000040) << "the name itself is the first try";
  EXPECT_FALSE((*symbols)->find("map"));
}

TEST(SymbolElf, AddressesByName) {
  const ScratchFile file(test::elf_vmlinux({{"_stext", linked}, {"map_idr", linked + 0x10}}, "types"));
  const auto symbols = read_symbol_elf(file.path(), "x86_64", slid);
  ASSERT_TRUE(symbols) << symbols.error().text;
  EXPECT_EQ((*symbols)->find("map_idr"), slid + 0x10);
  EXPECT_FALSE((*symbols)->find("map")) << "the name of a source file, map.c, is no symbol with a suffix";
}

TEST(SymbolElf, TheBtfSection) {
  const ScratchFile file(test::elf_vmlinux({}, "types"));
  const auto bytes = read_btf_section(file.path(), "x86_64");
  ASSERT_TRUE(bytes);
  EXPECT_EQ(std::string(reinterpret_cast<const char*>(bytes->data()), bytes->size()), "types");
}

TEST(SymbolElf, RefusedByName) {
  const ScratchFile text("ffffffff81000000 T _stext\n"), nothing(test::elf_vmlinux({}, ""));
  EXPECT_THAT(read_symbol_elf(text.path(), "x86_64", {}).error().text, HasSubstr("not an ELF file"));
  EXPECT_THAT(read_symbol_elf("/nonexistent", "x86_64", {}).error().text, HasSubstr("No such file"));
  EXPECT_THAT(read_symbol_elf(nothing.path(), "x86_64", {}).error().text, HasSubstr("has no symbol table"));
  const ScratchFile no_kernel(test::elf_vmlinux({{"main", linked}}, ""));
  EXPECT_THAT(read_symbol_elf(no_kernel.path(), "x86_64", {}).error().text,
              HasSubstr("no kernel address of _stext among 1 symbols"));
  EXPECT_THAT(read_btf_section(nothing.path(), "x86_64").error().text, HasSubstr("has no .BTF section"));
  EXPECT_THAT(read_btf_section(text.path(), "x86_64").error().text, HasSubstr("not an ELF file"));
}

} // namespace
} // namespace mapscope::target
