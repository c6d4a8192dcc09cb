// SPDX-License-Identifier: Apache-2.0
// One report from start to end: who renders what, allocators first, parts of the kernel, workers, the maps in
// their order, findings.
//
// Refuses: to open anything; setup, session and output are the caller's, as is what is done with a shortfall.
// Thread rule: belongs to one thread, which write() returns to when all its own have ended.
#pragma once

#include "host/pipeline/arena_losses.hpp"
#include "host/pipeline/folded_maps.hpp"
#include "host/pipeline/kernel_targets.hpp"
#include "host/pipeline/output_stream.hpp"
#include "host/pipeline/report.hpp"
#include "host/pipeline/session.hpp"
#include "host/pipeline/setup.hpp"
#include "host/pipeline/shown_map.hpp"
#include "host/plugin/worker/workers.hpp"
#include "host/report/row_pool.hpp"
#include "host/report/task_join.hpp"

#include <memory>
#include <string>

namespace mapscope::pipeline {

class Allocations;
class OutputStream;

class ReportRun final : public Report {
public:
  /// What the arguments refer to must live as long.
  ReportRun(const Setup& setup, const Session& session, const Request& request);
  ~ReportRun() override;
  ReportRun(const ReportRun&) = delete;
  ReportRun& operator=(const ReportRun&) = delete;

  Result<void> choose() override;
  Result<void> write(report::Output& output, const Hooks& hooks) override;
  /// The same, but nothing goes to `output` before all has been rendered and `stands` says that it is worth
  /// it. False: it is not.
  Result<bool> write_if(report::Output& output, const Hooks& hooks, const std::function<bool()>& stands);
  [[nodiscard]] std::string shortfall() const override;

private:
  [[nodiscard]] std::string may_lack() const;
  void start_workers();
  void render(std::size_t index, report::Stream& to);
  void list_slots(std::size_t index, report::Stream& to);
  Result<void> make(report::Output& output, report::ReportWriter& writer, OutputStream& stream,
                    const Hooks& hooks);
  Result<void> finish(report::Output& output, report::ReportWriter& writer, OutputStream& stream);
  Result<void> write_pieces(report::Output& output, report::ReportWriter& writer, const Hooks& hooks);
  void join_tasks();
  void tell_overview(report::ReportWriter& writer) const;
  [[nodiscard]] std::vector<report::Finding> findings() const;
  [[nodiscard]] std::vector<catalog::Program> programs() const;

  const Setup& setup_;
  const Session& session_;
  const Request& request_;
  report::Options writing_; ///< the request's, with what is known of programs and maps
  ShownMaps maps_;
  plugin::ReportBudget budget_;
  plugin::Quarantine quarantine_;
  plugin::Environment environment_;
  KernelTargets kernel_targets_{environment_};
  std::unique_ptr<Allocations> allocations_;
  std::unique_ptr<plugin::Workers> workers_;
  std::unique_ptr<report::TaskJoin> join_; ///< null: tasks are where they are found
  std::unique_ptr<report::RowPool> rows_;  ///< made when no more processes are
  FoldedMaps folded_;
  ArenaLosses losses_;
};

} // namespace mapscope::pipeline
