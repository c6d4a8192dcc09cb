// SPDX-License-Identifier: Apache-2.0
#include "host/saved/saved_file.hpp"

#include "host/memory/unlinked_file.hpp"

#include <cerrno>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>

namespace mapscope::saved {

namespace {

constexpr const char* wanted = "a report that `mapscope dump -j` wrote";

std::unexpected<Error> io_error(const std::string& name, const char* what, int error) {
  return fail(Errc::io, fmt::format("{}: {}: {}", name, what, std::generic_category().message(error)));
}

/// What is read once and in order: no size is known before its end.
bool is_stream(const std::string& path) {
  struct stat status{};
  return ::stat(path.c_str(), &status) == 0 && (S_ISFIFO(status.st_mode) || S_ISSOCK(status.st_mode));
}

/// Closes a descriptor that is its own.
class Descriptor {
public:
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  [[nodiscard]] int number() const { return fd_; }

private:
  int fd_;
};

} // namespace

Result<SavedFile> SavedFile::open(const std::string& path) {
  if (path == "-") return spool("standard input", STDIN_FILENO);
  if (is_stream(path)) {
    const Descriptor from(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (from.number() < 0) return io_error(path, "cannot open", errno);
    return spool(path, from.number());
  }
  const auto input = memory::InputFile::open(path, wanted);
  if (!input) return std::unexpected(input.error());
  auto file = memory::MappedFile::of(path, *input);
  if (!file) return std::unexpected(file.error());
  return SavedFile(path, std::move(*file));
}

Result<SavedFile> SavedFile::of(std::string name, int fd) {
  struct stat status{};
  if (::fstat(fd, &status) != 0) return io_error(name, "cannot look at it", errno);
  if (status.st_size == 0) return fail(Errc::corrupt, fmt::format("{}: is empty; give {}", name, wanted));
  const memory::InputFile own(::fcntl(fd, F_DUPFD_CLOEXEC, 0), static_cast<std::uint64_t>(status.st_size));
  auto file = memory::MappedFile::of(name, own);
  if (!file) return std::unexpected(file.error());
  return SavedFile(std::move(name), std::move(*file));
}

Result<SavedFile> SavedFile::spool(std::string name, int from) {
  const auto file = memory::UnlinkedFile::make();
  if (!file) return std::unexpected(file.error());
  std::vector<std::byte> block(256U << 10);
  for (std::uint64_t size = 0;;) {
    const ssize_t got = ::read(from, block.data(), block.size());
    if (got == 0) return of(std::move(name), file->fd());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return io_error(name, "cannot read", errno);
    const auto part = std::span(block).first(static_cast<std::size_t>(got));
    if (const int error = file->write_at(size, part); error != 0)
      return io_error(name, "its text needs room in TMPDIR or /var/tmp", error);
    size += part.size();
  }
}

std::string_view SavedFile::text() const {
  const auto bytes = file_.bytes();
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

void SavedFile::forget(std::string_view part) const {
  const auto page = static_cast<std::uintptr_t>(::sysconf(_SC_PAGESIZE));
  const auto begin = (reinterpret_cast<std::uintptr_t>(part.data()) + page - 1) / page * page;
  const auto end = (reinterpret_cast<std::uintptr_t>(part.data()) + part.size()) / page * page;
  if (begin < end) (void)::madvise(reinterpret_cast<void*>(begin), end - begin, MADV_DONTNEED);
}

} // namespace mapscope::saved
