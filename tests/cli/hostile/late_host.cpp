// SPDX-License-Identifier: Apache-2.0
// Preloaded into mapscope: whatever a plugin does while it is loaded has happened before the host, as on a
// busy machine, asks for a map.
#include <chrono>
#include <dlfcn.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <thread>

// NOLINTNEXTLINE(readability-inconsistent-declaration-parameter-name): the C library's are reserved
extern "C" __attribute__((visibility("default"))) ssize_t send(int fd, const void* bytes, size_t size,
                                                               int flags) {
  if ((flags & MSG_DONTWAIT) != 0) std::this_thread::sleep_for(std::chrono::milliseconds(300)); // the request
  using Send = ssize_t (*)(int, const void*, size_t, int);
  static const auto the_other = reinterpret_cast<Send>(::dlsym(RTLD_NEXT, "send"));
  return the_other(fd, bytes, size, flags);
}
