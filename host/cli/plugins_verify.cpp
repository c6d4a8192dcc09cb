// SPDX-License-Identifier: Apache-2.0
// plugins verify: nothing of the plugin is executed.
#include "host/cli/message.hpp"
#include "host/cli/options.hpp"
#include "host/cli/print.hpp"
#include "host/pipeline/session.hpp"
#include "host/plugin/select/needs.hpp"
#include "host/plugin/select/options.hpp"
#include "host/report/text_value.hpp"

#include <fmt/format.h>

namespace mapscope::cli {

namespace {

using Verdict = plugin::RuleResult::Verdict;

/// What a need is looked for in is the kernel and the program of the map that is rendered; here any program's
/// will do.
plugin::RuleResult check_needs(const plugin::Manifest& manifest, const pipeline::Session& session) {
  std::string missing = plugin::missing_need(manifest, *session.kernel, nullptr);
  if (missing.empty())
    return {"K1", Verdict::pass, fmt::format("{} needs, all in this kernel", manifest.needs.size())};
  for (const auto& map : session.catalog.maps)
    if (map.types && plugin::missing_need(manifest, *session.kernel, map.types.get()).empty())
      return {"K1", Verdict::pass,
              fmt::format("{} needs, in this kernel and in the types of map {}, {}", manifest.needs.size(),
                          map.id, report::printable(map.names().longest()))};
  if (const std::string meant = plugin::nearest_need(manifest, *session.kernel); !meant.empty())
    missing += fmt::format("; did you mean {}?", meant);
  return {"K1", Verdict::fail, std::move(missing)};
}

plugin::RuleResult check_configuration(const plugin::Manifest& manifest, const config::Loaded& loaded) {
  if (auto checked = plugin::check_options_of(manifest, loaded.config); !checked)
    return {"C1", Verdict::fail, std::move(checked.error().text)};
  return {"C1", Verdict::pass,
          fmt::format("what the configuration sets of its {} options fits", manifest.options.size())};
}

} // namespace

int plugins_verify(const PluginsVerifyOptions& options) {
  const auto loaded = config::load(options.configs, options.sets);
  if (!loaded) return complain(loaded.error());
  const auto sealed = plugin::SealedFile::copy(options.file);
  if (!sealed) {
    complain(Error(sealed.error()).within(options.file));
    return exit_no_report; // whatever is wrong with the file, the words were right
  }
  auto policy = plugin::default_policy();
  policy.libraries = loaded->config.plugins.libraries;
  if (options.any_owner) policy.privileged = false;
  auto verification = plugin::verify(options.file, sealed->bytes(), policy);
  if (verification.passed()) verification.log.push_back(check_configuration(*verification.manifest, *loaded));
  if (verification.passed() && !options.sources.empty()) {
    const auto session = pipeline::Session::open(options, loaded->config);
    if (!session) return complain(session.error());
    session->tell_gaps();
    verification.log.push_back(check_needs(*verification.manifest, *session));
  }
  // One that has not got what it needs on one kernel is no worse for that.
  const bool stands_aside = !verification.passed() && verification.log.back().rule == "K1";
  if (options.quiet && verification.passed()) return exit_ok;
  StdoutStream out;
  print_rules(verification.log, out);
  out.append(fmt::format("{}: {}\n", report::printable(options.file),
                         verification.passed() ? "may be loaded"
                         : stands_aside        ? "may be loaded, and stands aside on this kernel"
                                               : "refused"));
  const int written = out.finish();
  return verification.passed() ? written : exit_no_report;
}

} // namespace mapscope::cli
