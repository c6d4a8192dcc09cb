// SPDX-License-Identifier: Apache-2.0
#include "host/plugin/call/decoded_rows.hpp"

#include "host/plugin/call/call.hpp"

#include <mapscope/contract.hpp>

#include <fmt/format.h>
#include <utility>

namespace mapscope::plugin {

/// What another decoder fails with costs what that one adds, and no row.
void DecodedRows::note(int rc, std::string_view text) {
  const bool is_failure = !renderer_.empty() && (rc == MSC_EINVAL || rc == MSC_EFAIL);
  const std::string said = is_failure ? fmt::format("{} failed: {}", renderer_, text) : std::string(text);
  (void)call_.words().note(is_failure ? MSC_EFAULT : rc, said.c_str());
}

void DecodedRows::finding(std::uint32_t severity, std::string_view text) {
  (void)call_.words().finding(severity, std::string(text).c_str());
}

void DecodedRows::debug(std::string_view text) { (void)call_.words().debug(std::string(text).c_str()); }

int DecodedRows::show_value() {
  const msc_row* const value = std::exchange(value_, nullptr);
  return value != nullptr ? call_.show(*value) : int{MSC_OK};
}

int DecodedRows::element(const msc_row& row) {
  ++elements_;
  counts_only_ = row.shape != MSC_VALUE && !call_.shows_another();
  has_added_ = false;
  pending_ = &row;
  const int rc = is_stopped_ || !each_ ? int{MSC_OK} : call_each(row);
  if (const auto problem = contract::each_problem(rc, true, has_added_, 0); !problem.empty())
    (void)call_.words().misuse(problem);
  if (call_.is_broken() && !call_.is_walk()) return MSC_EINVAL;
  if (call_.is_broken()) is_stopped_ = true; // another walks on with the rows, which lack nothing
  if (refused_ != MSC_OK) return refused_;   // a budget: nothing was opened that could be closed
  if (rc == MSC_LEAVE_OUT) return leave_out(row);
  if (rc == MSC_STOP) is_stopped_ = true;
  if (rc < MSC_OK) lose(rc);
  return close(row);
}

int DecodedRows::call_each(const msc_row& row) {
  why_.clear();
  in_each_ = true;
  const int rc = each_(row);
  in_each_ = false;
  call_.close_to_row(rc);
  return rc;
}

int DecodedRows::leave_out(const msc_row& row) {
  pending_ = value_ = nullptr;
  ++left_out_;
  skipped_depth_ = (row.flags & MSC_ROW_OPEN) != 0 ? 1 : 0;
  return MSC_OK;
}

int DecodedRows::begin_adding() {
  if (!in_each_ || std::exchange(has_added_, true)) return MSC_OK;
  const msc_row* row = std::exchange(pending_, nullptr);
  if (counts_only_) return call_.count_row(), MSC_OK;
  if (refused_ = show_value(); refused_ != MSC_OK) return refused_;
  msc_row open = *row;
  if (row->shape != MSC_VALUE) open.flags |= MSC_ROW_OPEN; // of a value the map itself has the members
  return refused_ = call_.show(open);
}

/// The row as the renderer gave it, or the end of what was opened for the decoder.
int DecodedRows::close(const msc_row& row) {
  const bool goes_on = (row.flags & MSC_ROW_OPEN) != 0;
  if (std::exchange(pending_, nullptr) == nullptr) // shown as fields were added
    return goes_on || row.shape == MSC_VALUE ? int{MSC_OK} : call_.end_field();
  if (!counts_only_) {
    const int rc = show_value();
    return rc == MSC_OK ? call_.show(row) : rc;
  }
  call_.count_row();
  return goes_on ? int{MSC_OK} : call_.end_field();
}

int DecodedRows::member(const msc_field& field) {
  if (skipped_depth_ == 0) return call_.field(field);
  if (field.kind == MSC_OBJECT || field.kind == MSC_LIST) ++skipped_depth_;
  if (field.kind == MSC_END) --skipped_depth_;
  return MSC_OK;
}

void DecodedRows::failed_because(std::string_view why) {
  if (why_.empty()) why_ = why;
}

void DecodedRows::lose(int rc) {
  lacks_memory_ = lacks_memory_ || rc == MSC_EFAULT;
  if (lost_++ == 0) first_why_ = why_.empty() ? call_.why_failed(rc) : why_;
}

void DecodedRows::tell_shortfall() {
  if (lost_ == 0) return;
  if (lost_ == elements_ && !lacks_memory_) {
    call_.lose_all_rows();
    return (void)call_.words().note(MSC_EFAIL, first_why_.c_str());
  }
  const auto text = fmt::format("{} of {} elements are without all that {} adds, the first because: {}",
                                lost_, elements_, call_.renderer(), first_why_);
  (void)call_.words().note(lacks_memory_ ? MSC_EFAULT : MSC_OK, text.c_str());
}

} // namespace mapscope::plugin
