// SPDX-License-Identifier: Apache-2.0
// One map of this machine as look-ups by bpf(2) show it.
//
// Refuses: to call a map complete of which something may not be seen this way. Thread rule: one map, one
// thread; several at once.
#pragma once

#include "host/btf/decoder.hpp"
#include "host/lookup/access.hpp"
#include "host/lookup/listing.hpp"
#include "host/plugin/call/limits.hpp"
#include "host/report/writer.hpp"

namespace mapscope::pipeline {

/// Who renders what is looked up.
inline constexpr const char* lookup_renderer = "mapscope.lookup";
std::string lookup_tag();

struct LookupContext {
  const lookup::Listing& listing;
  const config::Config& config;
  const catalog::TypeObjects& given_types;
  btf::Limits limits;
  plugin::ReportBudget::Rest rest = {};
};

/// Between begin() and end() of the writer.
report::Outcome show_lookups(const LookupContext& context, const catalog::Map& map,
                             report::MapWriter& writer);

} // namespace mapscope::pipeline
