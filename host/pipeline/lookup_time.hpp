// SPDX-License-Identifier: Apache-2.0
// How long one map may be looked at.
//
// Thread rule: one map, one thread.
#pragma once

#include "host/base/waiting.hpp"
#include "host/pipeline/lookup_map.hpp"

#include <fmt/format.h>

namespace mapscope::pipeline {

class LookupTime {
public:
  LookupTime(const LookupContext& context, const catalog::Map& map)
      : limits_(plugin::limits_for(context.config, map.names(), {}, context.rest)),
        until_(Waiting::now_without() + std::chrono::milliseconds(limits_.budget.ms)) {}

  /// Looks at the clock. Once spent, it stays so.
  bool runs_out() { return spent_ = spent_ || Waiting::now_without() > until_; }
  /// The same after every so many of those that come fast.
  bool is_spent_after(std::uint64_t count) { return count % 256 == 0 && runs_out(); }
  [[nodiscard]] bool is_spent() const { return spent_; }
  [[nodiscard]] std::string text() const {
    return fmt::format("stopped after {} ms (budget.{}ms)", limits_.budget.ms,
                       limits_.ms_of_report ? "report_" : "");
  }

private:
  plugin::Limits limits_;
  Waiting::Clock::time_point until_;
  bool spent_ = false;
};

} // namespace mapscope::pipeline
