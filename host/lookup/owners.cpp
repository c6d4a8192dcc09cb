// SPDX-License-Identifier: Apache-2.0
// Storage by its owners: whoever there is is asked for, as bpf(2) does not list who has some.
#include "host/lookup/descriptor.hpp"
#include "host/lookup/walks.hpp"

#include "host/base/utf8.hpp"

#include <bpf/bpf.h>
#include <cerrno>
#include <charconv>
#include <fcntl.h>
#include <filesystem>
#include <fmt/format.h>
#include <fstream>
#include <set>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <vector>

namespace mapscope::lookup {

namespace {

namespace fs = std::filesystem;

/// False: no more.
bool ask(const Subject& subject, int owner_fd, const Owner& owner, std::vector<std::byte>& value,
         Taker& taker, Walked& walked) {
  if (::bpf_map_lookup_elem(subject.fd, &owner_fd, value.data()) == 0)
    return taker.element({{}, value, &owner});
  if (errno != ENOENT && walked.lost++ == 0)
    walked.why = fmt::format("a look-up was refused: {}", refusal(errno));
  return true;
}

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

/// Tasks of another pid namespace have no number here.
bool sees_all_tasks() {
  constexpr ino_t first_namespace = 0xEFFFFFFC; // PROC_PID_INIT_INO, include/linux/proc_ns.h
  struct stat found{};
  return ::stat("/proc/self/ns/pid", &found) == 0 && found.st_ino == first_namespace;
}

std::string first_line(const fs::path& file) {
  std::ifstream in(file);
  std::string line;
  std::getline(in, line);
  return valid_utf8(line);
}

class Tasks {
public:
  Tasks(const Subject& subject, Taker& taker, Walked& walked)
      : subject_(subject), taker_(taker), walked_(walked), value_(subject.value) {}

  void run() {
    std::error_code error;
    bool goes_on = true;
    for (const auto& process : fs::directory_iterator("/proc", error))
      if (const auto tgid = number_of(process.path()); tgid && goes_on) goes_on = threads(process, *tgid);
    if (error) walked_.why = "/proc cannot be listed";
    if (hidden_ != 0 && walked_.why.empty())
      walked_.why = fmt::format("{} threads cannot be asked for (Linux 6.9 can)", hidden_);
    if (!sees_all_tasks() && walked_.why.empty())
      walked_.why = "tasks outside this PID namespace cannot be asked for";
    walked_.was_stopped = !goes_on;
    walked_.is_whole = goes_on && walked_.why.empty();
  }

private:
  bool threads(const fs::path& process, std::int32_t tgid) {
    std::error_code gone;
    for (const auto& task : fs::directory_iterator(process / "task", gone)) {
      const auto pid = number_of(task.path());
      if (!taker_.goes_on()) return false;
      if (pid && !thread(task, *pid, tgid)) return false;
    }
    return true;
  }

  bool thread(const fs::path& task, std::int32_t pid, std::int32_t tgid) {
    const Descriptor pidfd = pidfd_of(pid, pid == tgid);
    if (!pidfd.is_open()) return hidden_ += errno == EINVAL ? 1 : 0, true; // else it has ended
    return ask(subject_, pidfd.get(), {.pid = pid, .tgid = tgid, .comm = first_line(task / "comm")}, value_,
               taker_, walked_);
  }

  const Subject& subject_;
  Taker& taker_;
  Walked& walked_;
  std::vector<std::byte> value_;
  std::uint64_t hidden_ = 0;
};

/// Where control groups are mounted, each hierarchy once.
std::set<std::string> cgroup_roots() {
  std::set<std::string> roots;
  std::set<dev_t> known;
  std::ifstream mounts("/proc/self/mounts");
  for (std::string line; std::getline(mounts, line);) {
    const auto first = line.find(' '), second = line.find(' ', first + 1);
    if (second == line.npos) continue;
    const std::string_view type = std::string_view(line).substr(second + 1);
    const std::string at = line.substr(first + 1, second - first - 1);
    struct stat found{};
    if (type.starts_with("cgroup") && ::stat(at.c_str(), &found) == 0 && known.insert(found.st_dev).second)
      roots.insert(at);
  }
  return roots;
}

class Cgroups {
public:
  Cgroups(const Subject& subject, Taker& taker, Walked& walked)
      : subject_(subject), taker_(taker), walked_(walked), value_(subject.value) {}

  void run() {
    bool goes_on = true;
    const auto roots = cgroup_roots();
    for (const std::string& root : roots) goes_on = goes_on && below(root);
    if (roots.empty()) walked_.why = "no control groups are mounted here";
    if (!sees_all() && walked_.why.empty())
      walked_.why = "control groups outside this namespace cannot be asked for";
    walked_.was_stopped = !goes_on;
    walked_.is_whole = goes_on && walked_.why.empty();
  }

private:
  static bool sees_all() {
    constexpr ino_t first_namespace = 0xEFFFFFFB; // PROC_CGROUP_INIT_INO
    struct stat found{};
    return ::stat("/proc/self/ns/cgroup", &found) == 0 && found.st_ino == first_namespace;
  }

  bool below(const std::string& root) {
    std::error_code gone;
    if (!group(root, "/")) return false;
    for (fs::recursive_directory_iterator at(root, gone), end; at != end && !gone; at.increment(gone)) {
      if (!at->is_directory(gone)) continue;
      if (!taker_.goes_on() || !group(at->path(), at->path().string().substr(root.size()))) return false;
    }
    return true;
  }

  bool group(const std::string& directory, const std::string& path) {
    const Descriptor open(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    struct stat found{};
    if (!open.is_open() || ::fstat(open.get(), &found) != 0) return true;
    return ask(subject_, open.get(), {.cgroup = found.st_ino, .path = valid_utf8(path)}, value_, taker_,
               walked_);
  }

  const Subject& subject_;
  Taker& taker_;
  Walked& walked_;
  std::vector<std::byte> value_;
};

} // namespace

void of_tasks(const Subject& subject, Taker& taker, Walked& walked) { Tasks(subject, taker, walked).run(); }

void of_cgroups(const Subject& subject, Taker& taker, Walked& walked) {
  Cgroups(subject, taker, walked).run();
}

} // namespace mapscope::lookup
