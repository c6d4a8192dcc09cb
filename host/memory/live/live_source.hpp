// SPDX-License-Identifier: Apache-2.0
// The memory of a machine that may go on running, by physical address: of the one that this runs on, or of a
// guest.
//
// Of what runs, what is read is kept for one moment, the render of one map: within it each page is as it was
// when it was first looked at, and bytes lie in place. Moments of several threads know nothing of each other.
// A guest that can be held still has one moment for all threads, which begins when it is held. Refuses:
// memory that is no RAM, and of what runs to be a picture of one time. Thread rule: Source's; a thread's
// first moment begins with begin_moment(), what was read before is never read again. pause() is for one
// thread, while no other reads.
#pragma once

#include "host/memory/page_store.hpp"
#include "host/memory/source.hpp"

#include <deque>
#include <functional>
#include <memory>
#include <mutex>

namespace mapscope::memory {

/// One thread's way to the memory.
class LiveWindow {
public:
  virtual ~LiveWindow() = default;
  /// All of some pages that lie side by side, at most 64 KiB, or false.
  [[nodiscard]] virtual bool read(std::uint64_t physical, std::span<std::byte> pages) = 0;
  /// See Source::read_now().
  [[nodiscard]] virtual bool read_each(std::span<const std::uint64_t> /*addresses*/, std::size_t /*size*/,
                                       std::span<std::byte> /*to*/, std::span<std::uint8_t> /*there*/) {
    return false;
  }
};

/// What makes a guest stand still.
class Brake {
public:
  /// Lets go.
  virtual ~Brake() = default;
  virtual Result<void> stop() = 0;
  /// False: it runs again already.
  virtual bool let_go() = 0;
  /// How long it stood still, all in all.
  [[nodiscard]] virtual std::optional<double> stopped_ms() const = 0;
};

enum class Motion : std::uint8_t { runs, can_be_held, stands_still };

struct LiveMachine {
  std::string_view via;             ///< "peek", "kcore", "shared"
  std::string_view format = "live"; ///< or "guest"
  std::vector<Segment> ram;
  std::string vmcoreinfo;
  std::unique_ptr<LiveWindow> first; ///< that it was found through
  std::function<Result<std::unique_ptr<LiveWindow>>()> open_window;
  Motion motion = Motion::runs;
  std::unique_ptr<Brake> brake{}; ///< of what can be held
};

class LiveSource final : public Source, private Pause {
public:
  /// `threads` of them may have moments at a time.
  static Result<std::unique_ptr<Source>> open(LiveMachine machine, unsigned threads,
                                              const PageStoreLimits& limits);

  [[nodiscard]] std::string_view format() const override { return machine_.format; }
  [[nodiscard]] std::string_view arch() const override { return ""; }
  [[nodiscard]] std::span<const Segment> segments() const override { return machine_.ram; }
  [[nodiscard]] std::span<const std::byte> view(std::uint64_t address, std::size_t want) const override;
  std::span<const std::byte> glance(std::uint64_t address, std::size_t want,
                                    std::vector<std::byte>& buffer) const override;
  [[nodiscard]] Absence why_absent(std::uint64_t address) const override;
  [[nodiscard]] std::string_view vmcoreinfo() const override { return machine_.vmcoreinfo; }
  [[nodiscard]] std::span<const std::string> warnings() const override { return {}; }
  [[nodiscard]] std::vector<std::string> troubles() const override;

  [[nodiscard]] bool is_running() const override { return machine_.motion == Motion::runs; }
  [[nodiscard]] Pause* pause() override { return machine_.brake ? this : nullptr; }

  [[nodiscard]] bool gains_from_threads() const override;
  void bring_in(std::uint64_t address, std::size_t size) const override;
  void bring_in(std::span<const Piece> pieces) const override;
  [[nodiscard]] bool look_again() const override;
  [[nodiscard]] bool read_now(std::span<const std::uint64_t> addresses, std::size_t size,
                              std::span<std::byte> to, std::span<std::uint8_t> there) const override;
  void begin_moment() const override;
  [[nodiscard]] unsigned moment() const override;
  [[nodiscard]] std::uint64_t arrivals() const override { return own_moment().store->arrivals(); }
  void join_moment(unsigned moment, AskForMemory ask) const override;

private:
  static constexpr std::size_t page_size = 4096;

  /// What one thread has read.
  struct Moment {
    std::unique_ptr<LiveWindow> window;
    std::unique_ptr<PageStore> store; ///< by frame number
  };

  explicit LiveSource(LiveMachine machine) : machine_(std::move(machine)) {}
  Result<void> open(unsigned threads, const PageStoreLimits& limits);
  Result<void> hold() override;
  bool let_go() override;
  Result<void> take() override;
  [[nodiscard]] std::uint64_t late_pages() const override;
  [[nodiscard]] Moment& own_moment() const;
  [[nodiscard]] LiveWindow* window_of(Moment& moment) const;
  [[nodiscard]] PageState fetch(Moment& moment, std::uint64_t frame, std::span<std::byte> pages) const;
  /// The bytes of RAM from `address` on.
  [[nodiscard]] std::uint64_t ram_behind(std::uint64_t address) const;

  LiveMachine machine_;
  mutable std::deque<Moment> moments_; ///< the first for what is read before any begins
  mutable std::mutex opening_;
  mutable AskForMemory ask_; ///< of a process forked off
  unsigned held_ = 0;       ///< 1: the guest stands still, or did once, and its moment is that of all threads
  std::uint64_t taken_ = 0; ///< pages
};

} // namespace mapscope::memory
