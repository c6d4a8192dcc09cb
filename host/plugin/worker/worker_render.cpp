// SPDX-License-Identifier: Apache-2.0
#include "host/plugin/worker/worker_render.hpp"

#include "host/base/ending.hpp"
#include "host/base/mappings.hpp"
#include "host/base/waiting.hpp"
#include "host/plugin/worker/crash_text.hpp"
#include "host/plugin/worker/worker.hpp"
#include "host/target/target.hpp"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <fmt/format.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>
#include <utility>

namespace mapscope::plugin {

namespace {

using std::chrono::milliseconds;

/// A plugin that still calls helpers is stopped by its own budget; only one that does not is killed.
constexpr milliseconds grace{250};
/// On a machine that runs and is busy each piece of memory may take a turn of its scheduler's, on either
/// side. The plugin's clock stands still for that in its process; here it may take so many times as long as
/// it has.
constexpr int most_turns = 10;
/// Beside a row's bytes, which the budget limits.
constexpr std::size_t overhead = 1U << 20;

std::size_t longest_frame(const config::Budget& limits) {
  return std::min<std::uint64_t>(limits.emit_bytes, 1ULL << 30) + overhead;
}

} // namespace

WorkerRender::WorkerRender(Workers& workers, const Environment& environment, const catalog::Map& map,
                           std::span<const Choice> choices, const Limits& limits, report::MapWriter& writer,
                           AllocatorCall* allocator, const LeftOut& left_out)
    : workers_(workers), source_(environment.target->source()), map_(map), choices_(choices),
      choice_(choices.front()), allocator_(allocator), left_out_(left_out),
      call_(environment, map, choices, limits, writer, allocator),
      patience_(milliseconds(call_.limits().budget.ms) + grace), end_(Clock::now() + most_turns * patience_),
      reader_(longest_frame(call_.limits().budget)) {}

Attempt WorkerRender::run() {
  auto child = workers_.take(*choice_.plugin);
  if (!child) {
    fail_with(report::Status::failed, child.error().text);
    return failed();
  }
  child_ = *child;
  State state = send_request() ? State::going_on : fail_with(report::Status::crashed, "");
  while (state == State::going_on) state = receive();
  if (is_reusable_)
    workers_.give_back(*choice_.plugin, child_);
  else if (const auto how = workers_.dispose(child_); failure_.empty())
    failure_ = how;
  return state == State::failed ? failed() : ended();
}

bool WorkerRender::send_request() const {
  const WorkerRequest request{&map_,          choices_.data(), choices_.size(), allocator_,
                              call_.limits(), left_out_,       source_.moment()};
  const ssize_t sent = ::send(child_.fd, &request, sizeof request, MSG_NOSIGNAL | MSG_DONTWAIT);
  const bool is_gone =
      sent < 0 && (errno == EPIPE || errno == ECONNRESET); // what it said on its end can be read
  return sent == sizeof request || is_gone;
}

/// Its time is up: the signal makes it say where it is, unless it is beyond that.
WorkerRender::State WorkerRender::ask_where_it_is() {
  if (std::exchange(is_asked_, true)) return fail_with(report::Status::timed_out, "");
  patience_ = grace;
  ::kill(child_.pid, SIGXCPU); // not reaped yet, so this is its number
  return State::going_on;
}

/// Waits for more and takes what may be taken.
WorkerRender::State WorkerRender::receive() {
  pollfd waiting{child_.fd, POLLIN, 0};
  const auto before = Clock::now();
  const auto left = std::chrono::ceil<milliseconds>(patience_).count();
  int ready = 0;
  {
    const Waiting for_the_worker; // the clock of what the host itself does for it stands still
    ready = ::poll(&waiting, 1, static_cast<int>(std::max<std::int64_t>(left, 0)));
  }
  patience_ -= Clock::now() - before;
  if (ready == 0) return ask_where_it_is();
  const auto room = reader_.room();
  const ssize_t got = ::read(child_.fd, room.data(), room.size());
  if (got < 0 && errno == EINTR) return State::going_on;
  if (got <= 0) return fail_with(report::Status::crashed, ""); // the process says how it ended, once reaped
  reader_.filled(static_cast<std::size_t>(got));
  return take_frames();
}

WorkerRender::State WorkerRender::take_frames() {
  while (true) {
    const auto frame = reader_.next();
    if (!frame) return breach(frame.error().text);
    if (!*frame) return State::going_on;
    if (const State state = take_frame(**frame); state != State::going_on) return state;
  }
}

WorkerRender::State WorkerRender::take_frame(const Frame& frame) {
  const auto content = frame.content;
  // What its content takes here is the plugin's time as well, as it is without a worker.
  if (is_content(frame.kind))
    if (const int rc = call_.enter(); rc != MSC_OK) return repeat(rc);
  switch (frame.kind) {
  case FrameKind::row: {
    if (const auto parsed = parse_row(content, row_); !parsed) return breach(parsed.error().text);
    return repeat(call_.row(row_.row));
  }
  case FrameKind::field: {
    if (const auto parsed = parse_field(content, field_); !parsed) return breach(parsed.error().text);
    return repeat(call_.field(field_.field));
  }
  case FrameKind::note: {
    const auto parsed = parse_text(content);
    if (!parsed) return breach(parsed.error().text);
    return repeat(call_.words().note(parsed->number, parsed->text.c_str()));
  }
  case FrameKind::finding: {
    const auto parsed = parse_text(content);
    if (!parsed) return breach(parsed.error().text);
    return repeat(call_.words().finding(static_cast<std::uint32_t>(parsed->number), parsed->text.c_str()));
  }
  case FrameKind::slots: {
    const auto parsed = parse_slots(content);
    if (!parsed) return breach(parsed.error().text);
    msc_slots slots = parsed->slots;
    if (slots.reason != nullptr) slots.reason = parsed->reason.c_str();
    return repeat(call_.slots(slots));
  }
  case FrameKind::debug: {
    const auto parsed = parse_text(content);
    if (!parsed) return breach(parsed.error().text);
    return repeat(call_.words().debug(parsed->text.c_str()));
  }
  case FrameKind::memory:
    return bring_in(content);
  case FrameKind::slot: {
    const auto parsed = parse_slot(content);
    return parsed ? repeat(call_.slot(*parsed)) : breach(parsed.error().text);
  }
  case FrameKind::end:
    return take_end(content);
  case FrameKind::unloadable:
    return fail_with(report::Status::failed,
                     std::string(reinterpret_cast<const char*>(content.data()), content.size()));
  case FrameKind::crash:
    return take_crash(content);
  }
  return breach("a frame of unknown kind");
}

WorkerRender::State WorkerRender::bring_in(std::span<const std::byte> content) {
  const auto pieces = parse_pieces(content);
  if (!pieces) return breach(pieces.error().text);
  source_.bring_in(*pieces);
  patience_ = std::min<Clock::duration>(milliseconds(call_.limits().budget.ms) + grace, end_ - Clock::now());
  const char answer = 1;
  (void)!::send(child_.fd, &answer, sizeof answer,
                MSG_NOSIGNAL | MSG_DONTWAIT); // who is gone says how, below
  return State::going_on;
}

/// A call of the host's own refuses what that of the worker let pass: the worker's is not what it was.
WorkerRender::State WorkerRender::repeat(int rc) {
  if (rc == MSC_OK) return State::going_on;
  rc_ = rc;
  return rc > MSC_OK ? State::stopped : breach("content that its helpers do not let pass");
}

WorkerRender::State WorkerRender::take_end(std::span<const std::byte> content) {
  const auto facts = parse_end(content);
  if (!facts) return breach(facts.error().text);
  if (!reader_.is_empty()) return breach("frames behind the last");
  if (!call_.take(*facts)) return breach("more entries than any map has");
  rc_ = facts->rc;
  is_reusable_ = !facts->bug && !facts->used_up;
  return State::done;
}

WorkerRender::State WorkerRender::take_crash(std::span<const std::byte> content) {
  const auto crash = parse_crash(content);
  if (!crash) return breach(crash.error().text);
  // The worker sees files where they are mapped here.
  const auto* const at = reinterpret_cast<const void*>(crash->address); // NOLINT(performance-no-int-to-ptr)
  if (const char* const name = crash->signal == SIGBUS ? lost_file_at(at) : nullptr; name != nullptr)
    end_without_file(name);
  const Plugin& plugin = who(*crash);
  culprit_ = &plugin;
  const auto lines = [&](std::uint64_t offset) { return workers_.code_line(plugin, offset); };
  return fail_with(report::Status::crashed,
                   is_asked_ ? where_text(*crash, plugin, lines) : crash_text(*crash, plugin, lines));
}

/// It names one of those that may run in it, or there is nothing to be believed.
const Plugin& WorkerRender::who(const CrashFrame& crash) const {
  const auto is_named = [&](const Choice& choice) {
    return reinterpret_cast<std::uint64_t>(choice.plugin) == crash.plugin;
  };
  const auto named = std::ranges::find_if(choices_, is_named);
  return named != choices_.end() ? *named->plugin : *choice_.plugin;
}

/// What it says when its time is up, or does not say any more, is where it was.
WorkerRender::State WorkerRender::fail_with(report::Status status, std::string text) {
  status_ = is_asked_ ? report::Status::timed_out : status;
  failure_ = std::move(text);
  if (is_asked_)
    failure_ = fmt::format("killed after {} ms without an end (budget.ms){}", call_.limits().budget.ms,
                           status == report::Status::crashed ? failure_ : "");
  return State::failed;
}

WorkerRender::State WorkerRender::breach(const std::string& text) {
  return fail_with(report::Status::failed, "its process sent " + text);
}

Attempt WorkerRender::ended() {
  auto outcome = call_.finish(rc_);
  return {std::move(outcome), call_.shows(), {}, call_.used()};
}

Attempt WorkerRender::failed() {
  call_.abandon();
  auto outcome = call_.finish(MSC_OK);
  outcome.status = status_;
  outcome.gave_up = true;
  return {std::move(outcome), call_.shows(), failure_, call_.used(), culprit_};
}

} // namespace mapscope::plugin
