// SPDX-License-Identifier: Apache-2.0
// Just enough system for bpf(2), and where the statement goes.
#include "guest.hpp"

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
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

/// Lets QEMU put VMCOREINFO into the dump's notes. Left out of the initramfs when it must be found in memory
/// alone.
void load_fw_cfg() {
  const int fd = open("/qemu_fw_cfg.ko", O_RDONLY);
  if (fd < 0) return;
  must(static_cast<int>(syscall(SYS_finit_module, fd, "", 0)), "qemu_fw_cfg.ko");
  close(fd);
}

} // namespace

void boot() {
  mount_or_give_up("devtmpfs", "/dev");
  mount_or_give_up("proc", "/proc");
  mount_or_give_up("sysfs", "/sys");
  load_fw_cfg();
}

/// A disk whose file the capture reads: its driver is built into every kernel, and under emulation a serial
/// port needs thousand times as long for the same bytes.
std::FILE* open_statement() {
  constexpr const char* disk = "/dev/nvme0n1";
  for (int tries = 0; tries < 1000 && access(disk, W_OK) != 0; ++tries) usleep(10'000); // found after boot
  std::FILE* out = std::fopen(disk, "w");
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
