// SPDX-License-Identifier: Apache-2.0
#include "host/pipeline/task_page.hpp"

#include "host/pipeline/opened.hpp"
#include "host/pipeline/setup.hpp"
#include "host/report/output.hpp"

#include <fmt/format.h>

namespace mapscope::pipeline {

Result<void> TaskPage::narrow(const Setup& setup, const Opened& source, Request& request) {
  if (auto found = find_rows(setup, source, request); !found) return found;
  request.maps = rows_.maps();
  is_found_ = !request.maps.empty();
  if (source.scope(setup, {"kernel:*"})) request.maps.emplace_back("kernel:*");
  request.around = [this](std::unique_ptr<report::MapWriter> to) { return rows_.only(std::move(to)); };
  request.around_kernel = [this](std::unique_ptr<report::MapWriter> to) {
    return only_of_task(std::move(to), pid_, is_found_);
  };
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
  first.rows_stand_alone = true;
  const auto run = source.report(setup, first);
  if (auto chosen = run->choose(); !chosen) return chosen;
  std::string nothing;
  return run->write(*report::memory_output(nothing), {});
}

} // namespace mapscope::pipeline
