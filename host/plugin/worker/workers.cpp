// SPDX-License-Identifier: Apache-2.0
#include "host/plugin/worker/workers.hpp"

#include "host/plugin/worker/crash_text.hpp"
#include "host/plugin/worker/worker_render.hpp"

#include <algorithm>
#include <poll.h>
#include <unistd.h>

namespace mapscope::plugin {

Result<std::unique_ptr<Workers>> Workers::start(const Environment& environment,
                                                std::span<const Plugin> plugins,
                                                std::span<const Selection> selections) {
  const auto needs_workers = [&](const Selection& selection) {
    return std::ranges::any_of(selection.choices, [&](const Choice& choice) {
      return is_isolated(*choice.plugin, environment.config->plugins);
    });
  };
  if (std::ranges::none_of(selections, needs_workers)) return nullptr;
  const std::uint64_t of_one_target = environment.config->budget.ms / 1000 + 2;
  std::unique_ptr<Workers> workers(new Workers(of_one_target * selections.size()));
  workers->companions_ = companions_of(plugins, selections, environment.config->plugins);
  auto zygote = Zygote::start(environment, plugins, workers->companions_);
  if (!zygote) return std::unexpected(zygote.error());
  workers->zygote_ = std::move(*zygote);
  return workers;
}

Workers::~Workers() {
  for (auto& [plugin, children] : idle_)
    for (const Child& child : children) ::close(child.fd); // the zygote's end is theirs
}

Attempt Workers::render(const Environment& environment, const catalog::Map& map,
                        std::span<const Choice> choices, const Limits& limits, report::MapWriter& writer,
                        AllocatorCall* allocator, const LeftOut& left_out) {
  return WorkerRender(*this, environment, map, choices, limits, writer, allocator, left_out).run();
}

Result<Workers::Child> Workers::take(const Plugin& plugin) {
  while (const auto child = take_idle(plugin)) {
    pollfd quiet{child->fd, POLLIN, 0};
    if (::poll(&quiet, 1, 0) == 0) return *child;
    (void)dispose(*child); // it talks without being asked, or is gone
  }
  return zygote_->fork_worker(plugin, cpu_seconds_);
}

std::optional<Workers::Child> Workers::take_idle(const Plugin& plugin) {
  const std::scoped_lock lock(mutex_);
  auto& idle = idle_[&plugin];
  if (idle.empty()) return std::nullopt;
  const Child child = idle.back();
  idle.pop_back();
  return child;
}

void Workers::give_back(const Plugin& plugin, Child child) {
  const std::scoped_lock lock(mutex_);
  idle_[&plugin].push_back(child);
}

std::string Workers::dispose(Child child) {
  const auto status = zygote_->reap(child.pid);
  ::close(child.fd);
  return status ? end_text(*status) : status.error().text;
}

/// One crash on many maps is looked up once.
std::string Workers::code_line(const Plugin& plugin, std::uint64_t offset) {
  const std::pair place(&plugin, offset);
  {
    const std::scoped_lock lock(mutex_);
    if (const auto known = lines_.find(place); known != lines_.end()) return known->second;
  }
  const auto child = zygote_->fork_line_finder(plugin, offset);
  if (!child) return "";
  std::string line = read_code_line(child->fd);
  (void)dispose(*child);
  const std::scoped_lock lock(mutex_);
  return lines_.emplace(place, std::move(line)).first->second;
}

} // namespace mapscope::plugin
