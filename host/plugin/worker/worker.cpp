// SPDX-License-Identifier: Apache-2.0
#include "host/plugin/worker/worker.hpp"

#include "host/plugin/call/environment.hpp"
#include "host/target/target.hpp"

#include "host/plugin/call/call.hpp"
#include "host/plugin/call/no_writer.hpp"
#include "host/plugin/worker/load_confined.hpp"
#include "host/plugin/worker/worker_faults.hpp"
#include "host/plugin/worker/worker_trace.hpp"

#include <cerrno>
#include <sys/prctl.h>
#include <unistd.h>

namespace mapscope::plugin {

namespace {

const memory::Source& source_of(const WorkerStart& start) { return start.environment->target->source(); }

/// Nothing when the host has closed its end.
std::optional<WorkerRequest> next_request(int fd) {
  WorkerRequest request;
  ssize_t got = 0;
  do got = ::read(fd, &request, sizeof request);
  while (got < 0 && errno == EINTR);
  if (got != sizeof request) return std::nullopt;
  return request;
}

FrameWriter* frames = nullptr;

/// A budget is spent and the plugin does not care: its content stands, it gets no more time.
void end_without_it(msc_call* call) {
  frames->end(call->facts(MSC_STOP));
  ::_exit(0);
}

void serve(const WorkerStart& start, const msc_plugin& entry, const WorkerRequest& request,
           FrameWriter& writer) {
  NoWriter nowhere;
  trace.helper = -1;
  trace.stops = 0;
  source_of(start).join_moment(request.moment,
                               [&writer](std::span<const memory::Piece> pieces) { writer.ask_for(pieces); });
  msc_call call(*start.environment, *request.map, {request.choices, request.choice_count}, request.limits,
                nowhere, request.allocator, &writer, request.left_out);
  const int rc = run(entry, traced_table(), call);
  auto facts = call.facts(rc);
  facts.used_up = source_of(start).is_used_up();
  writer.end(facts);
}

} // namespace

void run_worker(const WorkerStart& start) {
  ::prctl(PR_SET_NAME, "mapscope-worker");
  static FrameWriter& writer = *new FrameWriter(start.fd); // exit() must not take it from a handler
  frames = &writer;
  trace.give_up = end_without_it;
  report_faults(writer);
  (void)traced_table();
  const auto of_the_target = source_of(start).descriptors();
  const auto entry = load_confined(
      *start.plugin, start.others, start.fd,
      {{}, of_the_target, start.environment->config->budget.memory, start.cpu_seconds, start.parent});
  while (const auto request = next_request(start.fd)) {
    if (entry)
      serve(start, **entry, *request, writer);
    else
      writer.unloadable(entry.error().text);
  }
  ::_exit(0);
}

} // namespace mapscope::plugin
