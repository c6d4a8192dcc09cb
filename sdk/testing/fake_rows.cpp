// SPDX-License-Identifier: Apache-2.0
// Rows and fields as the fake host takes them.
#include "fake_lines.hpp"
#include "fake_render.hpp"

#include <span>

namespace mapscope::testing {

contract::Subject subject(Render* call) {
  const msc_target& target = call->host.target;
  return {target.map != 0, target.root != 0, target.key_size, target.value_size, cpu_count(call)};
}

contract::Progress progress(const Render* call) {
  return {.fields = call->fields,
          .row_open = call->row_open,
          .has_fields = call->has_fields,
          .has_value = call->has_value,
          .shape = call->shape,
          .has_elements = call->has_elements,
          .in_elements = call->in_each};
}

bool is_beyond_limit(const Render* call, std::uint32_t shape) {
  const std::uint32_t limit = call->host.target.row_limit;
  return shape != MSC_VALUE && limit != 0 && call->report.rows - (call->has_value ? 1 : 0) >= limit;
}

namespace {

/// "" when the row keeps the contract. A copy for a CPU that is not there is more than mapscope looks at.
std::string problem(Render* call, const msc_row& row) {
  if (auto problem = contract::row_problem(row, subject(call), progress(call)); !problem.empty())
    return problem;
  for (std::uint32_t cpu = 0; cpu < row.copy_count; ++cpu)
    if (row.copies[cpu].size != 0 && !call->host.cpus.contains(cpu))
      return "row() with a copy of CPU " + std::to_string(cpu) + ", which does not exist";
  return "";
}

std::uint64_t bytes_of(const msc_row& row) {
  const auto of = [](const msc_value& value) { return value.data != nullptr ? value.size : 0; };
  std::uint64_t bytes = of(row.key) + of(row.value);
  for (const msc_value& copy : std::span(row.copies, row.copy_count)) bytes += of(copy);
  return bytes;
}

} // namespace

int row(Render* call, const msc_row* row) {
  if (const int rc = enter(call); rc != MSC_OK) return rc;
  if (row == nullptr) return misuse(call, "row() with NULL");
  if (auto text = problem(call, *row); !text.empty()) return misuse(call, std::move(text));
  if (const int rc = take(call, bytes_of(*row)); rc != MSC_OK) return rc;
  auto& report = call->report;
  if (row->shape == MSC_VALUE)
    call->has_value = true;
  else
    call->shape = row->shape;
  call->row_open = (row->flags & MSC_ROW_OPEN) != 0;
  if (call->row_open) call->names.open(row_member_names);
  call->row_counts = is_beyond_limit(call, row->shape);
  if (call->row_counts) {
    ++report.counted;
    return MSC_OK;
  }
  ++report.rows;
  report.lines.push_back(line_of(*row));
  return MSC_OK;
}

int count(Render* call, std::uint64_t more) {
  if (const int rc = enter(call); rc != MSC_OK) return rc;
  if (more > UINT64_MAX - call->report.counted) return misuse(call, "count() beyond any map");
  call->report.counted += more;
  call->report.lines.push_back("count " + std::to_string(more));
  return MSC_OK;
}

int field(Render* call, const msc_field* field) {
  if (const int rc = enter(call); rc != MSC_OK) return rc;
  if (field == nullptr) return misuse(call, "field() with NULL");
  auto problem = contract::field_problem(*field, progress(call));
  if (problem.empty()) problem = contract::name_problem(*field, call->names);
  if (!problem.empty()) return misuse(call, std::move(problem));
  const bool ends = field->kind == MSC_END;
  if (const int rc = take(call, contract::has_bytes(*field) ? field->value.size : 0); rc != MSC_OK) return rc;
  const bool is_of_row = call->row_open || call->in_row;
  if (!is_of_row && call->fields.empty()) call->has_fields = true;
  if (call->in_row) ++call->row_fields;
  if (!is_of_row || !call->row_counts) call->report.lines.push_back(line_of(*field));
  if (field->kind == MSC_OBJECT || field->kind == MSC_LIST) call->fields.push_back(field->kind == MSC_LIST);
  if (field->kind == MSC_OBJECT) call->names.open();
  if (ends && (call->fields.empty() || !call->fields.back())) call->names.close();
  if (ends && call->fields.empty())
    call->row_open = false;
  else if (ends)
    call->fields.pop_back();
  return MSC_OK;
}

} // namespace mapscope::testing
