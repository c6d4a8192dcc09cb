// SPDX-License-Identifier: Apache-2.0
// Which kernel is shown where a dump's memory holds two, and what is said of the other.
#include "tests/cli/mapscope.hpp"
#include "tests/support/core_file.hpp"
#include "tests/support/holed_kernel.hpp"
#include "tests/support/memory_files.hpp"
#include "tests/support/text_image.hpp"
#include "tests/support/tiny_kernel.hpp"

#include <fmt/format.h>
#include <rapidjson/document.h>

namespace mapscope::cli_test {
namespace {

using test::TextImage;
using testing::AllOf;
using testing::Not;

/// Where the second kernel lies, behind the hole of a machine's memory.
constexpr std::uint64_t second_at = 1ULL << 32;

std::string replaced(std::string text, const std::string& what, const std::string& with) {
  for (std::size_t at = 0; (at = text.find(what, at)) != std::string::npos; at += with.size())
    text.replace(at, what.size(), with);
  return text;
}

/// A kernel at physical 0 with one map. `more` is text of an image with symbols that are named in `symbols`.
std::string kernel(const std::string& map,
                   const std::vector<std::pair<std::string, std::uint64_t>>& symbols = {},
                   const std::string& more = "") {
  test::BtfBuilder types;
  test::add_kernel_types(types);
  const auto u64 = types.u64();
  types.record("resource", {{"flags", u64}, {"start", u64}, {"end", u64}});
  return test::tiny_kernel_text(
             types,
             "maps: " + test::xa_node_text({{1, map + "+0xffff888000000000"}}) +
                 "programs: " + test::xa_node_text({}) + "btfs: " + test::xa_node_text({}) +
                 fmt::format("{0}: u32 1 4 8 100 0 1 u64 0 text \"{0}\" zero {1} u64 0 u32 0 0 0 0 "
                             "u64 1 1 0\n",
                             map, 16 - map.size()),
             {}, symbols) +
         more;
}

/// The same kernel as it would be behind second_at, and of another release.
std::string moved(std::string text) {
  for (const auto& [what, with] :
       {std::pair{"+0xffff8880000000", "+0xffff8881000000"}, std::pair{"u64 0x3003", "u64 0x100003003"},
        std::pair{"u64 0x4003", "u64 0x100004003"},
        std::pair{"u64 0x83 align", "u64 0x83 0 0 0 0x100000083 align"},
        std::pair{"u64 0x83 0", "u64 0x100000083 0"}, std::pair{"(phys_base)=0", "(phys_base)=4294967296"},
        std::pair{"7.3.0-tiny", "6.1.9-tiny"}})
    text = replaced(text, what, with);
  return text;
}

void add(test::CoreFile& core, const TextImage& image, std::uint64_t at) {
  for (const auto& segment : image.segments()) {
    const auto bytes = image.view(segment.address, segment.present);
    core.load(at + segment.address, {reinterpret_cast<const char*>(bytes.data()), bytes.size()},
              segment.size);
  }
  core.load(at + 0x800000, std::string(image.vmcoreinfo()) + '\0');
}

/// Both, each with a copy of its VMCOREINFO in the memory; and the first one's in a note where that is
/// wanted.
std::string two_kernels(const std::string& first, bool has_note,
                        const std::string& second = kernel("second")) {
  const TextImage one(first), two(moved(second));
  test::CoreFile core;
  if (has_note) core.note("VMCOREINFO", one.vmcoreinfo());
  add(core, one, 0);
  add(core, two, second_at);
  return core.bytes();
}

const std::string second_named = "Linux 6.1.9-tiny (VMCOREINFO in the memory at 0x100800000)";

TEST(Kernels, InfoListsThem) {
  const Scratch scratch;
  const std::string core = scratch.file("core", two_kernels(kernel("first"), true));
  const std::string text = output({"info", core});
  EXPECT_THAT(text,
              HasSubstr("--kernel 1             Linux 7.3.0-tiny (VMCOREINFO in the note), shown here\n"));
  EXPECT_THAT(text, HasSubstr("--kernel 2             " + second_named + "\n"));
  rapidjson::Document json;
  json.Parse(output({"info", core, "-j", "--kernel", "2"}).c_str());
  ASSERT_EQ(json["kernels"].Size(), 2U);
  EXPECT_STREQ(json["release"].GetString(), "6.1.9-tiny");
  EXPECT_FALSE(json["kernels"][0]["shown"].GetBool());
  EXPECT_TRUE(json["kernels"][1]["shown"].GetBool());
  EXPECT_EQ(json["kernels"][1]["vmcoreinfo_at"].GetUint64(), 0x100800000U);
}

TEST(Kernels, OneIsNoList) {
  const Scratch scratch;
  const TextImage image(kernel("first"));
  test::CoreFile core = test::core_of(image);
  core.load(0x800000, std::string(image.vmcoreinfo()) + '\0');
  EXPECT_THAT(output({"info", scratch.file("core", core.bytes())}), Not(HasSubstr("--kernel")));
}

TEST(Kernels, TheNthIsShown) {
  const Scratch scratch;
  const std::string core = scratch.file("core", two_kernels(kernel("first"), true));
  EXPECT_THAT(output({"maps", core}), AllOf(HasSubstr("first"), Not(HasSubstr("second"))));
  EXPECT_THAT(output({"maps", core, "--kernel", "2"}), AllOf(HasSubstr("second"), Not(HasSubstr("first"))));
  EXPECT_THAT(failure({"maps", core, "--kernel", "3"}, 2),
              HasSubstr("--kernel 3: the dump holds 2 kernels (1: Linux"));
  EXPECT_THAT(misuse({"maps", core, "--kernel", "0"}), HasSubstr("--kernel"));
}

TEST(Kernels, WithoutANoteBothAreNamed) {
  const Scratch scratch;
  const std::string core = scratch.file("core", two_kernels(kernel("first"), false));
  const Ran ran = run({"maps", core});
  EXPECT_EQ(ran.exit_code, 0);
  EXPECT_THAT(ran.out, HasSubstr("first"));
  EXPECT_THAT(ran.err, AllOf(HasSubstr("the memory holds 2 kernels (1: Linux 7.3.0-tiny"),
                             HasSubstr(second_named), HasSubstr("--kernel N takes another")));
}

TEST(Kernels, OneOfArm64IsReadOnAnyMachine) {
  const Scratch scratch;
  const TextImage image(test::on_arm64(kernel("first")));
  const std::string core = scratch.file("core", test::core_of(image).bytes());
  const std::string text = output({"info", core});
  EXPECT_THAT(text, HasSubstr("architecture           aarch64\n"));
  EXPECT_THAT(text, HasSubstr("page-table levels      4\n"));
  EXPECT_THAT(output({"maps", core}), HasSubstr("first"));
}

/// Where panic_cpu and crashk_res of the first kernel lie.
std::string crashed(std::uint32_t panic_cpu) {
  return kernel(
      "first", {{"panic_cpu", test::image_at(0x6100)}, {"crashk_res", test::image_at(0x6110)}},
      fmt::format("@0x6100 u32 {} 0 0 0 u64 0 {:#x} {:#x}\n", panic_cpu, second_at, second_at * 2 - 1));
}

/// A kernel that was told where the memory of one that crashed is described.
std::string crash_kernel(const std::string& map) {
  return kernel(map, {{"elfcorehdr_addr", test::image_at(0x6100)}}, "@0x6100 u64 0x2000000\n");
}

TEST(Kernels, TheCrashKernelOfOneThatCrashedIsNamed) {
  const Scratch scratch;
  const std::string core = scratch.file("core", two_kernels(crashed(1), true));
  const Ran ran = run({"maps", core});
  EXPECT_EQ(ran.exit_code, 0);
  EXPECT_THAT(ran.out, HasSubstr("first"));
  EXPECT_THAT(ran.err, HasSubstr("also holds its crash kernel, " + second_named));
  EXPECT_EQ(run({"maps", core, "--kernel", "2"}).err, "") << "the crash kernel has not crashed";
}

TEST(Kernels, ACrashKernelIsSaidToBeOne) {
  const Scratch scratch;
  const std::string core = scratch.file("core", two_kernels(crashed(1), true, crash_kernel("second")));
  EXPECT_THAT(run({"info", core}).out,
              HasSubstr("--kernel 2             " + second_named + ", a crash kernel\n"));
  const std::string other = output({"info", core, "--kernel", "2"});
  EXPECT_THAT(other, HasSubstr(second_named + ", a crash kernel, shown here\n"));
  EXPECT_THAT(other, HasSubstr("Linux 7.3.0-tiny (VMCOREINFO in the note)\n"));
  rapidjson::Document json;
  json.Parse(run({"info", core, "-j"}).out.c_str());
  ASSERT_EQ(json["kernels"].Size(), 2U);
  EXPECT_FALSE(json["kernels"][0]["crash_kernel"].GetBool());
  EXPECT_TRUE(json["kernels"][1]["crash_kernel"].GetBool());
}

TEST(Kernels, WithoutANoteACrashKernelIsNoFirstChoice) {
  const Scratch scratch;
  const std::string core = scratch.file("core", two_kernels(crash_kernel("first"), false));
  const Ran ran = run({"maps", core});
  EXPECT_THAT(ran.out, AllOf(HasSubstr("second"), Not(HasSubstr("first"))));
  EXPECT_THAT(ran.err, HasSubstr("the first that is no crash kernel and whose symbols"));
  EXPECT_THAT(output({"maps", core, "--kernel", "1"}), AllOf(HasSubstr("first"), Not(HasSubstr("second"))));
}

TEST(Kernels, WithoutANoteTheOneThatCrashedAndItsCrashKernelAreToldOnce) {
  const Scratch scratch;
  const std::string core = scratch.file("core", two_kernels(crashed(1), false, crash_kernel("second")));
  const Ran ran = run({"maps", core});
  EXPECT_THAT(ran.out, HasSubstr("first"));
  EXPECT_THAT(ran.err, AllOf(HasSubstr("also holds its crash kernel, " + second_named),
                             Not(HasSubstr("the memory holds 2 kernels"))));
}

TEST(Kernels, ACrashKernelIsShownWhereThereIsNoOther) {
  const Scratch scratch;
  const TextImage image(crash_kernel("alone"));
  test::CoreFile core;
  add(core, image, 0);
  const Ran ran = run({"maps", scratch.file("core", core.bytes())});
  EXPECT_EQ(ran.exit_code, 0);
  EXPECT_THAT(ran.out, HasSubstr("alone"));
  EXPECT_EQ(ran.err, "");
}

/// The list of memory that it has been given ends below the hole.
TEST(Kernels, ACrashKernelDoesNotLayOutARawImage) {
  const Scratch scratch;
  const test::HoledKernel below{.high = 0, .list_at = 0x6800, .is_crash_kernel = true};
  auto memory = test::memory_of(below.image());
  for (auto& part : test::memory_of(TextImage(moved(kernel("second"))), 0x1f0000)) {
    part.address += second_at;
    memory.push_back(std::move(part));
  }
  const auto layout = test::HoledKernel{.high = 2U << 20}.layout();
  const std::string raw = scratch.file("raw", test::raw_image(memory, layout));
  EXPECT_THAT(output({"maps", raw, "--kernel", "1"}), HasSubstr("first"));
  const std::string text = output({"info", raw, "--kernel", "1"});
  EXPECT_THAT(text, HasSubstr("0x0-0x1fffff,0x100000000-0x1001fffff\n"));
  EXPECT_THAT(text, HasSubstr("Linux 6.1.9-tiny"));
}

TEST(Kernels, OneThatRunsIsNotSearched) {
  const Scratch scratch;
  EXPECT_EQ(run({"maps", scratch.file("core", two_kernels(crashed(~0U), true))}).err, "");
}

} // namespace
} // namespace mapscope::cli_test
