// SPDX-License-Identifier: Apache-2.0
#include "host/cli/message.hpp"
#include "host/cli/options.hpp"
#include "host/cli/print.hpp"
#include "host/config/config.hpp"
#include "host/report/text_value.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace mapscope::cli {

int config_show(const CommonOptions& options, JsonForm json) {
  const auto loaded = config::load(options.configs, options.sets);
  if (!loaded) return complain(loaded.error());
  StdoutStream stream;
  if (json != JsonForm::none) {
    report::JsonText out(stream, json == JsonForm::pretty, false);
    out.begin_array(report::JsonText::Layout::lines);
    for (const auto& setting : loaded->settings) {
      out.begin_object();
      out.key("key"), out.string(setting.key);
      out.key("value"), out.begin_value(setting.value); // TOML of these kinds is JSON as well
      out.key("origin"), out.string(setting.origin);
      out.end_object();
    }
    out.end_array();
    out.raw('\n');
    out.flush();
    return stream.finish();
  }
  std::size_t widest = 0; // dotted keys are TOML, so the output can be fed back
  for (const auto& setting : loaded->settings)
    widest = std::max(widest, setting.key.size() + setting.value.size() + 3);
  for (const auto& setting : loaded->settings)
    stream.append(fmt::format("{:<{}}  # {}\n", fmt::format("{} = {}", setting.key, setting.value), widest,
                              report::printable(setting.origin)));
  return stream.finish();
}

} // namespace mapscope::cli
