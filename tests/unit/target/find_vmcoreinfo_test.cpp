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

TEST(FindVmcoreinfo, ANoteTheMemoryConfirms) {
  const auto found = find_vmcoreinfo(TextImage(note(lines("6.12")) + uts("6.12")));
  EXPECT_TRUE(found.from_note);
  EXPECT_EQ(found.info.release(), "6.12");
}

TEST(FindVmcoreinfo, ANoteThatCannotBeCheckedIsBelieved) {
  const TextImage image(note(lines("6.12", "ffffffff80700000")) + "@0x1000 " + quoted(lines("6.1")) +
                        uts("6.1"));
  EXPECT_EQ(check(Vmcoreinfo::parse(image.vmcoreinfo()), image), Verdict::unreadable);
  EXPECT_EQ(find_vmcoreinfo(image).info.release(), "6.12");
}

TEST(FindVmcoreinfo, ANoteTheMemoryContradictsYieldsToAGoodCopy) {
  const TextImage image(note(lines("6.12")) + "@0x1000 " + quoted(lines("6.1")) + uts("6.1"));
  EXPECT_EQ(check(Vmcoreinfo::parse(image.vmcoreinfo()), image), Verdict::contradicted);
  const auto found = find_vmcoreinfo(image);
  EXPECT_FALSE(found.from_note);
  EXPECT_EQ(found.info.release(), "6.1");
}

TEST(FindVmcoreinfo, AContradictedNoteIsBetterThanNothing) {
  const auto found = find_vmcoreinfo(TextImage(note(lines("6.12")) + uts("other")));
  EXPECT_TRUE(found.from_note);
  EXPECT_EQ(found.info.release(), "6.12");
}

TEST(FindVmcoreinfo, OfTwoBootsTheOneThatIsThere) {
  const auto found = find_vmcoreinfo(TextImage::load(MAPSCOPE_TEST_DATA "/two_boots.mem"));
  EXPECT_FALSE(found.from_note);
  EXPECT_EQ(found.info.release(), "6.12.2");
  EXPECT_TRUE(found.info.symbol("as_note"));
  EXPECT_FALSE(found.info.symbol("misplaced"));
}

TEST(FindVmcoreinfo, TheBareTextOfAPage) {
  const auto found = find_vmcoreinfo(TextImage("@0x800 zero 0x800 " + quoted(lines("6.12")) + uts("6.12")));
  EXPECT_EQ(found.info.release(), "6.12");
}

TEST(FindVmcoreinfo, KernelsBefore511HaveARefcountBeforeTheName) {
  auto without_offset = lines("5.10");
  without_offset.erase(without_offset.begin() + 2);
  const TextImage image(note(without_offset) + "@0x6000 zero 134 text \"5.10\\0\" zero 400\n");
  EXPECT_EQ(check(Vmcoreinfo::parse(image.vmcoreinfo()), image), Verdict::confirmed);
}

TEST(FindVmcoreinfo, AnEmptyReleaseConfirmsNothing) {
  const TextImage image(note(lines("")) + uts(""));
  EXPECT_EQ(check(Vmcoreinfo::parse(image.vmcoreinfo()), image), Verdict::contradicted);
}

TEST(FindVmcoreinfo, Nothing) {
  EXPECT_TRUE(find_vmcoreinfo(TextImage("@0x0 zero 8192\n")).info.empty());
  EXPECT_TRUE(find_vmcoreinfo(TextImage("")).info.empty());
  EXPECT_TRUE(find_vmcoreinfo(TextImage("@0x1000 " + quoted(lines("6.12")) + uts("other"))).info.empty());
}

} // namespace
} // namespace mapscope::target
