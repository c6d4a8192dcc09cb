// SPDX-License-Identifier: Apache-2.0
// What is said of a socket (struct sock) that a map refers to. Only struct sock_common is read, which the
// small sockets of half-open and dying connections have, too; beside it the name of a Unix socket.
#pragma once

#include "memory.hpp"

#include <arpa/inet.h>
#include <sys/socket.h>

namespace mapscope::builtin {

class Sockets {
public:
  explicit Sockets(Call& call) : call_(call) {
    const msc_type common = call.kernel_type("struct sock_common");
    family_ = call.offset(common, "skc_family");
    state_ = call.offset(common, "skc_state");
    local_port_ = call.offset(common, "skc_num");
    remote_port_ = call.offset(common, "skc_dport");
    local_ = call.offset(common, "skc_rcv_saddr");
    remote_ = call.offset(common, "skc_daddr");
    cookie_ = call.offset(common, "skc_cookie");
    local6_ = call.offset_if(common, "skc_v6_rcv_saddr"); // where the kernel has IPv6
    remote6_ = call.offset_if(common, "skc_v6_daddr");
    find_unix_layout();
    find_inode_layout();
  }

  /// Emits family, src, dst, state, cookie and the path of a Unix socket: what there is of them.
  [[nodiscard]] bool describe(std::uint64_t socket) {
    const auto family = socket != 0 ? load<std::uint16_t>(call_, socket + family_) : std::nullopt;
    if (!family) return false;
    call_.text("family", family_name(*family));
    if (*family == AF_INET) emit_ends<in_addr>(*family, socket, local_, remote_);
    if (*family == AF_INET6 && local6_ && remote6_) emit_ends<in6_addr>(*family, socket, *local6_, *remote6_);
    if (const auto state = load<std::uint8_t>(call_, socket + state_))
      call_.text("state", state_name(*state));
    const auto cookie = load<std::uint64_t>(call_, socket + cookie_);
    if (cookie.value_or(0) != 0) call_.number("cookie", *cookie); // 0: nobody asked for it yet
    if (*family == AF_UNIX) emit_path(socket);
    return true;
  }

  /// The same in an object called `field`, and the inode by which a whole socket (struct sock) is known in
  /// /proc/net and among a process's descriptors.
  [[nodiscard]] bool emit(const char* field, std::uint64_t socket) {
    if (!load<std::uint16_t>(call_, socket + family_)) return false;
    call_.object(field);
    const bool described = describe(socket);
    const auto file = inode_ ? follow(call_, socket + file_) : std::nullopt;
    const auto inode = file ? load<std::uint64_t>(call_, *file + *inode_) : std::nullopt;
    if (inode) call_.number("ino", *inode);
    call_.end();
    return described;
  }

private:
  void find_inode_layout() {
    try {
      const msc_type both = call_.kernel_type("struct socket_alloc");
      const std::uint32_t number = call_.offset(call_.kernel_type("struct inode"), "i_ino");
      file_ = call_.offset(call_.kernel_type("struct sock"), "sk_socket");
      inode_ = call_.offset(both, "vfs_inode") + number - call_.offset(both, "socket");
    } catch (const Stop& stop) {
      if (stop.rc != MSC_ENOENT) throw;
    }
  }

  void find_unix_layout() {
    try {
      const msc_type address = call_.kernel_type("struct unix_address");
      address_ = call_.offset(call_.kernel_type("struct unix_sock"), "addr");
      length_ = call_.offset(address, "len");
      name_ = call_.offset(address, "name");
      has_unix_ = true;
    } catch (const Stop& stop) {
      if (stop.rc != MSC_ENOENT) throw; // a kernel may come without, or with it as a module
    }
  }

  template <class Address>
  void emit_ends(int family, std::uint64_t socket, std::uint32_t local, std::uint32_t remote) {
    const auto source = load<Address>(call_, socket + local),
               destination = load<Address>(call_, socket + remote);
    const auto source_port = load<std::uint16_t>(call_, socket + local_port_);
    const auto destination_port = load<std::uint16_t>(call_, socket + remote_port_);
    if (source && source_port) call_.text("src", end_text(family, &*source, *source_port));
    if (destination && destination_port)
      call_.text("dst", end_text(family, &*destination, ntohs(*destination_port)));
  }
  static std::string end_text(int family, const void* address, std::uint16_t port) {
    char text[INET6_ADDRSTRLEN] = "";
    ::inet_ntop(family, address, text, sizeof text);
    const std::string spelled = family == AF_INET6 ? "[" + std::string(text) + "]" : text;
    return spelled + ":" + std::to_string(port);
  }

  /// A name that begins with NUL is not in the file system; people write it with @.
  void emit_path(std::uint64_t socket) {
    constexpr std::int32_t family_bytes = 2, most = 110; // of struct sockaddr_un
    const auto address = has_unix_ ? follow(call_, socket + address_) : std::nullopt;
    const auto length = address ? load<std::int32_t>(call_, *address + length_) : std::nullopt;
    if (!length || *length <= family_bytes || *length > most + 1) return;
    std::string name(static_cast<std::size_t>(*length - family_bytes), '\0');
    if (!call_.try_read(MSC_KERNEL, *address + name_ + family_bytes, std::as_writable_bytes(std::span(name))))
      return;
    const bool is_abstract = name.front() == '\0';
    if (is_abstract)
      name.front() = '@';
    else
      name.resize(std::min(name.find('\0'), name.size()));
    call_.text("path", name);
  }

  static std::string family_name(std::uint16_t family) {
    switch (family) {
    case AF_UNIX:
      return "unix";
    case AF_INET:
      return "inet";
    case AF_INET6:
      return "inet6";
    case AF_NETLINK:
      return "netlink";
    case AF_PACKET:
      return "packet";
    case AF_VSOCK:
      return "vsock";
    case 44: // AF_XDP
      return "xdp";
    default:
      return "family_" + std::to_string(family);
    }
  }
  /// include/net/tcp_states.h, which all families share.
  static std::string state_name(std::uint8_t state) {
    constexpr const char* names[] = {"",          "established", "syn_sent",     "syn_recv",      "fin_wait1",
                                     "fin_wait2", "time_wait",   "close",        "close_wait",    "last_ack",
                                     "listen",    "closing",     "new_syn_recv", "bound_inactive"};
    return state != 0 && state < std::size(names) ? names[state] : "state_" + std::to_string(state);
  }

  Call& call_;
  std::uint32_t family_ = 0, state_ = 0, local_port_ = 0, remote_port_ = 0, local_ = 0, remote_ = 0;
  std::uint32_t cookie_ = 0, address_ = 0, length_ = 0, name_ = 0;
  std::uint32_t file_ = 0;             ///< struct sock: its struct socket
  std::optional<std::uint32_t> inode_; ///< from there to the inode's number
  std::optional<std::uint32_t> local6_, remote6_;
  bool has_unix_ = false;
};

} // namespace mapscope::builtin
