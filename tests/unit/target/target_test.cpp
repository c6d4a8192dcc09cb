// SPDX-License-Identifier: Apache-2.0
// All steps together on the smallest kernel there is.
#include "host/target/given_files.hpp"
#include "host/target/target.hpp"
#include "tests/support/text_image.hpp"
#include "tests/support/tiny_kernel.hpp"

#include <array>
#include <cstring>
#include <fmt/format.h>
#include <gmock/gmock.h>

namespace mapscope::target {
namespace {

using test::BtfBuilder;
using test::TextImage;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

const char* const no_objects = "maps: zero 8 programs: zero 8 btfs: zero 8\n";

std::string kernel(const std::vector<std::string>& without = {}) {
  BtfBuilder types;
  types.u32();
  return tiny_kernel_text(types, no_objects, without);
}

std::string refusal(const std::string& text) {
  const TextImage image(text);
  const auto opened = Target::open(image, {});
  return opened ? "was accepted" : opened.error().text;
}

TEST(Target, FindsAllOfItInTheMemory) {
  const TextImage image(kernel());
  const auto target = Target::open(image, {});
  ASSERT_TRUE(target) << target.error().text;
  EXPECT_EQ((*target)->release(), "7.3.0-tiny");
  EXPECT_EQ((*target)->origins().vmcoreinfo, "note");
  EXPECT_EQ((*target)->origins().symbols, "memory");
  EXPECT_EQ((*target)->origins().btf, "memory");
  EXPECT_THAT((*target)->per_cpu().possible(), ElementsAre(0, 1));
  EXPECT_EQ((*target)->page_table_levels(), 4U);
  EXPECT_THAT((*target)->warnings(), IsEmpty());
  EXPECT_TRUE((*target)->reader().get<std::uint64_t>(test::direct_at(0x100000)));
}

TEST(Target, KernelsOfArm64) {
  for (const char* arch : {"arch aarch64", "# a file that names none"}) {
    std::string text = test::on_arm64(kernel());
    text.replace(text.find("arch aarch64"), 12, arch);
    const TextImage image(text);
    const auto target = Target::open(image, {});
    ASSERT_TRUE(target) << target.error().text;
    EXPECT_EQ((*target)->arch(), "aarch64");
    EXPECT_EQ((*target)->release(), "7.3.0-tiny");
    EXPECT_EQ((*target)->page_size(), 4096U);
    EXPECT_EQ((*target)->page_table_levels(), 4U);
    EXPECT_THAT((*target)->per_cpu().possible(), ElementsAre(0, 1));
    EXPECT_THAT((*target)->warnings(), IsEmpty());
    const std::uint64_t tagged = test::direct_at(0x100000) & ~(0xffULL << 56);
    EXPECT_TRUE((*target)->reader().get<std::uint64_t>(tagged | 0xf3ULL << 56));
  }
}

TEST(Target, ATextOfAnotherArchitectureDoesNotLeadThere) {
  std::string text = test::on_arm64(kernel());
  text.replace(text.find("arch aarch64"), 12, "arch x86_64");
  EXPECT_THAT(refusal(text), HasSubstr("it is of a kernel of aarch64, and the dump of x86_64"));
}

TEST(Target, TheRootThatTheSymbolsNameIsAWitnessOnArm64) {
  const auto moved = [&](std::uint64_t root) {
    BtfBuilder types;
    types.u32();
    return refusal(test::on_arm64(tiny_kernel_text(types, no_objects, {}, {{"swapper_pg_dir", root}})));
  };
  EXPECT_EQ(moved(test::image_at(0x2000)), "was accepted");
  EXPECT_THAT(moved(test::image_at(0x3000)), HasSubstr("and the kernel's symbols at 0xffffffff80003000"));
}

TEST(Target, WorksAroundWhatIsMissingAndSaysSo) {
  std::string text = kernel({"__cpu_possible_mask"});
  text.replace(text.find("note OSRELEASE=7.3.0-tiny"), 25, "note OSRELEASE=7.3.0-torn");
  const TextImage image(text);
  const auto target = Target::open(image, {});
  ASSERT_TRUE(target) << target.error().text;
  EXPECT_THAT((*target)->warnings(),
              ElementsAre(HasSubstr("the dump may be torn"), HasSubstr("per-CPU values cannot be shown")));
}

TEST(Target, SaysAtWhichStepItStopped) {
  EXPECT_THAT(refusal("@0x0 zero 4096\n"), HasSubstr("no VMCOREINFO in the file or in its memory"));
  EXPECT_THAT(refusal("note OSRELEASE=6\n@0x0 zero 4096\n"),
              HasSubstr("lacks phys_base (x86-64) or kimage_voffset"));
  EXPECT_THAT(refusal("arch riscv64\nnote OSRELEASE=6\n"), HasSubstr("a dump of riscv64"));
  EXPECT_THAT(refusal("note OSRELEASE=6\nnote NUMBER(phys_base)=0\nnote SYMBOL(swapper_pg_dir)=0\n"),
              HasSubstr("does not say where the kernel's symbols are"));
  EXPECT_THAT(refusal(kernel({"__start_BTF"})), HasSubstr("the memory holds no kernel BTF"));
}

TEST(Target, FilesThatAreNotThereAreNamed) {
  const TextImage image(kernel());
  for (std::string Overrides::* file :
       {&Overrides::vmlinux, &Overrides::btf, &Overrides::symbols, &Overrides::vmcoreinfo}) {
    Overrides overrides;
    overrides.*file = "/nonexistent";
    EXPECT_THAT(Target::open(image, overrides).error().text, HasSubstr("/nonexistent: cannot open"));
  }
}

/// With the lines of the note as a page of the memory too, and what the note then says for some key.
std::string with_copy(std::string text, const std::string& key, const std::string& value) {
  std::string copy;
  for (std::size_t at = text.find("note "); at != std::string::npos; at = text.find("note ", at + 1)) {
    std::string line = text.substr(at + 5, text.find('\n', at) - at - 5);
    for (const auto& [label, is] : {std::pair{"{uts+0xffffffff80000000}", "ffffffff80005000"},
                                    std::pair{"{pgd+0xffffffff80000000}", "ffffffff80002000"}})
      if (const auto found = line.find(label); found != std::string::npos)
        line.replace(found, std::strlen(label), is);
    copy += line + "\n";
  }
  const TextImage image(text);
  for (const char* table : {"kallsyms_num_syms", "kallsyms_names", "kallsyms_token_table",
                            "kallsyms_token_index", "kallsyms_offsets"}) {
    const std::string label = std::string("{") + table + "+0xffffffff80000000}";
    if (const auto found = copy.find(label); found != std::string::npos)
      copy.replace(found, label.size(), fmt::format("{:x}", test::image_at(image.at(table))));
  }
  const std::size_t at = text.find("note " + key + "=");
  text.replace(at, text.find('\n', at) - at, "note " + key + (value.empty() ? "" : "=" + value));
  for (std::size_t end = 0; (end = copy.find('\n', end)) != std::string::npos; end += 2)
    copy.replace(end, 1, "\\n");
  return text + "@0x80000 text \"" + copy + "\\0\"\n";
}

TEST(Target, ANoteThatDoesNotLeadThereIsLeftForTheCopyInTheMemory) {
  const std::vector<std::array<std::string, 3>> damages = {
      {"NUMBER(phys_base)", "", "it lacks phys_base"},
      {"NUMBER(phys_base)", "4096", "the kernel's own release is not"},
      {"SYMBOL(swapper_pg_dir)", "ffffffff80003000", "page tables are not where it says"},
      {"SYMBOL(init_uts_ns)", "fffff9ff80005000", "not in the dump where it says"},
      {"SYMBOL(_stext)", "ffffffff80001001", "puts _stext where VMCOREINFO has it"},
      {"SYMBOL(kallsyms_names)", "", "does not say where the kernel's symbols are"},
      {"OSRELEASE", "7.3.0-tinx", "the kernel's own release is not where it says"}};
  for (const auto& [key, value, why] : damages) {
    const TextImage image(with_copy(kernel(), key, value));
    const auto target = Target::open(image, {});
    ASSERT_TRUE(target) << key << ": " << target.error().text;
    EXPECT_EQ((*target)->origins().vmcoreinfo, "memory") << key;
    EXPECT_THAT(
        (*target)->warnings(),
        ElementsAre(testing::AllOf(
            HasSubstr("VMCOREINFO of the note is left for that of the memory at 0x80000"), HasSubstr(why))))
        << key;
  }
}

TEST(Target, TheNoteIsTakenWhereItHolds) {
  const TextImage image(with_copy(kernel(), "NUMBER(phys_base)", "0"));
  const auto target = Target::open(image, {});
  ASSERT_TRUE(target) << target.error().text;
  EXPECT_EQ((*target)->origins().vmcoreinfo, "note");
  EXPECT_THAT((*target)->warnings(), IsEmpty());
}

TEST(Target, WhereNothingLeadsThereTheFirstErrorIsTold) {
  EXPECT_THAT(refusal(with_copy(kernel({"__start_BTF"}), "OSRELEASE", "7.3.0-tiny")),
              HasSubstr("the memory holds no kernel BTF"));
}

TEST(Target, AKernelThatIsNotThere) {
  const TextImage image(kernel());
  const auto target = Target::open(image, {.kernel = 2});
  ASSERT_FALSE(target);
  EXPECT_EQ(target.error().code, Errc::usage);
  EXPECT_EQ(target.error().text,
            "--kernel 2: the dump holds 1 kernel (1: Linux 7.3.0-tiny (VMCOREINFO in the note))");
  EXPECT_TRUE(Target::open(image, {.kernel = 1}));
}

} // namespace
} // namespace mapscope::target
