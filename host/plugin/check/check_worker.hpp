// SPDX-License-Identifier: Apache-2.0
// What a plugin gives when it may do no more than a worker process, beside what it gives without that.
//
// A plugin that reads a file, asks the environment or keeps a thread works on its author's machine and fails
// in a report. Thread rule: from a process with one thread.
#pragma once

#include "host/plugin/check/check_process.hpp"
#include "host/plugin/select/registry.hpp"

#include <mapscope/testing/fake_host.hpp>

#include <span>

namespace mapscope::plugin {

/// Renders each host in a confined process, and then in this one: kept when both give the same.
CheckAnswer same_in_worker(const Plugin& plugin, std::span<const testing::FakeHost> hosts,
                           const CheckLimits& limits, const CheckProgress& progress);

} // namespace mapscope::plugin
