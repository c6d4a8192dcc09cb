// SPDX-License-Identifier: Apache-2.0
#include "host/report/output.hpp"

#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <fmt/format.h>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>

namespace mapscope::report {

namespace {

/// The one unfinished file of this process, in a form a signal handler may use.
char unfinished_path[4096];
std::atomic<bool> unfinished = false;

std::string reason() { return std::generic_category().message(errno); }

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
    }
  }
  ~FileOutput() override {
    ::close(fd());
    if (!committed_) ::unlink(temporary_.c_str());
    unfinished = false;
  }
  Result<void> commit() override {
    if (::rename(temporary_.c_str(), name().c_str()) != 0)
      return fail(Errc::io, fmt::format("{}: the finished report cannot be put there: {}", name(), reason()));
    committed_ = true;
    unfinished = false;
    return {};
  }

private:
  std::string temporary_;
  bool committed_ = false;
};

/// A new file gets the mode it would have had without the detour.
void set_usual_mode(int fd) {
  const mode_t mask = ::umask(0);
  ::umask(mask);
  (void)::fchmod(fd, 0666 & ~mask);
}

/// Standard output under another number; its own number leads to standard error.
int take_standard_output() {
  const int taken = ::fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
  if (taken < 0) return STDOUT_FILENO; // there is none, which writing to it will say
  (void)::dup2(STDERR_FILENO, STDOUT_FILENO);
  return taken;
}

} // namespace

std::unique_ptr<Output> standard_output() {
  static const int taken = take_standard_output();
  return std::make_unique<DescriptorOutput>(taken, "standard output");
}

Result<std::unique_ptr<Output>> file_output(const std::string& path) {
  struct stat status{};
  if (::stat(path.c_str(), &status) == 0 && !S_ISREG(status.st_mode)) {
    const int fd =
        S_ISDIR(status.st_mode) ? (errno = EISDIR, -1) : ::open(path.c_str(), O_WRONLY | O_CLOEXEC);
    if (fd < 0) return fail(Errc::io, fmt::format("{}: cannot write the report there: {}", path, reason()));
    return std::make_unique<OwnedOutput>(fd, path);
  }
  std::error_code error; // a symbolic link keeps pointing; its file is replaced
  const auto real = std::filesystem::weakly_canonical(path, error);
  const std::string target = error ? path : real.string();
  std::string temporary = target + ".XXXXXX";
  const int fd = ::mkostemp(temporary.data(), O_CLOEXEC);
  if (fd < 0) return fail(Errc::io, fmt::format("{}: cannot write the report there: {}", path, reason()));
  set_usual_mode(fd);
  return std::make_unique<FileOutput>(fd, target, temporary);
}

void remove_unfinished() noexcept {
  if (unfinished) ::unlink(unfinished_path);
}

} // namespace mapscope::report
