// SPDX-License-Identifier: Apache-2.0
// The maps of a text report that are told in one line because they are empty and alike.
//
// Refuses: to fold where people asked for all of it or for certain maps. Thread rule: const methods from any
// thread, once found.
#pragma once

#include "host/pipeline/request.hpp"
#include "host/pipeline/shown_map.hpp"
#include "host/report/empty_maps.hpp"

#include <functional>

namespace mapscope::pipeline {

class FoldedMaps {
public:
  void find(const ShownMaps& maps, const Request& request);
  /// `show` renders the map, whose outcome is known then; nothing of it goes to `to` where it is told with
  /// others.
  void write(const ShownMap& map, report::Stream& to, const std::function<void(report::Stream&)>& show) const;
  /// Behind all maps: those that had no place of their own.
  void tell(const ShownMaps& maps, const report::Options& options, report::Stream& to) const;

private:
  report::EmptyMaps alike_; ///< none: each map has a place of its own
};

} // namespace mapscope::pipeline
