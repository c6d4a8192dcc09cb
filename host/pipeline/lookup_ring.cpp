// SPDX-License-Identifier: Apache-2.0
#include "host/lookup/ring.hpp"

#include "host/base/counted.hpp"
#include "host/pipeline/lookup_fields.hpp"
#include "host/pipeline/lookup_taker.hpp"
#include "host/pipeline/lookup_time.hpp"

#include "host/catalog/type_places.hpp"
#include "host/plugin/select/options.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace mapscope::pipeline {

namespace {

using report::Outcome;
using report::Status;

const char* state_of(const lookup::Record& record) {
  return record.busy ? "busy" : record.discarded ? "discarded" : "committed";
}

/// What a person says the records are, as for the plugin that shows rings of memory.
std::string record_type(const LookupContext& context, const catalog::Map& map) {
  plugin::Manifest manifest;
  manifest.id = "mapscope.builtin.ringbuf";
  plugin::Option& option = manifest.options.emplace_back();
  option.name = "record_type", option.type = plugin::OptionType::type;
  return plugin::option_values(manifest, map.names(), context.config)[option.name];
}

/// Null where nothing is said, or nobody has it.
std::shared_ptr<const btf::Decoder> record_decoder(const LookupContext& context, const catalog::Map& map,
                                                   std::vector<std::string>& notes) {
  const std::string spelled = record_type(context, map);
  if (spelled.empty()) return nullptr;
  catalog::TypeObjects places = {map.object()};
  places.insert(places.end(), context.given_types.begin(), context.given_types.end());
  places.push_back(context.listing.kernel);
  const auto found = catalog::find_type(places, spelled);
  if (!found.type.types)
    notes.push_back(fmt::format("record_type: there is no {} among the types of {}", spelled,
                                catalog::listed(places, map.object().get())));
  else if (const auto others = catalog::remark_on_others(found, spelled); !others.empty())
    notes.push_back(others);
  else if (found.type.types != map.object() && found.type.types != context.listing.kernel)
    notes.push_back(fmt::format("{} is of {}", spelled, found.type.types->name()));
  if (!found.type.types) return nullptr;
  return btf::Decoder::compile(found.type.types, found.type.id, context.limits);
}

void put(LookupFields& fields, const lookup::Record& record, const btf::Decoder* type) {
  fields.object({});
  fields.number("pos", record.position);
  fields.text("state", state_of(record));
  fields.number("len", record.length);
  fields.hex("data_hex", record.data);
  if (type != nullptr) fields.typed("value", {type, record.data});
  fields.end();
}

/// Lists at most so many records, 0 = all, and as many as there is time for; returns how many.
std::uint64_t put_records(LookupFields& fields, lookup::Ring& ring, std::uint64_t limit, LookupTime& time,
                          const btf::Decoder* type) {
  std::uint64_t listed = 0;
  fields.list("records");
  ring.for_each([&](const lookup::Record& record) {
    put(fields, record, type);
    return ++listed != limit && !time.is_spent_after(listed);
  });
  fields.end();
  return listed;
}

Outcome outcome_of(const lookup::Ring& ring, std::uint64_t listed, const LookupTime& time,
                   std::vector<std::string> notes) {
  Outcome outcome;
  outcome.notes = std::move(notes);
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
  std::vector<std::string> notes = map.type_notes;
  const auto type = record_decoder(context, map, notes);
  LookupFields fields(writer);
  fields.object("ringbuf");
  fields.number("capacity", ring->capacity());
  fields.number("consumer_pos", ring->consumer());
  fields.number("producer_pos", ring->producer());
  fields.number("pending_pos", ring->pending());
  fields.number("pending_bytes", ring->producer() - ring->consumer());
  LookupTime time(context, map);
  const auto limit = plugin::row_limit(context.config, map.names());
  const std::uint64_t listed = put_records(fields, *ring, limit, time, type.get());
  fields.end();
  return outcome_of(*ring, listed, time, std::move(notes));
}

} // namespace mapscope::pipeline
