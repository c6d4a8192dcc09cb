// SPDX-License-Identifier: Apache-2.0
// A saved report: what it says of its source, and where in its text each map is.
//
// Refuses: what is no report of one kernel's memory, each with its own sentence. What is missing of it, or of
// another form, is not known. Thread rule: immutable once made; the text is borrowed.
#pragma once

#include "host/btf/decoder.hpp"
#include "host/catalog/catalog.hpp"
#include "host/report/writer.hpp"
#include "host/saved/replayed_map.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace mapscope::saved {

struct Part {
  std::string id;   ///< the plugin's
  std::string name; ///< "sched_ext"
  SavedMap content;
  std::vector<report::Finding> findings; ///< its own, which are among all
};

struct SavedReport {
  report::Meta meta;
  btf::Limits limits;
  std::vector<Part> parts;
  catalog::Catalog catalog;                ///< maps and programs
  std::vector<std::string_view> map_texts; ///< of each of those
  std::vector<SavedMap> allocators;
  std::vector<report::PluginUse> plugins;
  std::vector<report::Finding> findings;
};

/// `name` is for people. Errors (corrupt, unsupported): what the text is instead, and what to give.
Result<SavedReport> read_report(const std::string& name, std::string_view text);

} // namespace mapscope::saved
