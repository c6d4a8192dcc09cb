// SPDX-License-Identifier: Apache-2.0
// What SPECs name of a source: maps and parts of the kernel.
//
// Refuses: to leave out a SPEC that names nothing; that is an error. Thread rule: pure functions.
#pragma once

#include "host/pipeline/kernel_filter.hpp"
#include "host/pipeline/setup.hpp"

#include "host/catalog/catalog.hpp"

#include <string>
#include <vector>

namespace mapscope::pipeline {

struct Session;

struct Scope {
  std::vector<const catalog::Map*> maps;     ///< in catalog order
  std::vector<plugin::KernelTarget> parts;   ///< by name
  std::vector<KernelParts::Missing> missing; ///< where nothing is named: parts that this kernel has not
};

/// All that there is without specs, and nothing of what `others` name. Errors (usage): a spec that is
/// malformed or names nothing; others that leave nothing.
Result<Scope> scope_of(const Setup& setup, const Session& session, const std::vector<std::string>& specs,
                       const std::vector<std::string>& others = {});

/// What `others` name goes. Errors (usage) as above, in the words of --not-map.
Result<void> leave_out(Scope& scope, const catalog::Catalog& catalog, const KernelParts& parts,
                       const std::vector<std::string>& others);
/// What is wrong with them whatever there is.
Result<void> check_others(const std::vector<std::string>& others);

} // namespace mapscope::pipeline
