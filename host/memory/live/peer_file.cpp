// SPDX-License-Identifier: Apache-2.0
#include "host/memory/live/peer_file.hpp"

#include <cerrno>
#include <cinttypes>
#include <cstdio>
#include <fcntl.h>
#include <filesystem>
#include <fmt/format.h>
#include <fstream>
#include <optional>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <system_error>
#include <unistd.h>

namespace mapscope::memory {

namespace {

std::unexpected<Error> failed(std::string_view what, int error) {
  return fail(Errc::io, fmt::format("{}: {}", what, std::generic_category().message(error)));
}

/// A line of /proc/PID/maps.
struct Mapping {
  std::uint64_t begin = 0, end = 0, offset = 0, inode = 0;
  unsigned major = 0, minor = 0;
  bool is_shared = false;
};

std::optional<Mapping> mapping_in(const std::string& line) {
  Mapping mapping;
  char rights[5] = {};
  if (std::sscanf(line.c_str(), "%" SCNx64 "-%" SCNx64 " %4s %" SCNx64 " %x:%x %" SCNu64, &mapping.begin,
                  &mapping.end, rights, &mapping.offset, &mapping.major, &mapping.minor, &mapping.inode) != 7)
    return std::nullopt;
  mapping.is_shared = rights[3] == 's';
  return mapping;
}

Result<Mapping> mapping_at(int pid, std::uint64_t address) {
  std::ifstream maps(fmt::format("/proc/{}/maps", pid));
  if (!maps) return failed(fmt::format("cannot look into QEMU's process {}", pid), errno);
  for (std::string line; std::getline(maps, line);)
    if (const auto mapping = mapping_in(line);
        mapping && address >= mapping->begin && address < mapping->end) {
      if (!mapping->is_shared || mapping->inode == 0)
        return fail(Errc::not_found, fmt::format("process {} has no shared file at {:#x}", pid, address));
      return *mapping;
    }
  return fail(Errc::not_found, fmt::format("process {} has nothing at {:#x} that may be seen", pid, address));
}

bool is_file_of(const struct stat& status, const Mapping& mapping) {
  return S_ISREG(status.st_mode) && status.st_ino == mapping.inode && major(status.st_dev) == mapping.major &&
         minor(status.st_dev) == mapping.minor;
}

/// Opened only if it is that file: to open a device may do something.
std::optional<InputFile> open_if(const std::filesystem::path& path, const Mapping& mapping) {
  struct stat status{};
  if (::stat(path.c_str(), &status) != 0 || !is_file_of(status, mapping)) return std::nullopt;
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  if (fd < 0) return std::nullopt;
  const bool is_it = ::fstat(fd, &status) == 0 && is_file_of(status, mapping) && status.st_size > 0;
  if (is_it) return InputFile(fd, static_cast<std::uint64_t>(status.st_size));
  ::close(fd);
  return std::nullopt;
}

} // namespace

Result<PeerFile> file_mapped_at(int pid, std::uint64_t address) {
  const auto mapping = mapping_at(pid, address);
  if (!mapping) return std::unexpected(mapping.error());
  const std::string folder = fmt::format("/proc/{}/fd", pid);
  std::error_code error;
  for (std::filesystem::directory_iterator entry(folder, error), end; !error && entry != end;
       entry.increment(error))
    if (auto file = open_if(entry->path(), *mapping); file)
      return PeerFile{std::move(*file), mapping->offset + (address - mapping->begin)};
  if (error) return failed(fmt::format("cannot look into QEMU's process {}", pid), error.value());
  return fail(
      Errc::not_found,
      fmt::format("process {} does not have the file open that it has mapped at {:#x}", pid, address));
}

} // namespace mapscope::memory
