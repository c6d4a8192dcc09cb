// SPDX-License-Identifier: Apache-2.0
// A map of a report: who renders it, and what came of it.
//
// Thread rule: plain values; while maps are rendered each belongs to one thread.
#pragma once

#include "host/plugin/select/registry.hpp"
#include "host/report/findings.hpp"
#include "host/report/writer.hpp"

#include <vector>

namespace mapscope::pipeline {

struct ShownMap {
  const catalog::Map* map = nullptr;
  plugin::Selection selection;
  report::Outcome outcome{};
  report::Seen seen{};
};

using ShownMaps = std::vector<ShownMap>;

} // namespace mapscope::pipeline
