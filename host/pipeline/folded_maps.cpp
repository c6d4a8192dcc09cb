// SPDX-License-Identifier: Apache-2.0
#include "host/pipeline/folded_maps.hpp"

#include "host/pipeline/programs.hpp"
#include "host/report/spool.hpp"

namespace mapscope::pipeline {

/// Who names a map wants to see it.
void FoldedMaps::find(const ShownMaps& maps, const Request& request) {
  if (request.format != report::Format::text || request.writing.full || !request.maps.empty()) return;
  for (const ShownMap& shown : maps) alike_.add(*shown.map);
}

void FoldedMaps::write(const ShownMap& map, report::Stream& to,
                       const std::function<void(report::Stream&)>& show) const {
  if (!alike_.has_many_like(*map.map)) return show(to);
  report::Spool held(to);
  show(held);
  if (!report::EmptyMaps::is_empty(map.outcome)) held.let_go();
}

void FoldedMaps::tell(const ShownMaps& maps, const report::Options& options, report::Stream& to) const {
  if (const std::string text = alike_.lines(map_lines(maps), options); !text.empty()) to.append(text);
}

} // namespace mapscope::pipeline
