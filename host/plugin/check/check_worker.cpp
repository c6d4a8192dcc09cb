// SPDX-License-Identifier: Apache-2.0
#include "host/plugin/check/check_worker.hpp"

#include "host/base/descriptors.hpp"
#include "host/plugin/select/library.hpp"
#include "host/plugin/verify/elf_image.hpp"
#include "host/plugin/worker/crash_text.hpp"
#include "host/plugin/worker/load_confined.hpp"
#include "host/plugin/worker/worker_faults.hpp"
#include "host/plugin/worker/worker_trace.hpp"

#include <mapscope/contract.hpp>

#include <algorithm>
#include <array>
#include <cerrno>
#include <fmt/format.h>
#include <sys/wait.h>
#include <unistd.h>

namespace mapscope::plugin {

namespace {

constexpr std::size_t piece = 1024, longest_frame = 64U << 10;
constexpr std::size_t most_shown = 80;

/// One render, as lines: its first says how it ended.
std::string rendered(const msc_plugin& entry, const testing::FakeHost& host) {
  const testing::Report report = host.render(entry);
  return fmt::format("it returned {}, {} rows, {} counted\n{}", contract::code_name(report.rc), report.rows,
                     report.counted, report.text());
}

Result<const msc_plugin*> confine_and_load(const Plugin& plugin, const CheckLimits& limits, int fd,
                                           pid_t parent) {
  keep_time_zone();
  if (auto done = leave_terminal(); !done) return std::unexpected(done.error());
  const auto seconds = std::chrono::ceil<std::chrono::seconds>(limits.time_per_rule).count();
  return load_confined(plugin, {}, fd,
                       {{}, {}, limits.worker_memory, static_cast<std::uint64_t>(seconds), parent});
}

/// In pieces, as a note is short: MSC_STOP when there are more.
void send(FrameWriter& writer, std::string_view text) {
  for (; text.size() > piece; text.remove_prefix(piece)) writer.note(MSC_STOP, text.substr(0, piece));
  writer.note(MSC_OK, text);
}

/// Notes for each host, or why there are none.
[[noreturn]] void run_confined(const Plugin& plugin, std::span<const testing::FakeHost> hosts,
                               const CheckLimits& limits, int fd, pid_t parent) {
  static FrameWriter& writer = *new FrameWriter(fd); // exit() must not take it from a handler
  trace.helper = CrashFrame::untraced;
  report_faults(writer);
  const auto entry = confine_and_load(plugin, limits, fd, parent);
  if (!entry) writer.unloadable(entry.error().text);
  for (const testing::FakeHost& host : hosts)
    if (entry) send(writer, rendered(**entry, host));
  writer.flush();
  ::_exit(0);
}

/// What the confined process said.
struct Said {
  std::vector<std::string> renders;
  std::string begun;   ///< of the next
  std::string failure; ///< why there are no more
};

std::string frame_text(const Frame& frame, const Plugin& plugin, const CheckLimits& limits) {
  if (frame.kind == FrameKind::unloadable)
    return {reinterpret_cast<const char*>(frame.content.data()), frame.content.size()};
  const auto crash = parse_crash(frame.content);
  if (!crash || frame.kind != FrameKind::crash) return "it said something else";
  const auto lines = [&](std::uint64_t offset) {
    return find_code_line(plugin, offset, limits.worker_memory);
  };
  return crash_text(*crash, plugin, lines);
}

/// False behind the last.
bool take_frames(FrameReader& reader, const Plugin& plugin, const CheckLimits& limits, Said& said) {
  while (true) {
    const auto frame = reader.next();
    if (!frame) said.failure = frame.error().text;
    if (!frame || !*frame) return said.failure.empty();
    const auto render = parse_text((*frame)->content);
    if ((*frame)->kind != FrameKind::note || !render)
      return said.failure = frame_text(**frame, plugin, limits), false;
    said.begun += render->text;
    if (render->number == MSC_OK) said.renders.push_back(std::exchange(said.begun, {}));
  }
}

Said listen(int fd, const Plugin& plugin, const CheckLimits& limits) {
  FrameReader reader(longest_frame);
  Said said;
  while (take_frames(reader, plugin, limits, said)) {
    const auto room = reader.room();
    const ssize_t got = ::read(fd, room.data(), room.size());
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) break;
    reader.filled(static_cast<std::size_t>(got));
  }
  return said;
}

/// The first line that both have and that differs.
std::string difference(std::string_view here, std::string_view there) {
  const std::size_t same = static_cast<std::size_t>(std::ranges::mismatch(here, there).in1 - here.begin());
  const auto line = [&](std::string_view text) {
    const std::size_t begin = same == 0 ? 0 : text.rfind('\n', same - 1) + 1; // npos + 1 is 0
    const std::string_view rest = begin < text.size() ? text.substr(begin) : "nothing";
    return printable(rest.substr(0, std::min(rest.find('\n'), most_shown)), most_shown);
  };
  return fmt::format("\"{}\" here, \"{}\" in a worker process", line(here), line(there));
}

CheckAnswer found(std::string what, const testing::FakeHost& where) {
  return {.kept = false, .text = fmt::format("{} (on {})", what, where.about), .what = std::move(what)};
}

CheckAnswer compare(const Plugin& plugin, std::span<const testing::FakeHost> hosts, const Said& said,
                    const CheckProgress& progress) {
  const std::size_t reached = said.renders.size();
  if (reached < hosts.size())
    return found(fmt::format("in a worker process: {}", said.failure), hosts[reached]);
  progress("loading it");
  const auto entry = load(plugin);
  if (!entry) return {false, entry.error().text};
  for (std::size_t i = 0; i < hosts.size(); ++i) {
    progress(fmt::format("on {}", hosts[i].about));
    const std::string here = rendered(**entry, hosts[i]);
    if (here != said.renders[i]) return found(difference(here, said.renders[i]), hosts[i]);
  }
  return {true, fmt::format("a worker process gives the same: {} renders", hosts.size())};
}

} // namespace

CheckAnswer same_in_worker(const Plugin& plugin, std::span<const testing::FakeHost> hosts,
                           const CheckLimits& limits, const CheckProgress& progress) {
  progress("in a worker process");
  std::array<int, 2> ends{};
  const pid_t self = ::getpid();
  const pid_t child = ::pipe(ends.data()) == 0 ? ::fork() : -1;
  if (child < 0) return {false, fmt::format("no worker process: {}", std::generic_category().message(errno))};
  if (child == 0) run_confined(plugin, hosts, limits, ends[1], self);
  ::close(ends[1]);
  Said said = listen(ends[0], plugin, limits);
  ::close(ends[0]);
  int status = 0;
  ::waitpid(child, &status, 0);
  if (said.failure.empty()) said.failure = end_text(status);
  return compare(plugin, hosts, said, progress);
}

} // namespace mapscope::plugin
