// SPDX-License-Identifier: Apache-2.0
#include "host/memory/other_forms.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <string_view>

namespace mapscope::memory {

namespace {

using namespace std::string_view_literals;

struct Form {
  std::size_t offset;
  std::string_view magic, what, instead;
};

constexpr auto unpack = "unpack it and give what is in it"sv;
constexpr auto save_as_elf = "save the guest's memory as ELF (QEMU's dump-guest-memory)"sv;
constexpr auto virsh_dump = "give what virsh dump --memory-only writes"sv;
constexpr auto convert_disk = "a dump may lie in its file system, under /var/crash; give that file"sv;
constexpr auto suspended = "start that machine and save its memory there (kdump)"sv;
constexpr auto of_windows = "only memory of Linux is read"sv;
constexpr auto vmware_to_elf = "take a core of it with vmss2core -N and give that"sv;
constexpr auto name_the_dump = "name the dump, and give this"sv;

/// Of several that fit the first counts, so the longer of two that begin alike stands first.
constexpr Form forms[] = {
    // Dumps of Linux and of guests in forms that cannot be read yet.
    {0, "DISKDUMP"sv, "a diskdump of an old kernel, which cannot be read",
     "only ELF cores of kernels with BPF maps are"},
    {0, "EMiL"sv, "an image in LiME's form, of a version that is not known", save_as_elf},
    {0, "AVML"sv, "an image in AVML's form, of a version that is not known", save_as_elf},
    // Saved states of guests: devices and pages in a stream of the hypervisor's own.
    {0, "LibvirtQemudSave"sv, "a saved guest of libvirt (virsh save, or virsh dump without --memory-only)",
     virsh_dump},
    {0, "LibvirtQemudPart"sv, "a saved guest of libvirt that was not finished", virsh_dump},
    {0, "QEVM"sv, "a migration stream of QEMU", save_as_elf},
    {0, "\xd0\xbe\xd0\xbe"sv, "a suspended guest of VMware (.vmss or .vmsn)", vmware_to_elf},
    {0, "\xd2\xbe\xd2\xbe"sv, "a suspended guest of VMware (.vmss or .vmsn)", vmware_to_elf},
    {0, "\xd3\xbe\xd3\xbe"sv, "a suspended guest of VMware (.vmss or .vmsn)", vmware_to_elf},
    {0, "\xd1\xba\xd1\xba"sv, "a suspended guest of VMware (.vmss or .vmsn)", vmware_to_elf},
    {0, "\xd2\xba\xd2\xba"sv, "a suspended guest of VMware (.vmss or .vmsn)", vmware_to_elf},
    {0, "\177VirtualBox SavedState"sv, "a saved guest of VirtualBox",
     "give what VBoxManage debugvm dumpvmcore writes"},
    {0, "Xen saved domain"sv, "a saved guest of Xen (xl save)",
     "give a dump that the guest's own kdump wrote"},
    {0, "LibxlFmt"sv, "a saved guest of Xen (libxl)", "give a dump that the guest's own kdump wrote"},
    {0, "LinuxGuestRecord"sv, "a saved guest of Xen (xm save)",
     "give a dump that the guest's own kdump wrote"},
    {0, "\xed\xeb\x0f\xf0"sv, "a core of an old Xen (xm dump-core)",
     "give a dump that the guest's own kdump wrote"},
    // Other systems.
    {0, "PAGEDU64"sv, "a crash dump of 64-bit Windows", of_windows},
    {0, "PAGEDUMP"sv, "a crash dump of 32-bit Windows", of_windows},
    {0, "MDMP"sv, "a minidump of a Windows process", of_windows},
    {0, "hibr"sv, "a hibernation file of Windows", of_windows},
    {0, "HIBR"sv, "a hibernation file of Windows", of_windows},
    // Packed files.
    {0, "\x1f\x8b"sv, "a gzip file", unpack},
    {0,
     "\xfd"
     "7zXZ\0"sv,
     "an xz file", unpack},
    {0, "\x28\xb5\x2f\xfd"sv, "a zstd file", unpack},
    {0, "BZh"sv, "a bzip2 file", unpack},
    {0, "\x04\x22\x4d\x18"sv, "an lz4 file", unpack},
    {0, "\x02\x21\x4c\x18"sv, "an lz4 file", unpack},
    {0, "\x89LZO\0\r\n\x1a\n"sv, "an lzop file", unpack},
    {0, "LZIP"sv, "an lzip file", unpack},
    {0, "7z\xbc\xaf\x27\x1c"sv, "a 7z archive", unpack},
    {0, "PK\3\4"sv, "a zip archive", unpack},
    {257, "ustar"sv, "a tar archive", unpack},
    // Disks.
    {0, "QFI\xfb"sv, "a qcow2 disk image (or a snapshot in one)", convert_disk},
    {0, "KDMV"sv, "a VMDK disk image", convert_disk},
    {0, "vhdxfile"sv, "a VHDX disk image", convert_disk},
    {64, "\x7f\x10\xda\xbe"sv, "a VDI disk image", convert_disk},
    {0, "LUKS\xba\xbe"sv, "an encrypted disk (LUKS)", convert_disk},
    // kernel/power/swap.c: the signature ends the first page of the swap device.
    {4086, "S1SUSPEND"sv, "a hibernation image of Linux", suspended},
    {4086, "S2SUSPEND"sv, "a hibernation image of Linux", suspended},
    {4086, "ULSUSPEND"sv, "a hibernation image of Linux (uswsusp)", suspended},
    {4086, "LINHIB0001"sv, "a hibernation image of Linux", suspended},
    {4086, "SWAPSPACE2"sv, "swap space of Linux", "give a dump of the memory itself"},
    // What belongs beside a dump.
    {514, "HdrS"sv, "a kernel image of x86 (bzImage)",
     "name the dump; --vmlinux takes the kernel unpacked, with its symbols"},
    {56, "ARM\x64"sv, "a kernel image of arm64",
     "name the dump; --vmlinux takes the kernel as ELF, with its symbols"},
    {0, "\x9f\xeb\x01"sv, "raw BTF", "name the dump, and give this with --btf if it is the kernel's"},
};

std::string_view text_of(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

/// Of the first page: what people write and programs print. UTF-8 may be cut at its end, so bytes are not
/// put together.
bool is_text(std::string_view text) {
  const auto is_printed = [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return (byte >= 0x20 && byte != 0x7f) || byte == '\n' || byte == '\r' || byte == '\t' || byte == '\f' ||
           byte == '\v' || byte == 0x1b;
  };
  return std::ranges::all_of(text.substr(0, 4096), is_printed);
}

std::string what_text(std::string_view text) {
  if (text.starts_with("{") || text.starts_with("["))
    return "JSON (a saved report?), not a memory dump; give the dump itself";
  const auto line = text.substr(0, text.find('\n'));
  const auto digits = line.find_first_not_of("0123456789abcdef");
  if (digits == 16 && line.size() > 19 && line[16] == ' ' && line[18] == ' ')
    return fmt::format(
        "a list of symbols (System.map or /proc/kallsyms), not a memory dump; {} with --symbols",
        name_the_dump);
  return "a text file, not a memory dump; give the dump itself";
}

} // namespace

std::optional<std::string> other_form(std::span<const std::byte> bytes) {
  const std::string_view content = text_of(bytes);
  for (const Form& form : forms)
    if (content.size() >= form.offset && content.substr(form.offset).starts_with(form.magic))
      return fmt::format("{}; {}", form.what, form.instead);
  if (is_text(content)) return what_text(content);
  return std::nullopt;
}

} // namespace mapscope::memory
