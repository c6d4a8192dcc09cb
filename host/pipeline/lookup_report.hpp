// SPDX-License-Identifier: Apache-2.0
// A report of this machine by look-ups alone: no memory is read, so no plugin can find anything, and this
// program shows what bpf(2) hands out. Each map is looked at by itself, while it changes.
//
// Refuses: parts of the kernel that are no maps, and to let plugins decode what is shown. Thread rule: as for
// any Report.
#pragma once

#include "host/lookup/listing.hpp"
#include "host/pipeline/given_types.hpp"
#include "host/pipeline/report.hpp"
#include "host/pipeline/scope.hpp"
#include "host/pipeline/setup.hpp"
#include "host/pipeline/shown_map.hpp"
#include "host/plugin/call/limits.hpp"

namespace mapscope::pipeline {

struct LookupSource {
  lookup::Listing listing;
  GivenTypes given;
  std::vector<std::string> warnings; ///< why nothing else could be had
};

/// The maps that specs name, without those that others do. Errors (usage): as scope_of() of a Session, and a
/// part of the kernel among the specs.
Result<Scope> scope_of(const LookupSource& source, const std::vector<std::string>& specs,
                       const std::vector<std::string>& others = {});

/// What plugins from elsewhere would have done with these maps; "" where none would.
std::string foreign_plugins(const Setup& setup, const LookupSource& source,
                            const std::vector<const catalog::Map*>& maps);

/// How many entries each map has; fills the outcomes.
ShownMaps count_entries(const Setup& setup, const LookupSource& source,
                        const std::vector<const catalog::Map*>& maps);

class LookupReport final : public Report {
public:
  /// What the arguments refer to must live as long.
  LookupReport(const Setup& setup, const LookupSource& source, const Request& request);

  Result<void> choose() override;
  Result<void> write(report::Output& output, const Hooks& hooks) override;
  [[nodiscard]] std::string shortfall() const override;

private:
  Result<void> write_maps(report::Output& output, report::ReportWriter& writer,
                          const plugin::ReportBudget& budget, const Hooks& hooks);
  void render(ShownMap& shown, const plugin::ReportBudget& budget, report::Stream& to) const;
  [[nodiscard]] std::vector<report::Finding> findings() const;
  [[nodiscard]] std::vector<report::PluginUse> uses() const;
  [[nodiscard]] std::vector<catalog::Program> programs() const;

  const Setup& setup_;
  const LookupSource& source_;
  const Request& request_;
  report::Options writing_; ///< the request's, with what is known of programs and maps
  ShownMaps maps_;
  std::string foreign_;
};

} // namespace mapscope::pipeline
