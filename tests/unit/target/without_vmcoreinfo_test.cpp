// SPDX-License-Identifier: Apache-2.0
// Kernels of a few pages without VMCOREINFO: what they would say.
#include "host/target/architectures.hpp"
#include "host/target/without_vmcoreinfo.hpp"
#include "tests/support/text_image.hpp"
#include "tests/support/tiny_kernel.hpp"

#include <gmock/gmock.h>
#include <regex>

namespace mapscope::target {
namespace {

using test::image_at;
using test::TextImage;

/// Tables of symbols with as many as a kernel has at least. Since 7.0 addresses have no base, and say nothing
/// of where the kernel believes to be.
std::string symbols_text(const std::string& root, bool with_base) {
  test::KernelSymbols symbols{.names = {{"_stext", image_at(0x1000)},
                                        {root, image_at(0x2000)},
                                        {"init_uts_ns", image_at(0x5000)},
                                        {"memstart_addr", image_at(0x6000)},
                                        {"linux_banner", image_at(0x6008)}}};
  for (unsigned i = 0; i < 2500; ++i)
    symbols.names.emplace_back("function_" + std::to_string(i), image_at(0x100000 + 16 * i));
  symbols.encoding = with_base ? test::SymbolEncoding::relative : test::SymbolEncoding::self_relative;
  return std::regex_replace(kallsyms_text(symbols, 0x8000), std::regex("note [^\n]*\n"), "");
}

std::string kernel_text(const std::string& tables, const std::string& root, bool with_base) {
  return tables +
         "@0x5000 zero 130 text \"7.3.0-tiny\\0\" align 390\n"
         "@0x6000 u64 0 text \"Linux version 7.3.0-tiny (who built it) #1\\0\"\n" +
         symbols_text(root, with_base);
}

/// The direct map and the image are one page of 1 GiB each.
std::string kernel_of_x86() {
  return kernel_text("arch x86_64\n@0x2000 zero 2184 u64 0x3003 zero 1896 u64 0x4003\n"
                     "@0x3000 u64 0x83 align 4096\n@0x4000 zero 4080 u64 0x83 0\n",
                     "init_top_pgt", true);
}

/// The linear map begins where addresses do, and the image in the middle of them.
std::string kernel_of_arm64(const std::string& page = "0x701") {
  return kernel_text("arch aarch64\n@0x2000 u64 0x3003 zero 2040 u64 0x4003 zero 2040\n@0x3000 u64 " + page +
                         " zero 4088\n@0x4000 u64 " + page + " zero 4088\n",
                     "swapper_pg_dir", false);
}

TEST(WithoutVmcoreinfo, SymbolsBannerAndTablesOfX86) {
  const TextImage memory(kernel_of_x86());
  const auto found = rebuilt_vmcoreinfo(memory);
  ASSERT_EQ(found.size(), 1U);
  EXPECT_TRUE(found[0].checked.confirmed());
  EXPECT_EQ(arch_of(found[0].info), "x86_64");
  EXPECT_EQ(found[0].info.release(), "7.3.0-tiny");
  EXPECT_EQ(found[0].info.number("phys_base"), 0U);
}

TEST(WithoutVmcoreinfo, SymbolsBannerAndTablesOfArm64) {
  const TextImage memory(kernel_of_arm64());
  const auto found = rebuilt_vmcoreinfo(memory);
  ASSERT_EQ(found.size(), 1U);
  EXPECT_TRUE(found[0].checked.confirmed());
  EXPECT_EQ(arch_of(found[0].info), "aarch64");
  EXPECT_EQ(found[0].info.number("kimage_voffset"), 0xffff800000000000);
  EXPECT_EQ(found[0].info.number("VA_BITS"), 48U);
  EXPECT_EQ(found[0].info.number("PHYS_OFFSET"), 0U);
}

TEST(WithoutVmcoreinfo, TablesThatDoNotMapTheBannerAreOfNoKernel) {
  EXPECT_TRUE(rebuilt_vmcoreinfo(TextImage(kernel_of_arm64("0x700"))).empty());
}

} // namespace
} // namespace mapscope::target
