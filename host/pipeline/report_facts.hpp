// SPDX-License-Identifier: Apache-2.0
// What a report says of its source, and how much of each value it decodes.
//
// Thread rule: pure.
#pragma once

#include "host/btf/decoder.hpp"
#include "host/lookup/listing.hpp"
#include "host/pipeline/request.hpp"
#include "host/pipeline/session.hpp"
#include "host/report/writer.hpp"

namespace mapscope::pipeline {

report::Meta meta_of(const Session& session, const Request& request, const btf::Limits& limits);
report::Meta meta_of(const lookup::Listing& listing, const Request& request, const btf::Limits& limits);
/// What the kernel says of the machine it ran on, and of its own end.
void tell_of_machine(const Session& session, report::Meta& meta);
btf::Limits limits_of(const config::Report& settings, std::uint32_t cpus);
btf::Limits limits_of(const config::Report& settings, const Session& session);

} // namespace mapscope::pipeline
