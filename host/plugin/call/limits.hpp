// SPDX-License-Identifier: Apache-2.0
// How much one render may use up: of configuration, of the rules for its map, of its plugin's own hints, and
// of what the renders before it have left of the report's budget.
//
// Thread rule: Limits are plain values; a ReportBudget may be used from any thread. Renders that run at the
// same time see the same rest, so together they may go beyond it by what one map may use.
#pragma once

#include "host/catalog/catalog.hpp"
#include "host/config/config.hpp"
#include "host/plugin/verify/manifest.hpp"
#include "host/report/output.hpp"

#include <chrono>
#include <mutex>
#include <string_view>

namespace mapscope::plugin {

struct Limits {
  config::Budget budget;
  /// Which of them are the rest of the report's.
  bool ms_of_report = false, entries_of_report = false, read_of_report = false, emit_of_report = false;
};

/// What a render has used.
struct Used {
  std::uint64_t entries = 0, read_bytes = 0, emit_bytes = 0;
};

class ReportBudget {
public:
  explicit ReportBudget(const config::Budget::Report& limits) : limits_(limits) {}
  /// Its clock stands still while the report is taken from there.
  void leave_out(const report::Output& output) { output_ = &output; }
  void charge(const Used& used);
  /// What is left of it.
  struct Rest {
    std::uint64_t ms = UINT64_MAX, entries = UINT64_MAX, read_bytes = UINT64_MAX, emit_bytes = UINT64_MAX;
  };
  [[nodiscard]] Rest rest() const;

private:
  config::Budget::Report limits_;
  const report::Output* output_ = nullptr;
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
  mutable std::mutex mutex_;
  Used used_;
};

/// Limits that go beyond what is left of the report's are lowered to it.
Limits limits_for(const config::Config& config, const catalog::Names& map, const Manifest& manifest,
                  const ReportBudget::Rest& rest);
/// Entries that are shown of a map; 0 = all.
std::uint64_t row_limit(const config::Config& config, const catalog::Names& map);

} // namespace mapscope::plugin
