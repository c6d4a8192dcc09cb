// SPDX-License-Identifier: Apache-2.0
#include "fake_symbols.hpp"
#include "host/target/kernel_btf.hpp"
#include "tests/support/text_image.hpp"

#include <cstring>
#include <fmt/format.h>
#include <gtest/gtest.h>

namespace mapscope::target {
namespace {

using test::FakeSymbols;
using test::FlatMemory;
using test::TextImage;

const FakeSymbols none{};

/// A header whose types are `types` zeros, followed by `strings`, as lines of an image.
std::string btf(std::uint32_t types, const std::string& strings, std::uint32_t length = 24) {
  std::size_t size = 1;
  for (std::size_t i = 0; i < strings.size(); ++i, ++size)
    if (strings[i] == '\\') ++i;
  return fmt::format("u16 0xeb9f u8 1 0 u32 {} 0 {} {} {} zero {} text \"\\0{}\"\n", length, types, types,
                     size, types + length - 24, strings);
}

constexpr std::uint32_t large = 256 << 10;
const char* const kernel_names = "int\\0task_struct\\0bpf_map\\0.data..percpu\\0";

Result<KernelBtf> scan(const std::string& text) {
  static std::vector<std::unique_ptr<FlatMemory>> kept; // what is found is borrowed
  kept.push_back(std::make_unique<FlatMemory>(text));
  return find_kernel_btf(kept.back()->space(), none);
}

TEST(KernelBtf, BetweenItsSymbols) {
  const FlatMemory memory("@0x1070 text \"types\"\n");
  const auto found =
      find_kernel_btf(memory.space(), FakeSymbols{{"__start_BTF", 0x1070}, {"__stop_BTF", 0x1075}});
  ASSERT_TRUE(found);
  EXPECT_EQ(std::memcmp(found->bytes.data(), "types", 5), 0);
  EXPECT_TRUE(found->owned.empty()) << "in one piece it is not copied";
}

TEST(KernelBtf, IsCopiedWhereItIsInPieces) {
  const FlatMemory memory("@0x1ffe text \"ty\"\n@0x2000 text \"pes\"\n");
  const auto found =
      find_kernel_btf(memory.space(), FakeSymbols{{"__start_BTF", 0x1ffe}, {"__stop_BTF", 0x2003}});
  ASSERT_TRUE(found);
  EXPECT_EQ(std::memcmp(found->bytes.data(), "types", 5), 0);
  EXPECT_EQ(found->owned.size(), 5U);
}

TEST(KernelBtf, SymbolsThatLieAreRefused) {
  const FlatMemory memory("@0x1000 text \"types\"\n");
  const auto error = [&](std::uint64_t start, std::uint64_t stop) {
    const auto found =
        find_kernel_btf(memory.space(), FakeSymbols{{"__start_BTF", start}, {"__stop_BTF", stop}});
    return found ? Error{Errc::io, "found", {}} : found.error();
  };
  EXPECT_EQ(error(0x2000, 0x1000).code, Errc::corrupt);
  EXPECT_EQ(error(0x1000, 0x1000).code, Errc::corrupt);
  EXPECT_EQ(error(0x1000, 0x1000 + (257ULL << 20)).text,
            "the kernel's BTF would lie from 0x1000 to 0x10101000");
  EXPECT_EQ(error(0x1000, 0x1006).text, "the kernel's BTF at 0x1000 is not in the dump");
}

TEST(KernelBtf, ByItsHeader) {
  for (const std::uint32_t length : {24U, 32U}) { // 32 since 7.1
    const auto found = scan("@0x1000 zero 0x70\n" + btf(large, kernel_names, length));
    ASSERT_TRUE(found) << length;
    EXPECT_EQ(found->bytes.size(), length + large + 1 + 4 + 12 + 8 + 14);
  }
}

TEST(KernelBtf, OfAKernelThatWasMadeWithoutVariables) {
  EXPECT_TRUE(scan("@0x1000 " + btf(large, "task_struct\\0bpf_map\\0vfs_read\\0")));
}

TEST(KernelBtf, InTheImageBeforeElsewhere) {
  const FlatMemory memory("@0x1000 " + btf(large, kernel_names) + "@0x200000 " +
                          btf(large + 64, kernel_names));
  for (const auto& [stext, more] : {std::pair<std::uint64_t, std::size_t>{0x200000, 64}, {0x1000, 0}}) {
    const auto found = find_kernel_btf(memory.space(), FakeSymbols{{"_stext", stext}});
    ASSERT_TRUE(found);
    EXPECT_EQ(found->bytes.size(), 24 + large + more + 39U);
  }
}

TEST(KernelBtf, DecoysAreNotTaken) {
  const std::string module = btf(large, "task_struct\\0bpf_map\\0"), program = btf(64, kernel_names);
  const std::string cut = fmt::format("u16 0xeb9f u8 1 0 u32 24 0 {} {} 10\n", 1U << 30, 1U << 30);
  const std::string loose = "u16 0xeb9f u8 1 0 u32 20 0 0 0 0\n";
  EXPECT_EQ(scan("@0x1000 " + module + program + cut + loose).error().code, Errc::not_found);
  const auto found = scan("@0x1000 " + cut + module + program + loose + "real: " + btf(large, kernel_names));
  ASSERT_TRUE(found);
  EXPECT_EQ(found->bytes.size(), 24 + large + 39U);
}

TEST(KernelBtf, AMagicNumberAtTheEndOfMemory) {
  EXPECT_EQ(scan("@0x1000 zero 64 bytes 9f eb 01 00\n").error().code, Errc::not_found);
  EXPECT_EQ(scan("").error().code, Errc::not_found);
  EXPECT_EQ(scan("@0x1000 hole 4096\n").error().code, Errc::not_found);
}

} // namespace
} // namespace mapscope::target
