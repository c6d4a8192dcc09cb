// SPDX-License-Identifier: Apache-2.0
// One render in two processes: what the worker's call knows and the host's call cannot.
#include "host/plugin/call/call.hpp"
#include "host/target/address_space.hpp"

using namespace mapscope;

plugin::RenderFacts msc_call::facts(int rc) const {
  plugin::RenderFacts facts{.rc = rc,
                            .spent = static_cast<std::uint8_t>(task_.budget.spent()),
                            .bug = words_.has_bug(),
                            .counts = counts_,
                            .lacks_memory = memory_.lacks(),
                            .used_up = false,
                            .counted = counted_,
                            .left_out = left_out_,
                            .read_bytes = task_.budget.used().read_bytes,
                            .fault = std::nullopt,
                            .missing = rc == MSC_ENOENT ? types_.missing_text() : std::string()};
  if (const auto& fault = memory_.first_fault())
    facts.fault.emplace(fault->first, static_cast<std::uint8_t>(fault->second));
  return facts;
}

bool msc_call::take(const plugin::RenderFacts& facts) {
  if (facts.counted > UINT64_MAX - counted_ - rows_) return false;
  if (facts.left_out > UINT64_MAX - counted_ - rows_ - facts.counted) return false;
  counted_ += facts.counted, left_out_ += facts.left_out;
  counts_ = counts_ || facts.counts;
  task_.budget.spend(static_cast<plugin::Budget::Kind>(facts.spent));
  task_.budget.add_read(facts.read_bytes);
  if (facts.bug) words_.mark_bug();
  plugin::Memory::FirstFault fault;
  if (facts.fault) fault.emplace(facts.fault->first, static_cast<target::Fault>(facts.fault->second));
  memory_.add(facts.lacks_memory, fault);
  types_.miss(facts.missing);
  return true;
}
