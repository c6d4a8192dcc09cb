// SPDX-License-Identifier: Apache-2.0
// What of a report a person should look at first.
//
// Refuses: to guess. A finding repeats what the report shows, and says what the kernel does in that state.
// Thread rule: as for any MapWriter.
#pragma once

#include "host/report/writer.hpp"

#include <vector>

namespace mapscope::report {

/// Members of one map's report that findings depend on; absent when the report has none.
struct Seen {
  std::optional<std::uint64_t> ring_capacity, ring_pending; ///< ringbuf.capacity, ringbuf.pending_bytes
};

/// Passes a map's report on and keeps what findings depend on.
class Watch final : public MapWriter {
public:
  explicit Watch(MapWriter& to) : to_(to) {}

  void begin(const catalog::Map& map) override { to_.begin(map); }
  void begin_allocator(std::string_view name, const catalog::Map& section) override {
    to_.begin_allocator(name, section);
  }
  void row(const Row& row) override {
    depth_ = row.open ? 1 : 0, in_ring_ = false;
    to_.row(row);
  }
  void field(const Field& field) override;
  void end(const Outcome& outcome) override { to_.end(outcome); }
  [[nodiscard]] Cuts cuts() const override { return to_.cuts(); }

  [[nodiscard]] const Seen& seen() const { return seen_; }

private:
  void note(const Field& number);

  MapWriter& to_;
  Seen seen_;
  unsigned depth_ = 0;   ///< of the open objects, lists and row
  bool in_ring_ = false; ///< the outermost of them is "ringbuf"
};

/// From one map and how its rendering ended; in order of weight.
std::vector<Finding> findings_of(const catalog::Map& map, const Outcome& outcome, const Seen& seen = {});

/// How full it is: of maps whose elements are as many as somebody added, and of ring buffers.
std::optional<std::uint64_t> percent_full(const catalog::Map& map, const Outcome& outcome, const Seen& seen);

} // namespace mapscope::report
