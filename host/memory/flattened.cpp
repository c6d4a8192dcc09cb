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
/// Each is a read of the file, which may have holes of terabytes.
constexpr std::size_t most_empty = 1024;
/// That are kept in memory, of what was written.
constexpr std::size_t most_stretches = 1U << 20;

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
    auto done = copy_all();
    unite();
    return done;
  }
  [[nodiscard]] std::uint64_t end() const { return written_.empty() ? 0 : written_.back().end; }
  /// Between what was written; a stream that is whole has such as well, beside headers.
  [[nodiscard]] std::vector<Stretch> gaps() const {
    std::vector<Stretch> gaps;
    std::uint64_t end = 0;
    for (const Stretch& stretch : written_) {
      if (stretch.begin > end) gaps.push_back({end, stretch.begin});
      end = stretch.end;
    }
    return gaps;
  }

private:
  Result<void> copy_all() {
    std::uint64_t at = header_size;
    while (true) {
      Piece piece;
      if (!from_.read_at(at, piece)) return {};
      piece = {big_endian(piece.offset), big_endian(piece.size)};
      at += sizeof piece;
      if (piece.offset == end_mark) return {};
      if (piece.size == 0) {
        if (piece.offset == 0) return {}; // nobody wrote here
        if (++empty_ > most_empty) return too_many_empty();
        continue;
      }
      if (auto done = check(piece); !done) return done;
      const std::uint64_t there = std::min(piece.size, from_.size() - std::min(at, from_.size()));
      if (auto done = copy(at, piece.offset, there); !done) return done;
      if (there < piece.size) return {};
      at += piece.size;
    }
  }

  [[nodiscard]] std::unexpected<Error> too_many_empty() const {
    return fail(Errc::corrupt, fmt::format("{}: a flattened dump with more than {} pieces of no size; is it "
                                           "damaged? Take or copy the dump again",
                                           name_, most_empty));
  }

  /// No piece lies where a file made of all that the stream holds could not reach.
  [[nodiscard]] Result<void> check(const Piece& piece) const {
    const std::uint64_t most = from_.size() + most_holes;
    if (piece.offset <= most && piece.size <= most - piece.offset) return {};
    return fail(Errc::corrupt,
                fmt::format("{}: a flattened dump with {} bytes for offset {:#x}, which a file of "
                            "{} bytes cannot hold; is it damaged? Take or copy the dump again",
                            name_, piece.size, piece.offset, from_.size()));
  }

  /// Most pieces go on where the one before ended.
  Result<void> note(std::uint64_t begin, std::uint64_t size) {
    if (!written_.empty() && written_.back().end == begin)
      written_.back().end += size;
    else
      written_.push_back({begin, begin + size});
    if (written_.size() < 2 * most_stretches) return {};
    unite();
    if (written_.size() <= most_stretches) return {};
    return fail(Errc::corrupt,
                fmt::format("{}: a flattened dump in more than {} pieces that lie apart; is it "
                            "damaged? Take or copy the dump again",
                            name_, most_stretches));
  }

  /// Sorts, and joins what touches.
  void unite() {
    std::ranges::sort(written_, {}, &Stretch::begin);
    std::size_t last = 0;
    for (std::size_t i = 1; i < written_.size(); ++i)
      if (written_[i].begin <= written_[last].end)
        written_[last].end = std::max(written_[last].end, written_[i].end);
      else
        written_[++last] = written_[i];
    if (!written_.empty()) written_.resize(last + 1);
  }

  Result<void> copy(std::uint64_t at, std::uint64_t to, std::uint64_t size) {
    if (auto noted = note(to, size); !noted) return noted;
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
  std::vector<Stretch> written_;
  std::size_t empty_ = 0; ///< pieces
};

bool begins_flattened(const InputFile& file) {
  std::array<std::byte, signature.size()> bytes{};
  return file.read_at(0, bytes) && std::memcmp(bytes.data(), signature.data(), signature.size()) == 0;
}

/// Who reads others does not look for what is lost between.
bool begins_like_elf_or_kdump(const UnlinkedFile& file) {
  std::array<std::byte, 8> bytes{};
  return ::pread(file.fd(), bytes.data(), bytes.size(), 0) == 8 && (is_elf(bytes) || is_kdump(bytes));
}

} // namespace

Result<KdumpInput> put_together(const std::string& name, InputFile file) {
  if (!begins_flattened(file)) return KdumpInput{name, std::move(file)};
  auto to = UnlinkedFile::make();
  if (!to) return std::unexpected(std::move(to.error()).within(name));
  Assembly assembly(name, file, *to);
  if (auto done = assembly.run(); !done) return std::unexpected(std::move(done.error()));
  auto gaps = assembly.gaps();
  if (assembly.end() == 0 || (!gaps.empty() && gaps.front().begin == 0))
    return fail(Errc::corrupt,
                fmt::format("{}: a flattened dump without a beginning; was it cut short? Take or "
                            "copy the dump again",
                            name));
  std::uint64_t size = assembly.end();
  if (!gaps.empty() && !begins_like_elf_or_kdump(*to)) size = gaps.front().begin, gaps.clear();
  if (auto sized = to->resize(size); !sized) return std::unexpected(std::move(sized.error()).within(name));
  auto fd = to->open_for_reading();
  if (!fd) return std::unexpected(std::move(fd.error()).within(name));
  KdumpInput input{name, InputFile(*fd, size), true};
  input.file.lose(std::move(gaps));
  return input;
}

} // namespace mapscope::memory
