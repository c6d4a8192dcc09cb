// SPDX-License-Identifier: Apache-2.0
#include "host/pipeline/shortfall.hpp"

#include "host/pipeline/allocations.hpp"
#include "host/pipeline/kernel_targets.hpp"

#include "host/base/counted.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace mapscope::pipeline {

void ShortfallCount::add(report::Status status, const std::string& name) {
  ++all_;
  if (status == report::Status::complete) return;
  if (less_.empty()) first_ = name;
  ++less_[status];
}

std::string ShortfallCount::text() const {
  std::size_t less = 0;
  std::string statuses;
  for (const auto& [status, number] : less_) {
    less += number;
    statuses += fmt::format("{}{} {}", statuses.empty() ? "" : ", ", number, report::status_name(status));
  }
  if (less == 0) return "";
  return fmt::format("{} of {} ({}; the first is {})", less, counted(all_, kind_), statuses, first_);
}

std::string shortfall_of(const ShownMaps& maps, const Allocations& allocations, const KernelTargets& kernel,
                         const std::string& may_lack) {
  ShortfallCount of_maps("map"), of_allocators("allocator");
  for (const ShownMap& shown : maps)
    of_maps.add(shown.outcome.status, fmt::format("map {}, {}", shown.map->id, shown.map->label()));
  for (const auto* allocation : allocations.listed())
    of_allocators.add(allocation->outcome.status, allocation->name);
  std::vector<std::string> parts = {of_maps.text(), of_allocators.text(), may_lack};
  if (!kernel.all_complete()) parts.emplace_back("a part of the kernel that is no map");
  std::erase(parts, "");
  return fmt::format("{}", fmt::join(parts, "; "));
}

} // namespace mapscope::pipeline
