// SPDX-License-Identifier: Apache-2.0
// Process 1 of the guest: just enough system for bpf(2), then fill, state, and stay alive with everything
// open.
#include "guest.hpp"

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <termios.h>
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

std::FILE* open_statement() {
  const int fd = must(open("/dev/ttyS1", O_WRONLY | O_NOCTTY), "/dev/ttyS1");
  termios settings{};
  tcgetattr(fd, &settings);
  cfmakeraw(&settings);
  tcsetattr(fd, TCSANOW, &settings);
  return fdopen(fd, "w");
}

} // namespace

} // namespace guest

int main() {
  using namespace guest;
  mount_or_give_up("devtmpfs", "/dev");
  mount_or_give_up("proc", "/proc");
  mount_or_give_up("sysfs", "/sys");
  load_fw_cfg();
  const Objects objects = load_objects();
  fill_maps(objects);
  create_bare_maps();
  run_programs(objects);
  std::FILE* out = open_statement();
  state(out);
  std::fputs("\nEND\n", out);
  std::fflush(out);
  for (;;) pause();
}
