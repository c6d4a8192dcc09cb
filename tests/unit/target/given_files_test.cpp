// SPDX-License-Identifier: Apache-2.0
// Files that a user gives: of this build, of another, of another kind.
#include "host/target/given_files.hpp"
#include "host/target/target.hpp"
#include "tests/support/core_file.hpp"
#include "tests/support/elf_vmlinux.hpp"
#include "tests/support/text_image.hpp"
#include "tests/support/tiny_kernel.hpp"

#include <cstring>
#include <filesystem>
#include <fmt/format.h>
#include <gmock/gmock.h>

namespace mapscope::target {
namespace {

using test::BtfBuilder;
using test::ScratchFile;
using test::TextImage;
using testing::AllOf;
using testing::Contains;
using testing::HasSubstr;
using testing::IsEmpty;

const char* const own_id = "1fe9968467f2755292a45806719b9bba136b0cc8";
const char* const other_id = "0000000067f2755292a45806719b9bba136b0cc8";

std::string types(int more = 0) {
  BtfBuilder builder;
  builder.u32();
  for (int i = 0; i < more; ++i) builder.record(fmt::format("record_{}", i), {});
  const auto raw = builder.raw();
  return {reinterpret_cast<const char*>(raw.data()), raw.size()};
}

std::string kernel(const std::string& notes = "") {
  BtfBuilder builder;
  builder.u32();
  return test::tiny_kernel_text(builder, "maps: zero 8 programs: zero 8 btfs: zero 8\n") + notes;
}

std::string with_id() { return kernel(std::string("note BUILD-ID=") + own_id + "\n"); }

/// Where tiny_kernel_text() has them, in an image that was linked 16 MiB higher.
std::vector<std::pair<std::string, std::uint64_t>> symbols(std::uint64_t uts = 0x5000) {
  std::vector<std::pair<std::string, std::uint64_t>> list;
  for (const auto& [name, at] :
       {std::pair{"_stext", 0x1000UL}, std::pair{"init_uts_ns", uts}, std::pair{"map_idr", 0x6000UL},
        std::pair{"prog_idr", 0x6018UL}, std::pair{"btf_idr", 0x6030UL},
        std::pair{"page_offset_base", 0x6048UL}, std::pair{"__per_cpu_offset", 0x6050UL},
        std::pair{"__cpu_possible_mask", 0x6060UL}, std::pair{"nr_cpu_ids", 0x6068UL},
        std::pair{"__start_BTF", 0x10000UL}, std::pair{"__stop_BTF", 0x10000UL + types().size()}})
    list.emplace_back(name, test::image_at(at) + (16UL << 20));
  return list;
}

std::string symbol_text(std::uint64_t uts = 0x5000) {
  std::string text;
  for (const auto& [name, at] : symbols(uts)) text += fmt::format("{:x} D {}\n", at, name);
  return text;
}

struct Opened {
  std::string error;
  Errc code = Errc::corrupt;
  std::vector<std::string> warnings;
  Origins origins;
};

Opened open(const std::string& text, const Overrides& overrides) {
  const TextImage image(text);
  const auto target = Target::open(image, overrides);
  if (!target) return {target.error().text, target.error().code, {}, {}};
  return {"", {}, {(*target)->warnings().begin(), (*target)->warnings().end()}, (*target)->origins()};
}

/// It is not of another build, so --force does not help.
TEST(GivenFiles, BtfThatIsNone) {
  const ScratchFile none(std::string(64, 'x')), swapped("\xeb\x9f" + std::string(64, 0)),
      elf(test::elf_vmlinux(symbols(), std::string(64, 'x'), own_id));
  for (const bool force : {false, true}) {
    const Opened opened = open(kernel(), {.btf = none.path(), .force = force});
    EXPECT_EQ(opened.code, Errc::usage);
    EXPECT_EQ(opened.error, none.path() +
                                ": no BTF, which begins with 0xeb9f, and this with 0x7878; give the "
                                "kernel's vmlinux, or a copy of its /sys/kernel/btf/vmlinux");
    EXPECT_THAT(open(kernel(), {.vmlinux = elf.path(), .force = force}).error, HasSubstr(": no BTF, which"));
    EXPECT_THAT(open(kernel(), {.btf = swapped.path(), .force = force}).error,
                HasSubstr(": BTF of a big-endian kernel"));
  }
}

TEST(GivenFiles, AVmlinuxOfThisBuild) {
  const ScratchFile file(test::elf_vmlinux(symbols(), types(), own_id));
  const Opened opened = open(with_id(), {.vmlinux = file.path()});
  EXPECT_EQ(opened.error, "");
  EXPECT_THAT(opened.warnings, IsEmpty());
  EXPECT_EQ(opened.origins.symbols, file.path());
  EXPECT_EQ(opened.origins.btf, file.path());
}

TEST(GivenFiles, AVmlinuxOfAnotherBuildIsRefusedWithBothIds) {
  const ScratchFile file(test::elf_vmlinux(symbols(), types(), other_id));
  const Opened opened = open(with_id(), {.vmlinux = file.path()});
  EXPECT_EQ(opened.code, Errc::usage);
  EXPECT_EQ(opened.error,
            fmt::format("{}: of another build: its build id is {}, the dump's kernel (Linux 7.3.0-tiny) "
                        "has {}; --force takes it all the same",
                        file.path(), other_id, own_id));
  const Opened forced = open(with_id(), {.vmlinux = file.path(), .force = true});
  EXPECT_EQ(forced.error, "");
  EXPECT_THAT(forced.warnings, Contains(AllOf(HasSubstr(other_id), HasSubstr("; taken because of --force"))));
}

TEST(GivenFiles, WithoutABuildIdTheSymbolsTell) {
  const ScratchFile same(test::elf_vmlinux(symbols(), types())),
      other(test::elf_vmlinux(symbols(0x5100), types()));
  EXPECT_EQ(open(kernel(), {.vmlinux = same.path()}).error, "");
  EXPECT_THAT(open(kernel(), {.vmlinux = same.path()}).warnings, IsEmpty());
  EXPECT_EQ(open(kernel(), {.vmlinux = other.path()}).error,
            other.path() +
                ": symbols of another build: with its _stext where the dump's kernel has it, init_uts_ns is "
                "at 0xffffffff80005100, and VMCOREINFO (Linux 7.3.0-tiny, build id unknown) says "
                "0xffffffff80005000; --force takes it all the same");
}

TEST(GivenFiles, SymbolsOfAnotherBuild) {
  const ScratchFile same(symbol_text()), other(symbol_text(0x5100));
  EXPECT_THAT(open(kernel(), {.symbols = same.path()}).warnings, IsEmpty());
  const Opened opened = open(kernel(), {.symbols = other.path()});
  EXPECT_EQ(opened.code, Errc::usage);
  EXPECT_THAT(opened.error, HasSubstr("symbols of another build"));
  EXPECT_THAT(open(kernel(), {.symbols = other.path(), .force = true}).warnings,
              Contains(HasSubstr("taken because of --force")));
}

TEST(GivenFiles, SymbolsThatNothingCanBeComparedWith) {
  std::string text = symbol_text();
  text.erase(text.find("init_uts_ns"), 4);
  const ScratchFile file(text);
  EXPECT_THAT(open(kernel(), {.symbols = file.path()}).warnings, Contains(HasSubstr("is not known")));
}

TEST(GivenFiles, BtfIsComparedWithTheMemorys) {
  const ScratchFile same(types()), other(types(3));
  const Opened good = open(kernel(), {.btf = same.path()});
  EXPECT_EQ(good.error, "");
  EXPECT_THAT(good.warnings, IsEmpty());
  const Opened bad = open(kernel(), {.btf = other.path()});
  EXPECT_EQ(bad.code, Errc::usage);
  EXPECT_EQ(
      bad.error,
      fmt::format("{}: BTF of another build: {} bytes without a build id, and the dump's kernel (Linux "
                  "7.3.0-tiny, build id unknown) has {} bytes of which 1 of 1 pages differ; --force takes "
                  "it all the same",
                  other.path(), types(3).size(), types().size()));
  EXPECT_THAT(open(kernel(), {.btf = other.path(), .force = true}).warnings,
              Contains(HasSubstr("taken because of --force")));
}

TEST(GivenFiles, BtfInAnElfFileIsTheSame) {
  const ScratchFile same(test::elf_vmlinux({}, types())), other(test::elf_vmlinux({}, types(3)));
  EXPECT_EQ(open(kernel(), {.btf = same.path()}).error, "");
  EXPECT_THAT(open(kernel(), {.btf = other.path()}).error, HasSubstr("BTF of another build"));
}

TEST(GivenFiles, BtfOfAnotherBuildIsRefusedWithTheIdsThereAre) {
  const ScratchFile raw(types(3)), elf(test::elf_vmlinux({}, types(3), other_id));
  EXPECT_THAT(open(with_id(), {.btf = raw.path()}).error,
              AllOf(HasSubstr("bytes without a build id, and the dump's kernel"),
                    HasSubstr(fmt::format("(Linux 7.3.0-tiny, build id {})", own_id))));
  EXPECT_THAT(open(kernel(), {.btf = elf.path()}).error,
              AllOf(HasSubstr(fmt::format("bytes of build id {}, and the dump's kernel", other_id)),
                    HasSubstr("(Linux 7.3.0-tiny, build id unknown)")));
}

/// A file of so many bytes that takes none.
void expect_too_large(const char* name, std::string Overrides::* option, std::uint64_t size) {
  SCOPED_TRACE(name);
  const ScratchFile file("x");
  std::filesystem::resize_file(file.path(), size);
  Overrides overrides;
  overrides.*option = file.path();
  const Opened opened = open(kernel(), overrides);
  EXPECT_EQ(opened.code, Errc::usage);
  EXPECT_EQ(opened.error, fmt::format("{}: has {} bytes, and {} has at most {} MiB; give {}", file.path(),
                                      size, name, (size - 1) >> 20, name));
}

TEST(GivenFiles, AFileThatIsTooLargeToBeOne) {
  expect_too_large("VMCOREINFO as text", &Overrides::vmcoreinfo, (1U << 20) + 1);
  expect_too_large("a System.map", &Overrides::symbols, (256U << 20) + 1);
  expect_too_large("a kernel's BTF", &Overrides::btf, (256U << 20) + 1);
}

TEST(GivenFiles, NoFileAtAll) {
  EXPECT_EQ(open(kernel(), {.vmlinux = "/dev/zero"}).error,
            "/dev/zero: is not a regular file; give the kernel's vmlinux");
  EXPECT_EQ(open(kernel(), {.vmcoreinfo = "/dev/zero"}).error,
            "/dev/zero: is not a regular file; give VMCOREINFO as text");
  EXPECT_EQ(open(kernel(), {.symbols = "/dev/zero"}).error,
            "/dev/zero: is not a regular file; give a System.map");
  EXPECT_EQ(open(kernel(), {.btf = "/dev/zero"}).error,
            "/dev/zero: is not a regular file; give a kernel's BTF");
}

TEST(GivenFiles, AVmlinuxGivesTheHalfThatItHas) {
  const ScratchFile stripped(test::elf_vmlinux({}, types(), own_id)),
      debug(test::elf_vmlinux(symbols(), "", own_id)), empty(test::elf_vmlinux({}, "", own_id));
  const Opened types_only = open(with_id(), {.vmlinux = stripped.path()});
  EXPECT_EQ(types_only.error, "");
  EXPECT_EQ(types_only.origins.symbols, "memory");
  EXPECT_EQ(types_only.origins.btf, stripped.path());
  const Opened symbols_only = open(with_id(), {.vmlinux = debug.path()});
  EXPECT_EQ(symbols_only.error, "");
  EXPECT_EQ(symbols_only.origins.symbols, debug.path());
  EXPECT_EQ(symbols_only.origins.btf, "memory");
  EXPECT_EQ(open(with_id(), {.vmlinux = empty.path()}).error,
            empty.path() + ": has no symbol table and no .BTF; give an unstripped vmlinux");
}

TEST(GivenFiles, OtherKindsAreNamed) {
  const auto refused = [](const std::string& content) {
    const ScratchFile file(content);
    const Opened opened = open(kernel(), {.vmlinux = file.path()});
    EXPECT_EQ(opened.code, Errc::usage) << opened.error;
    return opened.error;
  };
  std::string module = test::elf_vmlinux(symbols(), types()), other_arch = module, core = module;
  module[offsetof(Elf64_Ehdr, e_type)] = ET_REL;
  core[offsetof(Elf64_Ehdr, e_type)] = ET_CORE;
  other_arch[offsetof(Elf64_Ehdr, e_machine)] = static_cast<char>(EM_AARCH64);
  EXPECT_THAT(refused(module), HasSubstr("an ELF object file (a kernel module?), not the kernel"));
  EXPECT_THAT(refused(core), HasSubstr("a core, not the kernel's file"));
  EXPECT_THAT(refused(other_arch), HasSubstr("of machine 183, the dump is of x86_64"));
  std::string image(4096, '\0');
  image.replace(0x202, 4, "HdrS");
  EXPECT_THAT(refused(image), HasSubstr("bzImage"));
  EXPECT_THAT(refused(std::string("\x1f\x8b\x08\x00", 4)), HasSubstr("gzip"));
  EXPECT_THAT(refused("text"), HasSubstr("not an ELF file"));
}

TEST(GivenFiles, VmcoreinfoOfAnotherKernel) {
  const ScratchFile other(
      "OSRELEASE=6.1\nSYMBOL(init_uts_ns)=ffffffff80005000\nOFFSET(uts_namespace.name)=0\n"
      "SYMBOL(swapper_pg_dir)=ffffffff80002000\nNUMBER(phys_base)=0\n"),
      none("Linux\n");
  EXPECT_THAT(
      open(kernel(), {.vmcoreinfo = other.path()}).error,
      HasSubstr("VMCOREINFO of another kernel (Linux 6.1): the kernel's own release is not where it says"));
  EXPECT_THAT(open(kernel(), {.vmcoreinfo = none.path()}).error, HasSubstr("no VMCOREINFO"));
}

TEST(GivenFiles, VmcoreinfoOfAnotherBuild) {
  const TextImage image(with_id());
  std::string other(image.vmcoreinfo());
  other.replace(other.find(own_id), std::strlen(own_id), other_id);
  const ScratchFile file(other), same(image.vmcoreinfo());
  const Opened refused = open(with_id(), {.vmcoreinfo = file.path()});
  EXPECT_EQ(refused.code, Errc::usage);
  EXPECT_EQ(refused.error,
            fmt::format("{}: VMCOREINFO of another build: its build id is {}, the dump's own has "
                        "{}; --force takes it all the same",
                        file.path(), other_id, own_id));
  EXPECT_THAT(open(with_id(), {.vmcoreinfo = file.path(), .force = true}).warnings,
              Contains(AllOf(HasSubstr(other_id), HasSubstr("; taken because of --force"))));
  EXPECT_THAT(open(with_id(), {.vmcoreinfo = same.path()}).warnings, IsEmpty());
}

TEST(GivenFiles, VmcoreinfoWithOtherLineEnds) {
  std::string text;
  for (const char c : std::string(TextImage(with_id()).vmcoreinfo()))
    text += c == '\n' ? "\r\n" : std::string(1, c);
  const ScratchFile file(text);
  const Opened opened = open(with_id(), {.vmcoreinfo = file.path()});
  EXPECT_EQ(opened.error, "");
  EXPECT_THAT(opened.warnings, IsEmpty());
}

TEST(GivenFiles, SymbolsWithOtherLineEnds) {
  std::string text;
  for (const char c : symbol_text()) text += c == '\n' ? "\r\n" : std::string(1, c);
  const ScratchFile file(text);
  EXPECT_EQ(open(kernel(), {.symbols = file.path()}).error, "");
}

TEST(GivenFiles, DebiansPlaceholderForASystemMap) {
  const ScratchFile file(
      "ffffffffffffffff B The real System.map is in the linux-image-<version>-dbg package\n");
  EXPECT_THAT(open(kernel(), {.symbols = file.path()}).error,
              HasSubstr("holds no symbols but the name of the package that has them; install that"));
}

/// --force does not make it whole.
TEST(GivenFiles, WhatIsCutShortIsNotOfAnotherKernel) {
  const std::string info(TextImage(with_id()).vmcoreinfo());
  const ScratchFile vmcoreinfo(info.substr(0, info.find("SYMBOL(init_uts_ns)") + 5)),
      btf(types(3).substr(0, types(3).size() - 1));
  for (const bool force : {false, true}) {
    EXPECT_THAT(open(with_id(), {.vmcoreinfo = vmcoreinfo.path(), .force = force}).error,
                HasSubstr(": VMCOREINFO that is not whole: "));
    EXPECT_EQ(open(kernel(), {.btf = btf.path(), .force = force}).error,
              fmt::format("{}: BTF that was cut short: {} of {} bytes; copy it again as a whole", btf.path(),
                          types(3).size() - 1, types(3).size()));
  }
}

TEST(GivenFiles, VmcoreinfoThatLeadsNowhereIsNotLeftForAnother) {
  const ScratchFile file("OSRELEASE=6.1\nSYMBOL(init_uts_ns)=ffffffff80005000\nOFFSET(uts_namespace.name)=0\n"
                         "SYMBOL(swapper_pg_dir)=ffffffff80002000\nNUMBER(phys_base)=1073741824\n");
  EXPECT_THAT(open(kernel(), {.vmcoreinfo = file.path()}).error,
              HasSubstr("; --force takes it all the same"));
  const Opened forced = open(kernel(), {.vmcoreinfo = file.path(), .force = true});
  EXPECT_EQ(forced.code, Errc::usage);
  EXPECT_THAT(forced.error,
              HasSubstr(": VMCOREINFO that does not lead to the kernel, so --force cannot take it: "));
}

TEST(GivenFiles, VmcoreinfoForADumpWithoutOne) {
  std::string text = kernel(), lines;
  const TextImage whole(text);
  const ScratchFile file(whole.vmcoreinfo());
  for (std::size_t at = 0; (at = text.find("note ")) != std::string::npos;) text.replace(at, 4, "#   ");
  EXPECT_THAT(open(text, {}).error, HasSubstr("no VMCOREINFO"));
  const Opened opened = open(text, {.vmcoreinfo = file.path()});
  EXPECT_EQ(opened.error, "");
  EXPECT_EQ(opened.origins.vmcoreinfo, file.path());
}

} // namespace
} // namespace mapscope::target
