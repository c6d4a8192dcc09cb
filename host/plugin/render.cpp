// SPDX-License-Identifier: Apache-2.0
#include "host/plugin/render.hpp"

#include "host/plugin/call.hpp"
#include "host/plugin/library.hpp"

namespace mapscope::plugin {

report::Outcome render(const Environment& environment, const catalog::Map& map, const Choice& choice,
                       report::MapWriter& writer) {
  const auto entry = load(*choice.plugin);
  if (!entry) return {report::Status::failed, choice.plugin->tag(), std::nullopt, entry.error().text};
  msc_call call(environment, map, choice, writer);
  const msc_target target = call.target();
  const int rc = (*entry)->render(&host_table(), &call, &target);
  return call.finish(rc);
}

} // namespace mapscope::plugin
