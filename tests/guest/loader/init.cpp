// SPDX-License-Identifier: Apache-2.0
// Just enough system for bpf(2), and where the statement goes.
#include "guest.hpp"

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <glob.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace guest {

void give_up(const std::string& what) {
  std::printf("GUEST FAILED: %s: %s\n", what.c_str(), std::strerror(errno));
  std::fflush(stdout);
  for (;;) pause(); // the capture reads the sentence; a dying init would bury it under a panic
}

int must(int rc, const std::string& what) {
  if (rc < 0) {
    errno = errno != 0 ? errno : -rc;
    give_up(what);
  }
  return rc;
}

namespace {

void mount_or_give_up(const char* type, const char* where) {
  mkdir(where, 0755);
  must(mount(type, where, type, 0, nullptr), std::string("mount ") + where);
}

/// The initramfs has what this kernel does not have built in, named in the order of loading.
void load_modules() {
  glob_t found{};
  if (glob("/*.ko", 0, nullptr, &found) != 0) return; // sorted
  for (std::size_t i = 0; i < found.gl_pathc; ++i) {
    const int fd = must(open(found.gl_pathv[i], O_RDONLY), found.gl_pathv[i]);
    must(static_cast<int>(syscall(SYS_finit_module, fd, "", 0)), found.gl_pathv[i]);
    close(fd);
  }
  globfree(&found);
}

} // namespace

void boot() {
  mount_or_give_up("devtmpfs", "/dev");
  mount_or_give_up("proc", "/proc");
  mount_or_give_up("sysfs", "/sys");
  load_modules();
}

/// A disk whose file the capture reads: under emulation a serial port needs thousand times as long for the
/// same bytes.
std::FILE* open_statement() {
  constexpr const char* disk = "/dev/nvme0n1";
  for (int tries = 0; tries < 1000 && access(disk, W_OK) != 0; ++tries) usleep(10'000); // found after boot
  std::FILE* out = std::fopen(disk, "r+"); // makes no file where the disk is missing
  if (out == nullptr) give_up(disk);
  return out;
}

void close_statement(std::FILE* out) {
  const long size = std::ftell(out);
  if (std::fflush(out) != 0 || fsync(fileno(out)) != 0) give_up("writing the statement");
  std::printf("STATEMENT %ld\n", size);
  std::fflush(stdout);
}

} // namespace guest
