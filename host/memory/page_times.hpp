// SPDX-License-Identifier: Apache-2.0
// Of pages that go on changing: which of those that are kept were looked at behind all others.
//
// Two looks at some pages, of which the second begins when the first has ended, tell whether they are of one
// time: whoever looks twice needs to know which pages still lack the second. Time is how many pages came in.
// Thread rule: one thread; processes forked off see what it says and cannot change it.
#pragma once

#include "host/base/result.hpp"

#include <cstdint>
#include <memory>

namespace mapscope::memory {

class PageTimes {
public:
  static Result<std::unique_ptr<PageTimes>> make(std::uint64_t pages);
  ~PageTimes();
  PageTimes(const PageTimes&) = delete;
  PageTimes& operator=(const PageTimes&) = delete;

  /// With another content than before, if there was any: of all others none is the newest any more.
  void came_in(std::uint64_t page) { own_[page] = ++own_[pages_]; }
  /// And it is as it was.
  void looked_at_again(std::uint64_t page) { own_[page] = own_[pages_] + 1; }
  /// Looked at again since any page came in.
  [[nodiscard]] bool is_newest(std::uint64_t page) const { return seen_[page] > seen_[pages_]; }
  /// Stays the same as long as no page came in, the same or another content.
  [[nodiscard]] std::uint64_t arrivals() const { return seen_[pages_]; }
  /// Nothing is kept any more.
  void begin_anew() { ++own_[pages_]; }

private:
  explicit PageTimes(std::uint64_t pages) : pages_(pages) {}
  Result<void> map();
  [[nodiscard]] std::uint64_t size() const { return (pages_ + 1) * sizeof *own_; }

  std::uint64_t pages_;                 ///< behind their times, how many came in
  const std::uint64_t* seen_ = nullptr; ///< read-only
  std::uint64_t* own_ = nullptr;        ///< the same memory, for the owner alone
};

} // namespace mapscope::memory
