// SPDX-License-Identifier: Apache-2.0
// A source that is open: a kernel's memory, or, of this machine alone, what bpf(2) hands out where that is
// asked for or its memory may not be read.
//
// Refuses: to look up what another source was named for. Thread rule: as for Session.
#pragma once

#include "host/pipeline/lookup_report.hpp"
#include "host/pipeline/session.hpp"

#include <memory>
#include <optional>

namespace mapscope::pipeline {

class Opened {
public:
  /// Errors name every way that was tried, and what it lacks. That memory may not be read is told on stderr.
  static Result<Opened> open(const SourceInput& input, const config::Config& config);

  /// As it is by now, of a machine that runs.
  Result<void> look_again(const SourceInput& input);
  [[nodiscard]] Result<Scope> scope(const Setup& setup, const std::vector<std::string>& specs,
                                    const std::vector<std::string>& others = {}) const;
  /// What is referred to must live as long.
  [[nodiscard]] std::unique_ptr<Report> report(const Setup& setup, const Request& request) const;
  /// All of it; what was written. A guest is let go.
  Result<std::unique_ptr<Report>> write(const Setup& setup, const SourceInput& input, const Request& request,
                                        report::Output& output, const Hooks& hooks = {});
  /// Of a guest that is held: see Session.
  void let_go();
  void tell_troubles() const;

  /// One of the two is null.
  [[nodiscard]] const Session* session() const { return session_.get(); }
  [[nodiscard]] const LookupSource* lookups() const { return lookups_.get(); }

private:
  Opened() = default;
  static Result<Opened> by_lookups(const SourceInput& input, GivenTypes given);

  std::unique_ptr<Session> session_;
  std::unique_ptr<LookupSource> lookups_;
};

} // namespace mapscope::pipeline
