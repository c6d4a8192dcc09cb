// SPDX-License-Identifier: Apache-2.0
#include "host/cli/strict.hpp"

#include "host/base/counted.hpp"

#include <fmt/format.h>

namespace mapscope::cli {

void Shortfall::add(report::Status status, const std::string& name) {
  ++all_;
  if (status == report::Status::complete) return;
  if (less_.empty()) first_ = name;
  ++less_[status];
}

std::string Shortfall::text() const {
  std::size_t less = 0;
  std::string statuses;
  for (const auto& [status, number] : less_) {
    less += number;
    statuses += fmt::format("{}{} {}", statuses.empty() ? "" : ", ", number, report::status_name(status));
  }
  if (less == 0) return "";
  return fmt::format("{} of {} ({}; the first is {})", less, counted(all_, kind_), statuses, first_);
}

} // namespace mapscope::cli
