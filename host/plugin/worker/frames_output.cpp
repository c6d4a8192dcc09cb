// SPDX-License-Identifier: Apache-2.0
// Frames on their way out. What is here also runs in a signal handler: no allocation, no lock.
#include "host/base/waiting.hpp"
#include "host/plugin/worker/frames.hpp"

#include <algorithm>
#include <cerrno>
#include <unistd.h>

namespace mapscope::plugin {

namespace {

bool write_all(int fd, std::span<const std::byte> bytes) noexcept {
  while (!bytes.empty()) {
    const ssize_t done = ::write(fd, bytes.data(), bytes.size());
    if (done < 0 && errno == EINTR) continue;
    if (done <= 0) return false;
    bytes = bytes.subspan(static_cast<std::size_t>(done));
  }
  return true;
}

} // namespace

void FrameWriter::flush() {
  const Waiting for_the_host;
  if (!write_all(fd_, std::span(buffer_).first(whole_))) ::_exit(1); // the host is gone
  whole_ = end_ = 0;
}

void FrameWriter::ask_for(std::span<const memory::Piece> pieces) {
  begin(FrameKind::memory);
  for (const memory::Piece& piece : pieces) put(piece);
  finish();
  flush();
  const Waiting for_the_host;
  char answer = 0;
  ssize_t got = 0;
  do got = ::read(fd_, &answer, sizeof answer);
  while (got < 0 && errno == EINTR);
  if (got <= 0) ::_exit(1); // the host is gone
}

void FrameWriter::crash(const CrashFrame& frame) noexcept {
  const FrameHeader header{FrameKind::crash, sizeof frame};
  (void)(write_all(fd_, std::span(buffer_).first(whole_)) &&
         write_all(fd_, std::as_bytes(std::span(&header, 1))) &&
         write_all(fd_, std::as_bytes(std::span(&frame, 1))));
}

} // namespace mapscope::plugin
