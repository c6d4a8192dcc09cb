// SPDX-License-Identifier: Apache-2.0
// Pages that must be worked out, each once, and then lie in place: in one read-only mapping of a temporary
// file, neighbours beside each other.
//
// Spans stay valid for the life of the store. Pages are written with pwrite: a file system that is full costs
// pages, never a signal. Pages that were looked at are given back to the file when many are resident.
// A process that was forked off sees what the store holds through the mapping, which it cannot make writable,
// and works out the rest in memory of its own; nothing it does is seen by others. Thread rule: from any
// thread; a process forked off has one.
#pragma once

#include "host/memory/page_times.hpp"
#include "host/memory/source.hpp"
#include "host/memory/unlinked_file.hpp"

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <vector>

namespace mapscope::memory {

enum class PageState : std::uint8_t {
  unknown, ///< nobody has asked for it
  there,
  damaged, ///< its bytes contradict themselves
  cut_off, ///< its bytes lie behind the end of the file
  no_room, ///< it was worked out, and could not be kept
};

struct PageStoreLimits {
  std::uint64_t resident = 256U << 20; ///< bytes of the mapping that may lie in memory at a time
  std::uint64_t forked = 256U << 20;   ///< bytes that a process forked off works out for itself
  bool in_memory = false;              ///< no disk may keep anybody waiting
  bool goes_on_changing = false;       ///< what they are worked out from: such a store is one thread's
};

class PageStore {
public:
  /// Fills `page`; what became of it, never `unknown`. Called by any thread, and for one page perhaps twice.
  using Fetch = std::function<PageState(std::uint64_t index, std::span<std::byte> page)>;
  /// The same of neighbours, all of them or none: true where each is there.
  using FetchRun = std::function<bool(std::uint64_t first, std::span<std::byte> pages)>;

  /// Asks for so many pages from `first` on.
  using Ask = std::function<void(std::uint64_t first, std::uint64_t count)>;

  static Result<std::unique_ptr<PageStore>> make(std::uint64_t pages, std::size_t page_size, Fetch fetch,
                                                 const PageStoreLimits& limits);
  ~PageStore();
  PageStore(const PageStore&) = delete;
  PageStore& operator=(const PageStore&) = delete;

  /// Where many at a time cost less than one by one. `ahead`: whoever views on and on is given more than it
  /// asks for, and is one thread. Before anybody views.
  void fetch_runs_by(FetchRun fetch, bool ahead) { fetch_run_ = std::move(fetch), reads_ahead_ = ahead; }

  /// Pages from `first` on, at most `count`, before the first that is not there. Few are worked out by one
  /// call; whoever wants more calls again.
  [[nodiscard]] std::span<const std::byte> view(std::uint64_t first, std::uint64_t count);
  /// Works out as many on all CPUs, as far as they are there, for views that follow.
  void bring_in(std::uint64_t first, std::uint64_t count);
  // Where what they are worked out from goes on changing.
  /// All that is kept is worked out anew when it is asked for again; spans may then change. While nobody else
  /// views.
  void forget();
  /// All that was asked for since forget() is worked out anew, now. While nobody else views.
  void renew();
  /// Pages asked for since forget().
  [[nodiscard]] std::uint64_t known_pages() const;
  /// What is kept of it was looked at behind the first look at any other.
  [[nodiscard]] bool is_newest(std::uint64_t index) const;
  /// Stays the same as long as nothing is worked out, and nothing that was is found to have changed.
  [[nodiscard]] std::uint64_t arrivals() const { return times_ ? times_->arrivals() : 0; }
  /// Makes it so for each; spans may then change.
  void look_again(std::uint64_t first, std::uint64_t count);
  /// Looks at all that is kept once more; spans may then change.
  void look_at_all_again();
  /// Of a process forked off: what is not there is asked for, and not worked out.
  void ask_through(Ask ask) { ask_ = std::move(ask); }
  [[nodiscard]] PageState state(std::uint64_t index) const;
  /// Works pages out into `to` and keeps nothing; how many bytes could be filled.
  [[nodiscard]] std::size_t copy(std::uint64_t first, std::span<std::byte> to) const;

  /// Why pages could not be kept; "" when all could.
  [[nodiscard]] std::string trouble() const;
  [[nodiscard]] bool is_forked_off() const { return *is_owner_ == 0; }
  /// Of a process forked off: it has taken so much for itself that a fresh one should go on.
  [[nodiscard]] bool is_used_up() const;
  [[nodiscard]] std::size_t page_size() const { return page_size_; }

private:
  class Forked;
  PageStore(UnlinkedFile file, std::uint64_t pages, std::size_t page_size, Fetch fetch,
            const PageStoreLimits& limits);
  Result<void> map();
  [[nodiscard]] std::span<const std::byte> in_place(std::uint64_t first, std::uint64_t count) const;
  PageState work_out(std::uint64_t index);
  std::uint64_t work_out_run(std::uint64_t first, std::uint64_t most);
  std::uint64_t ahead(std::uint64_t first, std::uint64_t wanted);
  [[nodiscard]] std::uint64_t unknown_run(std::uint64_t first, std::uint64_t most) const;
  PageState set_state(std::uint64_t index, PageState state);
  void look_again_at(std::uint64_t index);
  bool look_again_at_run(std::uint64_t first, std::uint64_t count);
  void compare_with_kept(std::uint64_t index, std::span<const std::byte> now);
  void touch(std::uint64_t index, std::uint8_t mark);
  void give_back();
  std::span<const std::byte> asked_for(std::uint64_t first, std::uint64_t count);

  UnlinkedFile file_;
  std::uint64_t pages_;
  std::size_t page_size_;
  Fetch fetch_;
  FetchRun fetch_run_; ///< null: there is no such way
  bool reads_ahead_ = false;
  std::uint64_t ahead_end_ = 0, ahead_ = 1; ///< where the last one ended, and pages it was of
  PageStoreLimits limits_;
  /// 1, and 0 in a process forked off: the kernel wipes it there. Asked at each view, so no system call.
  const std::uint8_t* is_owner_ = nullptr;
  const std::byte* bytes_ = nullptr;         ///< the file, read-only
  const std::uint8_t* seen_marks_ = nullptr; ///< a byte for each page, read-only
  std::uint8_t* marks_ = nullptr;            ///< the same, for the owner alone
  std::atomic<std::uint64_t> resident_ = 0;
  std::atomic<std::uint8_t> round_ = 0; ///< of giving back
  std::atomic<int> error_ = 0;
  std::unique_ptr<Forked> forked_;
  // Where it goes on changing:
  std::vector<std::uint64_t> known_; ///< whose state is
  mutable std::mutex adding_;        ///< to known_
  bool forgets_ = false;
  std::unique_ptr<PageTimes> times_;
  Ask ask_;
  std::uint64_t asked_end_ = 0, asked_ = 1; ///< where the last one ended, and pages it was of
};

} // namespace mapscope::memory
