// SPDX-License-Identifier: Apache-2.0
// Storage by its owners: whoever there is is asked for, as bpf(2) does not list who has some.
#include "host/lookup/descriptor.hpp"
#include "host/lookup/walks.hpp"

#include "host/base/counted.hpp"
#include "host/base/utf8.hpp"

#include <array>
#include <bpf/bpf.h>
#include <cerrno>
#include <charconv>
#include <climits>
#include <cstdio>
#include <fcntl.h>
#include <filesystem>
#include <fmt/format.h>
#include <fstream>
#include <mntent.h>
#include <set>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <system_error>
#include <unistd.h>
#include <vector>

namespace mapscope::lookup {

namespace {

namespace fs = std::filesystem;

/// Every directory entry, until `visit` returns false; what went meanwhile has none. An error is one that
/// leaves some of them out.
template <class Visit> std::error_code for_each_in(const fs::path& directory, const Visit& visit) {
  std::error_code error;
  for (fs::directory_iterator at(directory, error), end; !error && at != end; at.increment(error))
    if (!visit(*at)) return {};
  const bool is_gone = error == std::errc::no_such_file_or_directory || error == std::errc::no_such_process;
  return is_gone ? std::error_code() : error;
}

/// Owners one by one, each asked for its value.
class Owners {
protected:
  Owners(const Subject& subject, Taker& taker, Walked& walked)
      : taker_(taker), walked_(walked), subject_(subject), value_(subject.value) {}

  /// False: no more.
  bool ask(int owner_fd, const Owner& owner) {
    if (::bpf_map_lookup_elem(subject_.fd, &owner_fd, value_.data()) == 0)
      return taker_.element({{}, value_, &owner});
    if (errno != ENOENT) lose("a look-up was refused", errno);
    return true;
  }
  /// An owner whose value, if it has one, cannot be had; the first says why.
  void lose(std::string_view what, int error) {
    if (walked_.lost++ == 0) add_why(walked_, fmt::format("{}: {}", what, refusal(error)));
  }
  /// It is not even known who there is.
  void know_nobody(const std::string& why) { add_why(walked_, why), is_listed_ = false; }
  void end(bool went_through) {
    walked_.was_stopped = !went_through;
    walked_.is_whole = went_through && is_listed_ && walked_.lost == 0;
  }

  Taker& taker_;
  Walked& walked_;

private:
  const Subject& subject_;
  std::vector<std::byte> value_;
  bool is_listed_ = true;
};

std::optional<std::int32_t> number_of(const fs::path& path) {
  const std::string name = path.filename();
  std::int32_t number = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), number);
  return error == std::errc() && end == name.data() + name.size() ? std::optional(number) : std::nullopt;
}

/// Of a thread that is not the first of its process since 6.9 (PIDFD_THREAD).
Descriptor pidfd_of(std::int32_t pid, bool is_first) {
  return Descriptor(static_cast<int>(::syscall(SYS_pidfd_open, pid, is_first ? 0 : O_EXCL)));
}

/// Whether there is the namespace of that kind that the machine began with; what is outside of another has no
/// number or no path in it.
bool is_in_first_namespace(const char* kind, ino_t first) {
  struct stat found{};
  return ::stat(fmt::format("/proc/self/ns/{}", kind).c_str(), &found) == 0 && found.st_ino == first;
}

std::string first_line(const fs::path& file) {
  std::ifstream in(file);
  std::string line;
  std::getline(in, line);
  return valid_utf8(line);
}

/// As memory's reports have it, "" of a task that goes on. The letter follows the name, which may have
/// brackets of its own.
std::string exit_state(const fs::path& task) {
  const std::string line = first_line(task / "stat");
  const std::size_t behind = line.rfind(") ");
  const char letter = behind != line.npos && behind + 2 < line.size() ? line[behind + 2] : ' ';
  return letter == 'Z' ? "zombie" : letter == 'X' ? "dead" : "";
}

class Tasks : Owners {
public:
  Tasks(const Subject& subject, Taker& taker, Walked& walked) : Owners(subject, taker, walked) {}

  void run() {
    constexpr ino_t first_namespace = 0xEFFFFFFC; // PROC_PID_INIT_INO, include/linux/proc_ns.h
    bool goes_on = true, any = false;
    const auto error = for_each_in("/proc", [&](const fs::path& process) {
      const auto tgid = number_of(process);
      any = any || tgid;
      return goes_on = !tgid || threads(process, *tgid);
    });
    if (error || !any) know_nobody("tasks cannot be listed: they are not all in /proc");
    if (hidden_ != 0)
      add_why(walked_, fmt::format("{} cannot be asked for (Linux 6.9 can)", counted(hidden_, "thread")));
    if (!is_in_first_namespace("pid", first_namespace))
      add_why(walked_, "tasks outside this PID namespace cannot be asked for");
    end(goes_on);
  }

private:
  bool threads(const fs::path& process, std::int32_t tgid) {
    bool goes_on = true;
    const auto error = for_each_in(process / "task", [&](const fs::path& task) {
      const auto pid = number_of(task);
      return goes_on = taker_.goes_on() && (!pid || thread(task, *pid, tgid));
    });
    if (error) lose("the threads of a process cannot be listed", error.value());
    return goes_on;
  }

  bool thread(const fs::path& task, std::int32_t pid, std::int32_t tgid) {
    const Descriptor pidfd = pidfd_of(pid, pid == tgid);
    if (!pidfd.is_open()) return not_opened(errno, pid == tgid), true;
    return ask(pidfd.get(),
               {.pid = pid, .tgid = tgid, .comm = first_line(task / "comm"), .state = exit_state(task)});
  }

  /// Kernels that know no descriptors of threads refuse them as they do those of a task that has ended.
  void not_opened(int error, bool is_first) {
    if (error == EINVAL && !is_first && !has_descriptors_of_threads_)
      ++hidden_;
    else if (error != EINVAL && error != ESRCH && error != ENOENT)
      lose("a task cannot be asked for", error);
  }

  const bool has_descriptors_of_threads_ = pidfd_of(::gettid(), false).is_open();
  std::uint64_t hidden_ = 0;
};

/// Where control groups are mounted, each hierarchy once.
std::vector<std::string> cgroup_roots() {
  std::vector<std::string> roots;
  std::set<dev_t> known;
  std::FILE* const mounts = ::setmntent("/proc/self/mounts", "re");
  if (mounts == nullptr) return roots;
  std::array<char, 4 * PATH_MAX> text{};
  for (mntent entry{};
       ::getmntent_r(mounts, &entry, text.data(), static_cast<int>(text.size())) != nullptr;) {
    struct stat found{};
    if (std::string_view(entry.mnt_type).starts_with("cgroup") && ::stat(entry.mnt_dir, &found) == 0 &&
        known.insert(found.st_dev).second)
      roots.emplace_back(entry.mnt_dir);
  }
  ::endmntent(mounts);
  return roots;
}

class Cgroups : Owners {
public:
  Cgroups(const Subject& subject, Taker& taker, Walked& walked) : Owners(subject, taker, walked) {}

  void run() {
    constexpr ino_t first_namespace = 0xEFFFFFFB; // PROC_CGROUP_INIT_INO
    bool goes_on = true;
    const auto roots = cgroup_roots();
    for (const std::string& root : roots) goes_on = goes_on && below(root);
    if (roots.empty()) know_nobody("no control groups are mounted here");
    if (!is_in_first_namespace("cgroup", first_namespace))
      add_why(walked_, "control groups outside this namespace cannot be asked for");
    end(goes_on);
  }

private:
  /// The root and all below it; one that goes meanwhile ends no more than what is below itself.
  bool below(const std::string& root) {
    std::vector<std::string> left = {root};
    while (!left.empty()) {
      const std::string directory = std::move(left.back());
      left.pop_back();
      const std::string path = directory.substr(root.size());
      if (!taker_.goes_on() || !group(directory, path.empty() ? "/" : path)) return false;
      add_groups_in(directory, left);
    }
    return true;
  }

  void add_groups_in(const std::string& directory, std::vector<std::string>& to) {
    const auto error = for_each_in(directory, [&](const fs::directory_entry& entry) {
      std::error_code gone;
      if (entry.symlink_status(gone).type() == fs::file_type::directory) to.push_back(entry.path());
      return true;
    });
    if (error) lose("a control group cannot be listed", error.value());
  }

  bool group(const std::string& directory, const std::string& path) {
    const Descriptor open(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    struct stat found{};
    if (!open.is_open() || ::fstat(open.get(), &found) != 0) {
      if (errno != ENOENT && errno != ENODEV) lose("a control group cannot be asked for", errno);
      return true;
    }
    return ask(open.get(), {.cgroup = found.st_ino, .path = valid_utf8(path)});
  }
};

} // namespace

void of_tasks(const Subject& subject, Taker& taker, Walked& walked) { Tasks(subject, taker, walked).run(); }

void of_cgroups(const Subject& subject, Taker& taker, Walked& walked) {
  Cgroups(subject, taker, walked).run();
}

} // namespace mapscope::lookup
