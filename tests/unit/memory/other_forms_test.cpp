// SPDX-License-Identifier: Apache-2.0
// Files that hold no memory that could be read: each is named for what it is, by its content alone.
#include "host/memory/other_forms.hpp"

#include "host/memory/source.hpp"
#include "tests/support/core_file.hpp"

#include <cstring>
#include <gmock/gmock.h>

namespace mapscope::memory {
namespace {

using namespace std::string_literals;
using test::CoreFile;
using testing::HasSubstr;
using testing::StartsWith;

/// Of a file with this content; without its name, which must be there.
std::string refusal(const std::string& content) {
  const test::ScratchFile file(content);
  const auto source = open_source(file.path());
  if (source) return "accepted";
  EXPECT_EQ(source.error().code, Errc::unsupported);
  EXPECT_THAT(source.error().text, StartsWith(file.path() + ": "));
  return source.error().text.substr(file.path().size() + 2);
}

struct Sample {
  std::string magic, what, instead;
  std::size_t offset = 0;
};

const std::vector<Sample> samples = {
    {"DISKDUMP", "a diskdump of an old kernel", "only ELF cores"},
    {"EMiL\7\0\0\0"s, "an image in LiME's form, of a version that is not known", "dump-guest-memory"},
    {"AVML\7\0\0\0"s, "an image in AVML's form, of a version that is not known", "dump-guest-memory"},
    {"LibvirtQemudSave", "a saved guest of libvirt (virsh save", "virsh dump --memory-only"},
    {"LibvirtQemudPart", "a saved guest of libvirt that was not finished", "virsh dump --memory-only"},
    {"QEVM\0\0\0\3"s, "a migration stream of QEMU", "dump-guest-memory"},
    {"\xd0\xbe\xd0\xbe", "a suspended guest of VMware", "vmss2core"},
    {"\xd2\xbe\xd2\xbe", "a suspended guest of VMware", "vmss2core"},
    {"\xd3\xbe\xd3\xbe", "a suspended guest of VMware", "vmss2core"},
    {"\xd1\xba\xd1\xba", "a suspended guest of VMware", "vmss2core"},
    {"\xd2\xba\xd2\xba", "a suspended guest of VMware", "vmss2core"},
    {"\177VirtualBox SavedState V2.0\n", "a saved guest of VirtualBox", "dumpvmcore"},
    {"Xen saved domain, xl format\n", "a saved guest of Xen", "kdump"},
    {"LinuxGuestRecord", "a saved guest of Xen", "kdump"},
    {"\xed\xeb\x0f\xf0", "a core of an old Xen", "kdump"},
    {"PAGEDU64", "a crash dump of 64-bit Windows", "only memory of Linux"},
    {"PAGEDUMP", "a crash dump of 32-bit Windows", "only memory of Linux"},
    {"MDMP", "a minidump of a Windows process", "only memory of Linux"},
    {"HIBR", "a hibernation file of Windows", "only memory of Linux"},
    {"\x1f\x8b\x08", "a gzip file", "unpack it"},
    {"\xfd"
     "7zXZ\0"s,
     "an xz file", "unpack it"},
    {"\x28\xb5\x2f\xfd", "a zstd file", "unpack it"},
    {"BZh9", "a bzip2 file", "unpack it"},
    {"\x04\x22\x4d\x18", "an lz4 file", "unpack it"},
    {"\x89LZO\0\r\n\x1a\n"s, "an lzop file", "unpack it"},
    {"7z\xbc\xaf\x27\x1c", "a 7z archive", "unpack it"},
    {"PK\3\4", "a zip archive", "unpack it"},
    {"ustar", "a tar archive", "unpack it", 257},
    {"QFI\xfb", "a qcow2 disk image", "/var/crash"},
    {"KDMV", "a VMDK disk image", "/var/crash"},
    {"vhdxfile", "a VHDX disk image", "/var/crash"},
    {"LUKS\xba\xbe", "an encrypted disk", "/var/crash"},
    {"S1SUSPEND", "a hibernation image of Linux", "kdump", 4086},
    {"LINHIB0001", "a hibernation image of Linux", "kdump", 4086},
    {"SWAPSPACE2", "swap space of Linux", "the memory itself", 4086},
    {"HdrS", "a kernel image of x86 (bzImage)", "--vmlinux", 514},
    {"ARM\x64", "a kernel image of arm64", "--vmlinux", 56},
    {"\x9f\xeb\1\0"s, "raw BTF", "--btf"},
};

TEST(OtherForms, AreNamed) {
  for (const Sample& sample : samples) {
    const std::string content =
        std::string(sample.offset, '\0') + sample.magic + std::string(8192 - sample.offset, '\0');
    const std::string text = refusal(content);
    EXPECT_THAT(text, StartsWith(sample.what));
    EXPECT_THAT(text, HasSubstr(sample.instead));
    EXPECT_THAT(text, HasSubstr("; ")) << "says nothing of what to do";
  }
}

TEST(OtherForms, AreNotSeenInAPartOfTheirMark) {
  for (const Sample& sample : samples) {
    const std::string content = std::string(sample.offset, '\0') + sample.magic.substr(0, 1);
    EXPECT_THAT(refusal(content), testing::Not(StartsWith(sample.what)));
  }
}

TEST(OtherForms, Texts) {
  EXPECT_EQ(refusal("Dear kernel,\n\tgrüße\n"), "a text file, not a memory dump; give the dump itself");
  EXPECT_THAT(refusal("{\"maps\": []}\n"), StartsWith("JSON (a saved report?)"));
  for (const char* line : {"ffffffff81000000 T _stext\n", "0000000000000000 A fixed_percpu_data\n"})
    EXPECT_EQ(refusal(line),
              "a list of symbols (System.map or /proc/kallsyms), not a memory dump; name the dump, "
              "and give this with --symbols");
  EXPECT_THAT(refusal("a text\n" + std::string(93, '\0')), StartsWith("100 bytes in no known format"));
}

/// An ELF file with sections of these names and no program headers.
std::string elf_with(std::uint16_t type, std::uint16_t machine, const std::vector<std::string>& sections) {
  Elf64_Ehdr header{};
  std::memcpy(header.e_ident, ELFMAG, SELFMAG);
  header.e_ident[EI_CLASS] = ELFCLASS64, header.e_ident[EI_DATA] = ELFDATA2LSB;
  header.e_type = type, header.e_machine = machine, header.e_shentsize = sizeof(Elf64_Shdr);
  header.e_shoff = sizeof header, header.e_shnum = static_cast<std::uint16_t>(sections.size() + 1);
  std::string names(1, '\0');
  std::vector<Elf64_Shdr> table(header.e_shnum);
  for (std::size_t i = 0; i < sections.size(); ++i) {
    table[i + 1].sh_name = static_cast<std::uint32_t>(names.size());
    names += sections[i] + '\0';
  }
  table[0].sh_offset = sizeof header + table.size() * sizeof table[0]; // stands for .shstrtab
  table[0].sh_size = names.size();
  const auto bytes = [](const auto& record, std::size_t size) {
    return std::string(reinterpret_cast<const char*>(&record), size);
  };
  return bytes(header, sizeof header) + bytes(table[0], table.size() * sizeof table[0]) + names;
}

TEST(OtherElf, IsNamedByItsSections) {
  EXPECT_THAT(refusal(elf_with(ET_CORE, EM_X86_64, {".note.Xen", ".xen_pages"})),
              StartsWith("a core of a Xen guest (xl dump-core"));
  EXPECT_THAT(refusal(elf_with(ET_EXEC, EM_X86_64, {".text", "__ksymtab"})),
              StartsWith("a kernel (vmlinux), not a dump of its memory; name the dump"));
  EXPECT_THAT(refusal(elf_with(ET_DYN, EM_AARCH64, {"__ksymtab"})), StartsWith("a kernel (vmlinux)"));
  EXPECT_THAT(refusal(elf_with(ET_REL, EM_X86_64, {".gnu.linkonce.this_module"})),
              StartsWith("a kernel module"));
  EXPECT_THAT(refusal(elf_with(ET_REL, 247, {".maps"})), StartsWith("a BPF object file"));
}

TEST(OtherElf, WithBrokenSectionsIsNamedByItsHeader) {
  std::string object = elf_with(ET_EXEC, EM_X86_64, {"__ksymtab"});
  auto& header = *reinterpret_cast<Elf64_Ehdr*>(object.data());
  for (const std::uint64_t offset :
       {std::uint64_t{1} << 40, ~std::uint64_t{0}, std::uint64_t{object.size() - 1}}) {
    header.e_shoff = offset;
    EXPECT_THAT(refusal(object), StartsWith("an ELF executable, not a core"));
  }
}

} // namespace
} // namespace mapscope::memory
