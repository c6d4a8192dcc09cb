// SPDX-License-Identifier: Apache-2.0
#include "host/memory/source.hpp"

#include "host/memory/avml.hpp"
#include "host/memory/elf_core.hpp"
#include "host/memory/flattened.hpp"
#include "host/memory/kdump_core.hpp"
#include "host/memory/lime.hpp"
#include "host/memory/live/live.hpp"
#include "host/memory/live/qmp.hpp"
#include "host/memory/mapped_file.hpp"
#include "host/memory/other_forms.hpp"
#include "host/memory/raw_image.hpp"

#include <algorithm>
#include <cstring>
#include <elf.h>
#include <filesystem>
#include <fmt/format.h>
#include <linux/magic.h>
#include <map>
#include <new>
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

Result<void> check_name(const std::string& name) {
  if (name == "-")
    return not_yet(name,
                   "standard input is read once and in order, and a dump is not; save it to a file first, "
                   "and give that (a file of this name is ./-)");
  return {};
}

/// Its first bytes; fewer of a small file.
std::vector<std::byte> beginning(const InputFile& file) {
  std::vector<std::byte> bytes(std::min<std::uint64_t>(file.size(), SELFMAG + 16));
  if (!file.read_at(0, bytes)) bytes.clear();
  return bytes;
}

Result<std::unique_ptr<Source>> open_mapped(const std::string& name, MappedFile file, bool was_flattened,
                                            const OpenOptions& options) {
  if (is_elf(file.bytes())) return open_elf_core(name, std::move(file), was_flattened, options);
  if (begins_like(RangeForm::lime, file.bytes())) return open_lime(name, std::move(file));
  if (begins_like(RangeForm::avml, file.bytes())) return open_avml(name, std::move(file));
  if (const auto other = other_form(file.bytes())) return not_yet(name, *other);
  return RawImage::open(name, std::move(file), options);
}

Result<std::unique_ptr<Source>> open_one(const KdumpInput& input, const OpenOptions& options) {
  auto mapped = MappedFile::of(input.name, input.file);
  if (!mapped) return std::unexpected(std::move(mapped.error()));
  return open_mapped(input.name, std::move(*mapped), input.was_flattened, options);
}

Result<std::unique_ptr<Source>> open_files(std::vector<KdumpInput> files, const OpenOptions& options) {
  const auto other = std::ranges::find_if_not(
      files, [](const KdumpInput& input) { return is_kdump(beginning(input.file)); });
  if (other == files.end()) return open_kdump(std::move(files), options);
  if (files.size() == 1) return open_one(files.front(), options);
  return fail(Errc::usage,
              fmt::format("{}: no part of a split kdump-compressed dump, and only the parts of one "
                          "are given together; give one file",
                          other->name));
}

} // namespace

std::size_t Source::read(std::uint64_t address, std::span<std::byte> to) const {
  std::size_t done = 0;
  while (done < to.size()) {
    const auto piece = view(address + done, to.size() - done);
    if (piece.empty()) break;
    std::memcpy(to.data() + done, piece.data(), piece.size());
    done += piece.size();
  }
  return done;
}

std::span<const std::byte> Source::whole(std::uint64_t address, std::size_t size) const {
  bring_in(address, size);
  auto bytes = view(address, size);
  while (!bytes.empty() && bytes.size() < size) {
    const auto more = view(address + bytes.size(), size - bytes.size());
    if (more.empty() || more.data() != bytes.data() + bytes.size()) break;
    bytes = {bytes.data(), bytes.size() + more.size()};
  }
  return bytes;
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

Result<std::unique_ptr<Source>> open_source(const std::string& name, const OpenOptions& options) {
  return open_source(std::span(&name, 1), options);
}

namespace {

/// This machine, by whichever of its names.
Result<std::unique_ptr<Source>> open_this_machine(const std::string& name, const OpenOptions& options) {
  OpenOptions by = options;
  if (is_kcore(name)) by.via = "kcore";
  if (!options.layout.empty())
    return fail(Errc::usage, name + ": --layout is for raw images of RAM; leave it away");
  return open_live(by);
}

Result<std::unique_ptr<Source>> open_running(const std::string& name, const OpenOptions& options) {
  return open_guest(name, options,
                    [&](InputFile core) { return open_one({name, std::move(core)}, options); });
}

Result<std::unique_ptr<Source>> open_named(std::span<const std::string> names, const OpenOptions& options) {
  const bool is_guest = names.size() == 1 && names[0].starts_with("qmp:");
  if (options.running && !is_guest)
    return fail(Errc::usage, fmt::format("--running is for guests (qmp:SOCKET), and {} is none",
                                         names[0].empty() ? "live" : names[0]));
  if (names.size() == 1 && (names[0].empty() || names[0] == "live" || is_kcore(names[0])))
    return open_this_machine(names[0].empty() ? "live" : names[0], options);
  if (is_guest) return open_running(names[0], options);
  const auto runs = [](const std::string& name) { return name == "live" || name.starts_with("qmp:"); };
  if (const auto alone = std::ranges::find_if(names, runs); alone != names.end())
    return fail(Errc::usage,
                fmt::format("{}: stands alone; several files are the parts of one split dump", *alone));
  for (const std::string& name : names)
    if (auto readable = check_name(name); !readable) return std::unexpected(std::move(readable.error()));
  std::vector<KdumpInput> files;
  std::map<std::pair<std::uint64_t, std::uint64_t>, std::string> given;
  for (const std::string& name : names) {
    auto file = InputFile::open(name);
    if (!file) return std::unexpected(std::move(file.error()));
    if (const auto [same, is_first] = given.try_emplace(file->identity(), name); !is_first)
      return fail(Errc::usage, fmt::format("{}: the same file as {}; give each part of a split dump once",
                                           name, same->second));
    auto together = put_together(name, std::move(*file));
    if (!together) return std::unexpected(std::move(together.error()));
    files.push_back(std::move(*together));
  }
  auto source = open_files(std::move(files), options);
  if (source && !options.layout.empty() && (*source)->format() != RawImage::own_format)
    return fail(Errc::usage,
                fmt::format("--layout: {} is no raw image: its format ({}) says where its pieces lie",
                            names.front(), (*source)->format()));
  return source;
}

} // namespace

Result<std::unique_ptr<Source>> open_source(std::span<const std::string> names,
                                            const OpenOptions& options) try {
  return open_named(names, options);
} catch (const std::bad_alloc&) {
  return fail(Errc::io,
              fmt::format("{}: not enough memory to open it; is it damaged? Give it on a machine with "
                          "more memory, or take or copy the dump again",
                          names.front()));
}

} // namespace mapscope::memory
