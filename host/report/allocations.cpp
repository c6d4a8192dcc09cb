// SPDX-License-Identifier: Apache-2.0
#include "host/report/allocations.hpp"

#include "host/report/special_fields.hpp"
#include "host/target/target.hpp"

#include "host/base/counted.hpp"
#include "host/report/cut_reasons.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <iterator>

namespace mapscope::report {

void RecordedFields::field(const Field& field) {
  Recorded& kept = fields_.emplace_back();
  kept.field = field;
  kept.name = field.name, kept.text = field.text;
  kept.bytes.assign(field.value.bytes.begin(), field.value.bytes.end());
  kept.field.name = kept.name, kept.field.text = kept.text;
  kept.field.value.bytes = kept.bytes;
}

bool RecordedFields::has(std::string_view name) const {
  return std::ranges::any_of(fields_, [&](const Recorded& recorded) { return recorded.name == name; });
}

void RecordedFields::replay(MapWriter& writer) const {
  for (const Recorded& recorded : fields_) writer.field(recorded.field);
}

namespace {

constexpr std::uint64_t largest_payload = 64U << 10;

class AllocationReport {
public:
  AllocationReport(const Allocation& allocation, const AllocationContext& context, MapWriter& writer)
      : allocation_(allocation), context_(context), pool_(*allocation.pool), writer_(writer),
        reader_(context.target->reader()), special_(*context.target, context.kernel, pool_.payload.types,
                                                    context.symbols, context.limits, following()) {
    const auto& [types, id] = pool_.payload;
    if (!types) return;
    decoder_ = btf::Decoder::compile(types, id, context.limits, &special_);
    size_ = types->size(id).value_or(0);
  }

  Outcome write() {
    list();
    if (const std::uint64_t cut = live_ - listed_; cut != 0) {
      writer_.field(flag("truncated"));
      outcome_.limits.push_back(fmt::format("{} of {} slots shown; --limit 0 shows all", listed_, live_));
    }
    std::ranges::move(special_.pointers().cuts(), std::back_inserter(outcome_.limits));
    if (!outcome_.limits.empty() && outcome_.status == Status::complete) outcome_.status = Status::truncated;
    allocation_.fields.replay(writer_);
    if (!allocation_.fields.has("elem_size")) // its plugin knows of bytes that belong to no slot
      writer_.field(number("elem_size", pool_.stride));
    writer_.field(number("payload_btf_type_id", pool_.payload.types ? pool_.payload.id : 0));
    if (!pool_.reason.empty()) writer_.field(text("payload_type_reason", pool_.reason));
    merge(allocation_.outcome);
    const bool is_whole = outcome_.status == Status::complete || outcome_.status == Status::truncated;
    if (live_ != 0 || is_whole) outcome_.entry_count = live_;
    return outcome_;
  }

private:
  [[nodiscard]] Following following() const {
    Following with = context_.following;
    with.map = allocation_.section;
    with.lists_slots = true;
    return with;
  }

  void list() {
    for (const Slot& slot : pool_.slots) {
      if (!slot.live) continue;
      ++live_;
      if (context_.entries != 0 && listed_ >= context_.entries) continue;
      special_.pointers().at("entries", listed_++);
      one(slot);
    }
    if (lost_ != 0 || special_.lacks_memory()) outcome_.status = Status::partial;
    if (lost_ != 0) outcome_.error = counted(lost_, "slot") + " could not be read";
  }

  /// As pointers to it have it.
  [[nodiscard]] std::uint64_t whole_address(const Slot& slot) const {
    const std::uint64_t begin = pool_.arena.user_vm_start;
    return begin == 0 ? 0 : begin + static_cast<std::uint32_t>(slot.address - begin);
  }

  /// Without a type all bytes of the payload; with one those that it has.
  void one(const Slot& slot) {
    const std::uint64_t behind = pool_.stride - std::min<std::uint64_t>(pool_.stride, pool_.header);
    const std::uint64_t wanted = decoder_ != nullptr && size_ != 0 ? std::min(size_, behind) : behind;
    buffer_.resize(std::min(wanted, largest_payload));
    target::Fault fault{};
    const std::size_t done = catalog::read_arena(reader_, pool_.arena,
                                                 std::uint64_t{slot.address} + pool_.header, buffer_, &fault);
    Row row;
    row.shape = Shape::slot;
    row.slot = {slot.idx, slot.genn, slot.address, whole_address(slot)};
    row.value = {decoder_.get(), std::span(buffer_).first(done), done != 0 || buffer_.empty()};
    if (done < buffer_.size()) ++lost_;
    writer_.row(row);
  }

  void merge(const Outcome& ran) {
    outcome_.renderer = ran.renderer;
    std::ranges::copy(ran.limits, std::back_inserter(outcome_.limits));
    std::ranges::copy(ran.notes, std::back_inserter(outcome_.notes));
    outcome_.status = graver(outcome_.status, ran.status);
    if (!ran.error.empty())
      outcome_.error = ran.error + (outcome_.error.empty() ? "" : "; " + outcome_.error);
  }

  static Field field(FieldKind kind, std::string_view name) {
    Field field;
    field.kind = kind, field.name = name;
    return field;
  }
  static Field flag(std::string_view name) { return number(name, 1, FieldKind::flag); }
  static Field number(std::string_view name, std::uint64_t value, FieldKind kind = FieldKind::number) {
    Field made = field(kind, name);
    made.number = value;
    return made;
  }
  static Field text(std::string_view name, std::string_view value) {
    Field made = field(FieldKind::text, name);
    made.text = value;
    return made;
  }

  const Allocation& allocation_;
  const AllocationContext& context_;
  const SlotPool& pool_;
  MapWriter& writer_;
  target::Reader reader_;
  SpecialFields special_;
  std::shared_ptr<const btf::Decoder> decoder_;
  std::uint64_t size_ = 0; ///< bytes of the payload's type
  std::vector<std::byte> buffer_;
  std::uint64_t live_ = 0, listed_ = 0, lost_ = 0;
  Outcome outcome_;
};

void add_cuts(Outcome& outcome, std::vector<std::string> reasons) {
  if (!reasons.empty() && outcome.status == Status::complete) outcome.status = Status::truncated;
  std::ranges::move(reasons, std::back_inserter(outcome.limits));
}

} // namespace

namespace {

std::optional<Finding> trouble(const Allocation& allocation) {
  const Outcome& outcome = allocation.outcome;
  if (outcome.status == Status::complete || outcome.status == Status::truncated) return std::nullopt;
  return Finding{"warning", allocation.section->id,
                 fmt::format("allocator {} is {}: {}", allocation.name, status_name(outcome.status),
                             outcome.error.empty() ? "its plugin does not say why" : outcome.error)};
}

/// Nobody could decide what its slots hold, or what the configuration says of it does not go.
std::optional<Finding> without_type(const Allocation& allocation) {
  const SlotPool* const pool = allocation.pool;
  if (pool == nullptr || pool->payload.types || pool->reason.empty()) return std::nullopt;
  if (std::ranges::none_of(pool->slots, &Slot::live)) return std::nullopt;
  return Finding{
      "info", allocation.section->id,
      fmt::format("the payloads of allocator {} are shown as bytes: {}", allocation.name, pool->reason)};
}

} // namespace

std::optional<Finding> finding_of(const Allocation& allocation) {
  auto found = trouble(allocation);
  return found ? found : without_type(allocation);
}

Outcome write_allocation(const Allocation& allocation, const AllocationContext& context, MapWriter& writer) {
  writer.begin_allocator(allocation.name, *allocation.section);
  Outcome outcome = allocation.outcome;
  if (allocation.pool != nullptr)
    outcome = AllocationReport(allocation, context, writer).write();
  else
    allocation.fields.replay(writer);
  add_cuts(outcome, cut_reasons(writer.cuts(), context.limits));
  writer.end(outcome);
  return outcome;
}

} // namespace mapscope::report
