// SPDX-License-Identifier: Apache-2.0
#include "host/memory/live/qmp.hpp"

#include "host/memory/unlinked_file.hpp"

#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <fmt/format.h>
#include <poll.h>
#include <rapidjson/document.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <system_error>
#include <unistd.h>

namespace mapscope::memory {

namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::seconds;

constexpr seconds patience{5}; ///< of what QEMU answers at once
constexpr seconds dump_patience{3600};
constexpr std::size_t longest_line = 1U << 20;

std::unexpected<Error> failed(std::string_view what, int error) {
  return fail(Errc::io, fmt::format("{}: {}", what, std::generic_category().message(error)));
}

/// One client of one monitor.
class Monitor {
public:
  Monitor() = default;
  ~Monitor() {
    if (fd_ >= 0) ::close(fd_);
  }
  Monitor(const Monitor&) = delete;
  Monitor& operator=(const Monitor&) = delete;

  Result<void> connect(const std::string& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.empty() || path.size() >= sizeof address.sun_path)
      return fail(Errc::usage, "takes the path of a UNIX socket: qmp:/run/guest.sock");
    path.copy(address.sun_path, path.size());
    fd_ = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd_ < 0 || ::connect(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
      auto error = failed("cannot connect", errno).error();
      error.text +=
          "; is it the socket of QEMU's -qmp unix:PATH,server=on,wait=off, and may this user use it?";
      return std::unexpected(std::move(error));
    }
    const auto greeting = line(Clock::now() + patience);
    if (!greeting) return fail(Errc::io, greeting.error().text + std::string(no_greeting));
    if (!greeting->HasMember("QMP")) return fail(Errc::unsupported, "no QMP: it does not greet as QEMU does");
    return execute(R"({"execute":"qmp_capabilities"})", patience);
  }

  Result<void> execute(std::string_view command, seconds most, int descriptor = -1) {
    if (auto sent = send(command, descriptor); !sent) return sent;
    for (const auto deadline = Clock::now() + most;;) {
      const auto answer = line(deadline);
      if (!answer) return std::unexpected(answer.error());
      if (answer->HasMember("event")) take_event(*answer);
      if (answer->HasMember("error")) return fail(Errc::io, reason_in(*answer));
      if (answer->HasMember("return")) return {};
    }
  }
  /// By its own events.
  [[nodiscard]] bool has_left_it_stopped() const { return stopped_ && !resumed_; }
  [[nodiscard]] std::optional<double> stopped_ms() const {
    return stopped_ && resumed_ ? std::optional((*resumed_ - *stopped_) / 1000) : std::nullopt;
  }

private:
  static constexpr std::string_view no_greeting =
      "; QEMU speaks to one client of a socket at a time: where libvirt has it, `virsh dump --memory-only "
      "--live` saves the memory";

  Result<void> send(std::string_view command, int descriptor) const {
    const std::string text = std::string(command) + "\n";
    iovec part{const_cast<char*>(text.data()), text.size()};
    msghdr message{};
    message.msg_iov = &part, message.msg_iovlen = 1;
    alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof descriptor)> control{};
    if (descriptor >= 0) {
      message.msg_control = control.data(), message.msg_controllen = control.size();
      cmsghdr* const head = CMSG_FIRSTHDR(&message);
      head->cmsg_level = SOL_SOCKET, head->cmsg_type = SCM_RIGHTS,
      head->cmsg_len = CMSG_LEN(sizeof descriptor);
      std::memcpy(CMSG_DATA(head), &descriptor, sizeof descriptor);
    }
    const ssize_t sent = ::sendmsg(fd_, &message, MSG_NOSIGNAL);
    if (sent < 0) return failed("cannot send to QEMU", errno);
    if (static_cast<std::size_t>(sent) != text.size()) return fail(Errc::io, "QEMU does not take commands");
    return {};
  }

  /// The next object.
  Result<rapidjson::Document> line(Clock::time_point deadline) {
    if (Clock::now() > deadline) return fail(Errc::io, "QEMU does not answer");
    std::size_t end = 0;
    while ((end = read_.find('\n')) == read_.npos)
      if (auto more = fill(deadline); !more) return std::unexpected(std::move(more.error()));
    rapidjson::Document document;
    document.Parse<rapidjson::kParseIterativeFlag>(read_.data(), end); // however deep it is
    read_.erase(0, end + 1);
    if (document.HasParseError() || !document.IsObject())
      return fail(Errc::corrupt, "what comes from the socket is no QMP");
    return document;
  }
  Result<void> fill(Clock::time_point deadline) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now()).count();
    pollfd waiting{fd_, POLLIN, 0};
    const int ready = ::poll(&waiting, 1, static_cast<int>(std::max<std::int64_t>(left, 0)));
    if (ready < 0 && errno == EINTR) return {};
    if (ready <= 0) return fail(Errc::io, "QEMU does not answer");
    std::array<char, 64U << 10> piece;
    const ssize_t got = ::read(fd_, piece.data(), piece.size());
    if (got < 0 && errno == EINTR) return {};
    if (got <= 0) return fail(Errc::io, "QEMU has closed the connection");
    read_.append(piece.data(), static_cast<std::size_t>(got));
    if (read_.size() > longest_line) return fail(Errc::corrupt, "what comes from the socket is no QMP");
    return {};
  }

  static std::string reason_in(const rapidjson::Document& answer) {
    const auto& error = answer["error"];
    const bool says = error.IsObject() && error.HasMember("desc") && error["desc"].IsString();
    return fmt::format("QEMU refuses: {}", says ? error["desc"].GetString() : "it does not say why");
  }
  void take_event(const rapidjson::Document& event) {
    if (!event["event"].IsString() || !event.HasMember("timestamp") || !event["timestamp"].IsObject()) return;
    const auto& time = event["timestamp"];
    const auto number = [&](const char* key) {
      return time.HasMember(key) && time[key].IsNumber() ? time[key].GetDouble() : 0;
    };
    const double us = number("seconds") * 1e6 + number("microseconds");
    const std::string_view name = event["event"].GetString();
    if (name == "STOP") stopped_ = us, resumed_.reset();
    if (name == "RESUME") resumed_ = us;
  }

  int fd_ = -1;
  std::string read_;
  std::optional<double> stopped_, resumed_; ///< microseconds
};

Result<GuestDump> dump_into(Monitor& monitor, const UnlinkedFile& file) {
  if (auto given =
          monitor.execute(R"({"execute":"getfd","arguments":{"fdname":"mapscope"}})", patience, file.fd());
      !given)
    return std::unexpected(std::move(given.error()));
  if (auto dumped = monitor.execute(
          R"({"execute":"dump-guest-memory","arguments":{"paging":false,"protocol":"fd:mapscope"}})",
          dump_patience);
      !dumped) {
    if (monitor.has_left_it_stopped()) (void)monitor.execute(R"({"execute":"cont"})", patience);
    return std::unexpected(std::move(dumped.error()));
  }
  auto input = InputFile::open(fmt::format("/proc/self/fd/{}", file.fd()));
  std::array<std::byte, 4> magic{};
  if (!input || !input->read_at(0, magic) || std::memcmp(magic.data(), "\177ELF", magic.size()) != 0)
    return fail(Errc::corrupt, "QEMU has written no ELF core; is it a QEMU that has dump-guest-memory?");
  return GuestDump{std::move(*input), monitor.stopped_ms()};
}

} // namespace

Result<GuestDump> dump_guest(const std::string& name) {
  Monitor monitor;
  if (auto connected = monitor.connect(name.substr(name.find(':') + 1)); !connected)
    return std::unexpected(std::move(connected.error()).within(name));
  const auto file = UnlinkedFile::in_memory();
  if (!file) return std::unexpected(Error(file.error()).within(name));
  auto dump = dump_into(monitor, *file);
  if (!dump) return std::unexpected(std::move(dump.error()).within(name));
  return dump;
}

} // namespace mapscope::memory
