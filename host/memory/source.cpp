// SPDX-License-Identifier: Apache-2.0
#include "host/memory/source.hpp"

#include "host/memory/avml.hpp"
#include "host/memory/elf_core.hpp"
#include "host/memory/lime.hpp"
#include "host/memory/mapped_file.hpp"
#include "host/memory/other_forms.hpp"
#include "host/memory/raw_image.hpp"

#include <algorithm>
#include <filesystem>
#include <fmt/format.h>
#include <linux/magic.h>
#include <sys/statfs.h>

namespace mapscope::memory {

namespace {

/// The running kernel's memory by virtual address, wherever procfs is mounted. (/proc/vmcore is a file like
/// any other.)
bool is_kcore(const std::string& path) {
  std::error_code error;
  const auto real = std::filesystem::weakly_canonical(path, error);
  if (real == "/proc/kcore") return true;
  struct statfs system{};
  return real.filename() == "kcore" && ::statfs(real.c_str(), &system) == 0 &&
         system.f_type == PROC_SUPER_MAGIC;
}

std::unexpected<Error> not_yet(const std::string& name, std::string_view what) {
  return fail(Errc::unsupported, fmt::format("{}: {}", name, what));
}

} // namespace

std::size_t Source::read(std::uint64_t address, std::span<std::byte> to) const {
  std::size_t done = 0;
  while (done < to.size()) {
    const auto piece = view(address + done, to.size() - done);
    if (piece.empty()) break;
    std::ranges::copy(piece, to.begin() + static_cast<std::ptrdiff_t>(done));
    done += piece.size();
  }
  return done;
}

std::span<const std::byte> Source::glance(std::uint64_t address, std::size_t want,
                                          std::vector<std::byte>& /*buffer*/) const {
  return view(address, want);
}

Absence Source::why_absent(std::uint64_t address) const {
  const auto lacks = [&](const Segment& s) {
    return address >= s.address && address - s.address < s.size && address - s.address >= s.present;
  };
  return std::ranges::any_of(segments(), lacks) ? Absence::left_out : Absence::not_described;
}

namespace {

Result<std::unique_ptr<Source>> open_file(const std::string& name, MappedFile file,
                                          const OpenOptions& options) {
  if (is_elf(file.bytes())) return open_elf_core(name, std::move(file), options);
  if (begins_like(RangeForm::lime, file.bytes())) return open_lime(name, std::move(file));
  if (begins_like(RangeForm::avml, file.bytes())) return open_avml(name, std::move(file));
  if (const auto other = other_form(file.bytes())) return not_yet(name, *other);
  return RawImage::open(name, std::move(file), options);
}

} // namespace

Result<std::unique_ptr<Source>> open_source(const std::string& name, const OpenOptions& options) {
  if (name.empty() || name == "live")
    return not_yet("live", "this machine cannot be read yet; give an ELF core of it (/proc/vmcore)");
  if (name.starts_with("qmp:"))
    return not_yet(name, "a running guest cannot be read yet; save its memory with dump-guest-memory and "
                         "give that file");
  if (is_kcore(name))
    return not_yet(name, "this machine's memory cannot be read yet; give an ELF core of it (/proc/vmcore)");
  auto file = MappedFile::open(name);
  if (!file) return std::unexpected(file.error());
  auto source = open_file(name, std::move(*file), options);
  if (source && !options.layout.empty() && (*source)->format() != RawImage::own_format)
    return fail(Errc::usage,
                fmt::format("--layout: {} is no raw image: its format ({}) says where its pieces lie", name,
                            (*source)->format()));
  return source;
}

} // namespace mapscope::memory
