// SPDX-License-Identifier: Apache-2.0
// Every source that cannot be read is refused by name, with what it is and what to do.
#include "host/memory/source.hpp"
#include "tests/support/core_file.hpp"

#include <filesystem>
#include <gtest/gtest.h>
#include <sys/stat.h>

namespace mapscope::memory {
namespace {

using test::CoreFile;
using test::ScratchFile;

/// The refusal of a file with this content, without the name in front, which must be there.
Error refusal(std::string_view content) {
  const ScratchFile file(content);
  auto source = open_source(file.path());
  if (source) {
    ADD_FAILURE() << "was accepted";
    return {};
  }
  Error error = source.error();
  const std::string name = file.path() + ": ";
  EXPECT_TRUE(error.text.starts_with(name)) << error.text;
  error.text.erase(0, name.size());
  return error;
}

void expect_unsupported(std::string_view content, const char* sentence) {
  const Error error = refusal(content);
  EXPECT_EQ(error.code, Errc::unsupported);
  EXPECT_EQ(error.text, sentence);
}

/// A core like others, but for what `change` does to its header.
template <class Change> std::string core_with(Change change) {
  CoreFile core;
  core.load(100, "memory");
  change(core.header);
  return core.bytes();
}

TEST(Refused, WhatIsNoFile) {
  const auto missing = open_source("/nonexistent/vmcore");
  EXPECT_EQ(missing.error().code, Errc::io);
  EXPECT_EQ(missing.error().text,
            "/nonexistent/vmcore: cannot open: No such file or directory; check the path");
  const auto directory = open_source("/tmp");
  EXPECT_EQ(directory.error().code, Errc::io);
  EXPECT_EQ(directory.error().text, "/tmp: is a directory; give a file in it");
  const auto device = open_source("/dev/null");
  EXPECT_EQ(device.error().code, Errc::io);
  EXPECT_EQ(device.error().text, "/dev/null: is not a regular file; give a memory dump");
  EXPECT_EQ(open_source("-").error().text, "-: standard input is read once and in order, and a dump is not; "
                                           "save it to a file first, and give that "
                                           "(a file of this name is ./-)");
  EXPECT_EQ(open_source("/proc/self/mem").error().text,
            "/proc/self/mem: a file of /proc or /sys that has no size, which is no dump; give a memory dump");
  const ScratchFile fifo("x");
  std::filesystem::remove(fifo.path());
  ASSERT_EQ(::mkfifo(fifo.path().c_str(), 0600), 0);
  EXPECT_EQ(open_source(fifo.path()).error().text,
            fifo.path() +
                ": is a pipe or a socket, which is read once and in order; save it to a file first, and "
                "give a memory dump");
}

TEST(Refused, WhatIsNotThereYet) {
  EXPECT_EQ(open_source("live", {.via = "bpf"}).error().code, Errc::unsupported);
}

TEST(Refused, OtherFormats) {
  const Error empty = refusal("");
  EXPECT_EQ(empty.code, Errc::corrupt);
  EXPECT_EQ(empty.text, "the file is empty; give a memory dump");
  expect_unsupported(std::string("KDUM\0", 5),
                     "5 bytes in no known format, too few for an image of RAM; give a memory dump");
}

TEST(Refused, OtherElfFiles) {
  expect_unsupported(core_with([](auto& header) { header.e_type = ET_REL; }),
                     "an ELF object file (a kernel module?), not a core; give the memory dump");
  expect_unsupported(
      core_with([](auto& header) { header.e_type = ET_EXEC; }),
      "an ELF executable, not a core; if it is the kernel, give it with --vmlinux and name the "
      "dump");
  expect_unsupported(core_with([](auto& header) { header.e_type = ET_DYN; }),
                     "an ELF shared object, not a core; if it is the kernel, give it with --vmlinux and name "
                     "the dump");
  expect_unsupported(core_with([](auto& header) { header.e_type = 77; }),
                     "an ELF file of type 77, not a core");
  expect_unsupported(core_with([](auto& header) { header.e_ident[EI_CLASS] = ELFCLASS32; }),
                     "a 32-bit ELF file; only 64-bit kernels are read");
  expect_unsupported(core_with([](auto& header) { header.e_ident[EI_DATA] = ELFDATA2MSB; }),
                     "a big-endian ELF file; only little-endian is read");
  expect_unsupported(core_with([](auto& header) { header.e_machine = EM_RISCV; }),
                     "an ELF core of machine 243; only x86-64 (62) and arm64 (183) are known");
}

TEST(Refused, BrokenElfHeaders) {
  expect_unsupported(core_with([](auto&) {}).substr(0, 20),
                     "an ELF header cut off after 20 bytes; was the dump cut short?");
  expect_unsupported(core_with([](auto& header) { header.e_phentsize = 32; }),
                     "program headers of 32 bytes, expected 56");
  const char* cut =
      "an ELF core whose 1 program headers reach past the end of the file; was the dump cut short?";
  expect_unsupported(core_with([](auto&) {}).substr(0, 100), cut);
  expect_unsupported(core_with([](auto& header) { header.e_phoff = ~0ULL; }), cut);
  const char* uncounted = "an ELF core whose number of program headers lies past the end of the file";
  expect_unsupported(core_with([](auto& header) { header.e_phnum = PN_XNUM, header.e_shoff = ~0ULL; }),
                     uncounted);
}

TEST(Refused, CoresWithoutAMachinesMemory) {
  expect_unsupported(CoreFile().bytes(), "an ELF core without memory (no PT_LOAD with a physical address)");
  CoreFile process;
  process.load(0, "text").p_vaddr = 0x400000;
  process.load(0, "stack").p_vaddr = 0x7fff00000000;
  const char* damaged =
      "an ELF core whose segments have no physical addresses (p_paddr is 0); was its header "
      "damaged, or is it of a process? Give a dump of the machine's memory";
  expect_unsupported(process.bytes(), damaged);
  CoreFile machine = process;
  process.note("CORE", "auxiliary vector", NT_AUXV);
  expect_unsupported(process.bytes(),
                     "an ELF core of a process, not of a kernel (its segments have no physical "
                     "addresses); give a dump of the machine's memory");
  machine.note("CORE", "registers", NT_PRSTATUS);
  machine.note("VMCOREINFO", "OSRELEASE=6.12\n");
  expect_unsupported(machine.bytes(), damaged);
}

TEST(Refused, CoresWhoseSegmentsHaveNoSize) {
  CoreFile core;
  for (const std::uint64_t at : {0x0UL, 0x400000UL}) {
    auto& load = core.load(at, "memory");
    load.p_vaddr = 0x400000 + at, load.p_memsz = 0;
  }
  expect_unsupported(core.bytes(), "an ELF core without memory (PT_LOADs of no size, p_memsz is 0); was the "
                                   "dump cut short?");
}

TEST(Refused, NotAGuestWhoseMemoryBeginsAtZero) {
  CoreFile guest; // as QEMU writes them: no virtual addresses
  guest.load(0, "memory");
  const ScratchFile file(guest.bytes());
  EXPECT_TRUE(open_source(file.path()));
}

} // namespace
} // namespace mapscope::memory
