// SPDX-License-Identifier: Apache-2.0
#include "host/lookup/ring.hpp"

#include "host/base/counted.hpp"
#include "host/pipeline/lookup_fields.hpp"
#include "host/pipeline/lookup_taker.hpp"
#include "host/pipeline/lookup_time.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace mapscope::pipeline {

namespace {

using report::Outcome;
using report::Status;

const char* state_of(const lookup::Record& record) {
  return record.busy ? "busy" : record.discarded ? "discarded" : "committed";
}

void put(LookupFields& fields, const lookup::Record& record) {
  fields.object({});
  fields.number("pos", record.position);
  fields.text("state", state_of(record));
  fields.number("len", record.length);
  fields.hex("data_hex", record.data);
  fields.end();
}

/// Lists at most so many records, 0 = all, and as many as there is time for; returns how many.
std::uint64_t put_records(LookupFields& fields, lookup::Ring& ring, std::uint64_t limit, LookupTime& time) {
  std::uint64_t listed = 0;
  fields.list("records");
  ring.for_each([&](const lookup::Record& record) {
    put(fields, record);
    return ++listed != limit && !time.is_spent_after(listed);
  });
  fields.end();
  return listed;
}

Outcome outcome_of(const lookup::Ring& ring, std::uint64_t listed, const LookupTime& time) {
  Outcome outcome;
  outcome.renderer = lookup_tag();
  outcome.entry_count = ring.count();
  outcome.error = time.is_spent() ? time.text() : ring.problem();
  outcome.gave_up = time.is_spent();
  const std::uint64_t gone = ring.gone_meanwhile(), there = ring.count() - gone;
  if (listed < there && outcome.error.empty())
    outcome.limits.push_back(fmt::format("{} of {} entries shown; --limit 0 shows all", listed, there));
  if (gone != 0)
    outcome.notes.push_back(fmt::format("{} went while the ring was read, and so {} not shown",
                                        counted(gone, "record"), gone == 1 ? "is" : "are"));
  outcome.status = time.is_spent()           ? Status::timed_out
                   : !outcome.error.empty()  ? Status::partial
                   : !outcome.limits.empty() ? Status::truncated
                                             : Status::complete;
  return outcome;
}

} // namespace

Outcome show_ring(const LookupContext& context, const catalog::Map& map, int fd, report::MapWriter& writer) {
  auto ring = lookup::Ring::map(fd, map, context.listing.kernel.get());
  if (!ring)
    return {.status = Status::unreadable,
            .renderer = lookup_tag(),
            .entry_count = std::nullopt,
            .error = ring.error().text};
  LookupFields fields(writer);
  fields.object("ringbuf");
  fields.number("capacity", ring->capacity());
  fields.number("consumer_pos", ring->consumer());
  fields.number("producer_pos", ring->producer());
  fields.number("pending_pos", ring->pending());
  fields.number("pending_bytes", ring->producer() - ring->consumer());
  LookupTime time(context, map);
  const auto limit = plugin::row_limit(context.config, map.names());
  const std::uint64_t listed = put_records(fields, *ring, limit, time);
  fields.end();
  return outcome_of(*ring, listed, time);
}

} // namespace mapscope::pipeline
