// SPDX-License-Identifier: Apache-2.0
// A report that `dump -j` wrote, in another format.
#include "host/cli/inputs.hpp"
#include "host/cli/message.hpp"
#include "host/cli/pager.hpp"
#include "host/cli/terminal.hpp"
#include "host/cli/writing.hpp"
#include "host/pipeline/map_filter.hpp"
#include "host/pipeline/scope.hpp"
#include "host/saved/rewrite.hpp"
#include "host/saved/saved_file.hpp"

#include <algorithm>
#include <cstdio>
#include <iterator>
#include <spdlog/spdlog.h>
#include <string_view>
#include <unistd.h>

namespace mapscope::cli {

namespace {

/// By its number's parts; anything else is not told apart.
bool is_newer(std::string_view version) {
  unsigned theirs[3] = {}, own[3] = {};
  const auto read = [](std::string_view text, unsigned(&to)[3]) {
    return std::sscanf(std::string(text).c_str(), "%u.%u.%u", &to[0], &to[1], &to[2]) == 3;
  };
  return read(version, theirs) && read(MAPSCOPE_VERSION, own) &&
         std::lexicographical_compare(own, own + 3, theirs, theirs + 3);
}

void tell_version(const std::string& name, const std::string& version) {
  if (is_newer(version))
    spdlog::warn("{}: was written by mapscope {}, and this is {}: what is new in it is not shown", name,
                 version, MAPSCOPE_VERSION);
}

} // namespace

int report(const ReportOptions& options) {
  Pager pager; // is waited for when all else is gone
  std::vector<Input> inputs = inputs_of(static_cast<const CommonOptions&>(options));
  inputs.push_back({"FILE", options.file == "-" ? "/dev/stdin" : options.file});
  if (auto checked = check_output(options.output, inputs); !checked) return complain(checked.error());
  std::vector<std::string> sets = options.sets;
  std::ranges::copy(sets_of(options), std::back_inserter(sets));
  auto loaded = config::load(options.configs, sets);
  if (!loaded) return complain(loaded.error());
  if (auto checked = check_output(options.output, inputs_of(loaded->config)); !checked)
    return complain(checked.error());
  suit(*loaded, options.format);
  if (auto checked = pipeline::check_specs(options.maps); !checked) return complain(checked.error());
  if (auto checked = pipeline::check_others(options.not_maps); !checked) return complain(checked.error());
  const Terminal terminal = options.output.empty() ? Terminal::of(STDOUT_FILENO) : Terminal{};
  const auto file = saved::SavedFile::open(options.file);
  if (!file) return complain(file.error());
  const auto saved = saved::read_report(file->name(), file->text());
  if (!saved) return complain(saved.error());
  tell_version(file->name(), saved->meta.version);
  if (options.format == report::Format::text && !options.no_pager) pager.start(terminal);
  const auto output = open_output(options.output);
  if (!output) return complain(output.error());
  const auto request = request_of(options, loaded->config.report, terminal);
  if (auto written = saved::rewrite(*saved, request, **output); !written)
    return complain(std::move(written.error()).within(file->name()));
  return exit_ok;
}

} // namespace mapscope::cli
