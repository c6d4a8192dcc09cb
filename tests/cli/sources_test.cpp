// SPDX-License-Identifier: Apache-2.0
// Sources that cannot be read: exit code 1, no report, one sentence that names the source.
#include "tests/cli/hostile_dump.hpp"
#include "tests/support/core_file.hpp"

namespace mapscope::cli_test {
namespace {

using test::CoreFile;

std::string no_report(const std::string& source) { return failure({"dump", source}, 1); }

/// Of a file with this content, without its name.
std::string refusal(const std::string& content) {
  const Scratch scratch;
  const std::string file = scratch.file("vmcore", content), text = no_report(file);
  EXPECT_THAT(text, StartsWith(file + ": "));
  return text.starts_with(file) ? text.substr(file.size() + 2) : text;
}

template <class Change> std::string core_with(Change change) {
  CoreFile core;
  core.load(0x1000, std::string(4096, 'm'));
  change(core);
  return core.bytes();
}

TEST(Source, NoSuchFile) {
  EXPECT_EQ(no_report("/nonexistent/vmcore"),
            "/nonexistent/vmcore: cannot open: No such file or directory; check the path");
}

TEST(Source, Directory) { EXPECT_EQ(no_report("/tmp"), "/tmp: is a directory; give a file in it"); }

TEST(Source, EmptyFile) { EXPECT_EQ(refusal(""), "the file is empty; give a memory dump"); }

TEST(Source, TextFile) {
  EXPECT_EQ(refusal("This is no dump.\n"), "a text file, not a memory dump; give the dump itself");
}

TEST(Source, RawImageWithoutAKernel) {
  EXPECT_EQ(
      refusal(std::string(1 << 16, '\0')),
      "no dump of a known format, and as a raw image of RAM (65536 bytes) it holds no Linux kernel (no page "
      "begins with VMCOREINFO, and no symbol tables lead to one); is it complete, of a guest of x86-64 or "
      "arm64, and not encrypted? Else save the memory as ELF (dump-guest-memory)");
}

TEST(Source, TheProgramItself) {
  EXPECT_THAT(no_report(MAPSCOPE_PROGRAM),
              HasSubstr("not a core; if it is the kernel, give it with --vmlinux"));
}

TEST(Source, Core32Bit) {
  EXPECT_EQ(refusal(core_with([](CoreFile& core) { core.header.e_ident[EI_CLASS] = ELFCLASS32; })),
            "a 32-bit ELF file; only 64-bit kernels are read");
}

TEST(Source, CoreWhoseHeaderLeavesOutWhatIsNeeded) {
  test::BtfBuilder types;
  test::add_kernel_types(types);
  const test::TextImage image(test::tiny_kernel_text(types, "maps: programs: btfs: u64 0\n"));
  CoreFile core;
  core.note("VMCOREINFO", image.vmcoreinfo());
  for (const auto& segment : image.segments()) {
    const auto bytes = image.view(segment.address, segment.present);
    const std::string text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    core.load(segment.address, segment.address < 0x8000 ? text : "", segment.size);
  }
  EXPECT_THAT(refusal(core.bytes()),
              testing::MatchesRegex(".*; the dump leaves out [0-9]+ of [0-9]+ bytes of memory"));
}

TEST(Source, CoreBigEndian) {
  EXPECT_EQ(refusal(core_with([](CoreFile& core) { core.header.e_ident[EI_DATA] = ELFDATA2MSB; })),
            "a big-endian ELF file; only little-endian is read");
}

TEST(Source, CoreOfAnotherMachine) {
  EXPECT_EQ(refusal(core_with([](CoreFile& core) { core.header.e_machine = EM_RISCV; })),
            "an ELF core of machine 243; only x86-64 (62) and arm64 (183) are known");
}

TEST(Source, CoreCutInTheHeader) {
  EXPECT_EQ(refusal(core_with([](CoreFile&) {}).substr(0, 40)),
            "an ELF header cut off after 40 bytes; was the dump cut short?");
}

TEST(Source, CoreCutInTheProgramHeaders) {
  EXPECT_THAT(refusal(core_with([](CoreFile&) {}).substr(0, 80)), EndsWith("was the dump cut short?"));
}

TEST(Source, CoreWithoutVmcoreinfo) {
  const std::string text = refusal(core_with([](CoreFile&) {}));
  EXPECT_THAT(text, HasSubstr("no VMCOREINFO in the file or in its memory"));
  EXPECT_THAT(text, HasSubstr("Linux guest"));
}

TEST(Source, CoreOfAKernelThatIsNotThere) {
  const std::string text = refusal(core_with([](CoreFile& core) {
    core.note("VMCOREINFO", "OSRELEASE=6.12.0\nPAGESIZE=4096\nNUMBER(phys_base)=0\n"
                            "SYMBOL(swapper_pg_dir)=ffffffff82a10000\nSYMBOL(_stext)=ffffffff81000000\n"
                            "NUMBER(pgtable_l5_enabled)=0\nKERNELOFFSET=0\n");
  }));
  EXPECT_THAT(text, testing::MatchesRegex(".+(;|,|\\().+")) << "says nothing of what to do";
}

/// All of a small kernel but for its end.
std::string cut_core(std::size_t bytes) {
  std::string core = tiny_core({"first"});
  core.resize(core.size() - bytes);
  return core;
}

TEST(Source, CutCore) { // what is missed there follows from it
  const std::size_t half = tiny_core({"first"}).size() / 2;
  EXPECT_THAT(refusal(cut_core(half)),
              testing::MatchesRegex("the file ends " + std::to_string(half) +
                                    " bytes early, so this was not found in it: .+; take or copy the dump "
                                    "again as a whole"));
}

TEST(Source, CutCoreAndAFileThatIsNone) { // of which the cut is no cause
  const Scratch scratch;
  const std::string core = scratch.file("vmcore", cut_core(100)), text = scratch.file("text", "content");
  EXPECT_THAT(failure({"dump", core, "--vmlinux", text}, 2), testing::Not(HasSubstr("early")));
}

TEST(Source, Kdump) {
  EXPECT_THAT(refusal("KDUMP   " + std::string(4096, '\0')),
              StartsWith("a kdump-compressed dump whose pages have 0 bytes; was it cut short, or damaged?"));
  EXPECT_THAT(refusal("makedumpfile" + std::string(4096, '\0')),
              StartsWith("a flattened dump without a beginning; was it cut short?"));
}

TEST(Source, RunningGuest) {
  EXPECT_THAT(no_report("qmp:/run/none.sock"),
              StartsWith("qmp:/run/none.sock: cannot connect: No such file or directory; is it the socket of "
                         "QEMU's -qmp"));
  EXPECT_THAT(misuse({"dump", "qmp:"}), HasSubstr("takes the path of a UNIX socket"));
  EXPECT_THAT(misuse({"dump", "--running"}),
              HasSubstr("--running is for guests (qmp:SOCKET), and live is none"));
  EXPECT_THAT(misuse({"maps", "--running", "/dev/null"}),
              HasSubstr("--running is for guests (qmp:SOCKET), and /dev/null is none"));
}

TEST(Source, EveryCommandRefusesIt) {
  for (const char* command : {"dump", "maps", "info"})
    EXPECT_EQ(failure({command, "/tmp"}, 1), "/tmp: is a directory; give a file in it");
}

TEST(Source, ANameWithControlCharactersStaysOneLine) {
  EXPECT_THAT(no_report("/nonexistent/a\nb\033[2J"), StartsWith("/nonexistent/a\\x0ab\\x1b[2J: cannot open"));
}

TEST(Source, OptionsMayStandBeforeAndBehindIt) {
  const std::string text = "/tmp: is a directory; give a file in it";
  EXPECT_EQ(failure({"dump", "--limit", "3", "-j", "/tmp"}, 1), text);
  EXPECT_EQ(failure({"dump", "/tmp", "-j", "--limit=3"}, 1), text);
  EXPECT_EQ(failure({"dump", "--set", "report.limit=0", "/tmp", "--set", "budget.ms=5", "--map", "a*"}, 1),
            text);
}

} // namespace
} // namespace mapscope::cli_test
