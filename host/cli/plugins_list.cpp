// SPDX-License-Identifier: Apache-2.0
// plugins list: nothing of any plugin is executed.
#include "host/cli/message.hpp"
#include "host/cli/options.hpp"
#include "host/cli/plugin_json.hpp"
#include "host/cli/print.hpp"
#include "host/pipeline/setup.hpp"
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
    out.append(fmt::format("    attach  {}\n", plugin::attach_text(attach)));
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
  for (const auto& plugin : plugins) put_plugin(plugin, out);
  out.end_array();
  out.raw('\n');
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

} // namespace mapscope::cli
