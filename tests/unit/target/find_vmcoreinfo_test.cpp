// SPDX-License-Identifier: Apache-2.0
#include "host/target/find_vmcoreinfo.hpp"
#include "tests/support/text_image.hpp"

#include <gtest/gtest.h>

namespace mapscope::target {
namespace {

using test::TextImage;

/// init_uts_ns with this release at physical 0x6000.
std::string uts(const std::string& release) {
  return "@0x6000 zero 130 text \"" + release + "\\0\" zero 400\n";
}

std::vector<std::string> lines(const std::string& release, const std::string& address = "ffffffff80006000") {
  return {"OSRELEASE=" + release, "SYMBOL(init_uts_ns)=" + address, "OFFSET(uts_namespace.name)=0",
          "SYMBOL(swapper_pg_dir)=ffffffff80005000", "NUMBER(phys_base)=0"};
}

std::string note(const std::vector<std::string>& lines) {
  std::string text;
  for (const auto& line : lines) text += "note " + line + "\n";
  return text;
}

std::string quoted(const std::vector<std::string>& lines) {
  std::string text = "text \"";
  for (const auto& line : lines) text += line + "\\n";
  return text + "\"\n";
}

/// In the order in which they are taken.
std::vector<FoundVmcoreinfo> kernels(const TextImage& image) {
  return kernels_of(note_of(image), copies_in_memory(image));
}

/// Tables that map the first GiB where the image lies.
const char* const tables = "@0x5000 zero 4088 u64 0x7003\n@0x7000 zero 4080 u64 0x83 0\n";

TEST(FindVmcoreinfo, ANoteTheMemoryConfirms) {
  const TextImage image(note(lines("6.12")) + uts("6.12"));
  const auto found = kernels(image);
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].from, "note");
  EXPECT_EQ(found[0].info.release(), "6.12");
  EXPECT_EQ(found[0].checked.identity, 0x6082U);
}

TEST(FindVmcoreinfo, ANoteThatCannotBeCheckedIsNotConfirmed) {
  const TextImage image(note(lines("6.12", "ffffffff80700000")) + "@0x1000 " + quoted(lines("6.1")) +
                        uts("6.1"));
  EXPECT_EQ(note_of(image)->checked.verdict, Verdict::unreadable);
  const auto found = kernels(image);
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].info.release(), "6.1");
}

TEST(FindVmcoreinfo, ANoteTheMemoryContradictsYieldsToAGoodCopy) {
  const TextImage image(note(lines("6.12")) + "@0x1000 " + quoted(lines("6.1")) + uts("6.1"));
  EXPECT_EQ(note_of(image)->checked.verdict, Verdict::contradicted);
  const auto found = kernels(image);
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].from, "memory");
  EXPECT_EQ(found[0].address, 0x1000U);
}

TEST(FindVmcoreinfo, ANoteWithoutTheBaseIsIncomplete) {
  auto torn = lines("6.12");
  torn.pop_back();
  const TextImage image(note(torn) + "@0x1000 " + quoted(lines("6.12")) + uts("6.12"));
  EXPECT_EQ(note_of(image)->checked.verdict, Verdict::incomplete);
  ASSERT_EQ(kernels(image).size(), 1U);
  EXPECT_EQ(kernels(image)[0].from, "memory");
}

TEST(FindVmcoreinfo, ThePageTablesAreAWitnessToo) {
  EXPECT_EQ(note_of(TextImage(note(lines("6.12")) + uts("6.12") + tables))->checked.verdict,
            Verdict::confirmed);
  auto elsewhere = lines("6.12");
  elsewhere[3] = "SYMBOL(swapper_pg_dir)=ffffffff80007000"; // the digit that was 5
  const auto damaged = note_of(TextImage(note(elsewhere) + uts("6.12") + tables));
  EXPECT_EQ(damaged->checked.verdict, Verdict::contradicted);
  EXPECT_EQ(damaged->checked.why, "the kernel's page tables are not where it says");
  const auto without = note_of(TextImage(note(lines("6.12")) + uts("6.12")));
  EXPECT_EQ(without->checked.verdict, Verdict::confirmed) << "a table that the dump lacks disproves nothing";
}

TEST(FindVmcoreinfo, OfTwoBootsTheOneThatIsThere) {
  const auto image = TextImage::load(MAPSCOPE_TEST_DATA "/two_boots.mem");
  const auto found = kernels(image);
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].info.release(), "6.12.2");
  EXPECT_TRUE(found[0].info.symbol("as_note"));
  EXPECT_FALSE(found[0].info.symbol("misplaced"));
  EXPECT_EQ(copies_in_memory(image).size(), 3U);
}

TEST(FindVmcoreinfo, TwoKernelsAreTwoAndTheirCopiesAreNoMore) {
  auto second = lines("6.1", "ffffffff80008000");
  const TextImage image("@0x1000 " + quoted(lines("6.12")) + "@0x2000 " + quoted(second) + "@0x3000 " +
                        quoted(lines("6.12")) + uts("6.12") + "@0x8000 zero 130 text \"6.1\\0\" zero 400\n");
  const auto found = kernels(image);
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(found[0].described(), "Linux 6.12 (VMCOREINFO in the memory at 0x1000)");
  EXPECT_EQ(found[1].described(), "Linux 6.1 (VMCOREINFO in the memory at 0x2000)");
  EXPECT_EQ(copies_in_memory(image, {0x2000, 0x3000}).size(), 1U);
}

TEST(FindVmcoreinfo, TheBareTextOfAPage) {
  const auto found = kernels(TextImage("@0x800 zero 0x800 " + quoted(lines("6.12")) + uts("6.12")));
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].info.release(), "6.12");
}

TEST(FindVmcoreinfo, KernelsBefore511HaveARefcountBeforeTheName) {
  auto without_offset = lines("5.10");
  without_offset.erase(without_offset.begin() + 2);
  const TextImage image(note(without_offset) + "@0x6000 zero 134 text \"5.10\\0\" zero 400\n");
  EXPECT_EQ(note_of(image)->checked.verdict, Verdict::confirmed);
}

TEST(FindVmcoreinfo, AnEmptyReleaseConfirmsNothing) {
  EXPECT_EQ(note_of(TextImage(note(lines("")) + uts("")))->checked.verdict, Verdict::contradicted);
}

TEST(FindVmcoreinfo, Nothing) {
  EXPECT_TRUE(kernels(TextImage("@0x0 zero 8192\n")).empty());
  EXPECT_TRUE(kernels(TextImage("")).empty());
  EXPECT_TRUE(kernels(TextImage("@0x1000 " + quoted(lines("6.12")) + uts("other"))).empty());
  EXPECT_FALSE(note_of(TextImage("@0x0 zero 8192\n")));
}

} // namespace
} // namespace mapscope::target
