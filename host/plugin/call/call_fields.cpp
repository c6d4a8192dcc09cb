// SPDX-License-Identifier: Apache-2.0
// Content of a map that is no row: objects and lists with names, balanced and bounded.
#include "host/catalog/code_symbols.hpp"
#include "host/plugin/call/allocator_call.hpp"
#include "host/plugin/call/call.hpp"
#include "host/report/special_fields.hpp"

#include <mapscope/contract.hpp>

#include <algorithm>
#include <cstring>
#include <fmt/format.h>

using namespace mapscope;

MemberNames::Reserved msc_call::outermost_names() const {
  if (task_.allocator != nullptr) return allocator_member_names;
  if (task_.is_kernel_target()) return kernel_member_names;
  return map_member_names;
}

/// What came before the next row or field.
contract::Progress msc_call::progress() const {
  return {.fields = fields_,
          .row_open = row_open_,
          .has_fields = has_fields_,
          .has_value = has_value_,
          .shape = shape_};
}

void msc_call::open_or_close(const msc_field& field) {
  if (field.kind == MSC_OBJECT || field.kind == MSC_LIST) fields_.push_back(field.kind == MSC_LIST);
  if (field.kind == MSC_OBJECT) names_.open();
  if (field.kind != MSC_END) return;
  if (fields_.empty() || !fields_.back()) names_.close();
  if (fields_.empty())
    row_open_ = false;
  else
    fields_.pop_back();
}

/// What a plugin left open when it ended, or when its budget did.
void msc_call::close_all() {
  while (row_open_ || !fields_.empty()) {
    const bool is_shown = !row_open_ || !row_counts_;
    open_or_close(msc_field{}); // MSC_END
    if (is_shown && is_held_.value_or(false))
      held_.add(msc_field{}, false);
    else if (is_shown)
      writer_.field({});
  }
}

/// A decoder adds to rows that may have what another has added.
std::string msc_call::name_problem(const msc_field& field) {
  auto problem = contract::name_problem(field, names_);
  const bool is_behind = is_decoder_ && task_.choices.size() > 1 && task_.choices[1].is_decoder();
  if (problem.empty() || !is_behind) return problem;
  return fmt::format("{}, perhaps from {}, which also adds to these rows", problem,
                     task_.choices[1].plugin->tag());
}

int msc_call::field(const msc_field& field) {
  if (is_decoder_ && task_.is_walk && !has_decoded_) // they would stand in front of another decoder's rows
    return words_.misuse("members of the map before its rows");
  if (is_in_each()) {
    if (field.kind == MSC_END && fields_.empty())
      return words_.misuse("field() that ends the row it was given");
    if (const int rc = decoded_->begin_adding(); rc != MSC_OK) return rc;
  }
  auto problem = contract::field_problem(field, progress());
  if (problem.empty()) problem = name_problem(field);
  if (!problem.empty()) return words_.misuse(problem);
  if (!row_open_ && fields_.empty()) has_fields_ = true;
  const bool only_counts = row_open_ && row_counts_;
  const bool is_free = only_counts || field.kind == MSC_END; // what was begun must end
  if (!is_free && !task_.is_walk &&
      !task_.budget.emit(8 + (contract::has_bytes(field) ? field.value.size : 0)))
    return MSC_STOP;
  const bool opens = field.kind == MSC_OBJECT || field.kind == MSC_LIST;
  if (opens && !task_.budget.nest(fields_.size() + 1)) return MSC_STOP;
  open_or_close(field);
  if (only_counts) return MSC_OK;
  if (task_.delivery != nullptr) return task_.delivery->field(field);
  if (is_held_.value_or(false))
    held_.add(field, row_open_);
  else {
    if (!is_held_ && field.kind == MSC_TYPED && task_.allocator == nullptr)
      look_at(field.value); // it has no rows
    pass_on(field, row_open_);
  }
  if (held_.is_full()) release();
  return MSC_OK;
}

void msc_call::pass_on(const msc_field& field, bool is_of_row) {
  report::Field out{.kind = static_cast<report::FieldKind>(field.kind),
                    .name = field.name != nullptr ? field.name : "",
                    .number = field.number,
                    .real = field.real,
                    .text = {},
                    .value = {}};
  const auto* data = static_cast<const std::byte*>(field.value.data);
  if (field.kind == MSC_STRING) out.text = {reinterpret_cast<const char*>(data), field.value.size};
  if (contract::has_bytes(field)) out.value.bytes = {data, field.value.size};
  if (decoders_.special() != nullptr && !is_of_row) decoders_.special()->pointers().at("", 0);
  if (field.kind == MSC_TYPED)
    out.value.decoder = task_.allocator != nullptr ? decoders_.lasting(field.value.type)
                                                   : decoders_.of(field.value.type, false);
  writer_.field(out);
}

int msc_call::end_field() {
  msc_field end{};
  end.size = sizeof end;
  return field(end);
}
