// SPDX-License-Identifier: Apache-2.0
#include "host/memory/kdump_core.hpp"

#include "host/memory/kdump_details.hpp"
#include "host/memory/kdump_reader.hpp"
#include "host/memory/kdump_set.hpp"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <mutex>

namespace mapscope::memory {

namespace {

/// Of pages beside each other. What describes them is kept in memory, here and by libkdumpfile.
constexpr std::uint64_t most_runs = 16U << 20;
/// Bytes of one answer, so that whoever asks for all of a large piece does not wait for it to be counted.
constexpr std::uint64_t most_at_once = 1U << 20, most_at_a_glance = 64U << 10;

/// Of the files that the members came in.
struct Packing {
  bool was_flattened = false;
  std::size_t files = 0; ///< those that hold nothing among them
};

class KdumpCore final : public Source {
public:
  KdumpCore(std::vector<KdumpMember> members, const Packing& packing, const OpenOptions& options)
      : members_(std::move(members)), packing_(packing), zero_excluded_(options.zero_excluded),
        page_size_(members_.front().header.block_size) {}

  Result<void> open(const OpenOptions& options);

  std::string_view format() const override { return "kdump-compressed"; }
  std::string_view arch() const override { return members_.front().header.machine; }
  std::span<const Segment> segments() const override;
  std::string_view vmcoreinfo() const override { return members_.front().header.vmcoreinfo; }
  std::span<const std::string> warnings() const override { return warnings_; }
  std::span<const std::byte> view(std::uint64_t address, std::size_t want) const override;
  bool gains_from_threads() const override { return !store_->is_forked_off(); }
  using Source::bring_in;
  void bring_in(std::uint64_t address, std::size_t size) const override;
  std::span<const std::byte> glance(std::uint64_t address, std::size_t want,
                                    std::vector<std::byte>& buffer) const override;
  Absence why_absent(std::uint64_t address) const override;
  std::uint64_t left_out_bytes() const override { return memory_.count_without(listed_) * page_size_; }
  bool leaves_out_more_than_zeros() const override { return members_.front().header.dump_level > 1; }
  std::uint64_t cut_off_bytes() const override;
  std::vector<Detail> details() const override;
  std::vector<std::string> troubles() const override;
  std::vector<int> descriptors() const override;
  bool is_used_up() const override { return store_->is_used_up(); }

private:
  Result<void> read_bitmaps();
  [[nodiscard]] Result<void> check_packing() const;
  [[nodiscard]] std::uint64_t first_of(const KdumpMember& member) const {
    return listed_.before(member.header.begin);
  }
  [[nodiscard]] std::uint64_t end_of(const KdumpMember& member) const {
    return listed_.before(member.header.end);
  }
  [[nodiscard]] bool is_cut_short(const KdumpMember& member) const;
  [[nodiscard]] static bool lacks_parts(const KdumpMember& member);
  void find_cut_off();
  void find_cut_off(const KdumpMember& member);
  [[nodiscard]] std::uint64_t missing_of(const KdumpMember& member) const;
  void warn(const KdumpMember& member);
  [[nodiscard]] bool is_held(std::uint64_t frame) const { return listed_.has(frame) && !cut_off_.has(frame); }
  /// That `want` bytes from within a page on lie in; fewer when these are more than `most`.
  [[nodiscard]] std::uint64_t pages_of(std::uint64_t inside, std::uint64_t want, std::uint64_t most) const {
    return (inside + std::min(want, most) - 1) / page_size_ + 1;
  }
  /// Frames from `frame` on that the dump holds, at most `count`.
  [[nodiscard]] std::uint64_t held(std::uint64_t frame, std::uint64_t count) const;
  [[nodiscard]] std::span<const std::byte> zeros(std::uint64_t address, std::size_t want) const;
  void list_segments() const;

  std::vector<KdumpMember> members_; ///< in the order of their frames
  Packing packing_;
  bool zero_excluded_;
  std::uint64_t page_size_;
  FrameSet memory_;  ///< that there was
  FrameSet listed_;  ///< that the dump says it holds
  FrameSet cut_off_; ///< of these, what lies behind the end of a file, or where it lost some
  std::unique_ptr<KdumpReader> reader_;
  std::unique_ptr<PageStore> store_; ///< by the number of a frame among those listed
  std::vector<std::string> warnings_;
  mutable std::once_flag segments_listed_;
  mutable std::vector<Segment> segments_;
};

Result<void> KdumpCore::open(const OpenOptions& options) {
  if (auto read = read_bitmaps(); !read) return read;
  auto reader = KdumpReader::open(members_, listed_);
  if (!reader) return std::unexpected(std::move(reader.error()));
  reader_ = std::move(*reader);
  if (auto checked = check_packing(); !checked) return checked;
  find_cut_off();
  for (const KdumpMember& member : members_) warn(member);
  // The store counts pages and knows no frames; neighbours there are neighbours here.
  const auto frame_of = [this](std::uint64_t index) { return listed_.nth(index); };
  auto store = PageStore::make(listed_.count(), page_size_,
                               [this, frame_of](std::uint64_t index, std::span<std::byte> page) {
                                 return reader_->read(frame_of(index), page);
                               },
                               {options.resident, options.resident_forked});
  if (!store) return std::unexpected(std::move(store.error()).within(members_.front().name));
  store_ = std::move(*store);
  return {};
}

Result<void> KdumpCore::read_bitmaps() {
  auto memory = read_bitmap(members_.front(), 0);
  if (!memory) return std::unexpected(std::move(memory.error()));
  memory_ = std::move(*memory);
  listed_ = FrameSet(memory_.size());
  for (const KdumpMember& member : members_) {
    auto held = read_bitmap(member, 1);
    if (!held) return std::unexpected(std::move(held.error()));
    held->clip(member.header.begin, member.header.end);
    listed_.unite(*held);
  }
  memory_.unite(listed_);
  memory_.settle(), listed_.settle();
  if (const std::uint64_t runs = std::max(memory_.runs(), listed_.runs()); runs > most_runs)
    return fail(Errc::corrupt,
                fmt::format("{}: a kdump-compressed dump whose bitmaps name {} separate pieces "
                            "of memory; is it damaged? Take or copy the dump again",
                            members_.front().name, runs));
  if (listed_.count() == 0)
    return fail(Errc::corrupt,
                fmt::format("{}: a kdump-compressed dump that holds no page of memory; was it cut "
                            "short, or damaged? Take or copy the dump again as a whole",
                            members_.front().name));
  return {};
}

/// All pages of a dump are packed alike, so the first tells.
Result<void> KdumpCore::check_packing() const {
  const std::uint64_t first = listed_.next(0);
  const auto page = first < listed_.size() ? reader_->descriptor(first) : std::nullopt;
  if (!page || (page->flags & ~compressed_page) == 0) return {};
  return fail(Errc::unsupported,
              fmt::format("{}: a kdump-compressed dump whose pages are packed in a way that is "
                          "not known (flags {:#x}); only zlib, lzo, snappy and zstd are",
                          members_.front().name, page->flags));
}

/// Pages are written one behind the other, so the last ones tell: one that goes on behind the one before it
/// (pages of zeros share their bytes) lies in the file, or the file has ended before. A descriptor that is
/// damaged says nothing of the file.
bool KdumpCore::is_cut_short(const KdumpMember& member) const {
  constexpr std::uint64_t looked_at = 64;
  const std::uint64_t begin = first_of(member), end = end_of(member);
  bool is_cut = false;
  for (std::uint64_t i = end - std::min(looked_at, end - begin), before = 0; i < end; ++i) {
    const std::uint64_t frame = listed_.nth(i);
    const auto page = reader_->descriptor(frame);
    if (!page) return true;
    if (page->offset > before && page->size <= page_size_) is_cut = reader_->is_cut_off(frame, *page);
    before = page->offset;
  }
  return is_cut;
}

/// Only of a file that is not whole each page is looked at.
void KdumpCore::find_cut_off() {
  for (const KdumpMember& member : members_)
    if (lacks_parts(member) || is_cut_short(member)) find_cut_off(member);
  if (cut_off_.size() != 0) cut_off_.settle();
}

void KdumpCore::find_cut_off(const KdumpMember& member) {
  if (cut_off_.size() == 0) cut_off_ = FrameSet(listed_.size());
  const std::uint64_t end = member.header.end;
  for (std::uint64_t frame = listed_.next(member.header.begin); frame < end;
       frame = listed_.next(frame + 1)) {
    const auto page = reader_->descriptor(frame);
    if (!page || reader_->is_cut_off(frame, *page)) cut_off_.insert(frame);
  }
}

/// Between what stands before the pages a writer leaves room.
bool KdumpCore::lacks_parts(const KdumpMember& member) {
  const std::uint64_t behind = member.header.descriptors_at();
  return touches(member.file.lost(), behind, member.file.size() - behind);
}

std::uint64_t KdumpCore::missing_of(const KdumpMember& member) const {
  if (cut_off_.count() == 0) return 0;
  return cut_off_.before(member.header.end) - cut_off_.before(member.header.begin);
}

std::uint64_t KdumpCore::cut_off_bytes() const {
  std::uint64_t pages = 0;
  for (const KdumpMember& member : members_)
    if (!lacks_parts(member)) pages += missing_of(member);
  return pages * page_size_;
}

void KdumpCore::warn(const KdumpMember& member) {
  const std::uint64_t pages = end_of(member) - first_of(member);
  const std::uint64_t cut = missing_of(member);
  if (cut != 0)
    warnings_.push_back(fmt::format("{}: {} {} of its {} pages; what it holds is shown", member.name,
                                    lacks_parts(member)
                                        ? "parts of the flattened file are missing, and with them"
                                        : "the file ends before",
                                    cut, pages));
  if (member.header.is_incomplete())
    warnings_.push_back(fmt::format("{}: makedumpfile ran out of space and left out what it had not written "
                                    "yet, as its header says; what the file holds is shown",
                                    member.name));
}

std::uint64_t KdumpCore::held(std::uint64_t frame, std::uint64_t count) const {
  std::uint64_t seen = 0;
  while (seen < count && is_held(frame + seen)) ++seen;
  return seen;
}

std::span<const std::byte> KdumpCore::zeros(std::uint64_t address, std::size_t want) const {
  static constexpr std::array<std::byte, 64U << 10> zeros{};
  const std::uint64_t frame = address / page_size_;
  if (!zero_excluded_ || !memory_.has(frame) || listed_.has(frame)) return {};
  const std::uint64_t rest = page_size_ - address % page_size_; // of one page
  return std::span(zeros).first(std::min<std::uint64_t>(want, rest));
}

std::span<const std::byte> KdumpCore::view(std::uint64_t address, std::size_t want) const {
  if (want == 0) return {};
  const std::uint64_t frame = address / page_size_, inside = address % page_size_;
  const std::uint64_t count = held(frame, pages_of(inside, want, most_at_once));
  if (count == 0) return zeros(address, want);
  const auto bytes = store_->view(listed_.before(frame), count);
  if (bytes.size() <= inside) return {};
  return bytes.subspan(inside, std::min<std::uint64_t>(want, bytes.size() - inside));
}

void KdumpCore::bring_in(std::uint64_t address, std::size_t size) const {
  if (size == 0) return;
  const std::uint64_t frame = address / page_size_;
  const std::uint64_t count = held(frame, pages_of(address % page_size_, size, size));
  if (count != 0) store_->bring_in(listed_.before(frame), count);
}

std::span<const std::byte> KdumpCore::glance(std::uint64_t address, std::size_t want,
                                             std::vector<std::byte>& buffer) const {
  if (want == 0) return {};
  const std::uint64_t frame = address / page_size_, inside = address % page_size_;
  const std::uint64_t count = held(frame, pages_of(inside, want, most_at_a_glance));
  if (count == 0) return zeros(address, want);
  buffer.resize(count * page_size_);
  const std::size_t done = store_->copy(listed_.before(frame), buffer);
  if (done <= inside) return {};
  return std::span<const std::byte>(buffer).subspan(inside, std::min<std::uint64_t>(want, done - inside));
}

Absence KdumpCore::why_absent(std::uint64_t address) const {
  const std::uint64_t frame = address / page_size_;
  if (cut_off_.has(frame))
    return lacks_parts(reader_->member_of(frame)) ? Absence::damaged : Absence::cut_off;
  if (!listed_.has(frame)) return memory_.has(frame) ? Absence::left_out : Absence::not_described;
  switch (store_->state(listed_.before(frame))) {
  case PageState::cut_off:
    return Absence::cut_off;
  case PageState::no_room:
    return Absence::no_room;
  default:
    return Absence::damaged;
  }
}

std::span<const Segment> KdumpCore::segments() const {
  std::call_once(segments_listed_, [this] { list_segments(); });
  return segments_;
}

/// Runs of what the dump holds, and of what it lacks.
void KdumpCore::list_segments() const {
  for (std::uint64_t frame = memory_.next(0); frame < memory_.size(); frame = memory_.next(frame)) {
    const std::uint64_t begin = frame, end = memory_.next_gap(frame);
    const bool is_held = held(begin, 1) != 0;
    while (frame < end && (held(frame, 1) != 0) == is_held) ++frame;
    const std::uint64_t size = (frame - begin) * page_size_;
    segments_.push_back({begin * page_size_, size, is_held ? size : 0});
  }
}

std::vector<Detail> KdumpCore::details() const {
  return kdump_details(
      {members_, *reader_, memory_, listed_, page_size_, packing_.was_flattened, packing_.files});
}

std::vector<std::string> KdumpCore::troubles() const {
  std::string trouble = store_->trouble();
  if (trouble.empty()) return {};
  return {std::move(trouble)};
}

std::vector<int> KdumpCore::descriptors() const {
  std::vector<int> all;
  all.reserve(members_.size());
  for (const KdumpMember& member : members_) all.push_back(member.file.fd());
  return all;
}

} // namespace

Result<std::unique_ptr<Source>> open_kdump(std::vector<KdumpInput> inputs, const OpenOptions& options) {
  std::vector<KdumpMember> members;
  Packing packing{.files = inputs.size()};
  for (KdumpInput& input : inputs) {
    auto member = read_kdump_header(input.name, std::move(input.file));
    if (!member) return std::unexpected(std::move(member.error()));
    members.push_back(std::move(*member));
    packing.was_flattened = packing.was_flattened || input.was_flattened;
  }
  auto set = whole_set(std::move(members));
  if (!set) return std::unexpected(std::move(set.error()));
  auto core = std::make_unique<KdumpCore>(std::move(*set), packing, options);
  if (auto opened = core->open(options); !opened) return std::unexpected(std::move(opened.error()));
  return core;
}

} // namespace mapscope::memory
