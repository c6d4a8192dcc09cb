// SPDX-License-Identifier: Apache-2.0
// How a saved map's rendering ended, as another format tells it.
//
// What limits left out is told by each format of itself: what JSON said of its own values goes, and what the
// writer left out comes in its place. Thread rule: immutable once made.
#pragma once

#include "host/btf/decoder.hpp"
#include "host/plain/object.hpp"
#include "host/report/writer.hpp"

namespace mapscope::saved {

class ReplayedOutcome {
public:
  ReplayedOutcome(const plain::Object& map, const btf::Limits& limits);

  /// What of the map's values is not in the report.
  [[nodiscard]] const btf::Cuts& cuts() const { return cuts_; }
  /// Comes behind all rows and fields.
  [[nodiscard]] report::Outcome as_for(const report::MapWriter& writer) const;

private:
  void take_words(const plain::Object& map);
  void take_cuts(const plain::Object& map);

  report::Outcome outcome_;
  btf::Cuts cuts_;
  btf::Limits limits_;
  std::size_t cuts_at_ = 0; ///< in its limits: where what was cut of values is told
};

} // namespace mapscope::saved
