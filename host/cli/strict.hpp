// SPDX-License-Identifier: Apache-2.0
// --strict: what of a report is less than complete, in words.
//
// Thread rule: belongs to one thread.
#pragma once

#include "host/report/writer.hpp"

#include <cstddef>
#include <map>
#include <string>

namespace mapscope::cli {

/// Of things of one kind.
class Shortfall {
public:
  explicit Shortfall(std::string kind) : kind_(std::move(kind)) {} ///< "map", as counted() takes it
  void add(report::Status status, const std::string& name);
  /// "2 of 9 maps (1 truncated, 1 partial; the first is map 5, big)"; "" where all are complete.
  [[nodiscard]] std::string text() const;

private:
  std::string kind_, first_;
  std::size_t all_ = 0;
  std::map<report::Status, std::size_t> less_;
};

} // namespace mapscope::cli
