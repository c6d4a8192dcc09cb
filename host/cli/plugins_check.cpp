// SPDX-License-Identifier: Apache-2.0
// plugins check: the verifier, and then the plugin itself, in processes that it may take down with it.
#include "host/plugin/check/check.hpp"

#include "host/cli/message.hpp"
#include "host/cli/options.hpp"
#include "host/cli/print.hpp"
#include "host/report/text_value.hpp"

#include <fmt/format.h>

namespace mapscope::cli {

namespace {

int conclude(StdoutStream& out, const std::string& file, bool kept, bool warned = false) {
  const char* verdict = !kept ? "does not keep the contract"
                        : warned
                            ? "keeps the contract as far as it was run; the warnings say where it was not"
                            : "keeps the contract";
  out.append(fmt::format("{}: {}\n", report::printable(file), verdict));
  const int written = out.finish();
  return kept ? written : exit_no_report;
}

} // namespace

int plugins_check(const PluginsCheckOptions& options) {
  const auto loaded = config::load(options.configs, options.sets);
  if (!loaded) return complain(loaded.error());
  auto sealed = plugin::SealedFile::copy(options.file);
  if (!sealed) {
    complain(Error(sealed.error()).within(options.file));
    return exit_no_report;
  }
  plugin::Policy policy{.libraries = loaded->config.plugins.libraries}; // its author runs it: any owner
  plugin::Plugin plugin;
  plugin.path = options.file;
  plugin.file = *sealed;
  plugin.verification = plugin::verify(options.file, sealed->bytes(), policy);
  plugin.refused = plugin.verification.reason();
  StdoutStream out;
  print_rules(plugin.verification.log, out);
  if (!plugin.usable()) return conclude(out, options.file, false);
  const plugin::CheckLimits limits{std::chrono::seconds(options.seconds), loaded->config.budget.memory};
  out.flush();
  bool warned = false;
  const bool kept = plugin::check(plugin, limits, [&](const plugin::RuleResult& result) {
    print_rules({&result, 1}, out);
    out.flush(); // a plugin that hangs costs a rule its whole time
    warned = warned || result.verdict == plugin::RuleResult::Verdict::warning;
  });
  return conclude(out, options.file, kept, warned);
}

} // namespace mapscope::cli
