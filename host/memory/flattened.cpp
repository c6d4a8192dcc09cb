// SPDX-License-Identifier: Apache-2.0
#include "host/memory/flattened.hpp"

#include "host/memory/elf_core.hpp"
#include "host/memory/unlinked_file.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <fcntl.h>
#include <fmt/format.h>
#include <string_view>
#include <system_error>
#include <unistd.h>

namespace mapscope::memory {

namespace {

constexpr std::string_view signature = "makedumpfile";
constexpr std::uint64_t header_size = 4096; ///< makedumpfile.h, MAX_SIZE_MDF_HEADER
constexpr std::uint64_t end_mark = ~0ULL;
/// Between two pieces there may be holes, of a page or so.
constexpr std::uint64_t most_holes = 1ULL << 30;

/// All numbers of the stream are big-endian (makedumpfile.h, struct makedumpfile_data_header).
struct Piece {
  std::uint64_t offset = 0, size = 0;
};

std::uint64_t big_endian(std::uint64_t value) {
  return std::endian::native == std::endian::big ? value : __builtin_bswap64(value);
}

/// One stream being put together.
class Assembly {
public:
  Assembly(const std::string& name, const InputFile& from, UnlinkedFile& to)
      : name_(name), from_(from), to_(to) {}

  Result<void> run() {
    std::uint64_t at = header_size;
    while (true) {
      Piece piece;
      if (!from_.read_at(at, piece)) return {};
      piece = {big_endian(piece.offset), big_endian(piece.size)};
      at += sizeof piece;
      if (piece.offset == end_mark) {
        is_whole_ = true;
        return {};
      }
      if (auto done = check(piece); !done) return done;
      const std::uint64_t there = std::min(piece.size, from_.size() - std::min(at, from_.size()));
      if (auto done = copy(at, piece.offset, there); !done) return done;
      if (there < piece.size) return {};
      at += piece.size;
    }
  }
  [[nodiscard]] bool is_whole() const { return is_whole_; }
  [[nodiscard]] std::uint64_t end() const { return end_; }
  /// Up to where nothing is missing.
  [[nodiscard]] std::uint64_t without_gap() const { return without_gap_; }

private:
  /// No piece lies where a file made of all that the stream holds could not reach.
  [[nodiscard]] Result<void> check(const Piece& piece) const {
    const std::uint64_t most = from_.size() + most_holes;
    if (piece.offset <= most && piece.size <= most - piece.offset) return {};
    return fail(Errc::corrupt,
                fmt::format("{}: a flattened dump with {} bytes for offset {:#x}, which a file of "
                            "{} bytes cannot hold; is it damaged? Take or copy the dump again",
                            name_, piece.size, piece.offset, from_.size()));
  }

  Result<void> copy(std::uint64_t at, std::uint64_t to, std::uint64_t size) {
    if (to <= without_gap_) without_gap_ = std::max(without_gap_, to + size);
    end_ = std::max(end_, to + size);
    while (size != 0) {
      const auto bytes = std::span(buffer_).first(std::min<std::uint64_t>(size, buffer_.size()));
      if (!from_.read_at(at, bytes)) return fail(Errc::io, fmt::format("{}: cannot read it", name_));
      if (const int error = to_.write_at(to, bytes); error != 0)
        return fail(Errc::io,
                    fmt::format("{}: a flattened dump, which cannot be put together: {}; name a directory "
                                "with more room in TMPDIR, or put it together with makedumpfile -R",
                                name_, std::generic_category().message(error)));
      at += bytes.size(), to += bytes.size(), size -= bytes.size();
    }
    return {};
  }

  const std::string& name_;
  const InputFile& from_;
  UnlinkedFile& to_;
  std::vector<std::byte> buffer_ = std::vector<std::byte>(1U << 20);
  std::uint64_t end_ = 0, without_gap_ = 0;
  bool is_whole_ = false;
};

bool begins_flattened(const InputFile& file) {
  std::array<std::byte, signature.size()> bytes{};
  return file.read_at(0, bytes) && std::memcmp(bytes.data(), signature.data(), signature.size()) == 0;
}

bool begins_like_elf(const UnlinkedFile& file) {
  std::array<std::byte, 4> bytes{};
  return ::pread(file.fd(), bytes.data(), bytes.size(), 0) == 4 && is_elf(bytes);
}

} // namespace

Result<KdumpInput> put_together(const std::string& name, InputFile file) {
  if (!begins_flattened(file)) return KdumpInput{name, std::move(file)};
  auto to = UnlinkedFile::make();
  if (!to) return std::unexpected(std::move(to.error()).within(name));
  Assembly assembly(name, file, *to);
  if (auto done = assembly.run(); !done) return std::unexpected(std::move(done.error()));
  if (assembly.without_gap() == 0)
    return fail(Errc::corrupt,
                fmt::format("{}: a flattened dump without a beginning; was it cut short? Take or "
                            "copy the dump again",
                            name));
  std::uint64_t size = assembly.end();
  if (!assembly.is_whole() && begins_like_elf(*to)) size = assembly.without_gap();
  if (auto sized = to->resize(size); !sized) return std::unexpected(std::move(sized.error()).within(name));
  auto fd = to->open_for_reading();
  if (!fd) return std::unexpected(std::move(fd.error()).within(name));
  return KdumpInput{name, InputFile(*fd, size), true, assembly.is_whole()};
}

} // namespace mapscope::memory
