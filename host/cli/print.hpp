// SPDX-License-Identifier: Apache-2.0
// Standard output as a stream for the smaller commands.
#pragma once

#include "host/plugin/verify/verifier.hpp"
#include "host/report/json_text.hpp"
#include "host/report/output.hpp"

#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace mapscope::cli {

/// Holds text back in blocks, so that a small command makes few writes; nothing is on its way until finish().
class StdoutStream final : public report::Stream {
public:
  void append(std::string_view text) override;
  /// What is held back is worth a write: more will take its time.
  void flush();
  /// Writes what is held back: exit_ok, or the first write error is said and its exit code returned.
  [[nodiscard]] int finish();

private:
  std::unique_ptr<report::Output> output_ = report::standard_output();
  std::string held_;
  Result<void> result_;
};

/// One line a rule: its number, its verdict, what was found.
void print_rules(std::span<const plugin::RuleResult> log, StdoutStream& out);

} // namespace mapscope::cli
