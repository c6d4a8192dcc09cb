// SPDX-License-Identifier: Apache-2.0
#include "host/plugin/worker/load_confined.hpp"

#include "host/plugin/select/library.hpp"
#include "host/plugin/worker/worker_faults.hpp"

#include <fmt/format.h>
#include <vector>

namespace mapscope::plugin {

Result<const msc_plugin*> load_confined(const Plugin& plugin, std::span<const Plugin* const> others, int fd,
                                        Confinement confinement) {
  std::vector<int> needed = {fd, plugin.file->fd()};
  for (const Plugin* other : others) needed.push_back(other->file->fd());
  needed.insert(needed.end(), confinement.readable.begin(), confinement.readable.end());
  confinement.descriptors = needed;
  if (auto done = confine(confinement); !done) return std::unexpected(done.error());
  if (auto done = allow_loading(); !done) return std::unexpected(done.error());
  auto entry = load(plugin);
  if (entry) faults_are_in(plugin, *entry);
  for (const Plugin* other : others)
    if (const auto there = load(*other)) faults_are_in(*other, *there);
  load_no_more();
  if (auto done = allow_rendering(confinement.readable); !done) return std::unexpected(done.error());
  if (!entry && entry.error().text.ends_with("failed to map segment from shared object"))
    entry.error().text += fmt::format("; budget.memory lets it take {} MiB", confinement.memory >> 20);
  return entry;
}

} // namespace mapscope::plugin
