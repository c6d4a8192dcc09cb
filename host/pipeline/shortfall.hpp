// SPDX-License-Identifier: Apache-2.0
// What of a report is less than complete, in words.
//
// Thread rule: pure, when all has been rendered; a ShortfallCount belongs to one thread.
#pragma once

#include "host/pipeline/shown_map.hpp"

#include <cstddef>
#include <map>
#include <string>
#include <vector>

namespace mapscope::pipeline {

class Allocations;
class KernelTargets;

/// Of things of one kind.
class ShortfallCount {
public:
  explicit ShortfallCount(std::string kind) : kind_(std::move(kind)) {} ///< "map", as counted() takes it
  void add(report::Status status, const std::string& name);
  /// "2 of 9 maps (1 truncated, 1 partial; the first is map 5, big)"; "" where all are complete.
  [[nodiscard]] std::string text() const;

private:
  std::string kind_, first_;
  std::size_t all_ = 0;
  std::map<report::Status, std::size_t> less_;
};

/// "" where nothing is. `may_lack`: why maps may be missing, "" where none can.
std::string shortfall_of(const ShownMaps& maps, const Allocations& allocations, const KernelTargets& kernel,
                         const std::string& may_lack);

} // namespace mapscope::pipeline
