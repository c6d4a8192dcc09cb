// SPDX-License-Identifier: Apache-2.0
// Which memory to look into, and what was given beside it.
//
// Thread rule: plain values.
#pragma once

#include "host/target/given_files.hpp"

#include <string>
#include <vector>

namespace mapscope::pipeline {

struct SourceInput {
  std::vector<std::string> sources = {"live"}; ///< several: the parts of one split dump
  memory::OpenOptions opening;
  target::Overrides overrides;
  std::vector<std::string> types; ///< files with types, ahead of those of the configuration

  /// For messages: one of several.
  [[nodiscard]] const std::string& source() const { return sources.front(); }
};

} // namespace mapscope::pipeline
