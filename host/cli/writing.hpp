// SPDX-License-Identifier: Apache-2.0
// How reports are written, as dump's options say it; for every command that writes one.
//
// Thread rule: one thread.
#pragma once

#include "host/cli/options.hpp"
#include "host/cli/terminal.hpp"
#include "host/config/config.hpp"
#include "host/pipeline/request.hpp"
#include "host/report/output.hpp"

#include <memory>
#include <string>
#include <vector>

namespace mapscope::cli {

/// Options that are configuration keys by another name.
std::vector<std::string> sets_of(const DumpOptions& options);
/// What a format's readers expect, where nobody has said otherwise: exact numbers, and maps as a whole.
void suit(config::Loaded& loaded, report::Format format);
pipeline::Request request_of(const DumpOptions& options, const config::Report& settings,
                             const Terminal& terminal);
/// "" is standard output, which gets another number.
Result<std::unique_ptr<report::Output>> open_output(const std::string& path);

} // namespace mapscope::cli
