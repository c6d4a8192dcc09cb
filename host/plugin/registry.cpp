// SPDX-License-Identifier: Apache-2.0
#include "host/plugin/registry.hpp"

#include "host/base/glob.hpp"

#include <algorithm>
#include <filesystem>
#include <fmt/format.h>
#include <set>
#include <sys/stat.h>

namespace mapscope::plugin {

namespace {

namespace fs = std::filesystem;

/// 1.10 is newer than 1.9: numbers compare as numbers, anything else as text.
bool is_older(std::string_view a, std::string_view b) {
  while (!a.empty() && !b.empty()) {
    const auto digits = [](std::string_view text) {
      return std::min(text.find_first_not_of("0123456789"), text.size());
    };
    const std::size_t da = digits(a), db = digits(b);
    if (da != 0 && db != 0) {
      const std::string_view na = a.substr(std::min(a.find_first_not_of('0'), da - 1), da),
                             nb = b.substr(std::min(b.find_first_not_of('0'), db - 1), db);
      const auto ka = std::pair(na.size(), na), kb = std::pair(nb.size(), nb);
      if (ka != kb) return ka < kb;
      a.remove_prefix(da), b.remove_prefix(db);
    } else {
      if (a.front() != b.front()) return a.front() < b.front();
      a.remove_prefix(1), b.remove_prefix(1);
    }
  }
  return a.size() < b.size();
}

bool any_matches(const std::vector<std::string>& globs, std::string_view text) {
  return std::ranges::any_of(globs, [&](const std::string& glob) { return glob_match(glob, text); });
}

/// A README beside the plugins is no plugin; a file named like one, or built like one, is looked at.
bool looks_like_plugin(const fs::path& path, const SealedFile& file) {
  constexpr std::string_view magic = "\177ELF";
  const std::string_view begin(reinterpret_cast<const char*>(file.bytes().data()),
                               std::min<std::size_t>(4, file.bytes().size()));
  return path.extension() == ".so" || begin == magic;
}

class Finder {
public:
  Finder(const config::Plugins& settings, const Policy& policy) : settings_(settings), policy_(policy) {
    policy_.libraries.insert(policy_.libraries.end(), settings.libraries.begin(), settings.libraries.end());
  }

  Result<void> search(const std::string& directory, bool built_in) {
    std::error_code error;
    std::vector<fs::path> paths;
    for (fs::directory_iterator entry(directory, error), end; !error && entry != end; entry.increment(error))
      paths.push_back(entry->path());
    if (error)
      return fail(Errc::usage,
                  fmt::format("{}: cannot be searched for plugins: {}", directory, error.message()));
    std::ranges::sort(paths); // directory order must not show anywhere
    for (const fs::path& path : paths) look_at(path, built_in);
    return {};
  }

  std::vector<Plugin> finish() {
    refuse_duplicates();
    std::ranges::stable_sort(found_, {}, [](const Plugin& p) {
      return std::pair(p.verification.manifest ? p.verification.manifest->id : "", p.path);
    });
    return std::move(found_);
  }

private:
  void look_at(const fs::path& path, bool built_in) {
    struct stat status{};
    if (::stat(path.c_str(), &status) != 0 || !S_ISREG(status.st_mode)) return;
    if (!seen_.emplace(status.st_dev, status.st_ino).second) return; // the same file by another name
    Plugin plugin;
    plugin.path = path.string();
    plugin.built_in = built_in;
    auto file = SealedFile::copy(plugin.path);
    if (!file) {
      plugin.refused = file.error().text;
      if (path.extension() == ".so") found_.push_back(std::move(plugin));
      return;
    }
    if (!looks_like_plugin(path, *file)) return;
    plugin.verification = verify(plugin.path, file->bytes(), policy_);
    plugin.refused = plugin.verification.reason();
    plugin.file = *file;
    if (plugin.usable()) plugin.refused = denied(plugin.manifest().id);
    found_.push_back(std::move(plugin));
  }

  [[nodiscard]] std::string denied(const std::string& id) const {
    if (any_matches(settings_.deny, id)) return "denied by [plugins] deny";
    if (!settings_.allow.empty() && !any_matches(settings_.allow, id)) return "not among [plugins] allow";
    return "";
  }

  /// V12.
  void refuse_duplicates() {
    std::map<std::string, std::vector<Plugin*>> by_id;
    for (Plugin& plugin : found_)
      if (plugin.usable()) by_id[plugin.manifest().id].push_back(&plugin);
    for (auto& [id, same] : by_id)
      if (same.size() > 1) settle(id, same);
  }

  void settle(const std::string& id, std::vector<Plugin*>& same) const {
    std::ranges::stable_sort(same, [](const Plugin* a, const Plugin* b) {
      return is_older(a->manifest().version, b->manifest().version);
    });
    const bool newest_is_alone = same[same.size() - 2]->manifest().version != same.back()->manifest().version;
    for (Plugin* plugin : same) {
      const Plugin* other = plugin == same.back() ? same.front() : same.back();
      if (settings_.newest_wins && newest_is_alone && plugin == same.back()) continue;
      if (settings_.newest_wins && newest_is_alone)
        plugin->refused =
            fmt::format("V12: {} has version {} of {}", other->path, other->manifest().version, id);
      else
        plugin->refused = fmt::format("V12: {} has the same id {}; remove one{}", other->path, id,
                                      newest_is_alone ? " or set [plugins] newest_wins = true" : "");
    }
  }

  const config::Plugins& settings_;
  Policy policy_;
  std::vector<Plugin> found_;
  std::set<std::pair<dev_t, ino_t>> seen_;
};

} // namespace

Result<Registry> Registry::discover(const std::vector<std::string>& built_in,
                                    const std::vector<std::string>& directories,
                                    const config::Plugins& settings, const Policy& policy) {
  Finder finder(settings, policy);
  for (const auto& directory : built_in)
    if (auto searched = finder.search(directory, true); !searched) return std::unexpected(searched.error());
  for (const auto& directory : directories)
    if (auto searched = finder.search(directory, false); !searched) return std::unexpected(searched.error());
  Registry registry;
  registry.plugins_ = finder.finish();
  return registry;
}

} // namespace mapscope::plugin
