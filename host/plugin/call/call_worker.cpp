// SPDX-License-Identifier: Apache-2.0
// One render in two processes: what the worker's call knows and the host's call cannot.
#include "host/plugin/call/call.hpp"
#include "host/target/address_space.hpp"

using namespace mapscope;

plugin::RenderFacts msc_call::facts(int rc) const {
  plugin::RenderFacts facts{.rc = rc,
                            .spent = static_cast<std::uint8_t>(budget_.spent()),
                            .bug = bug_,
                            .counts = counts_,
                            .lacks_memory = lacks_memory_,
                            .used_up = false,
                            .counted = counted_,
                            .left_out = left_out_,
                            .read_bytes = budget_.used().read_bytes,
                            .fault = std::nullopt,
                            .missing = rc == MSC_ENOENT ? missing_text() : std::string()};
  if (first_fault_) facts.fault.emplace(first_fault_->first, static_cast<std::uint8_t>(first_fault_->second));
  return facts;
}

bool msc_call::take(const plugin::RenderFacts& facts) {
  if (facts.counted > UINT64_MAX - counted_ - rows_) return false;
  if (facts.left_out > UINT64_MAX - counted_ - rows_ - facts.counted) return false;
  counted_ += facts.counted, left_out_ += facts.left_out;
  counts_ = counts_ || facts.counts;
  budget_.spend(static_cast<plugin::Budget::Kind>(facts.spent));
  budget_.add_read(facts.read_bytes);
  bug_ = bug_ || facts.bug;
  lacks_memory_ = lacks_memory_ || facts.lacks_memory;
  missing_ = facts.missing, missing_of_ = {};
  if (facts.fault) first_fault_.emplace(facts.fault->first, static_cast<target::Fault>(facts.fault->second));
  return true;
}
