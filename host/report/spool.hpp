// SPDX-License-Identifier: Apache-2.0
// Text that may still be dropped: a little in memory, more of it in a file without a name. Where there is no
// room for a file all of it stays in memory.
//
// Thread rule: belongs to the thread that renders.
#pragma once

#include "host/report/writer.hpp"

#include <string>

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
  bool spill();
  void send_file();

  Stream& to_;
  std::string held_;
  int file_ = -1;
  bool has_room_ = true; ///< for a file, or more of it
  bool holds_ = true;
};

} // namespace mapscope::report
