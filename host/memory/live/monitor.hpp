// SPDX-License-Identifier: Apache-2.0
// One client of one QEMU monitor: commands, answers, and when the guest was stopped and went on.
//
// What comes from the socket is hostile: a line is bounded, and what is no QMP ends the talk. Refuses: a
// socket that another client holds, as libvirt does. Thread rule: belongs to one thread.
#pragma once

#include "host/base/result.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <rapidjson/document.h>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace mapscope::memory {

class Monitor {
public:
  using Clock = std::chrono::steady_clock;
  using Words = std::vector<std::pair<std::string_view, std::string_view>>;
  static constexpr std::chrono::seconds patience{5}; ///< with what QEMU answers at once

  Monitor() = default;
  ~Monitor();
  Monitor(Monitor&& other) noexcept;
  Monitor& operator=(Monitor&&) = delete;

  Result<void> connect(const std::string& path);

  /// An object with what it returns as "return". `arguments` is a JSON object; `descriptor` goes along.
  Result<rapidjson::Document> ask(std::string_view command, std::string_view arguments = "{}",
                                  std::chrono::seconds most = patience, int descriptor = -1);
  /// The same where the arguments are words without quotation marks or backslashes.
  Result<rapidjson::Document> ask(std::string_view command, const Words& words);
  /// What a command for people prints.
  Result<std::string> ask_in_words(std::string_view command);

  [[nodiscard]] int fd() const { return fd_; }
  /// Of the process that listens, as far as it can be seen from here; 0: not at all.
  [[nodiscard]] int peer() const;
  /// By its own events.
  [[nodiscard]] bool has_left_it_stopped() const { return stopped_.has_value(); }
  /// All the times together; nothing where the guest never went on again.
  [[nodiscard]] std::optional<double> stopped_ms() const {
    return resumed_ ? std::optional(sum_us_ / 1000) : std::nullopt;
  }

private:
  Result<void> send(const std::string& text, int descriptor) const;
  Result<rapidjson::Document> line(Clock::time_point deadline);
  Result<void> fill(Clock::time_point deadline);
  void take_event(const rapidjson::Document& event);

  int fd_ = -1;
  std::uint64_t asked_ = 0;
  std::string read_;
  std::optional<double> stopped_; ///< since, microseconds
  double sum_us_ = 0;
  bool resumed_ = false;
};

} // namespace mapscope::memory
