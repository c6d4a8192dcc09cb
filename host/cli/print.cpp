// SPDX-License-Identifier: Apache-2.0
#include "host/cli/print.hpp"

#include "host/cli/message.hpp"
#include "host/cli/options.hpp"

#include <fmt/format.h>

namespace mapscope::cli {

void StdoutStream::append(std::string_view text) {
  held_ += text;
  if (held_.size() >= 64U << 10) flush();
}

void StdoutStream::flush() {
  if (result_) result_ = output_->write(held_);
  held_.clear();
}

int StdoutStream::finish() {
  flush();
  return result_ ? exit_ok : complain(result_.error());
}

void print_rules(std::span<const plugin::RuleResult> log, StdoutStream& out) {
  constexpr const char* words[] = {"ok", "warning", "FAILED"};
  for (const auto& rule : log)
    out.append(
        fmt::format("{:<4} {:<8} {}\n", rule.rule, words[static_cast<std::size_t>(rule.verdict)], rule.text));
}

} // namespace mapscope::cli
