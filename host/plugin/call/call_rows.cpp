// SPDX-License-Identifier: Apache-2.0
// The rows of a map: whether they keep the contract, what they are decoded as, and what of them counts.
#include "host/catalog/catalog.hpp"
#include "host/plugin/call/allocator_call.hpp"
#include "host/plugin/call/call.hpp"
#include "host/report/following.hpp"
#include "host/report/special_fields.hpp"
#include "host/target/target.hpp"

#include <mapscope/contract.hpp>

#include <algorithm>
#include <bpf/btf.h>
#include <cstring>
#include <fmt/format.h>

using namespace mapscope;
using contract::has_owner;
using contract::is_indexed;
using contract::is_keyed;
using contract::is_per_cpu;

namespace {

std::span<const std::byte> bytes_of(const msc_value& value) {
  return {static_cast<const std::byte*>(value.data), value.data == nullptr ? 0 : value.size};
}

} // namespace

contract::Subject msc_call::subject() const {
  return {.is_map = !task_.is_kernel_target(),
          .is_allocator = task_.allocator != nullptr,
          .key_size = task_.map.key_size,
          .value_size = task_.map.value_size,
          .cpus = task_.environment.target->per_cpu().count()};
}

/// A value that a plugin gave a type of its own is whole when it is as long as that.
std::uint64_t msc_call::whole_size(const msc_value& value) const {
  if (const auto ref = types_.resolve(value.type))
    if (const auto size = ref->types->size(ref->id)) return *size;
  return task_.map.value_size;
}

report::Typed msc_call::typed(const msc_value& value) {
  const bool readable = value.data != nullptr || task_.map.value_size == 0;
  ++(readable ? readable_ : unreadable_);
  if (value.data != nullptr && value.size < task_.map.value_size && value.size < whole_size(value)) {
    if (cut_values_++ == 0) first_cut_ = value.size, first_whole_ = whole_size(value);
  }
  return {decoders_.of(value.type, false), bytes_of(value), readable};
}

/// What a CPU that is not possible has is no gap.
void msc_call::fill_copies(const msc_row& row) {
  copies_.clear();
  for (std::uint32_t cpu = 0; cpu < row.copy_count; ++cpu) {
    const msc_value& copy = row.copies[cpu];
    const bool possible = task_.environment.target->per_cpu().is_possible(cpu);
    if (copy.data != nullptr)
      copies_.emplace_back(typed(copy));
    else
      copies_.emplace_back(std::nullopt);
    if (copy.data == nullptr && possible) ++unreadable_;
  }
}

report::Row msc_call::decoded(const msc_row& row) {
  report::Row out;
  out.shape = static_cast<report::Shape>(row.shape);
  if (is_keyed(row)) out.key = {decoders_.of(row.key.type, true), bytes_of(row.key)};
  if (is_indexed(row)) std::memcpy(&out.index, row.key.data, sizeof out.index);
  if (is_per_cpu(row)) {
    fill_copies(row);
    out.copies = copies_;
  } else {
    out.value = typed(row.value);
    if (has_owner(row) && out.value.decoder == nullptr) out.value.decoder = decoders_.untyped();
    if (row.shape == MSC_ENTRY && out.value.readable)
      out.payload = payloads_.of(out.value.bytes, decoders_.special());
  }
  out.open = (row.flags & MSC_ROW_OPEN) != 0;
  return out;
}

int msc_call::row(const msc_row& row) {
  if (const auto problem = contract::row_problem(row, subject(), progress()); !problem.empty())
    return words_.misuse(problem);
  return show(row);
}

/// An element that moved while the map was read.
bool msc_call::is_shown_already(const msc_row& row) {
  if (!task_.map.is_live || (row.flags & MSC_ROW_ONCE) != 0 || !is_keyed(row) ||
      seen_keys_.add(bytes_of(row.key)))
    return false;
  (void)words_.note(MSC_OK, "entries that moved while the map was read are shown once");
  return true;
}

int msc_call::show(const msc_row& row) {
  if (!task_.is_walk && !task_.budget.entry()) return MSC_STOP;
  if (row.shape == MSC_VALUE)
    has_value_ = true;
  else
    shape_ = row.shape;
  row_open_ = (row.flags & MSC_ROW_OPEN) != 0;
  if (row_open_) names_.open(row_member_names);
  if (is_shown_already(row)) return row_counts_ = true, MSC_OK;
  row_counts_ = row.shape != MSC_VALUE && !shows_another();
  if (row_counts_) {
    ++counted_;
    return MSC_OK;
  }
  const std::uint64_t bytes =
      row.key.size + (is_per_cpu(row) ? row.copy_count * task_.map.value_size : row.value.size);
  if (!task_.is_walk && !task_.budget.emit(bytes)) return MSC_STOP;
  const std::uint64_t at = rows_;
  if (row.shape != MSC_VALUE) ++rows_;
  if (task_.delivery != nullptr) return task_.delivery->row(row);
  if (holds(row))
    held_.add(row, at);
  else
    pass_on(row, at);
  if (held_.is_full()) release();
  return MSC_OK;
}

void msc_call::pass_on(const msc_row& row, std::uint64_t index) {
  if (decoders_.special() != nullptr)
    decoders_.special()->pointers().at(report::list_name(static_cast<report::Shape>(row.shape)), index);
  writer_.row(decoded(row));
}

/// The first rows of a map with numbers that may be pointers wait until all of them are there.
bool msc_call::holds(const msc_row& row) {
  if (!is_held_) {
    const auto* const decoder =
        decoders_.of(is_per_cpu(row) && row.copy_count != 0 ? row.copies->type : row.value.type, false);
    is_held_ = task_.allocator == nullptr && decoders_.special() != nullptr && decoder != nullptr &&
               decoder->has_numbers();
  }
  return *is_held_;
}

void msc_call::look_at(const msc_value& value) {
  const auto* const decoder = decoders_.of(value.type, false);
  if (decoder != nullptr && decoders_.special() != nullptr)
    decoders_.special()->look_at(*decoder, bytes_of(value));
}

/// What came behind the last of them need not wait.
void msc_call::release() {
  const auto steps = held_.take();
  is_held_ = false;
  for (const auto& step : steps) {
    if (step.is_row && !is_per_cpu(step.row)) look_at(step.row.value);
    for (const msc_value& copy : step.copies) look_at(copy);
    if (!step.is_row && step.field.kind == MSC_TYPED) look_at(step.field.value);
  }
  for (const auto& step : steps)
    if (step.is_row)
      pass_on(step.row, step.index);
    else
      pass_on(step.field, step.is_of_row);
}
