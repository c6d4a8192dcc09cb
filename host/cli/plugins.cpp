// SPDX-License-Identifier: Apache-2.0
// plugins list and plugins verify: nothing of any plugin is executed.
#include "host/cli/message.hpp"
#include "host/cli/options.hpp"
#include "host/cli/print.hpp"
#include "host/pipeline/session.hpp"
#include "host/plugin/select/needs.hpp"
#include "host/plugin/select/options.hpp"
#include "host/plugin/verify/attach_line.hpp"
#include "host/report/text_value.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace mapscope::cli {

namespace {

void print_text(const plugin::Plugin& plugin, StdoutStream& out) {
  const auto& manifest = plugin.verification.manifest;
  const std::string& called = plugin.verification.called;
  out.append(fmt::format("{}  {}\n", called.empty() ? "(no manifest)" : report::printable(called),
                         report::printable(plugin.path)));
  if (manifest && !manifest->summary.empty()) out.append(fmt::format("    {}\n", manifest->summary));
  for (const auto& attach : manifest ? manifest->attaches : std::vector<plugin::Attach>{})
    out.append(fmt::format("    attach  {}\n", attach_text(attach)));
  if (manifest && !manifest->ignored.empty())
    out.append(fmt::format("    ignored keys  {}\n", fmt::join(manifest->ignored, ", ")));
  if (!plugin.usable())
    out.append(fmt::format("    refused: {}\n", plugin.refused));
  else if (plugin.newer != 0)
    out.append(fmt::format("    stands by: {}\n", plugin.verification.log.back().text));
  else
    out.append("    usable\n");
}

void print_json(const std::vector<plugin::Plugin>& plugins, bool pretty, StdoutStream& stream) {
  report::JsonText out(stream, pretty, false);
  out.begin_array(report::JsonText::Layout::lines);
  for (const auto& plugin : plugins) {
    const auto& manifest = plugin.verification.manifest;
    out.begin_object();
    if (manifest) out.key("id"), out.string(manifest->id), out.key("version"), out.string(manifest->version);
    out.key("path"), out.string(plugin.path);
    out.key("attach"), out.begin_array();
    for (const auto& attach : manifest ? manifest->attaches : std::vector<plugin::Attach>{})
      out.string(attach_text(attach));
    out.end_array();
    out.key("verdict"), out.string(plugin.usable() ? "usable" : "refused");
    if (!plugin.usable()) out.key("reason"), out.string(plugin.refused);
    out.end_object();
  }
  out.end_array();
  out.raw('\n');
}

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

int plugins_list(const PluginsListOptions& options) {
  const auto loaded = config::load(options.configs, options.sets);
  if (!loaded) return complain(loaded.error());
  auto directories = options.plugin_dirs;
  directories.insert(directories.end(), options.directories.begin(), options.directories.end());
  const auto dirs = pipeline::plugin_dirs(loaded->config.plugins, directories);
  const auto registry = plugin::Registry::discover(dirs.built_in, dirs.others, loaded->config.plugins,
                                                   plugin::default_policy());
  if (!registry) return complain(registry.error());
  StdoutStream out;
  if (options.json != JsonForm::none)
    print_json(registry->plugins(), options.json == JsonForm::pretty, out);
  else
    for (const auto& plugin : registry->plugins()) print_text(plugin, out);
  return out.finish();
}

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
