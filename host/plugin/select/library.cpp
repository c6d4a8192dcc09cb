// SPDX-License-Identifier: Apache-2.0
#include "host/plugin/select/library.hpp"

#include <string> // Boost 1.74 with std::filesystem does not bring these itself
#include <vector>

#include <algorithm>
#include <array>
#include <boost/dll/shared_library.hpp>
#include <fmt/format.h>
#include <map>
#include <mutex>
#include <unistd.h>

namespace mapscope::plugin {

namespace {

struct Loaded {
  boost::dll::shared_library library;
  Result<const msc_plugin*> entry;
};

Result<const msc_plugin*> check(const msc_plugin& entry) {
  if (entry.size < sizeof(msc_plugin) || entry.render == nullptr)
    return fail(Errc::corrupt, "msc_plugin_v1 is incomplete");
  if (entry.abi_major != MSC_ABI_MAJOR)
    return fail(Errc::unsupported,
                fmt::format("msc_plugin_v1 is of interface {}.{}, its manifest says otherwise",
                            entry.abi_major, entry.abi_minor));
  return &entry;
}

/// What the dynamic loader said, without Boost's words around it and the name of a copy that nobody has seen.
std::string loader_text(std::string text, const std::string& path) {
  constexpr std::string_view before = "dlerror system message: ";
  if (const auto at = text.find(before); at != std::string::npos) {
    text.erase(0, at + before.size());
    text.erase(std::min(text.rfind("): "), text.size()));
  }
  const std::string name = path + ": ";
  if (text.starts_with(name)) text.erase(0, name.size());
  return text;
}

/// Where others find the sealed copy as well: a debugger opens it by the name that the loader keeps, and
/// /proc/self is the debugger's own. As this mount of procfs counts processes.
std::string path_of(int fd) {
  std::array<char, 32> number{};
  const ssize_t length = ::readlink("/proc/self", number.data(), number.size() - 1);
  const std::string_view self = length > 0 ? std::string_view(number.data()) : "self";
  return fmt::format("/proc/{}/fd/{}", self, fd);
}

Loaded load_fresh(int fd) {
  Loaded loaded{{}, fail(Errc::io, "")};
  const std::string path = path_of(fd);
  try {
    namespace load_mode = boost::dll::load_mode;
    loaded.library.load(path, load_mode::rtld_now | load_mode::rtld_local);
    loaded.entry = check(loaded.library.get<const msc_plugin>("msc_plugin_v1"));
  } catch (const std::exception& error) {
    loaded.entry =
        fail(Errc::io, fmt::format("the library cannot be loaded: {}", loader_text(error.what(), path)));
  }
  return loaded;
}

bool loads_no_more = false; // of a process with one thread

} // namespace

void load_no_more() { loads_no_more = true; }

Result<const msc_plugin*> load(const Plugin& plugin) {
  static std::mutex mutex;
  static auto& libraries = *new std::map<int, Loaded>; // never destroyed: see the header
  const std::scoped_lock lock(mutex);
  const int fd = plugin.file->fd();
  auto known = libraries.find(fd);
  if (known == libraries.end() && loads_no_more)
    return fail(Errc::io, "the library is not loaded in this process");
  if (known == libraries.end()) known = libraries.emplace(fd, load_fresh(fd)).first;
  return known->second.entry;
}

} // namespace mapscope::plugin
