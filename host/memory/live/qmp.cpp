// SPDX-License-Identifier: Apache-2.0
#include "host/memory/live/qmp.hpp"

#include "host/memory/live/guest_ram.hpp"
#include "host/memory/live/live_source.hpp"
#include "host/memory/live/monitor.hpp"
#include "host/memory/live/shared_guest.hpp"
#include "host/memory/unlinked_file.hpp"

#include <array>
#include <cstring>
#include <fmt/format.h>

namespace mapscope::memory {

namespace {

constexpr std::chrono::seconds dump_patience{3600};
constexpr std::string_view how_to_share =
    "start QEMU with -object memory-backend-memfd,id=ram,size=SIZE,share=on -machine memory-backend=ram, "
    "SIZE "
    "as -m has it";

struct GuestDump {
  InputFile file;
  std::optional<double> stopped_ms; ///< by QEMU's own events; nothing where the guest did not run
};

Result<GuestDump> dump_into(Monitor& monitor, const UnlinkedFile& file) {
  if (auto given = monitor.ask("getfd", R"({"fdname":"mapscope"})", Monitor::patience, file.fd()); !given)
    return std::unexpected(std::move(given.error()));
  if (auto dumped =
          monitor.ask("dump-guest-memory", R"({"paging":false,"protocol":"fd:mapscope"})", dump_patience);
      !dumped) {
    if (monitor.has_left_it_stopped()) (void)monitor.ask("cont");
    return std::unexpected(std::move(dumped.error()));
  }
  auto input = InputFile::open(fmt::format("/proc/self/fd/{}", file.fd()));
  std::array<std::byte, 4> magic{};
  if (!input || !input->read_at(0, magic) || std::memcmp(magic.data(), "\177ELF", magic.size()) != 0)
    return fail(Errc::corrupt, "QEMU has written no ELF core; is it a QEMU that has dump-guest-memory?");
  return GuestDump{std::move(*input), monitor.stopped_ms()};
}

Result<std::unique_ptr<Source>> open_dump(Monitor& monitor, const OpenCore& open_core, std::string why) {
  const auto file = UnlinkedFile::in_memory();
  if (!file) return std::unexpected(file.error());
  auto dump = dump_into(monitor, *file);
  if (!dump) return std::unexpected(std::move(dump.error()));
  auto source = open_core(std::move(dump->file));
  if (!source) return source;
  (*source)->was_stopped_for(dump->stopped_ms);
  (*source)->was_read_by("dump", std::move(why));
  return source;
}

Result<std::unique_ptr<Source>> open_shared(Monitor monitor, GuestRam ram, const OpenOptions& options) {
  auto machine = open_shared_guest(std::move(monitor), std::move(ram), options.running);
  if (!machine) return std::unexpected(std::move(machine.error()));
  const bool is_kept = machine->motion != Motion::runs;
  return LiveSource::open(std::move(*machine), options.threads,
                          {options.resident, options.resident_forked, is_kept});
}

Result<std::unique_ptr<Source>> open_by(Monitor monitor, const OpenOptions& options,
                                        const OpenCore& open_core) {
  if (!options.running && !options.in_place) return open_dump(monitor, open_core, "");
  auto ram = find_guest_ram(monitor);
  if (ram) return open_shared(std::move(monitor), std::move(*ram), options);
  const std::string& why = ram.error().text;
  if (options.running && ram.error().code == Errc::unsupported)
    return fail(Errc::unsupported,
                fmt::format("--running reads a guest's RAM in place, and {}; {}", why, how_to_share));
  if (options.running)
    return fail(Errc::unsupported,
                fmt::format("--running reads a guest's RAM in place, and that cannot be: {}; "
                            "without the option QEMU saves it",
                            why));
  return open_dump(monitor, open_core, why);
}

} // namespace

Result<std::unique_ptr<Source>> open_guest(const std::string& name, const OpenOptions& options,
                                           const OpenCore& open_core) {
  Monitor monitor;
  if (auto connected = monitor.connect(name.substr(name.find(':') + 1)); !connected)
    return std::unexpected(std::move(connected.error()).within(name));
  auto source = open_by(std::move(monitor), options, open_core);
  if (!source && !source.error().text.starts_with(name))
    return std::unexpected(std::move(source.error()).within(name));
  return source;
}

} // namespace mapscope::memory
