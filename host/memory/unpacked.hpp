// SPDX-License-Identifier: Apache-2.0
// Room for what a file holds packed: a temporary file without a name, in TMPDIR or /var/tmp.
//
// Refuses: to hand out what was not written, since memory behind a hole may turn out not to be there when it
// is touched (tmpfs). Nothing is left behind, however the program ends. Thread rule: write() may be called
// from any thread; map() once, when all is written.
#pragma once

#include "host/base/result.hpp"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace mapscope::memory {

class Unpacked {
public:
  Unpacked();
  Unpacked(const Unpacked&) = delete;
  Unpacked& operator=(const Unpacked&) = delete;
  ~Unpacked();

  /// Failures are kept, and told by map().
  void write(std::uint64_t offset, std::span<const std::byte> bytes);
  [[nodiscard]] bool failed() const { return error_ != 0; }
  /// Bytes [0, size), of which those count that were written. Borrowed.
  Result<std::span<const std::byte>> map(std::uint64_t size);
  /// As many zeros as were ever asked for, at no cost. Borrowed.
  Result<std::span<const std::byte>> zeros(std::uint64_t size);
  [[nodiscard]] const std::string& directory() const { return directory_; }

private:
  [[nodiscard]] std::unexpected<Error> failure() const;

  std::string directory_;
  int fd_ = -1;
  std::atomic<int> error_ = 0; ///< the first errno
  std::span<const std::byte> mapped_, zeros_;
};

} // namespace mapscope::memory
