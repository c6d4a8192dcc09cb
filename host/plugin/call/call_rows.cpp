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
  return {.is_map = !is_kernel_target(),
          .is_allocator = allocator_ != nullptr,
          .key_size = map_.key_size,
          .value_size = map_.value_size,
          .cpus = environment_.target->per_cpu().count()};
}

std::shared_ptr<const mapscope::btf::Decoder> msc_call::declared_decoder(bool is_key) {
  if (!is_key && map_.name.ends_with(".rodata.str1.1")) return mapscope::btf::Decoder::printable_text();
  const auto [types, type] = is_key ? TypeRef{map_.types, map_.key_type} : map_.value();
  const std::uint32_t declared = is_key ? map_.key_size : map_.value_size;
  if (!types || type == 0) {
    if (!map_.untyped.empty()) (void)note(MSC_OK, (map_.untyped + "; shown as bytes").c_str());
    return nullptr;
  }
  const btf_type* peeled = types->type(types->peel(type));
  const auto size = types->size(type);
  const bool is_section = peeled != nullptr && btf_is_datasec(peeled); // its variables say where they end
  if (!is_section && size.value_or(0) != declared) {
    (void)note(MSC_OK,
               fmt::format("the {} type {} does not have the {} bytes the map declares; shown as bytes",
                           is_key ? "key" : "value", types->spell(type), declared)
                   .c_str());
    return nullptr;
  }
  return mapscope::btf::Decoder::compile(types, type, environment_.limits, behind(types.get()));
}

report::Following msc_call::following() const {
  return {.families = environment_.families,
          .map = &map_,
          .typed_kernel = environment_.config->report.kernel_pointers == "typed",
          .slots = environment_.slots,
          .inside = environment_.config->report.inside,
          .bytes = budget_.limits().emit_bytes};
}

/// Special fields are a matter of the program's types; the kernel's own have none.
mapscope::btf::Behind* msc_call::behind(const mapscope::btf::Types* types) {
  if (types != map_.types.get() || types == environment_.kernel.get()) return nullptr;
  if (!special_)
    special_ =
        std::make_unique<report::SpecialFields>(*environment_.target, environment_.kernel, map_.types,
                                                environment_.symbols, environment_.limits, following());
  return special_.get();
}

const mapscope::btf::Decoder* msc_call::decoder_for(msc_type type, bool is_key) {
  auto& known = decoders_[is_key ? 1 : 0];
  if (const auto found = known.find(type); found != known.end()) return found->second.get();
  std::shared_ptr<const mapscope::btf::Decoder> decoder;
  if (type == MSC_DECLARED)
    decoder = declared_decoder(is_key);
  else if (type == MSC_POINTER)
    decoder = mapscope::btf::Decoder::kernel_pointer();
  else if (const auto ref = resolve(type))
    decoder =
        mapscope::btf::Decoder::compile(ref->types, ref->id, environment_.limits, behind(ref->types.get()));
  return known.emplace(type, std::move(decoder)).first->second.get();
}

/// A value that a plugin gave a type of its own is whole when it is as long as that.
std::uint64_t msc_call::whole_size(const msc_value& value) const {
  if (const auto ref = resolve(value.type))
    if (const auto size = ref->types->size(ref->id)) return *size;
  return map_.value_size;
}

report::Typed msc_call::typed(const msc_value& value) {
  const bool readable = value.data != nullptr || map_.value_size == 0;
  ++(readable ? readable_ : unreadable_);
  if (value.data != nullptr && value.size < map_.value_size && value.size < whole_size(value)) {
    if (cut_values_++ == 0) first_cut_ = value.size, first_whole_ = whole_size(value);
  }
  return {decoder_for(value.type, false), bytes_of(value), readable};
}

/// What a CPU that is not possible has is no gap.
void msc_call::fill_copies(const msc_row& row) {
  copies_.clear();
  for (std::uint32_t cpu = 0; cpu < row.copy_count; ++cpu) {
    const msc_value& copy = row.copies[cpu];
    const bool possible = environment_.target->per_cpu().is_possible(cpu);
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
  if (is_keyed(row)) out.key = {decoder_for(row.key.type, true), bytes_of(row.key)};
  if (is_indexed(row)) std::memcpy(&out.index, row.key.data, sizeof out.index);
  if (is_per_cpu(row)) {
    fill_copies(row);
    out.copies = copies_;
  } else {
    out.value = typed(row.value);
    if (has_owner(row) && out.value.decoder == nullptr) out.value.decoder = untyped_.get();
    if (row.shape == MSC_ENTRY && out.value.readable) out.payload = payload_of(out.value.bytes);
  }
  out.open = (row.flags & MSC_ROW_OPEN) != 0;
  return out;
}

int msc_call::row(const msc_row& row) {
  if (const auto problem = contract::row_problem(row, subject(), progress()); !problem.empty())
    return misuse(problem);
  if (!is_walk_ && !budget_.entry()) return MSC_STOP;
  if (row.shape == MSC_VALUE)
    has_value_ = true;
  else
    shape_ = row.shape;
  row_open_ = (row.flags & MSC_ROW_OPEN) != 0;
  if (row_open_) names_.open(row_member_names);
  row_counts_ = row.shape != MSC_VALUE && !shows_another();
  if (row_counts_) {
    ++counted_;
    return MSC_OK;
  }
  const std::uint64_t bytes =
      row.key.size + (is_per_cpu(row) ? row.copy_count * map_.value_size : row.value.size);
  if (!is_walk_ && !budget_.emit(bytes)) return MSC_STOP;
  if (special_) special_->pointers().at(report::list_name(static_cast<report::Shape>(row.shape)), rows_);
  if (row.shape != MSC_VALUE) ++rows_;
  if (delivery_ != nullptr) return delivery_->row(row);
  writer_.row(decoded(row));
  return MSC_OK;
}
