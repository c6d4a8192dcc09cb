// SPDX-License-Identifier: Apache-2.0
#include "host/memory/live/shared_guest.hpp"

#include "host/memory/live/guardian.hpp"

#include <algorithm>

namespace mapscope::memory {

namespace {

/// Reads by pread(2): what QEMU takes away meanwhile is an error of that, and no signal.
class RamWindow final : public LiveWindow {
public:
  explicit RamWindow(std::shared_ptr<const GuestRam> ram) : ram_(std::move(ram)) {}
  bool read(std::uint64_t physical, std::span<std::byte> page) override {
    const auto next = std::ranges::upper_bound(ram_->parts, physical, {}, &GuestRam::Part::address);
    if (next == ram_->parts.begin()) return false;
    const GuestRam::Part& part = *std::prev(next);
    const std::uint64_t inside = physical - part.address;
    if (inside > part.size || page.size() > part.size - inside) return false;
    return part.file->read_at(part.offset + inside, page);
  }

private:
  std::shared_ptr<const GuestRam> ram_;
};

class GuestBrake final : public Brake {
public:
  GuestBrake(Monitor monitor, std::unique_ptr<Guardian> guardian)
      : monitor_(std::move(monitor)), guardian_(std::move(guardian)) {}
  ~GuestBrake() override { let_go(); }
  GuestBrake(const GuestBrake&) = delete;
  GuestBrake& operator=(const GuestBrake&) = delete;

  Result<void> stop() override {
    if (auto watched = guardian_->watch(); !watched) return watched;
    is_held_ = true;
    auto stopped = monitor_.ask("stop");
    if (stopped) return {};
    let_go();
    return std::unexpected(std::move(stopped.error()));
  }
  bool let_go() override {
    if (!is_held_) return true;
    if (!monitor_.ask("cont")) return false; // the guardian goes on asking
    is_held_ = false;
    return guardian_->rest();
  }
  [[nodiscard]] std::optional<double> stopped_ms() const override { return monitor_.stopped_ms(); }

private:
  Monitor monitor_;
  std::unique_ptr<Guardian> guardian_; ///< ends before the connection does
  bool is_held_ = false;
};

Result<bool> runs(Monitor& monitor) {
  const auto answer = monitor.ask("query-status");
  if (!answer) return std::unexpected(answer.error());
  const auto& status = (*answer)["return"];
  if (!status.IsObject() || !status.HasMember("running") || !status["running"].IsBool())
    return fail(Errc::corrupt, "QEMU does not say whether the guest runs");
  return status["running"].GetBool();
}

} // namespace

Result<LiveMachine> open_shared_guest(Monitor monitor, GuestRam ram, bool running) {
  LiveMachine machine;
  machine.via = "shared", machine.format = "guest";
  const auto is_on = runs(monitor);
  if (!is_on) return std::unexpected(is_on.error());
  if (!*is_on)
    machine.motion = Motion::stands_still;
  else if (!running) {
    auto guardian = Guardian::start(monitor.fd());
    if (!guardian) return std::unexpected(std::move(guardian.error()));
    machine.motion = Motion::can_be_held;
    machine.brake = std::make_unique<GuestBrake>(std::move(monitor), std::move(*guardian));
  }
  for (const GuestRam::Part& part : ram.parts) machine.ram.push_back({part.address, part.size, part.size});
  const auto shared = std::make_shared<const GuestRam>(std::move(ram));
  machine.open_window = [shared]() -> Result<std::unique_ptr<LiveWindow>> {
    return std::make_unique<RamWindow>(shared);
  };
  machine.first = std::make_unique<RamWindow>(shared);
  return machine;
}

} // namespace mapscope::memory
