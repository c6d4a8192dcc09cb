// SPDX-License-Identifier: Apache-2.0
// What one render may use up. Once a limit is reached the budget stays spent.
//
// Thread rule: one budget, one thread.
#pragma once

#include "host/config/config.hpp"

#include <chrono>
#include <cstdint>
#include <string_view>

namespace mapscope::plugin {

class Budget {
public:
  enum class Kind : std::uint8_t { none, time, entries, read_bytes, emit_bytes };

  explicit Budget(const config::Budget& limits)
      : limits_(limits), deadline_(std::chrono::steady_clock::now() + std::chrono::milliseconds(limits.ms)) {}

  /// Every helper call; the clock is looked at every 256th.
  bool call() {
    if (spent_ == Kind::none && ++calls_ % 256 == 0 && std::chrono::steady_clock::now() > deadline_)
      spent_ = Kind::time;
    return spent_ == Kind::none;
  }
  bool entry() { return use(entries_, 1, limits_.entries, Kind::entries); }
  bool read(std::uint64_t bytes) { return use(read_, bytes, limits_.read_bytes, Kind::read_bytes); }
  bool emit(std::uint64_t bytes) { return use(emitted_, bytes, limits_.emit_bytes, Kind::emit_bytes); }

  [[nodiscard]] Kind spent() const { return spent_; }
  [[nodiscard]] const config::Budget& limits() const { return limits_; }

private:
  bool use(std::uint64_t& used, std::uint64_t more, std::uint64_t limit, Kind kind) {
    if (spent_ != Kind::none) return false;
    if (more > limit - used)
      spent_ = kind; // used never exceeds its limit
    else
      used += more;
    return spent_ == Kind::none;
  }

  config::Budget limits_;
  std::chrono::steady_clock::time_point deadline_;
  std::uint64_t calls_ = 0, entries_ = 0, read_ = 0, emitted_ = 0;
  Kind spent_ = Kind::none;
};

} // namespace mapscope::plugin
