// SPDX-License-Identifier: Apache-2.0
#include "host/pipeline/guest_report.hpp"

#include "host/pipeline/report_run.hpp"
#include "host/report/held_output.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

namespace mapscope::pipeline {

namespace {

constexpr int most_copies = 3;

/// What was said once is not said again.
class Quiet {
public:
  Quiet() { spdlog::set_level(std::max(before_, spdlog::level::err)); }
  ~Quiet() { spdlog::set_level(before_); }
  Quiet(const Quiet&) = delete;
  Quiet& operator=(const Quiet&) = delete;

private:
  spdlog::level::level_enum before_ = spdlog::get_level();
};

class GuestReport {
public:
  using Run = std::unique_ptr<ReportRun>;

  GuestReport(const Setup& setup, Session& session, const SourceInput& input, const Request& request,
              report::Output& output, const Hooks& hooks)
      : setup_(setup), session_(session), input_(input), request_(request), output_(output), hooks_(hooks),
        pause_(*session.source->pause()) {}

  Result<Run> write() {
    (void)pause_.let_go(); // all will be read again
    if (auto rehearsed = rehearse(); !rehearsed) return std::unexpected(std::move(rehearsed.error()));
    for (int i = 0; i < most_copies; ++i) {
      auto run = of_a_copy();
      if (!run || *run) return run;
    }
    return of_a_guest_that_stands();
  }

private:
  Result<void> rehearse() {
    auto run = next_run();
    if (!run) return std::unexpected(std::move(run.error()));
    report::NoOutput nowhere;
    return (*run)->write(nowhere, hooks_);
  }

  /// Null: it would be of more than one moment.
  Result<Run> of_a_copy() {
    if (auto taken = pause_.take(); !taken) return about_source(std::move(taken.error()));
    const Quiet quiet;
    return made([&] { return pause_.late_pages() == 0; });
  }

  Result<Run> of_a_guest_that_stands() {
    spdlog::info("{}: the guest changes so fast that it stands still while the report is made",
                 input_.source());
    if (auto held = pause_.hold(); !held) return about_source(std::move(held.error()));
    const Quiet quiet;
    auto run = made([&] {
      session_.let_go();
      return true;
    });
    session_.let_go(); // where that went wrong
    return run;
  }

  Result<Run> made(const std::function<bool()>& stands) {
    if (auto read = session_.look_again(input_); !read) return std::unexpected(std::move(read.error()));
    auto run = next_run();
    if (!run) return run;
    const auto written = (*run)->write_if(output_, hooks_, stands);
    if (!written) return std::unexpected(written.error());
    return *written ? std::move(run) : Result<Run>(nullptr);
  }

  Result<Run> next_run() {
    auto run = std::make_unique<ReportRun>(setup_, session_, request_);
    if (auto chosen = run->choose(); !chosen) return std::unexpected(std::move(chosen.error()));
    return run;
  }

  [[nodiscard]] std::unexpected<Error> about_source(Error error) const {
    return std::unexpected(std::move(error).within(input_.source()));
  }

  const Setup& setup_;
  Session& session_;
  const SourceInput& input_;
  const Request& request_;
  report::Output& output_;
  const Hooks& hooks_;
  memory::Pause& pause_;
};

} // namespace

Result<std::unique_ptr<ReportRun>> write_guest_report(const Setup& setup, Session& session,
                                                      const SourceInput& input, const Request& request,
                                                      report::Output& output, const Hooks& hooks) {
  return GuestReport(setup, session, input, request, output, hooks).write();
}

Result<std::unique_ptr<ReportRun>> write_report(const Setup& setup, Session& session,
                                                const SourceInput& input, const Request& request,
                                                report::Output& output, const Hooks& hooks) {
  if (session.source->pause() != nullptr)
    return write_guest_report(setup, session, input, request, output, hooks);
  auto run = std::make_unique<ReportRun>(setup, session, request);
  auto done = run->choose();
  if (done) done = run->write(output, hooks);
  if (!done) return std::unexpected(std::move(done.error()));
  return run;
}

} // namespace mapscope::pipeline
