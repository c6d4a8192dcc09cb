// SPDX-License-Identifier: Apache-2.0
#include "host/plugin/worker/zygote_messages.hpp"

#include <cerrno>
#include <cstring>
#include <sys/socket.h>
#include <sys/uio.h>

namespace mapscope::plugin {

namespace {

/// A message with room for one descriptor.
struct Message {
  explicit Message(void* record, std::size_t size) : piece{record, size} {
    header.msg_iov = &piece;
    header.msg_iovlen = 1;
    header.msg_control = control;
    header.msg_controllen = sizeof control;
  }
  iovec piece;
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {};
  msghdr header{};
};

} // namespace

bool send_question(int socket, const ZygoteQuestion& question, int descriptor) {
  ZygoteQuestion record = question;
  Message message(&record, sizeof record);
  if (descriptor < 0) {
    message.header.msg_control = nullptr;
    message.header.msg_controllen = 0;
  } else {
    cmsghdr* attached = CMSG_FIRSTHDR(&message.header);
    attached->cmsg_level = SOL_SOCKET;
    attached->cmsg_type = SCM_RIGHTS;
    attached->cmsg_len = CMSG_LEN(sizeof descriptor);
    std::memcpy(CMSG_DATA(attached), &descriptor, sizeof descriptor);
  }
  ssize_t sent = 0;
  do sent = ::sendmsg(socket, &message.header, MSG_NOSIGNAL);
  while (sent < 0 && errno == EINTR);
  return sent == sizeof record;
}

std::optional<ZygoteQuestion> receive_question(int socket, int& ret_descriptor) {
  ZygoteQuestion record;
  Message message(&record, sizeof record);
  ssize_t got = 0;
  do got = ::recvmsg(socket, &message.header, MSG_CMSG_CLOEXEC);
  while (got < 0 && errno == EINTR);
  if (got != sizeof record) return std::nullopt;
  ret_descriptor = -1;
  const cmsghdr* attached = CMSG_FIRSTHDR(&message.header);
  if (attached != nullptr && attached->cmsg_type == SCM_RIGHTS)
    std::memcpy(&ret_descriptor, CMSG_DATA(attached), sizeof ret_descriptor);
  return record;
}

} // namespace mapscope::plugin
