// SPDX-License-Identifier: Apache-2.0
// All steps together on the smallest kernel there is.
#include "host/target/target.hpp"
#include "tests/support/text_image.hpp"
#include "tests/support/tiny_kernel.hpp"

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
  EXPECT_THAT(refusal("note OSRELEASE=6\n@0x0 zero 4096\n"), HasSubstr("no phys_base or swapper_pg_dir"));
  EXPECT_THAT(refusal("arch aarch64\nnote OSRELEASE=6\n"), HasSubstr("a dump of aarch64"));
  EXPECT_THAT(refusal("note OSRELEASE=6\nnote NUMBER(phys_base)=0\nnote SYMBOL(swapper_pg_dir)=0\n"),
              HasSubstr("does not say where the kernel's symbols are"));
  EXPECT_THAT(refusal(kernel({"__start_BTF"})), HasSubstr("the memory holds no kernel BTF"));
}

TEST(Target, FilesThatAreNotThereAreNamed) {
  const TextImage image(kernel());
  for (const Overrides& overrides : {Overrides{.vmlinux = "/nonexistent", .btf = "", .symbols = ""},
                                     Overrides{.vmlinux = "", .btf = "/nonexistent", .symbols = ""},
                                     Overrides{.vmlinux = "", .btf = "", .symbols = "/nonexistent"}})
    EXPECT_THAT(Target::open(image, overrides).error().text, HasSubstr("/nonexistent: cannot open"));
}

} // namespace
} // namespace mapscope::target
