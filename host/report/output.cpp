// SPDX-License-Identifier: Apache-2.0
#include "host/report/output.hpp"

#include "host/base/ending.hpp"

#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <fmt/format.h>
#include <optional>
#include <poll.h>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>

namespace mapscope::report {

namespace {

/// The one unfinished file of this process, in a form a signal handler may use.
char unfinished_path[4096];
std::atomic<bool> unfinished = false;

std::string reason() { return std::generic_category().message(errno); }

/// Somebody before us may have made a pipe or a terminal non-blocking.
void wait_for_room(int fd) {
  pollfd room{fd, POLLOUT, 0};
  (void)::poll(&room, 1, -1);
}

class DescriptorOutput : public Output {
public:
  DescriptorOutput(int fd, std::string name) : fd_(fd), name_(std::move(name)) {}

  Result<void> commit() override { return {}; }

protected:
  [[nodiscard]] int fd() const { return fd_; }
  [[nodiscard]] const std::string& name() const { return name_; }

private:
  Result<void> put(std::string_view text) override {
    while (!text.empty()) {
      const ssize_t done = ::write(fd_, text.data(), text.size());
      if (done < 0 && errno == EINTR) continue;
      if (done < 0 && errno == EPIPE) end_without_reader(); // nobody would see what comes of the rest
      if (done < 0 && errno == EAGAIN) {
        wait_for_room(fd_);
        continue;
      }
      if (done < 0) return fail(Errc::io, fmt::format("{}: cannot write the report: {}", name_, reason()));
      text.remove_prefix(static_cast<std::size_t>(done));
    }
    return {};
  }

  int fd_;
  std::string name_;
};

class OwnedOutput final : public DescriptorOutput {
public:
  using DescriptorOutput::DescriptorOutput;
  ~OwnedOutput() override { ::close(fd()); }
};

class FileOutput final : public DescriptorOutput {
public:
  FileOutput(int fd, std::string path, std::string temporary)
      : DescriptorOutput(fd, std::move(path)), temporary_(std::move(temporary)) {
    if (temporary_.size() < sizeof unfinished_path) {
      std::memcpy(unfinished_path, temporary_.c_str(), temporary_.size() + 1);
      unfinished = true;
      before_ending(remove_unfinished);
    }
  }
  ~FileOutput() override {
    if (!closed_) ::close(fd());
    if (!committed_) ::unlink(temporary_.c_str());
    unfinished = false;
  }
  Result<void> commit() override {
    closed_ = true; // where the file lies elsewhere, some errors of writing come only now
    if (::close(fd()) != 0 && errno != EINTR)
      return fail(Errc::io, fmt::format("{}: cannot write the report: {}", name(), reason()));
    if (::rename(temporary_.c_str(), name().c_str()) != 0)
      return fail(Errc::io, fmt::format("{}: the finished report cannot be put there: {}", name(), reason()));
    committed_ = true;
    unfinished = false;
    return {};
  }

private:
  std::string temporary_;
  bool closed_ = false, committed_ = false;
};

/// Between the making of a temporary file and its being known as one, no signal ends the program.
class WithoutSignals {
public:
  WithoutSignals() {
    sigset_t all;
    ::sigfillset(&all);
    ::pthread_sigmask(SIG_SETMASK, &all, &before_);
  }
  ~WithoutSignals() { ::pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  WithoutSignals(const WithoutSignals&) = delete;
  WithoutSignals& operator=(const WithoutSignals&) = delete;

private:
  sigset_t before_;
};

/// A new file gets the mode it would have had without the detour, one that replaces another that one's.
void set_usual_mode(int fd, const struct stat* old) {
  const mode_t mask = ::umask(0);
  ::umask(mask);
  if (old != nullptr) (void)!::fchown(fd, old->st_uid, old->st_gid); // as far as it may be given away
  (void)::fchmod(fd, old != nullptr ? old->st_mode & 0777 : 0666 & ~mask);
}

/// Where a symbolic link leads, also when nothing is there yet: it keeps pointing, its file is replaced.
std::optional<std::string> behind_links(const std::string& path) {
  namespace fs = std::filesystem;
  constexpr int most = 40; // as the kernel's MAXSYMLINKS
  std::error_code error;
  fs::path at = path;
  for (int links = 0; fs::is_symlink(fs::symlink_status(at, error)); ++links) {
    const fs::path to = fs::read_symlink(at, error);
    if (error || links == most) return std::nullopt;
    at = to.is_absolute() ? to : at.parent_path() / to;
  }
  const auto real = fs::weakly_canonical(at, error);
  return error ? at.string() : real.string();
}

std::unexpected<Error> refused(const std::string& path, int error) {
  return fail(Errc::io, fmt::format("{}: cannot write the report there: {}", path,
                                    std::generic_category().message(error)));
}

/// Standard output under another number; its own number leads to standard error.
int take_standard_output() {
  const int taken = ::fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
  if (taken < 0) return STDOUT_FILENO; // there is none, which writing to it will say
  (void)::dup2(STDERR_FILENO, STDOUT_FILENO);
  return taken;
}

int standard_descriptor() {
  static const int taken = take_standard_output();
  return taken;
}

} // namespace

std::unique_ptr<Output> standard_output() {
  return std::make_unique<DescriptorOutput>(standard_descriptor(), "standard output");
}

void end_standard_output() { ::close(standard_descriptor()); }

Result<std::unique_ptr<Output>> file_output(const std::string& path) {
  struct stat status{};
  const bool is_there = ::stat(path.c_str(), &status) == 0;
  if (is_there && S_ISDIR(status.st_mode)) return refused(path, EISDIR);
  if (is_there && !S_ISREG(status.st_mode)) {
    const int fd = ::open(path.c_str(), O_WRONLY | O_CLOEXEC);
    if (fd < 0) return refused(path, errno);
    return std::make_unique<OwnedOutput>(fd, path);
  }
  if (is_there && ::access(path.c_str(), W_OK) != 0) return refused(path, errno); // someone keeps it as it is
  const auto target = behind_links(path);
  if (!target) return refused(path, ELOOP);
  std::string temporary = *target + ".XXXXXX";
  const WithoutSignals until_it_is_known;
  const int fd = ::mkostemp(temporary.data(), O_CLOEXEC);
  if (fd < 0) return refused(path, errno);
  set_usual_mode(fd, is_there ? &status : nullptr);
  return std::make_unique<FileOutput>(fd, *target, temporary);
}

namespace {

class MemoryOutput final : public Output {
public:
  explicit MemoryOutput(std::string& text) : text_(text) {}
  Result<void> commit() override { return text_ = std::move(held_), Result<void>(); }

private:
  Result<void> put(std::string_view text) override { return held_.append(text), Result<void>(); }

  std::string& text_;
  std::string held_;
};

} // namespace

std::unique_ptr<Output> memory_output(std::string& text) { return std::make_unique<MemoryOutput>(text); }

void remove_unfinished() noexcept {
  if (unfinished) ::unlink(unfinished_path);
}

} // namespace mapscope::report
