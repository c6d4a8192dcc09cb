// SPDX-License-Identifier: Apache-2.0
#include "host/memory/live/live_source.hpp"

#include <algorithm>
#include <atomic>

namespace mapscope::memory {

namespace {

/// Of this thread, in the one live source that a program opens; 0 before any begins.
thread_local unsigned current = 0;
std::atomic<unsigned> moments_begun = 0;

/// As far as they are there: what comes behind is asked for again.
void view_all(PageStore& store, std::uint64_t first, std::uint64_t count, std::size_t page_size) {
  while (count != 0) {
    const std::uint64_t there = store.view(first, count).size() / page_size;
    if (there == 0) break;
    first += there, count -= there;
  }
}

} // namespace

Result<std::unique_ptr<Source>> LiveSource::open(LiveMachine machine, unsigned threads,
                                                 const PageStoreLimits& limits) {
  std::unique_ptr<LiveSource> source(new LiveSource(std::move(machine)));
  source->was_read_by(source->machine_.via);
  if (auto opened = source->open(threads, limits); !opened) return std::unexpected(std::move(opened.error()));
  return source;
}

Result<void> LiveSource::open(unsigned threads, const PageStoreLimits& limits) {
  std::uint64_t end = 0;
  for (const Segment& segment : machine_.ram) end = std::max(end, segment.address + segment.size);
  const unsigned moments = machine_.motion == Motion::runs ? threads : 1;
  for (unsigned i = 0; i < moments + 1; ++i) {
    Moment& moment = moments_.emplace_back();
    PageStoreLimits changing = limits;
    changing.goes_on_changing =
        machine_.motion == Motion::runs; // a guest that is held has one store for all threads
    auto store = PageStore::make(
        end / page_size + 1, page_size,
        [this, &moment](std::uint64_t frame, std::span<std::byte> page) {
          return fetch(moment, frame, page);
        },
        changing);
    if (!store) return std::unexpected(std::move(store.error()));
    moment.store = std::move(*store);
    const auto fetch_run = [this, &moment](std::uint64_t first, std::span<std::byte> pages) {
      return fetch(moment, first, pages) == PageState::there;
    };
    moment.store->fetch_runs_by(fetch_run, i == 0); // later each page has the time of its own first look
  }
  moments_.front().window = std::move(machine_.first);
  if (machine_.motion == Motion::runs) return {};
  auto window = machine_.open_window(); // now, since that moment is of all threads
  if (!window) return std::unexpected(std::move(window.error()));
  moments_.back().window = std::move(*window);
  if (machine_.motion == Motion::stands_still) held_ = 1;
  return {};
}

LiveSource::Moment& LiveSource::own_moment() const { return moments_[moment()]; }
unsigned LiveSource::moment() const { return is_running() ? current : held_; }

Result<void> LiveSource::hold() {
  if (auto stopped = machine_.brake->stop(); !stopped) return stopped;
  held_ = 1;
  moments_.back().store->forget();
  taken_ = 0;
  return {};
}

bool LiveSource::let_go() {
  const bool stood = machine_.brake->let_go();
  was_stopped_for(machine_.brake->stopped_ms());
  taken_ = moments_.back().store->known_pages();
  return stood;
}

Result<void> LiveSource::take() {
  if (auto stopped = machine_.brake->stop(); !stopped) return stopped;
  moments_.back().store->renew();
  if (!let_go()) return fail(Errc::io, "the guest ran again before all was read");
  return {};
}

std::uint64_t LiveSource::late_pages() const { return moments_.back().store->known_pages() - taken_; }

/// Opened when it is first needed; null where it cannot be.
LiveWindow* LiveSource::window_of(Moment& moment) const {
  if (moment.window) return moment.window.get();
  auto window = machine_.open_window();
  if (window) moment.window = std::move(*window);
  return moment.window.get();
}

PageState LiveSource::fetch(Moment& moment, std::uint64_t frame, std::span<std::byte> pages) const {
  LiveWindow* const window = window_of(moment);
  if (window == nullptr) return PageState::no_room;
  return window->read(frame * page_size, pages) ? PageState::there : PageState::damaged;
}

std::uint64_t LiveSource::ram_behind(std::uint64_t address) const {
  const auto next = std::ranges::upper_bound(machine_.ram, address, {}, &Segment::address);
  if (next == machine_.ram.begin()) return 0;
  const Segment& segment = *std::prev(next);
  const std::uint64_t inside = address - segment.address;
  return inside < segment.size ? segment.size - inside : 0;
}

std::span<const std::byte> LiveSource::view(std::uint64_t address, std::size_t want) const {
  const std::uint64_t size = std::min<std::uint64_t>(want, ram_behind(address));
  if (size == 0) return {};
  const std::uint64_t inside = address % page_size;
  const auto pages = own_moment().store->view(address / page_size, (inside + size - 1) / page_size + 1);
  if (pages.size() <= inside) return {};
  return pages.subspan(inside).first(std::min<std::uint64_t>(size, pages.size() - inside));
}

std::span<const std::byte> LiveSource::glance(std::uint64_t address, std::size_t want,
                                              std::vector<std::byte>& buffer) const {
  const std::uint64_t size = std::min<std::uint64_t>(want, ram_behind(address));
  if (size == 0) return {};
  const std::uint64_t inside = address % page_size;
  buffer.resize((inside + size + page_size - 1) / page_size * page_size);
  const std::scoped_lock lock(opening_); // several threads search the memory before any moment begins
  const std::size_t there = moments_.front().store->copy(address / page_size, buffer);
  if (there <= inside) return {};
  return std::span<const std::byte>(buffer).subspan(inside).first(
      std::min<std::uint64_t>(size, there - inside));
}

Absence LiveSource::why_absent(std::uint64_t address) const {
  if (ram_behind(address) == 0) return Absence::not_described;
  return own_moment().store->state(address / page_size) == PageState::no_room ? Absence::no_room
                                                                              : Absence::refused;
}

std::vector<std::string> LiveSource::troubles() const {
  std::vector<std::string> all;
  for (const Moment& moment : moments_)
    if (std::string trouble = moment.store->trouble(); !trouble.empty() && all.empty())
      all.push_back(std::move(trouble));
  return all;
}

/// A process forked off has no window of its own.
bool LiveSource::read_now(std::span<const std::uint64_t> addresses, std::size_t size, std::span<std::byte> to,
                          std::span<std::uint8_t> there) const {
  if (!is_running() || ask_ || current == 0) return false;
  LiveWindow* const window = window_of(own_moment());
  return window != nullptr && window->read_each(addresses, size, to, there);
}

void LiveSource::begin_moment() const {
  if (!is_running()) return;
  if (current == 0) current = 1 + moments_begun.fetch_add(1) % static_cast<unsigned>(moments_.size() - 1);
  own_moment().store->forget();
}

void LiveSource::join_moment(unsigned moment, AskForMemory ask) const {
  current = moment % static_cast<unsigned>(moments_.size());
  ask_ = std::move(ask);
  own_moment().store->ask_through([this](std::uint64_t first, std::uint64_t count) {
    const Piece piece{first * page_size, count * page_size};
    ask_(std::span(&piece, 1));
  });
}

/// Of a process forked off, which asks once for all of them.
bool LiveSource::gains_from_threads() const { return ask_ != nullptr; }

void LiveSource::bring_in(std::uint64_t address, std::size_t size) const {
  const std::uint64_t bytes = std::min<std::uint64_t>(size, ram_behind(address));
  if (bytes == 0) return;
  const std::uint64_t first = address / page_size, count = (address % page_size + bytes - 1) / page_size + 1;
  PageStore& store = *own_moment().store;
  if (!is_running()) return view_all(store, first, count, page_size);
  if (!ask_) return store.look_again(first, count);
  std::uint64_t newest = 0;
  while (newest < count && store.is_newest(first + newest)) ++newest;
  const Piece piece{address, bytes};
  if (newest < count) ask_(std::span(&piece, 1));
}

bool LiveSource::look_again() const {
  if (!is_running() || ask_) return false;
  own_moment().store->look_at_all_again();
  return true;
}

void LiveSource::bring_in(std::span<const Piece> pieces) const {
  if (ask_) return ask_(pieces);
  for (const Piece& piece : pieces) bring_in(piece.address, piece.size);
}

} // namespace mapscope::memory
