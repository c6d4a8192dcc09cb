// SPDX-License-Identifier: Apache-2.0
#include "host/memory/kdump_reader.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <libkdumpfile/kdumpfile.h>
#include <mutex>
#include <vector>

namespace mapscope::memory {

namespace {

/// Its cache costs time linear in its size at each miss, and pages are kept elsewhere.
constexpr kdump_num_t cached_pages = 16;
/// A context keeps 24 bytes for each run of neighbours.
constexpr std::uint64_t bytes_per_run = 24, most_for_contexts = 64U << 20;
constexpr std::uint64_t most_contexts = 32;
/// While it is opened a context holds a bitmap, and many may be opened at once.
constexpr std::uint64_t most_for_bitmaps = 512U << 20;

unsigned contexts_for(const KdumpMember& member, const FrameSet& listed) {
  const std::uint64_t by_runs = most_for_contexts / (listed.runs() * bytes_per_run + 1),
                      by_bitmaps = most_for_bitmaps / (member.header.bitmap_size + 1);
  return static_cast<unsigned>(std::clamp<std::uint64_t>(std::min(by_runs, by_bitmaps), 1, most_contexts));
}

std::unexpected<Error> refuse(const KdumpMember& member, std::string_view what) {
  return fail(Errc::unsupported, fmt::format("{}: a kdump-compressed dump that cannot be read: {}; is it "
                                             "damaged? Take or copy the dump again as a whole",
                                             member.name, what));
}

/// Its cache goes wrong when a page cannot be unpacked (cache_discard() in libkdumpfile 0.5.1): a later read
/// would be handed an entry without memory. Another size makes it anew.
void forget_pages(kdump_ctx_t* context) {
  kdump_num_t size = cached_pages;
  (void)::kdump_get_number_attr(context, "cache.size", &size);
  (void)::kdump_set_number_attr(context, "cache.size",
                                size == cached_pages ? cached_pages + 1 : cached_pages);
  ::kdump_clear_err(context);
}

} // namespace

/// libkdumpfile 0.5.1 takes the overrides of its attributes back when it frees a context, and may read ones
/// that it has freed already: seldom, and more often where several threads allocated, that is a segmentation
/// fault. A process opens few dumps: their contexts stay.
void KdumpReader::Closed::operator()(_kdump_ctx* context) const {
  constexpr std::size_t most_kept = 1024; // more are those of a test
  static std::mutex mutex;
  static auto* const kept = new std::vector<_kdump_ctx*>; // to be found at the end: nothing leaks
  const std::scoped_lock lock(mutex);
  if (kept->size() < most_kept)
    kept->push_back(context);
  else
    ::kdump_free(context);
}

Result<std::unique_ptr<KdumpReader>> KdumpReader::open(std::span<const KdumpMember> members,
                                                       const FrameSet& listed) {
  std::unique_ptr<KdumpReader> reader(new KdumpReader(members, listed));
  auto context = reader->open_context();
  if (!context) return std::unexpected(std::move(context.error()));
  reader->idle_.push_back(std::move(*context));
  reader->contexts_ = 1;
  return reader;
}

KdumpReader::KdumpReader(std::span<const KdumpMember> members, const FrameSet& listed)
    : members_(members), listed_(listed), most_contexts_(contexts_for(members.front(), listed)) {
  for (const KdumpMember& member : members) {
    const std::uint64_t count = listed.before(member.header.end) - listed.before(member.header.begin);
    pages_at_.push_back(member.header.descriptors_at() + count * sizeof(PageDescriptor));
  }
}

KdumpReader::~KdumpReader() = default;

Result<KdumpReader::Context> KdumpReader::open_context() const {
  Context context(::kdump_new());
  if (!context) return fail(Errc::io, fmt::format("{}: no memory to read it with", members_.front().name));
  std::vector<int> files;
  for (const KdumpMember& member : members_) files.push_back(member.file.fd());
  // Before the file is opened: a mapping of a file that is cut faults its reader.
  kdump_status status = ::kdump_set_number_attr(context.get(), KDUMP_ATTR_FILE_MMAP_POLICY, KDUMP_MMAP_NEVER);
  if (status == KDUMP_OK)
    status = ::kdump_open_fdset(context.get(), static_cast<unsigned>(files.size()), files.data());
  if (status == KDUMP_OK) status = ::kdump_set_number_attr(context.get(), "cache.size", cached_pages);
  kdump_num_t page_size = 0, pointer_size = 0;
  if (status == KDUMP_OK) status = ::kdump_get_number_attr(context.get(), KDUMP_ATTR_PAGE_SIZE, &page_size);
  if (status == KDUMP_OK) status = ::kdump_get_number_attr(context.get(), KDUMP_ATTR_PTR_SIZE, &pointer_size);
  if (status != KDUMP_OK) return refuse(members_.front(), ::kdump_get_err(context.get()));
  if (page_size != members_.front().header.block_size || pointer_size != 8)
    return refuse(members_.front(), fmt::format("libkdumpfile takes it for one of pages of {} bytes and "
                                                "pointers of {}",
                                                page_size, pointer_size));
  return context;
}

KdumpReader::Context KdumpReader::take() {
  std::unique_lock lock(mutex_);
  returned_.wait(lock, [this] { return !idle_.empty() || contexts_ < most_contexts_; });
  if (!idle_.empty()) {
    Context context = std::move(idle_.back());
    idle_.pop_back();
    return context;
  }
  ++contexts_;
  lock.unlock();
  if (auto opened = open_context()) return std::move(*opened);
  lock.lock();
  --contexts_;
  if (most_contexts_ > 1) most_contexts_ = std::max(1U, contexts_); // there is one already
  returned_.wait(lock, [this] { return !idle_.empty(); });
  Context context = std::move(idle_.back());
  idle_.pop_back();
  return context;
}

void KdumpReader::give_back(Context context) {
  {
    const std::scoped_lock lock(mutex_);
    idle_.push_back(std::move(context));
  }
  returned_.notify_one();
}

std::size_t KdumpReader::index_of_member(std::uint64_t frame) const {
  const auto after = std::ranges::upper_bound(members_, frame, {},
                                              [](const KdumpMember& member) { return member.header.begin; });
  return static_cast<std::size_t>(after - members_.begin()) - 1; // the first begins at 0
}

std::optional<PageDescriptor> KdumpReader::descriptor(std::uint64_t frame) const {
  const KdumpMember& member = member_of(frame);
  const std::uint64_t index = listed_.before(frame) - listed_.before(member.header.begin);
  PageDescriptor page;
  if (!member.file.read_at(member.header.descriptors_at() + index * sizeof page, page)) return std::nullopt;
  return page;
}

bool KdumpReader::makes_sense(std::size_t member, const PageDescriptor& page) const {
  return page.offset >= pages_at_[member] && page.size <= members_[member].header.block_size;
}

bool KdumpReader::is_cut_off(std::uint64_t frame, const PageDescriptor& page) const {
  const std::size_t member = index_of_member(frame);
  return makes_sense(member, page) && !members_[member].file.holds(page.offset, page.size);
}

PageState KdumpReader::read(std::uint64_t frame, std::span<std::byte> page) {
  const auto bytes = descriptor(frame);
  if (!bytes) return PageState::cut_off;
  // Of a file that was cut short nobody asks for what lies behind its end.
  const std::size_t member = index_of_member(frame);
  if (!makes_sense(member, *bytes) || !members_[member].file.holds(bytes->offset, bytes->size))
    return PageState::damaged;
  const bool is_packed = (bytes->flags & compressed_page) != 0;
  const bool is_known = (bytes->flags & ~compressed_page) == 0;
  // A page that does not shrink is stored as it is; libkdumpfile reads what is packed into room for one page.
  const bool fits = is_packed ? bytes->size != 0 && bytes->size <= page.size() : bytes->size == page.size();
  if (!is_known || !fits) return PageState::damaged;
  Context context = take();
  std::size_t size = page.size();
  const kdump_status status =
      ::kdump_read(context.get(), KDUMP_MACHPHYSADDR, frame * page.size(), page.data(), &size);
  ::kdump_clear_err(context.get());
  if (status != KDUMP_OK) forget_pages(context.get());
  give_back(std::move(context));
  return status == KDUMP_OK && size == page.size() ? PageState::there : PageState::damaged;
}

} // namespace mapscope::memory
