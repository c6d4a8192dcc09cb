// SPDX-License-Identifier: Apache-2.0
#include "host/lookup/ring.hpp"

#include "host/base/counted.hpp"
#include "host/pipeline/lookup_fields.hpp"
#include "host/pipeline/lookup_taker.hpp"

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

/// Lists at most so many records, 0 = all; returns how many.
std::uint64_t put_records(LookupFields& fields, lookup::Ring& ring, std::uint64_t limit) {
  std::uint64_t listed = 0;
  fields.list("records");
  ring.for_each([&](const lookup::Record& record) {
    put(fields, record);
    return ++listed != limit;
  });
  fields.end();
  return listed;
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
  const std::uint64_t listed = put_records(fields, *ring, plugin::row_limit(context.config, map.names()));
  fields.end();
  Outcome outcome;
  outcome.renderer = lookup_tag();
  outcome.entry_count = ring->count();
  outcome.error = ring->problem();
  const std::uint64_t there = ring->count() - ring->consumed_meanwhile();
  if (listed < there && outcome.error.empty())
    outcome.limits.push_back(fmt::format("{} of {} entries shown; --limit 0 shows all", listed, there));
  if (ring->consumed_meanwhile() != 0)
    outcome.notes.push_back(counted(ring->consumed_meanwhile(), "record") +
                            " went while the ring was read, and so is not shown");
  outcome.status = !outcome.error.empty()    ? Status::partial
                   : !outcome.limits.empty() ? Status::truncated
                                             : Status::complete;
  return outcome;
}

} // namespace mapscope::pipeline
