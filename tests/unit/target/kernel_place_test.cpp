// SPDX-License-Identifier: Apache-2.0
// Raw images whose kernel lies above the hole, and those that hold none.
#include "host/memory/raw_image.hpp"
#include "host/target/find_vmcoreinfo.hpp"
#include "host/target/kernel_place.hpp"
#include "tests/support/core_file.hpp"
#include "tests/support/memory_files.hpp"
#include "tests/support/text_image.hpp"

#include <gmock/gmock.h>

namespace mapscope::target {
namespace {

using memory::Run;
using test::TextImage;
using testing::HasSubstr;

constexpr std::uint64_t mib = 1U << 20, four_gib = 1ULL << 32;

/// A kernel's name, page tables and VMCOREINFO at `base`: image addresses count from there.
TextImage kernel_at(std::uint64_t base) {
  const std::string at = std::to_string(base);
  const auto place = [&](std::uint64_t offset) { return "@" + std::to_string(base + offset) + " "; };
  return TextImage("note OSRELEASE=6.12.9\nnote SYMBOL(init_uts_ns)=ffffffff80006000\n"
                   "note OFFSET(uts_namespace.name)=0\nnote SYMBOL(swapper_pg_dir)=ffffffff80005000\n"
                   "note NUMBER(phys_base)=" +
                   at + "\n" + place(0x5000) + "zero 4088 u64 " + std::to_string(base + 0x7003) + "\n" +
                   place(0x6000) + "zero 130 text \"6.12.9\\0\" zero 400\n" + place(0x7000) +
                   "zero 4080 u64 " + std::to_string((base & ~0x3fffffffULL) + 0x83) + " 0\n");
}

Result<std::unique_ptr<memory::Source>> placed(const std::string& content, const Overrides& overrides = {}) {
  const test::ScratchFile file(content);
  auto source = memory::open_source(file.path());
  if (!source) return source;
  return place_kernel(std::move(*source), overrides);
}

std::string file_of(const TextImage& image, std::uint64_t note, const memory::Layout& layout) {
  return test::raw_image(test::memory_of(image, note), layout);
}

TEST(KernelPlace, BelowTheHoleNothingIsMoved) {
  const auto source = placed(file_of(kernel_at(0), 0x9000, {{0, mib}}));
  ASSERT_TRUE(source) << source.error().text;
  EXPECT_EQ((*source)->segments().size(), 1U);
  EXPECT_EQ(copies_in_memory(**source).size(), 1U);
}

TEST(KernelPlace, AboveTheHole) {
  for (const std::uint64_t low : {mib, 5 * mib}) {
    const auto source = placed(file_of(kernel_at(four_gib), four_gib + 0x9000, {{0, low}, {four_gib, mib}}));
    ASSERT_TRUE(source) << source.error().text;
    ASSERT_EQ((*source)->segments().size(), 2U);
    EXPECT_EQ((*source)->segments()[0].size, low);
    const auto copies = copies_in_memory(**source);
    ASSERT_EQ(copies.size(), 1U);
    EXPECT_EQ(copies[0].address, four_gib + 0x9000)
        << "told by the new layout, though the file was read before";
    EXPECT_TRUE(copies[0].checked.confirmed());
  }
}

TEST(KernelPlace, AnotherOfTheSameReleaseBelowTheHoleIsNotTakenForIt) {
  auto memory = test::memory_of(kernel_at(four_gib), four_gib + 0x9000);
  for (auto& part : test::memory_of(kernel_at(2 * mib), 64 * four_gib)) // its text is not in the file
    memory.push_back(std::move(part));
  const auto source = placed(test::raw_image(memory, {{0, 5 * mib}, {four_gib, mib}}));
  ASSERT_TRUE(source) << source.error().text;
  EXPECT_EQ((*source)->segments()[0].size, 5 * mib);
  const auto copies = copies_in_memory(**source);
  ASSERT_EQ(copies.size(), 1U);
  EXPECT_TRUE(copies[0].checked.confirmed());
}

TEST(KernelPlace, ATextThatIsNotTrueUnderAnyHoleMovesNothing) {
  auto memory = test::memory_of(kernel_at(four_gib), four_gib + 0x9000);
  for (auto& part : memory)
    if (part.address == four_gib + 0x6000) part.bytes[131] = 'x';
  const auto source = placed(test::raw_image(memory, {{0, mib}, {four_gib, mib}}));
  ASSERT_TRUE(source);
  EXPECT_EQ((*source)->segments().size(), 1U);
}

TEST(KernelPlace, WithTheTextThatTheUserGives) {
  const TextImage image = kernel_at(four_gib);
  const test::ScratchFile text(image.vmcoreinfo());
  Overrides overrides;
  overrides.vmcoreinfo = text.path();
  const auto memory = test::memory_of(image, 64 * four_gib); // the text is not in the file
  const auto source = placed(test::raw_image(memory, {{0, 2 * mib}, {four_gib, mib}}), overrides);
  ASSERT_TRUE(source) << source.error().text;
  EXPECT_EQ((*source)->segments().size(), 2U);
}

TEST(KernelPlace, AFileWithoutAKernelIsNoRawImage) {
  const auto source = placed(std::string(8192, '\0'));
  ASSERT_FALSE(source);
  EXPECT_EQ(source.error().code, Errc::not_found);
  EXPECT_THAT(source.error().text,
              HasSubstr("no dump of a known format, and as a raw image of RAM (8192 bytes) it "
                        "holds no Linux kernel"));
}

TEST(KernelPlace, OtherSourcesStayAsTheyAre) {
  test::CoreFile core;
  core.load(0x1000, "memory");
  EXPECT_EQ((*placed(core.bytes()))->format(), "ELF core");
}

} // namespace
} // namespace mapscope::target
