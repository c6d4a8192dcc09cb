// SPDX-License-Identifier: Apache-2.0
// What one render may use up. Once a limit is reached the budget stays spent.
//
// Thread rule: one budget, one thread.
#pragma once

#include "host/base/waiting.hpp"
#include "host/plugin/call/limits.hpp"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <string_view>

namespace mapscope::plugin {

class Budget {
public:
  enum class Kind : std::uint8_t { none, time, entries, read_bytes, emit_bytes, nesting };

  static constexpr Kind last_kind = Kind::nesting;

  explicit Budget(const Limits& limits)
      : all_(limits), limits_(all_.budget),
        deadline_(Waiting::now_without() + std::chrono::milliseconds(limits_.ms)) {}
  Budget(const Budget&) = delete;
  Budget& operator=(const Budget&) = delete;

  /// Every helper call; the clock is looked at every 256th.
  bool call() {
    if (spent_ == Kind::none && ++calls_ % 256 == 0 && Waiting::now_without() > deadline_)
      spent_ = Kind::time;
    return spent_ == Kind::none;
  }
  bool entry() { return use(entries_, 1, limits_.entries, Kind::entries); }
  bool read(std::uint64_t bytes) { return use(read_, bytes, limits_.read_bytes, Kind::read_bytes); }
  bool emit(std::uint64_t bytes) { return use(emitted_, bytes, limits_.emit_bytes, Kind::emit_bytes); }

  /// What another process that ran the plugin says of its own.
  void spend(Kind kind) {
    if (spent_ == Kind::none) spent_ = kind;
  }

  [[nodiscard]] Kind spent() const { return spent_; }
  /// One more object or list is open.
  bool nest(std::size_t depth) {
    if (depth > limits_.nesting) spend(Kind::nesting);
    return spent_ == Kind::none;
  }
  [[nodiscard]] Used used() const { return {entries_, read_, emitted_}; }
  /// Of a worker's own; what the host itself read is beside it.
  void add_read(std::uint64_t bytes) { read_ += std::min(bytes, limits_.read_bytes - read_); }
  [[nodiscard]] const config::Budget& limits() const { return limits_; }
  [[nodiscard]] const Limits& all_limits() const { return all_; }

private:
  bool use(std::uint64_t& used, std::uint64_t more, std::uint64_t limit, Kind kind) {
    if (spent_ != Kind::none) return false;
    if (more > limit - used)
      spent_ = kind; // used never exceeds its limit
    else
      used += more;
    return spent_ == Kind::none;
  }

  Limits all_;
  const config::Budget& limits_;
  Waiting::Clock::time_point deadline_;
  std::uint64_t calls_ = 0, entries_ = 0, read_ = 0, emitted_ = 0;
  Kind spent_ = Kind::none;
};

} // namespace mapscope::plugin
