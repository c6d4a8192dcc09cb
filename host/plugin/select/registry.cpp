// SPDX-License-Identifier: Apache-2.0
#include "host/plugin/select/registry.hpp"

#include "host/base/glob.hpp"
#include "host/plugin/select/registry_version.hpp"
#include "host/plugin/verify/elf_image.hpp"
#include "host/plugin/verify/verifier_ownership.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <fcntl.h>
#include <filesystem>
#include <fmt/format.h>
#include <set>
#include <sys/stat.h>
#include <system_error>
#include <tuple>
#include <unistd.h>

namespace mapscope::plugin {

namespace {

namespace fs = std::filesystem;
using Verdict = RuleResult::Verdict;

const std::string* first_match(const std::vector<std::string>& globs, std::string_view text) {
  const auto found =
      std::ranges::find_if(globs, [&](const std::string& glob) { return glob_match(glob, text); });
  return found != globs.end() ? &*found : nullptr;
}

/// "x.so" and "x.so.1": somebody meant it to be a library.
bool is_named_like_library(const fs::path& path) {
  const std::string name = path.filename().string();
  return name.ends_with(".so") || name.find(".so.") != name.npos;
}

/// True also when the file cannot be read: the copy then says why.
bool may_be_elf(const fs::path& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  if (fd < 0) return true;
  std::array<char, SELFMAG> magic{};
  const ssize_t got = ::pread(fd, magic.data(), magic.size(), 0);
  ::close(fd);
  return got < 0 || (got == SELFMAG && std::equal(magic.begin(), magic.end(), ELFMAG));
}

class Finder {
public:
  Finder(const config::Plugins& settings, Policy policy) : settings_(settings), policy_(std::move(policy)) {
    policy_.libraries.insert(policy_.libraries.end(), settings.libraries.begin(), settings.libraries.end());
  }

  Result<void> search(const std::string& directory, bool built_in) {
    std::error_code error;
    std::vector<fs::path> paths;
    for (fs::directory_iterator entry(directory, error), end; !error && entry != end; entry.increment(error))
      paths.push_back(entry->path());
    if (built_in && error == std::errc::no_such_file_or_directory) return {};
    if (error)
      return fail(built_in ? Errc::io : Errc::usage,
                  fmt::format("{}: cannot be searched for plugins: {}; name a directory that can be read",
                              directory, error.message()));
    std::ranges::sort(paths); // directory order must not show anywhere
    for (const fs::path& path : paths) look_at(path, built_in);
    return {};
  }

  void add(const Plugin& given) {
    found_.push_back(given);
    found_.back().given = true;
  }

  std::vector<Plugin> finish() {
    settle_ids();
    for (Plugin& plugin : found_)
      if (!plugin.usable() && plugin.file) plugin.file->discard(), plugin.file.reset();
    std::ranges::stable_sort(found_, {}, [](const Plugin& plugin) {
      return std::tuple(plugin.verification.manifest ? plugin.manifest().id : std::string(), plugin.newer,
                        plugin.path);
    });
    return std::move(found_);
  }

private:
  void look_at(const fs::path& path, bool built_in) {
    Plugin plugin;
    plugin.path = path.string();
    plugin.built_in = built_in;
    struct stat status{};
    if (::stat(path.c_str(), &status) != 0)
      plugin.refused = fmt::format("cannot be looked at: {}", std::generic_category().message(errno));
    else if (S_ISDIR(status.st_mode) || !seen_.emplace(status.st_dev, status.st_ino).second)
      return; // not searched; the same file by another name
    else if (!S_ISREG(status.st_mode))
      plugin.refused = "is not a regular file";
    if (!is_named_like_library(path) && (!plugin.usable() || !may_be_elf(path))) return; // a README
    if (plugin.usable()) verify_copy(plugin);
    if (plugin.usable()) {
      plugin.refused = unwanted(plugin.manifest().id);
      plugin.is_unwanted = !plugin.usable();
    }
    found_.push_back(std::move(plugin));
  }

  /// Copied from where V1 looks: nobody but the trusted can exchange a file there between the two.
  void verify_copy(Plugin& plugin) const {
    std::error_code error;
    const std::string real = fs::canonical(plugin.path, error).string();
    auto file = SealedFile::copy(error ? plugin.path : real);
    if (!file) {
      plugin.refused = file.error().text;
      return;
    }
    plugin.file = *file;
    plugin.verification = verify(error ? plugin.path : real, file->bytes(), policy_);
    plugin.refused = plugin.verification.reason();
  }

  [[nodiscard]] std::string unwanted(const std::string& id) const {
    if (const auto* glob = first_match(settings_.deny, id))
      return fmt::format("{} is denied by \"{}\" in [plugins] deny", id, *glob);
    if (!settings_.allow.empty() && first_match(settings_.allow, id) == nullptr)
      return fmt::format("{} is not among [plugins] allow", id);
    return "";
  }

  /// V12.
  void settle_ids() {
    std::map<std::string, std::vector<Plugin*>> by_id;
    for (Plugin& plugin : found_)
      if (plugin.usable()) by_id[plugin.manifest().id].push_back(&plugin);
    for (auto& [id, plugins] : by_id) settle(id, plugins);
  }

  void settle(const std::string& id, std::vector<Plugin*>& same) const {
    if (const auto given = std::ranges::find_if(same, &Plugin::given); given != same.end())
      return give_place(id, **given, same);
    leave_out_copies(same);
    if (same.size() == 1)
      return judge(*same[0], Verdict::pass, fmt::format("no other plugin is called {}", id));
    const auto newer = [](const Plugin* a, const Plugin* b) {
      return compare_versions(a->manifest().version, b->manifest().version) > 0;
    };
    std::ranges::stable_sort(same, newer);
    const bool one_is_newest = newer(same[0], same[1]);
    if (!settings_.newest_wins || !one_is_newest) return keep_own(id, same, one_is_newest);
    judge(*same[0], Verdict::pass, fmt::format("the newest of {} plugins called {}", same.size(), id));
    std::size_t newer_ones = 1;
    for (Plugin* plugin : std::span(same).subspan(1)) {
      const bool stands_by = plugin->built_in || has_own_version(*plugin, same);
      if (stands_by) plugin->newer = newer_ones++;
      judge(*plugin, stands_by ? Verdict::warning : Verdict::fail,
            fmt::format("{} is also in {}, in the newer version {}{}", id,
                        printable(same[0]->path, longest_path), printable(same[0]->manifest().version),
                        stands_by ? "; this one shows what that one does not" : ""));
    }
  }

  /// Also that of one of the program's own, which ranks before others.
  static void give_place(const std::string& id, Plugin& given, std::span<Plugin* const> same) {
    for (Plugin* plugin : same) {
      if (plugin == &given) continue;
      given.built_in = given.built_in || plugin->built_in;
      plugin->is_unwanted = true;
      judge(*plugin, Verdict::fail,
            fmt::format("{} stands in its place, as {}", printable(given.path, longest_path), id));
    }
  }

  /// Of two that are equally old nothing says which would be next.
  static bool has_own_version(const Plugin& plugin, std::span<Plugin* const> same) {
    return std::ranges::count_if(same, [&](const Plugin* other) {
             return compare_versions(other->manifest().version, plugin.manifest().version) == 0;
           }) == 1;
  }

  /// Bytes make the plugin, not the place they lie in.
  static void leave_out_copies(std::vector<Plugin*>& same) {
    std::vector<Plugin*> first_of_each;
    for (Plugin* plugin : same) {
      const auto original = std::ranges::find_if(first_of_each, [&](const Plugin* other) {
        return std::ranges::equal(other->file->bytes(), plugin->file->bytes());
      });
      if (original == first_of_each.end()) {
        first_of_each.push_back(plugin);
        continue;
      }
      plugin->is_unwanted = true;
      judge(*plugin, Verdict::fail,
            fmt::format("it is a copy of {}", printable((*original)->path, longest_path)));
    }
    same = std::move(first_of_each);
  }

  /// Nobody takes the place of one of the program's own plugins by calling itself so.
  static void keep_own(const std::string& id, std::span<Plugin* const> same, bool one_is_newest) {
    const auto own = std::ranges::find_if(same, &Plugin::built_in);
    const bool has_own = std::ranges::count_if(same, &Plugin::built_in) == 1;
    for (Plugin* plugin : same) {
      const Plugin& other = has_own ? **own : plugin == same[0] ? *same[1] : *same[0];
      if (plugin == &other)
        judge(*plugin, Verdict::pass, fmt::format("the program's own plugin called {}", id));
      else
        judge(*plugin, Verdict::fail,
              clash(id, other, has_own, one_is_newest && (!has_own || plugin == same[0])));
    }
  }

  static std::string clash(const std::string& id, const Plugin& other, bool other_is_own,
                           bool newest_would_win) {
    return fmt::format("{} is also in {} (version {}); {}{}", id, printable(other.path, longest_path),
                       printable(other.manifest().version),
                       other_is_own ? "that is the program's own, give this one an id of its own"
                                    : "remove one of them",
                       newest_would_win ? ", or set newest_wins = true in [plugins]" : "");
  }

  static void judge(Plugin& plugin, Verdict verdict, std::string text) {
    plugin.verification.log.push_back({"V12", verdict, std::move(text)});
    plugin.refused = plugin.verification.reason();
  }

  const config::Plugins& settings_;
  Policy policy_;
  std::vector<Plugin> found_;
  std::set<std::pair<dev_t, ino_t>> seen_;
};

} // namespace

Result<Registry> Registry::discover(const std::vector<std::string>& built_in,
                                    const std::vector<std::string>& directories,
                                    const config::Plugins& settings, const Policy& policy,
                                    const Plugin* given) {
  Finder finder(settings, policy);
  for (const auto& directory : built_in)
    if (auto searched = finder.search(directory, true); !searched) return std::unexpected(searched.error());
  for (const auto& directory : directories)
    if (auto searched = finder.search(directory, false); !searched) return std::unexpected(searched.error());
  if (given != nullptr) finder.add(*given);
  Registry registry;
  registry.plugins_ = finder.finish();
  return registry;
}

} // namespace mapscope::plugin
