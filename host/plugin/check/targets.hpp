// SPDX-License-Identifier: Apache-2.0
// What a plugin is tried on when there is no kernel: a made-up map for each thing that its attach= lines
// match, with sizes as the type has them, with types and without.
//
// Refuses: to make sense; memory and most types are made up as a plugin asks. Thread rule: pure.
#pragma once

#include "host/plugin/verify/manifest.hpp"

#include <mapscope/testing/fake_host.hpp>

#include <string>
#include <vector>

namespace mapscope::plugin {

/// "attach=value-type:struct x".
std::string attach_line(const Manifest& manifest, std::size_t at);

/// Of one attach= line. All of a manifest's together are bounded, each line has some.
std::vector<testing::FakeHost> hosts_of_line(const Manifest& manifest, std::uint32_t at);

/// Of all lines, one after the other.
std::vector<testing::FakeHost> made_up_hosts_of(const Manifest& manifest);

} // namespace mapscope::plugin
