// SPDX-License-Identifier: Apache-2.0
#include "host/memory/avml.hpp"

#include "host/base/parallel.hpp"
#include "host/memory/lime.hpp"
#include "host/memory/piecewise.hpp"
#include "host/memory/snappy_frames.hpp"
#include "host/memory/unpacked.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <fmt/format.h>

namespace mapscope::memory {

namespace {

constexpr std::uint64_t trailer_bytes = 8; ///< the stream's length, behind it (avml, io/snappy.rs)
/// Unpacked at a time: 64 MiB of memory, in 1,024 pieces of work.
constexpr std::size_t most_in_batch = 1024;
/// Shorter ones are written like other bytes, so that there are no more runs than memory is for.
constexpr std::uint64_t least_zeros = 1U << 20;
constexpr std::size_t most_runs = 1U << 20;

enum class Content : std::uint8_t { bytes, zeros, damaged };

struct Job {
  SnappyChunk chunk;
  std::uint64_t address = 0, at = 0; ///< in memory, and in the unpacked file
  Content content = Content::damaged;
};

/// What came of neighbouring chunks.
struct Part {
  std::uint64_t address = 0, at = 0, size = 0;
  Content content = Content::damaged;
};

bool is_zero(std::span<const std::byte> bytes) {
  return bytes.empty() ||
         (bytes[0] == std::byte{0} && std::memcmp(bytes.data(), bytes.data() + 1, bytes.size() - 1) == 0);
}

/// Reads a stream from its begin to the end, or to where it makes no sense.
class Unpacker {
public:
  Unpacker(std::span<const std::byte> file, Unpacked& to) : file_(file), to_(to) {}

  void run() {
    while (file_at_ < file_.size() && stop_.empty() && !to_.failed()) {
      const auto header =
          ranges_ < most_ranges ? range_header(RangeForm::avml, file_, file_at_) : std::nullopt;
      if (!header)
        return stop(file_.size() - file_at_ < RangeHeader::bytes ? std::string(ends) : no_header());
      file_at_ += RangeHeader::bytes;
      ++ranges_;
      unpack_range(*header);
    }
    finish_batch();
  }

  [[nodiscard]] const std::vector<Part>& parts() const { return parts_; }
  [[nodiscard]] std::uint64_t unpacked() const { return at_; }
  [[nodiscard]] std::uint64_t damaged() const { return damaged_; }
  [[nodiscard]] std::size_t ranges() const { return ranges_; }
  /// Of the range that the file does not hold to its end.
  [[nodiscard]] const Part& missing() const { return missing_; }
  /// Why not all of the file was read: "" when it was.
  [[nodiscard]] const std::string& why() const { return stop_; }
  [[nodiscard]] bool ends_early() const { return stop_ == ends; }

private:
  static constexpr std::string_view ends = "the file ends early";

  [[nodiscard]] std::string no_header() const {
    return fmt::format("at {:#x} of the file should be the header of a range and is something else",
                       file_at_);
  }

  void stop(std::string_view why) {
    finish_batch();
    stop_ = why;
  }

  [[nodiscard]] std::string damaged_at() const {
    return parts_.size() > most_runs
               ? "it has more gaps than there is memory for"
               : fmt::format("the compressed data is damaged at {:#x} of the file", file_at_);
  }

  void unpack_range(const RangeHeader& range) {
    std::uint64_t done = 0;
    while (done < range.size && !to_.failed()) {
      Job job;
      const ChunkState state = next_chunk(file_, file_at_, &job.chunk);
      const bool fits = state == ChunkState::whole && job.chunk.size <= range.size - done;
      if (!fits || parts_.size() > most_runs) {
        missing_ = {range.begin + done, 0, range.size - done, Content::damaged};
        return stop(state == ChunkState::cut ? std::string(ends) : damaged_at());
      }
      file_at_ += job.chunk.whole;
      if (job.chunk.size == 0) continue;
      job.address = range.begin + done, job.at = at_;
      done += job.chunk.size, at_ += job.chunk.size;
      batch_.push_back(job);
      if (batch_.size() == most_in_batch) finish_batch();
    }
    file_at_ += trailer_bytes;
  }

  void finish_batch() {
    in_parallel(batch_.size(), [this](std::size_t i) { work(batch_[i]); });
    for (const Job& job : batch_) add(job);
    batch_.clear();
  }

  void work(Job& job) {
    thread_local std::array<std::byte, most_in_chunk> room;
    const auto bytes = std::span(room).first(job.chunk.size);
    if (!unpack(job.chunk, bytes)) return;
    job.content = is_zero(bytes) ? Content::zeros : Content::bytes;
    if (job.content == Content::bytes) to_.write(job.at, bytes);
  }

  void add(const Job& job) {
    if (job.content == Content::damaged) damaged_ += job.chunk.size;
    Part* const last = parts_.empty() ? nullptr : &parts_.back();
    if (last != nullptr && last->content == job.content && last->address + last->size == job.address) {
      last->size += job.chunk.size;
      return;
    }
    fill_short_zeros();
    parts_.push_back({job.address, job.at, job.chunk.size, job.content});
  }

  /// The last part, when it is of zeros and too short to stand alone.
  void fill_short_zeros() {
    if (parts_.empty() || parts_.back().content != Content::zeros || parts_.back().size >= least_zeros)
      return;
    static constexpr std::array<std::byte, 64U << 10> zeros{};
    Part part = parts_.back();
    part.content = Content::bytes;
    for (std::uint64_t done = 0; done < part.size; done += zeros.size())
      to_.write(part.at + done,
                std::span(zeros).first(std::min<std::uint64_t>(zeros.size(), part.size - done)));
    parts_.pop_back();
    if (!parts_.empty() && parts_.back().content == Content::bytes &&
        parts_.back().address + parts_.back().size == part.address)
      parts_.back().size += part.size;
    else
      parts_.push_back(part);
  }

  std::span<const std::byte> file_;
  Unpacked& to_;
  std::uint64_t file_at_ = 0, at_ = 0, damaged_ = 0;
  std::size_t ranges_ = 0;
  std::vector<Job> batch_;
  std::vector<Part> parts_;
  Part missing_;
  std::string stop_;
};

class Avml final : public Piecewise {
public:
  [[nodiscard]] std::string_view format() const override { return "AVML image"; }

  Result<void> unpack(const std::string& name, const MappedFile& file) {
    Unpacker unpacker(file.bytes(), unpacked_);
    unpacker.run();
    auto taken = take(unpacker);
    if (!taken) return std::unexpected(std::move(taken.error()).within(name));
    if (!unpacker.why().empty())
      warnings_.push_back(
          fmt::format("{}: not all of it could be unpacked, since {}; what comes before is read"
                      "{}",
                      name, unpacker.why(), missing_text(unpacker.missing())));
    if (unpacker.damaged() != 0)
      warnings_.push_back(
          fmt::format("{}: {} bytes of memory are damaged in the file (their checksums differ), "
                      "and missing",
                      name, unpacker.damaged()));
    settle(name);
    if (unpacker.ends_early()) missing_ = unpacker.missing().size;
    details_ = {{"ranges", std::to_string(unpacker.ranges())},
                {"packed bytes", std::to_string(file.bytes().size())},
                {"unpacked into", unpacked_.directory()}};
    return {};
  }

private:
  static std::string missing_text(const Part& missing) {
    if (missing.size == 0) return "";
    return fmt::format(", {} bytes of memory from {:#x} on are missing", missing.size, missing.address);
  }

  Result<void> take(const Unpacker& unpacker) {
    std::uint64_t zeros = 0;
    for (const Part& part : unpacker.parts())
      if (part.content == Content::zeros) zeros = std::max(zeros, part.size);
    const auto bytes = unpacked_.map(unpacker.unpacked());
    if (!bytes) return std::unexpected(bytes.error());
    const auto nothing = unpacked_.zeros(zeros);
    if (!nothing) return std::unexpected(nothing.error());
    for (const Part& part : unpacker.parts()) {
      if (part.content == Content::bytes)
        pieces_.add(part.address, part.size, bytes->subspan(part.at, part.size));
      if (part.content == Content::zeros) pieces_.add(part.address, part.size, nothing->first(part.size));
      if (part.content == Content::damaged) pieces_.lose(part.address, part.size);
    }
    const Part& missing = unpacker.missing();
    if (unpacker.ends_early())
      pieces_.add(missing.address, missing.size, {});
    else
      pieces_.lose(missing.address, missing.size);
    return {};
  }

  Unpacked unpacked_;
};

} // namespace

Result<std::unique_ptr<Source>> open_avml(const std::string& name, MappedFile file) {
  auto avml = std::make_unique<Avml>();
  if (auto unpacked = avml->unpack(name, file); !unpacked)
    return std::unexpected(std::move(unpacked.error()));
  if (std::ranges::none_of(avml->segments(), [](const Segment& segment) { return segment.present != 0; }))
    return fail(Errc::corrupt,
                fmt::format("{}: a compressed image of AVML of which nothing could be unpacked; "
                            "was it damaged or cut short? Take or copy it again",
                            name));
  return std::unique_ptr<Source>(std::move(avml));
}

} // namespace mapscope::memory
