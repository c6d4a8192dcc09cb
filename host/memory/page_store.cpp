// SPDX-License-Identifier: Apache-2.0
#include "host/memory/page_store.hpp"

#include "host/base/parallel.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fmt/format.h>
#include <sys/mman.h>
#include <system_error>
#include <tuple>
#include <unistd.h>
#include <unordered_map>
#include <utility>
#include <vector>

namespace mapscope::memory {

namespace {

constexpr std::uint64_t most_at_once = 64U << 10; ///< bytes that one view() works out
/// A mark holds a page's state, and in which round it was last looked at.
constexpr unsigned state_bits = 3;
constexpr std::uint8_t state_mask = (1U << state_bits) - 1, rounds = 1U << (8 - state_bits);

std::uint8_t mark_of(std::uint8_t round, PageState state) {
  return static_cast<std::uint8_t>(round << state_bits | static_cast<std::uint8_t>(state));
}
PageState state_of(std::uint8_t mark) { return static_cast<PageState>(mark & state_mask); }

} // namespace

/// What a process forked off has worked out for itself.
class PageStore::Forked {
public:
  explicit Forked(std::uint64_t most) : most_(most) {}

  /// Empty when it is not there. Two pages are never neighbours.
  std::span<const std::byte> page(std::uint64_t index, std::size_t size, const Fetch& fetch) {
    const auto known = pages_.find(index);
    if (known != pages_.end()) return known->second;
    std::span<const std::byte> page;
    if (std::byte* to = room(size); to != nullptr && fetch(index, {to, size}) == PageState::there) {
      page = {to, size};
      chunk_ = chunk_.subspan(size);
      taken_ += size;
    }
    pages_.emplace(index, page);
    return page;
  }
  [[nodiscard]] bool is_used_up() const { return taken_ > most_ / 2; }

private:
  std::byte* room(std::size_t size) {
    if (chunk_.size() >= size) return chunk_.data();
    constexpr std::size_t chunk_size = 1U << 20;
    if (taken_ + chunk_size > most_) return nullptr;
    void* at = ::mmap(nullptr, chunk_size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (at == MAP_FAILED) return nullptr;
    chunk_ = {static_cast<std::byte*>(at), chunk_size};
    return chunk_.data();
  }

  std::uint64_t most_, taken_ = 0;
  std::span<std::byte> chunk_; ///< what is left of the last one
  std::unordered_map<std::uint64_t, std::span<const std::byte>> pages_;
};

Result<std::unique_ptr<PageStore>> PageStore::make(std::uint64_t pages, std::size_t page_size, Fetch fetch,
                                                   const PageStoreLimits& limits) {
  auto file = limits.in_memory ? UnlinkedFile::in_memory() : UnlinkedFile::make();
  if (!file) return std::unexpected(file.error());
  std::unique_ptr<PageStore> store(new PageStore(std::move(*file), std::max<std::uint64_t>(pages, 1),
                                                 page_size, std::move(fetch), limits));
  if (auto mapped = store->map(); !mapped) return std::unexpected(mapped.error());
  return store;
}

PageStore::PageStore(UnlinkedFile file, std::uint64_t pages, std::size_t page_size, Fetch fetch,
                     const PageStoreLimits& limits)
    : file_(std::move(file)), pages_(pages), page_size_(page_size), fetch_(std::move(fetch)), limits_(limits),
      forked_(std::make_unique<Forked>(limits.forked)) {}

Result<void> PageStore::map() {
  if (auto sized = file_.resize(pages_ * page_size_); !sized) return sized;
  const auto bytes = file_.map_read_only(pages_ * page_size_);
  if (!bytes) return std::unexpected(bytes.error());
  bytes_ = *bytes;
  // Marks are written through a mapping, which memory cannot run out of as a disk can.
  const auto marks = UnlinkedFile::in_memory();
  if (!marks) return std::unexpected(marks.error());
  if (auto sized = marks->resize(pages_); !sized) return sized;
  const auto seen = marks->map_read_only(pages_);
  if (!seen) return std::unexpected(seen.error());
  seen_marks_ = reinterpret_cast<const std::uint8_t*>(*seen);
  void* at = ::mmap(nullptr, pages_, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE, marks->fd(), 0);
  if (at == MAP_FAILED || ::madvise(at, pages_, MADV_DONTFORK) != 0)
    return fail(Errc::io, fmt::format("cannot map what is known of {} pages: {}", pages_,
                                      std::generic_category().message(errno)));
  marks_ = static_cast<std::uint8_t*>(at);
  void* owner = ::mmap(nullptr, 1, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (owner == MAP_FAILED || ::madvise(owner, 1, MADV_WIPEONFORK) != 0)
    return fail(Errc::io, fmt::format("cannot map what is wiped in other processes: {}",
                                      std::generic_category().message(errno)));
  *static_cast<std::uint8_t*>(owner) = 1;
  is_owner_ = static_cast<const std::uint8_t*>(owner);
  if (!limits_.goes_on_changing) return {};
  auto times = PageTimes::make(pages_);
  if (!times) return std::unexpected(times.error());
  times_ = std::move(*times);
  forgets_ = true;
  return {};
}

PageStore::~PageStore() {
  if (bytes_ != nullptr) ::munmap(const_cast<std::byte*>(bytes_), pages_ * page_size_);
  if (seen_marks_ != nullptr) ::munmap(const_cast<std::uint8_t*>(seen_marks_), pages_);
  if (marks_ != nullptr && (is_owner_ == nullptr || !is_forked_off())) ::munmap(marks_, pages_);
  if (is_owner_ != nullptr) ::munmap(const_cast<std::uint8_t*>(is_owner_), 1);
}

PageState PageStore::state(std::uint64_t index) const {
  return state_of(__atomic_load_n(seen_marks_ + index, __ATOMIC_ACQUIRE));
}

std::span<const std::byte> PageStore::in_place(std::uint64_t first, std::uint64_t count) const {
  return {bytes_ + first * page_size_, count * page_size_};
}

std::span<const std::byte> PageStore::view(std::uint64_t first, std::uint64_t count) {
  std::uint64_t seen = 0;
  while (seen < count && state(first + seen) == PageState::there) ++seen;
  if (count == 0) return {};
  if (is_forked_off()) {
    if (seen != 0) return in_place(first, seen);
    if (ask_) return asked_for(first, count);
    return state(first) == PageState::unknown ? forked_->page(first, page_size_, fetch_)
                                              : std::span<const std::byte>();
  }
  const std::uint64_t last = std::min(count, seen + std::max<std::uint64_t>(most_at_once / page_size_, 1));
  while (seen < last) {
    const PageState known = state(first + seen);
    std::uint64_t more = known == PageState::there ? 1 : 0;
    if (known == PageState::unknown) more = work_out_run(first + seen, ahead(first + seen, last - seen));
    if (more == 0) break;
    seen = std::min(seen + more, last);
  }
  const std::uint8_t round = round_.load(std::memory_order_relaxed);
  for (std::uint64_t i = 0; i < seen; ++i) touch(first + i, mark_of(round, PageState::there));
  if (resident_.load(std::memory_order_relaxed) > limits_.resident) give_back();
  return in_place(first, seen);
}

/// Who reads on and on is given more at a time.
std::span<const std::byte> PageStore::asked_for(std::uint64_t first, std::uint64_t count) {
  constexpr std::uint64_t most = 16;
  if (state(first) != PageState::unknown) return {};
  asked_ = first == asked_end_ ? std::min(2 * asked_, most) : 1;
  const std::uint64_t wanted = std::min(std::max(count, asked_), most_at_once / page_size_);
  ask_(first, wanted);
  asked_end_ = first + wanted;
  std::uint64_t seen = 0;
  while (seen < std::min(count, wanted) && state(first + seen) == PageState::there) ++seen;
  return in_place(first, seen);
}

void PageStore::forget() {
  for (const std::uint64_t index : known_) __atomic_store_n(marks_ + index, 0, __ATOMIC_RELEASE);
  known_.clear();
  forgets_ = true;
  if (times_) times_->begin_anew();
}

bool PageStore::is_newest(std::uint64_t index) const { return times_ != nullptr && times_->is_newest(index); }

void PageStore::look_again(std::uint64_t first, std::uint64_t count) {
  if (is_forked_off() || !times_) return;
  for (std::uint64_t index = first; index < first + count; ++index) {
    if (state(index) == PageState::unknown)
      (void)work_out(index);
    else if (!is_newest(index))
      look_again_at(index);
  }
}

void PageStore::look_at_all_again() {
  if (is_forked_off() || !times_) return;
  std::ranges::sort(known_); // neighbours are read faster
  const std::uint64_t most = fetch_run_ ? std::max<std::uint64_t>(most_at_once / page_size_, 1) : 1;
  for (auto first = known_.begin(); first != known_.end();) {
    auto end = std::next(first);
    while (end != known_.end() && *end == *first + static_cast<std::uint64_t>(end - first) &&
           static_cast<std::uint64_t>(end - first) < most)
      ++end;
    if (!look_again_at_run(*first, static_cast<std::uint64_t>(end - first)))
      std::for_each(first, end, [&](std::uint64_t index) { look_again_at(index); });
    first = end;
  }
}

/// False where they could not be read at once, or are not all there.
bool PageStore::look_again_at_run(std::uint64_t first, std::uint64_t count) {
  thread_local std::vector<std::byte> pages;
  for (std::uint64_t i = 0; i < count; ++i)
    if (state(first + i) != PageState::there) return false;
  pages.resize(count * page_size_);
  if (count == 1 || !fetch_run_(first, pages)) return false;
  for (std::uint64_t i = 0; i < count; ++i)
    compare_with_kept(first + i, std::span(pages).subspan(i * page_size_, page_size_));
  return true;
}

void PageStore::compare_with_kept(std::uint64_t index, std::span<const std::byte> now) {
  if (std::memcmp(now.data(), in_place(index, 1).data(), page_size_) == 0)
    return times_->looked_at_again(index);
  if (const int error = file_.write_at(index * page_size_, now); error != 0)
    error_.store(error, std::memory_order_relaxed);
  times_->came_in(index);
}

/// What can no longer be read stays as it was: who asks finds it unchanged, as memory that is gone is.
void PageStore::look_again_at(std::uint64_t index) {
  if (state(index) != PageState::there) return;
  thread_local std::vector<std::byte> page;
  page.resize(page_size_);
  if (fetch_(index, page) == PageState::there)
    compare_with_kept(index, page);
  else
    times_->looked_at_again(index);
}

void PageStore::renew() {
  auto pages = std::exchange(known_, {});
  std::ranges::sort(pages); // neighbours are read faster
  for (const std::uint64_t index : pages) __atomic_store_n(marks_ + index, 0, __ATOMIC_RELEASE);
  for (const std::uint64_t index : pages) std::ignore = work_out(index);
}

std::uint64_t PageStore::known_pages() const {
  const std::scoped_lock lock(adding_);
  return known_.size();
}

/// A process forked off has one thread, and works out what it views.
void PageStore::bring_in(std::uint64_t first, std::uint64_t count) {
  if (is_forked_off()) return;
  const std::uint64_t part = std::max<std::uint64_t>(most_at_once / page_size_, 1);
  in_parallel((count + part - 1) / part, [&](std::size_t i) {
    const std::uint64_t done = i * part;
    std::ignore = view(first + done, std::min(part, count - done));
  });
}

PageState PageStore::work_out(std::uint64_t index) {
  thread_local std::vector<std::byte> page;
  page.resize(page_size_);
  PageState state = fetch_(index, page);
  if (state == PageState::there)
    if (const int error = file_.write_at(index * page_size_, page); error != 0) {
      error_.store(error, std::memory_order_relaxed);
      state = PageState::no_room;
    }
  return set_state(index, state);
}

std::uint64_t PageStore::ahead(std::uint64_t first, std::uint64_t wanted) {
  if (!reads_ahead_) return wanted;
  ahead_ = first == ahead_end_ ? std::min(2 * ahead_, most_at_once / page_size_) : 1;
  const std::uint64_t more = std::min(std::max(wanted, ahead_), pages_ - first);
  ahead_end_ = first + more;
  return more;
}

std::uint64_t PageStore::unknown_run(std::uint64_t first, std::uint64_t most) const {
  std::uint64_t count = 0;
  while (count < most && state(first + count) == PageState::unknown) ++count;
  return count;
}

/// Of pages that nobody has asked for, from `first` on, at least one and at most so many; how many are there.
std::uint64_t PageStore::work_out_run(std::uint64_t first, std::uint64_t most) {
  thread_local std::vector<std::byte> pages;
  const std::uint64_t count = fetch_run_ ? unknown_run(first, most) : 1;
  pages.resize(count * page_size_);
  if (count < 2 || !fetch_run_(first, pages) || file_.write_at(first * page_size_, pages) != 0)
    return work_out(first) == PageState::there ? 1 : 0; // which says what is wrong with the first
  std::uint64_t there = 0;
  while (there < count && set_state(first + there, PageState::there) == PageState::there) ++there;
  return there;
}

/// What another thread has said of the page by now stays.
PageState PageStore::set_state(std::uint64_t index, PageState state) {
  // Of no round yet, so that the first touch counts it.
  const auto other = static_cast<std::uint8_t>((round_.load(std::memory_order_relaxed) + 1) % rounds);
  std::uint8_t known = 0;
  const bool is_first = __atomic_compare_exchange_n(marks_ + index, &known, mark_of(other, state), false,
                                                    __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE);
  if (is_first && forgets_) {
    const std::scoped_lock lock(adding_);
    known_.push_back(index);
    if (times_) times_->came_in(index);
  }
  return is_first ? state : state_of(known);
}

void PageStore::touch(std::uint64_t index, std::uint8_t mark) {
  if (__atomic_load_n(marks_ + index, __ATOMIC_RELAXED) == mark) return;
  __atomic_store_n(marks_ + index, mark, __ATOMIC_RELEASE);
  resident_.fetch_add(page_size_, std::memory_order_relaxed);
}

/// The content stays in the file; whoever still holds a span finds it there again.
void PageStore::give_back() {
  if (resident_.exchange(0) <= limits_.resident) return; // another thread does it
  round_.store(static_cast<std::uint8_t>((round_.load() + 1) % rounds));
  ::madvise(const_cast<std::byte*>(bytes_), pages_ * page_size_, MADV_DONTNEED);
}

std::size_t PageStore::copy(std::uint64_t first, std::span<std::byte> to) const {
  const std::uint64_t most = fetch_run_ ? std::max<std::uint64_t>(most_at_once / page_size_, 1) : 1;
  std::size_t done = 0;
  while (to.size() - done >= page_size_) {
    const std::uint64_t left = (to.size() - done) / page_size_;
    const std::uint64_t run = unknown_run(first, std::min(left, most));
    const bool is_run = run > 1 && fetch_run_(first, to.subspan(done, run * page_size_));
    const auto page = to.subspan(done, page_size_);
    if (!is_run && state(first) == PageState::there)
      std::memcpy(page.data(), in_place(first, 1).data(), page_size_);
    else if (!is_run && fetch_(first, page) != PageState::there)
      break;
    first += is_run ? run : 1, done += (is_run ? run : 1) * page_size_;
  }
  return done;
}

std::string PageStore::trouble() const {
  const int error = error_.load(std::memory_order_relaxed);
  if (error == 0) return "";
  return fmt::format(
      "unpacked pages could not all be kept in the temporary file ({}), so some are not shown; "
      "name a directory with more room in TMPDIR",
      std::generic_category().message(error));
}

bool PageStore::is_used_up() const { return is_forked_off() && forked_->is_used_up(); }

} // namespace mapscope::memory
