// SPDX-License-Identifier: Apache-2.0
// Who takes the elements of one map from look-ups: counts them, and shows as many as the limits let.
//
// Thread rule: one map, one thread.
#pragma once

#include "host/lookup/elements.hpp"
#include "host/pipeline/lookup_map.hpp"
#include "host/pipeline/lookup_time.hpp"
#include "host/pipeline/lookup_values.hpp"

#include <memory>

namespace mapscope::pipeline {

class LookupTaker : public lookup::Taker {
public:
  LookupTaker(const LookupContext& context, const catalog::Map& map, const lookup::Access& access,
              report::MapWriter& writer);

  bool element(const lookup::Element& element) final;
  bool goes_on() final;
  /// Comes when there are no more: what is shown as a whole.
  virtual void finish() {}

  [[nodiscard]] std::uint64_t seen() const { return seen_; }
  [[nodiscard]] std::uint64_t hidden() const { return seen_ - shown_; }
  [[nodiscard]] const LookupTime& time() const { return time_; }
  [[nodiscard]] const LookupValues& values() const { return values_; }
  /// What else is to be said of the map.
  [[nodiscard]] const std::vector<std::string>& cuts() const { return cuts_; }

protected:
  virtual void show(const lookup::Element& element) = 0;
  [[nodiscard]] std::uint64_t limit() const { return limit_; }

  const LookupContext& context_;
  const catalog::Map& map_;
  const lookup::Access& access_;
  report::MapWriter& writer_;
  LookupValues values_;
  std::vector<std::string> cuts_;

private:
  LookupTime time_;
  std::uint64_t limit_, seen_ = 0, shown_ = 0;
};

/// By the map's type.
std::unique_ptr<LookupTaker> make_taker(const LookupContext& context, const catalog::Map& map,
                                        const lookup::Access& access, report::MapWriter& writer);
/// Of maps whose slots refer to something, and of struct_ops: those that are shown in one piece.
std::unique_ptr<LookupTaker> make_slot_taker(const LookupContext& context, const catalog::Map& map,
                                             const lookup::Access& access, report::MapWriter& writer);

/// A ring buffer, which is no list of elements.
report::Outcome show_ring(const LookupContext& context, const catalog::Map& map, int fd,
                          report::MapWriter& writer);

} // namespace mapscope::pipeline
