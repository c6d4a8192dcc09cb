// SPDX-License-Identifier: Apache-2.0
// Text that may still be dropped: up to 128 MiB of all spools of the process in memory, more of it in a file
// without a name. Where there is no room for a file all of it stays in memory.
//
// Thread rule: belongs to the thread that renders; what all of them hold is counted in one place.
#pragma once

#include "host/report/writer.hpp"

#include <cstddef>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace mapscope::report {

class Spool final : public Stream {
public:
  explicit Spool(Stream& to) : to_(to) {}
  ~Spool() override;
  Spool(const Spool&) = delete;
  Spool& operator=(const Spool&) = delete;

  void append(std::string_view text) override;
  /// What is held goes out, and what comes from now on as it comes.
  void let_go();

private:
  /// One huge page, where the kernel has them: thousands of small ones cost more than what is written.
  struct Piece {
    static constexpr std::size_t capacity = 2U << 20;
    struct Free {
      void operator()(char* bytes) const { std::free(bytes); } // NOLINT(*-no-malloc)
    };
    std::unique_ptr<char, Free> bytes;
    std::size_t size = 0;
    std::size_t take(std::string_view text); ///< as much as there is room for
    [[nodiscard]] std::string_view text() const { return {bytes.get(), size}; }
  };

  bool begin_piece();
  bool spill();
  void clear();
  void send_file();

  Stream& to_;
  std::string first_;         ///< most maps have no more
  std::vector<Piece> pieces_; ///< behind the first, or behind what is in the file
  std::string last_;          ///< where there is no room
  int file_ = -1;
  bool has_room_ = true; ///< there, or in memory
  bool holds_ = true;
};

} // namespace mapscope::report
