// SPDX-License-Identifier: Apache-2.0
#include "host/pipeline/only.hpp"

#include "host/base/counted.hpp"
#include "host/base/nearest.hpp"
#include "host/plugin/select/needs.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <string_view>
#include <vector>

namespace mapscope::pipeline {

namespace {

const std::string& id_of(const plugin::Plugin& plugin) {
  static const std::string none;
  return plugin.verification.manifest ? plugin.manifest().id : none;
}

/// With the version that reports write behind it, or the last word of an id alone.
std::string id_meant_by(const std::string& wrong, const std::vector<std::string>& ids) {
  const std::string_view name = std::string_view(wrong).substr(0, wrong.find('@'));
  for (const std::string& id : ids)
    if (std::string_view(id).substr(id.rfind('.') + 1) == name) return id;
  return nearest(name, ids);
}

/// Why it is no choice at all on this kernel; "" where it could be.
std::string what_it_lacks(const std::string& id, const plugin::Registry& registry, const btf::Types& kernel) {
  for (const plugin::Plugin& plugin : registry.plugins())
    if (plugin.usable() && id_of(plugin) == id)
      return plugin::missing_need(plugin.manifest(), kernel, nullptr);
  return "";
}

} // namespace

Result<void> check_only(const plugin::Registry& registry, const std::string& id) {
  const plugin::Plugin* refused = nullptr;
  std::vector<std::string> ids;
  for (const plugin::Plugin& plugin : registry.plugins()) {
    if (id_of(plugin) == id && plugin.usable()) return {};
    if (id_of(plugin) == id) refused = &plugin;
    if (plugin.usable()) ids.push_back(id_of(plugin));
  }
  if (refused != nullptr)
    return fail(Errc::usage, fmt::format("--only {}: {} is not used as a plugin: {}", id, refused->path,
                                         refused->refused));
  const std::string meant = id_meant_by(id, ids);
  return fail(Errc::usage, fmt::format("--only {}: no plugin has this id; {}", id,
                                       meant.empty() ? "`mapscope plugins list` shows those there are"
                                                     : fmt::format("did you mean {}?", meant)));
}

bool is_by(const plugin::Selection& selection, const std::string& id) {
  if (id.empty()) return true;
  return !selection.choices.empty() && selection.choices.front().plugin->manifest().id == id;
}

std::unexpected<Error> nothing_by(const std::string& id, const Setup& setup, const Session& session,
                                  std::size_t maps, const std::string& may_lack) {
  std::string text = fmt::format("--only {}: none of the {} is rendered by it", id, counted(maps, "map"));
  const std::string lacks = what_it_lacks(id, setup.registry, *session.kernel);
  if (!lacks.empty()) text += ", as it " + lacks;
  if (!may_lack.empty()) text += ", and " + may_lack;
  if (lacks.empty() && may_lack.empty()) text += "; `mapscope maps` says which plugin renders each";
  return fail(Errc::usage, std::move(text));
}

} // namespace mapscope::pipeline
