// SPDX-License-Identifier: Apache-2.0
#include "host/pipeline/task_page.hpp"

#include "host/pipeline/opened.hpp"
#include "host/pipeline/setup.hpp"
#include "host/report/output.hpp"

#include <fmt/format.h>
#include <string_view>

namespace mapscope::pipeline {

namespace {

/// As the kernel does it: "comm[pid]".
bool names_a_task(std::string_view text) {
  for (std::size_t at = 0; (at = text.find('[', at)) != text.npos; ++at)
    if (const std::size_t end = text.find_first_not_of("0123456789", at + 1);
        end != text.npos && end != at + 1 && text[end] == ']')
      return true;
  return false;
}

/// What went wrong for all is told whomever it names; and of those that only were counted nothing is.
bool may_be_of(std::uint32_t pid, const report::Finding& finding) {
  if (finding.severity == "error" || finding.text.find(fmt::format("[{}]", pid)) != std::string::npos)
    return true;
  return !names_a_task(finding.text) && finding.text.find(" more tasks have ") == std::string::npos;
}

} // namespace

Result<void> TaskPage::narrow(const Setup& setup, const Opened& source, Request& request) {
  if (auto found = find_rows(setup, source, request); !found) return found;
  request.maps = rows_.maps();
  is_found_ = !request.maps.empty() || !rows_.sections().empty();
  if (source.scope(setup, {"kernel:*"})) request.maps.emplace_back("kernel:*");
  if (request.maps.empty()) request.maps = rows_.sections(); // slots are shown with something
  request.around = [this](std::unique_ptr<report::MapWriter> to) { return rows_.only(std::move(to)); };
  request.around_slots = request.around;
  request.lists_slots = [this](std::uint32_t section, std::string_view name) {
    return rows_.has_slots(section, name);
  };
  request.around_kernel = [this](std::unique_ptr<report::MapWriter> to) {
    return only_of_task(std::move(to), pid_, is_found_);
  };
  request.tells = [this](const report::Finding& finding) { return may_be_of(pid_, finding); };
  return request.maps.empty() ? Result<void>(std::unexpected(missing())) : Result<void>{};
}

Error TaskPage::missing() const {
  return {
      Errc::not_found,
      fmt::format("nothing here belongs to task {}: its pid is as outside of containers, and of sched_ext's "
                  "tasks --map kernel:sched_ext has a list",
                  pid_),
      {}};
}

Result<void> TaskPage::find_rows(const Setup& setup, const Opened& source, const Request& request) {
  Request first = request;
  first.format = report::Format::json;
  first.around = [this](std::unique_ptr<report::MapWriter> /*to*/) { return rows_.finder(); };
  first.around_slots = first.around;
  first.lists_slots = [](std::uint32_t, std::string_view) { return true; };
  first.rows_stand_alone = true;
  const auto run = source.report(setup, first);
  if (auto chosen = run->choose(); !chosen) return chosen;
  std::string nothing;
  auto written = run->write(*report::memory_output(nothing), {});
  rows_.leave_out_shown_slots();
  return written;
}

} // namespace mapscope::pipeline
