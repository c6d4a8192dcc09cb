// SPDX-License-Identifier: Apache-2.0
#include "host/target/given_files.hpp"

#include "host/base/checked.hpp"
#include "host/memory/elf_core.hpp"
#include "host/memory/mapped_file.hpp"
#include "host/target/architectures.hpp"
#include "host/target/elf_file.hpp"
#include "host/target/symbol_files.hpp"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <linux/btf.h>

namespace mapscope::target {

namespace {

constexpr std::string_view how_to_force = "; --force takes it all the same";
/// KERNEL_IMAGE_SIZE at most: what lies further away is no symbol of the image but a value under its name
/// (vmemmap, and mem_section of most kernels).
constexpr std::uint64_t image_size = 1ULL << 30;

constexpr std::uint64_t most_btf = 256U << 20; ///< bytes; a kernel has 4 to 8 MiB

/// NAME of SYMBOL(NAME), else "".
std::string_view symbol_name(std::string_view key) {
  constexpr std::string_view begin = "SYMBOL(";
  if (!key.starts_with(begin) || !key.ends_with(')')) return {};
  return key.substr(begin.size(), key.size() - begin.size() - 1);
}

/// "Linux 6.12.1, build id 0123abcd"
std::string kernel_text(const Vmcoreinfo& info) {
  return fmt::format("Linux {}, build id {}", info.release(),
                     info.build_id().empty() ? "unknown" : info.build_id());
}

/// The file's symbols, moved so that _stext fits, against all those that VMCOREINFO names.
void check_symbols(GivenFiles& given, const Vmcoreinfo& info) {
  const auto stext = info.symbol("_stext");
  std::size_t alike = 0;
  for (const auto& [key, value] : info.values()) {
    const std::string_view name = symbol_name(key);
    if (name.empty() || name == "_stext" || !stext) continue;
    const auto in_dump = info.symbol(name), in_file = given.symbols->find(name);
    if (!in_dump || !in_file || *in_dump - *stext >= image_size) continue;
    if (*in_dump == *in_file) {
      ++alike;
      continue;
    }
    given.doubts.push_back(fmt::format(
        "{}: symbols of another build: with its _stext where the dump's kernel has it, {} is at {:#x}, and "
        "VMCOREINFO ({}) says {:#x}{}",
        given.symbols_from, name, *in_file, kernel_text(info), *in_dump, how_to_force));
    return;
  }
  if (alike == 0)
    given.unchecked.push_back(
        fmt::format("{}: VMCOREINFO names no symbol of it beside _stext, so whether it is of "
                    "the dump's kernel is not known",
                    given.symbols_from));
}

bool is_elf_file(const std::string& path) {
  const auto file = memory::MappedFile::open(path);
  return file && memory::is_elf(file->bytes());
}

/// "" where one of the two says nothing.
std::string build_id_doubt(const ElfFile& file, const Vmcoreinfo& info) {
  const std::string id = file.build_id();
  if (id.empty() || info.build_id().empty() || id == info.build_id()) return "";
  return fmt::format("{}: of another build: its build id is {}, the dump's kernel (Linux {}) has {}{}",
                     file.path(), id, info.release(), info.build_id(), how_to_force);
}

bool is_of_this_build(const ElfFile& file, const Vmcoreinfo& info) {
  return !info.build_id().empty() && file.build_id() == info.build_id();
}

KernelBtf copy_of(std::span<const std::byte> bytes) {
  KernelBtf btf{{}, {bytes.begin(), bytes.end()}};
  btf.bytes = btf.owned;
  return btf;
}

Result<void> check_length(const std::string& path, std::span<const std::byte> bytes) {
  const auto length = btf_length(bytes);
  if (!length || *length <= bytes.size()) return {};
  return fail(Errc::usage, fmt::format("{}: BTF that was cut short: {} of {} bytes; copy it again as a whole",
                                       path, bytes.size(), *length));
}

/// Before it is compared with anything: what is no BTF, or not all, is not of another build either.
Result<void> check_form(const std::string& path, std::span<const std::byte> bytes) {
  const auto magic = load_at<std::uint16_t>(bytes, 0);
  if (magic == BTF_MAGIC) return check_length(path, bytes);
  const char* const swapped = "BTF of a big-endian kernel; only little-endian is read";
  constexpr std::uint16_t other_way = BTF_MAGIC >> 8U | (BTF_MAGIC & 0xffU) << 8U;
  if (magic == other_way) return fail(Errc::usage, fmt::format("{}: {}", path, swapped));
  return fail(
      Errc::usage,
      fmt::format("{}: no BTF{}; give the kernel's vmlinux, or a copy of its /sys/kernel/btf/vmlinux", path,
                  magic ? fmt::format(", which begins with {:#x}, and this with {:#x}", BTF_MAGIC, *magic)
                        : ": it is empty"));
}

/// Takes the half that it has.
Result<void> take_elf(GivenFiles& given, const std::string& path, bool wants_symbols, bool wants_btf,
                      const Vmcoreinfo& info) {
  const auto file = ElfFile::open(path, arch_of(info));
  if (!file) return std::unexpected(file.error());
  GElf_Shdr header;
  const bool has_symbols = (*file)->symbol_table(&header) != nullptr, has_btf = !(*file)->btf().empty();
  if (!(wants_symbols && has_symbols) && !(wants_btf && has_btf))
    return fail(Errc::usage,
                fmt::format("{}: has {}{}{}; give an unstripped vmlinux", path,
                            wants_symbols ? "no symbol table" : "", wants_symbols && wants_btf ? " and " : "",
                            wants_btf ? "no .BTF" : ""));
  if ((*file)->btf().size() > most_btf)
    return fail(Errc::usage,
                fmt::format("{}: its .BTF has {} bytes, and a kernel's BTF has at most {} MiB; give its "
                            "vmlinux",
                            path, (*file)->btf().size(), most_btf >> 20));
  if (wants_btf && has_btf)
    if (auto checked = check_form(path, (*file)->btf()); !checked) return checked;
  const std::string doubt = build_id_doubt(**file, info);
  if (!doubt.empty()) given.doubts.push_back(doubt);
  const bool proven = is_of_this_build(**file, info);
  if (wants_symbols && has_symbols) {
    auto symbols = read_symbol_elf(path, arch_of(info), info.symbol("_stext"));
    if (!symbols) return std::unexpected(std::move(symbols.error()));
    given.symbols = std::move(*symbols);
    given.symbols_from = path;
    if (!proven && doubt.empty()) check_symbols(given, info);
  }
  if (wants_btf && has_btf) {
    given.btf = copy_of((*file)->btf());
    given.btf_from = path;
    given.btf_build_id = (*file)->build_id();
    given.btf_is_proven = proven || !doubt.empty(); // or told already
  }
  return {};
}

Result<void> take_symbols(GivenFiles& given, const std::string& path, const Vmcoreinfo& info) {
  if (is_elf_file(path)) return take_elf(given, path, true, false, info);
  auto symbols = read_symbol_text(path, info.symbol("_stext"));
  if (!symbols) return std::unexpected(std::move(symbols.error()));
  given.symbols = std::move(*symbols);
  given.symbols_from = path;
  check_symbols(given, info);
  return {};
}

Result<void> take_btf(GivenFiles& given, const std::string& path, const Vmcoreinfo& info) {
  if (is_elf_file(path)) return take_elf(given, path, false, true, info);
  const auto file = memory::MappedFile::open(path, "a kernel's BTF", most_btf);
  if (!file) return std::unexpected(file.error());
  if (auto checked = check_form(path, file->bytes()); !checked) return checked;
  given.btf = copy_of(file->bytes());
  given.btf_from = path;
  return {};
}

/// How many pages of two BTF objects are alike.
struct Alike {
  std::size_t same = 0, different = 0;
};

Alike compare_pages(Reader& reader, std::uint64_t address, std::span<const std::byte> given) {
  Alike pages;
  std::array<std::byte, 4096> own{};
  for (std::size_t at = 0; at < given.size(); at += own.size()) {
    const auto theirs = given.subspan(at, std::min(own.size(), given.size() - at));
    const auto ours = std::span(own).first(theirs.size());
    if (reader.read(address + at, ours) != Fault::none) continue;
    ++(std::ranges::equal(ours, theirs) ? pages.same : pages.different);
  }
  return pages;
}

} // namespace

Result<Vmcoreinfo> read_vmcoreinfo_file(const std::string& path) {
  constexpr std::uint64_t most = 1U << 20; // the kernel writes a page
  const auto file = memory::MappedFile::open(path, "VMCOREINFO as text", most);
  if (!file) return std::unexpected(file.error());
  return Vmcoreinfo::parse({reinterpret_cast<const char*>(file->bytes().data()), file->bytes().size()});
}

Result<GivenFiles> read_given_files(const Overrides& overrides, const Vmcoreinfo& info) {
  GivenFiles given;
  Result<void> taken;
  if (!overrides.symbols.empty()) taken = take_symbols(given, overrides.symbols, info);
  if (taken && !overrides.btf.empty()) taken = take_btf(given, overrides.btf, info);
  const bool wants_symbols = !given.symbols, wants_btf = !given.btf;
  if (taken && !overrides.vmlinux.empty() && (wants_symbols || wants_btf))
    taken = take_elf(given, overrides.vmlinux, wants_symbols, wants_btf, info);
  if (!taken) return std::unexpected(std::move(taken.error()));
  return given;
}

BtfVerdict compare_btf(const NamedBtf& file, const Vmcoreinfo& info, const AddressSpace& space,
                       const Symbols& symbols) {
  const auto& [name, build_id, given] = file;
  if (given.size() < sizeof(btf_header)) return {}; // that it is none is for the parser to say
  const auto start = symbols.find("__start_BTF"), stop = symbols.find("__stop_BTF");
  Reader reader(space);
  const std::uint64_t own_size = start && stop ? *stop - *start : 0;
  const Alike pages =
      start ? compare_pages(reader, *start, given.first(std::min<std::uint64_t>(given.size(), own_size)))
            : Alike{};
  const std::size_t read = pages.same + pages.different;
  if (read == 0)
    return {.doubt = "",
            .unchecked =
                fmt::format("{}: the kernel's own BTF is not in the dump, so whether this is it is known "
                            "by VMCOREINFO alone",
                            name),
            .damage = ""};
  // Damage touches a page here and there; types of another build differ from some place on.
  if (own_size != given.size() || pages.different * 10 > read)
    return {.doubt = fmt::format(
                "{}: BTF of another build: {} bytes {}, and the dump's kernel ({}) has {} bytes of which "
                "{} of {} pages differ{}",
                name, given.size(), build_id.empty() ? "without a build id" : "of build id " + build_id,
                kernel_text(info), own_size, pages.different, read, how_to_force),
            .unchecked = "",
            .damage = ""};
  BtfVerdict same;
  if (pages.different != 0)
    same.damage =
        fmt::format("{}: differs from the memory's BTF in {} of {} pages; the memory's are taken for damaged",
                    name, pages.different, read);
  return same;
}

} // namespace mapscope::target
