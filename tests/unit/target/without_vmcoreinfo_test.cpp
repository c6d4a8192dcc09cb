// SPDX-License-Identifier: Apache-2.0
// Kernels of a few pages without VMCOREINFO: what they would say.
#include "host/target/architectures.hpp"
#include "host/target/target.hpp"
#include "host/target/without_vmcoreinfo.hpp"
#include "tests/support/text_image.hpp"
#include "tests/support/tiny_kernel.hpp"

#include <gmock/gmock.h>
#include <regex>

namespace mapscope::target {
namespace {

using test::image_at;
using test::TextImage;

/// Its banner lies behind the first object.
std::string kernel_text(const std::string& root) {
  test::BtfBuilder types;
  test::add_kernel_types(types);
  return test::tiny_kernel_text(types,
                                "maps: programs: btfs: u64 0\n"
                                "text \"Linux version 7.3.0-tiny (who built it) #1\\0\"\n",
                                {},
                                {{"linux_banner", image_at(0x100008)},
                                 {root, image_at(0x2000)},
                                 {"init_uts_ns", image_at(0x5000)},
                                 {"memstart_addr", image_at(0x100000)}});
}

std::string without_notes(const std::string& text) {
  return std::regex_replace(text, std::regex("note [^\n]*\n"), "");
}

/// The linear map from where addresses begin, and the image where it ends, as arm64 has them.
std::string kernel_of_arm64() {
  std::string text = test::on_arm64(kernel_text("swapper_pg_dir"));
  const auto begin = text.find("@0x2000 pgd:"), end = text.find("@0x5000 uts:");
  return text.replace(begin, end - begin,
                      "@0x2000 pgd: u64 0x3003 zero 2040 u64 0x4003 zero 2040\n"
                      "@0x3000 u64 0x701 zero 4088\n@0x4000 u64 0x701 zero 4088\n");
}

TEST(WithoutVmcoreinfo, SymbolsBannerAndTablesOfX86) {
  const TextImage memory(without_notes(kernel_text("init_top_pgt")));
  const auto found = rebuilt_vmcoreinfo(memory);
  ASSERT_EQ(found.size(), 1U);
  EXPECT_TRUE(found[0].checked.confirmed());
  EXPECT_EQ(arch_of(found[0].info), "x86_64");
  EXPECT_EQ(found[0].info.release(), "7.3.0-tiny");
  EXPECT_EQ(found[0].info.number("phys_base"), 0U);
}

TEST(WithoutVmcoreinfo, SymbolsBannerAndTablesOfArm64) {
  const TextImage memory(without_notes(kernel_of_arm64()));
  const auto found = rebuilt_vmcoreinfo(memory);
  ASSERT_EQ(found.size(), 1U);
  EXPECT_TRUE(found[0].checked.confirmed());
  EXPECT_EQ(arch_of(found[0].info), "aarch64");
  EXPECT_EQ(found[0].info.number("kimage_voffset"), 0xffff800000000000);
  EXPECT_EQ(found[0].info.number("VA_BITS"), 48U);
  EXPECT_EQ(found[0].info.number("PHYS_OFFSET"), 0U);
  const auto target = Target::open(memory, {});
  ASSERT_TRUE(target) << target.error().text;
  EXPECT_EQ((*target)->symbols().find("_stext"), 0xffff800000001000);
}

TEST(WithoutVmcoreinfo, TablesThatDoNotMapTheBannerAreOfNoKernel) {
  std::string text = without_notes(kernel_of_arm64());
  text.replace(text.find("@0x4000 u64 0x701"), 17, "@0x4000 u64 0x700");
  text.replace(text.find("@0x3000 u64 0x701"), 17, "@0x3000 u64 0x700");
  EXPECT_TRUE(rebuilt_vmcoreinfo(TextImage(text)).empty());
}

} // namespace
} // namespace mapscope::target
