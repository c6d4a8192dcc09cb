// SPDX-License-Identifier: Apache-2.0
#include "host/memory/live/monitor.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <fmt/format.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <system_error>
#include <unistd.h>

namespace mapscope::memory {

namespace {

constexpr std::size_t longest_line = 16U << 20; // the memory tree of a machine with many devices

constexpr std::string_view no_greeting =
    "; QEMU speaks to one client of a socket at a time: where libvirt has it, `virsh dump --memory-only "
    "--live` saves the memory";

std::unexpected<Error> failed(std::string_view what, int error) {
  return fail(Errc::io, fmt::format("{}: {}", what, std::generic_category().message(error)));
}

std::string reason_in(const rapidjson::Document& answer) {
  const auto& error = answer["error"];
  const bool says = error.IsObject() && error.HasMember("desc") && error["desc"].IsString();
  return fmt::format("QEMU refuses: {}", says ? error["desc"].GetString() : "it does not say why");
}

/// Of another command, which somebody else has sent through this connection.
bool is_to_another(const rapidjson::Document& answer, std::uint64_t asked) {
  if (!answer.HasMember("id")) return false;
  const auto& id = answer["id"];
  return !id.IsUint64() || id.GetUint64() != asked;
}

} // namespace

Monitor::~Monitor() {
  if (fd_ >= 0) ::close(fd_);
}

Monitor::Monitor(Monitor&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)), asked_(other.asked_), read_(std::move(other.read_)),
      stopped_(other.stopped_), sum_us_(other.sum_us_), resumed_(other.resumed_) {}

Result<void> Monitor::connect(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.empty() || path.size() >= sizeof address.sun_path)
    return fail(Errc::usage, "takes the path of a UNIX socket: qmp:/run/guest.sock");
  path.copy(address.sun_path, path.size());
  fd_ = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd_ < 0 || ::connect(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    auto error = failed("cannot connect", errno).error();
    error.text += "; is it the socket of QEMU's -qmp unix:PATH,server=on,wait=off, and may this user use it?";
    return std::unexpected(std::move(error));
  }
  const auto greeting = line(Clock::now() + patience);
  if (!greeting) return fail(Errc::io, greeting.error().text + std::string(no_greeting));
  if (!greeting->HasMember("QMP")) return fail(Errc::unsupported, "no QMP: it does not greet as QEMU does");
  if (auto able = ask("qmp_capabilities"); !able) return std::unexpected(std::move(able.error()));
  return {};
}

int Monitor::peer() const {
  ucred who{};
  socklen_t size = sizeof who;
  return ::getsockopt(fd_, SOL_SOCKET, SO_PEERCRED, &who, &size) == 0 ? who.pid : 0;
}

Result<rapidjson::Document> Monitor::ask(std::string_view command, std::string_view arguments,
                                         std::chrono::seconds most, int descriptor) {
  const std::uint64_t id = ++asked_;
  const auto text = fmt::format(R"({{"execute":"{}","arguments":{},"id":{}}})"
                                "\n",
                                command, arguments, id);
  if (auto sent = send(text, descriptor); !sent) return std::unexpected(std::move(sent.error()));
  for (const auto deadline = Clock::now() + most;;) {
    auto answer = line(deadline);
    if (!answer) return answer;
    if (answer->HasMember("event")) take_event(*answer);
    if (is_to_another(*answer, id)) continue;
    if (answer->HasMember("error")) return fail(Errc::io, reason_in(*answer));
    if (!answer->HasMember("return")) continue;
    return answer;
  }
}

Result<rapidjson::Document> Monitor::ask(std::string_view command, const Words& words) {
  std::string arguments;
  for (const auto& [key, word] : words)
    arguments += fmt::format(R"({}"{}":"{}")", arguments.empty() ? "{" : ",", key, word);
  return ask(command, arguments + "}");
}

Result<std::string> Monitor::ask_in_words(std::string_view command) {
  const auto answer = ask("human-monitor-command", Words{{"command-line", command}});
  if (!answer) return std::unexpected(answer.error());
  const auto& text = (*answer)["return"];
  if (!text.IsString()) return fail(Errc::corrupt, fmt::format("QEMU prints nothing for \"{}\"", command));
  return std::string(text.GetString(), text.GetStringLength());
}

Result<void> Monitor::send(const std::string& text, int descriptor) const {
  iovec part{const_cast<char*>(text.data()), text.size()};
  msghdr message{};
  message.msg_iov = &part, message.msg_iovlen = 1;
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof descriptor)> control{};
  if (descriptor >= 0) {
    message.msg_control = control.data(), message.msg_controllen = control.size();
    cmsghdr* const head = CMSG_FIRSTHDR(&message);
    head->cmsg_level = SOL_SOCKET, head->cmsg_type = SCM_RIGHTS, head->cmsg_len = CMSG_LEN(sizeof descriptor);
    std::memcpy(CMSG_DATA(head), &descriptor, sizeof descriptor);
  }
  const ssize_t sent = ::sendmsg(fd_, &message, MSG_NOSIGNAL);
  if (sent < 0) return failed("cannot send to QEMU", errno);
  if (static_cast<std::size_t>(sent) != text.size()) return fail(Errc::io, "QEMU does not take commands");
  return {};
}

/// The next object.
Result<rapidjson::Document> Monitor::line(Clock::time_point deadline) {
  if (Clock::now() > deadline) return fail(Errc::io, "QEMU does not answer");
  std::size_t end = 0, seen = 0;
  while ((end = read_.find('\n', seen)) == read_.npos) {
    seen = read_.size();
    if (auto more = fill(deadline); !more) return std::unexpected(std::move(more.error()));
  }
  rapidjson::Document document;
  document.Parse<rapidjson::kParseIterativeFlag>(read_.data(), end); // however deep it is
  read_.erase(0, end + 1);
  if (document.HasParseError() || !document.IsObject())
    return fail(Errc::corrupt, "what comes from the socket is no QMP");
  return document;
}

Result<void> Monitor::fill(Clock::time_point deadline) {
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

void Monitor::take_event(const rapidjson::Document& event) {
  if (!event["event"].IsString() || !event.HasMember("timestamp") || !event["timestamp"].IsObject()) return;
  const auto& time = event["timestamp"];
  const auto number = [&](const char* key) {
    return time.HasMember(key) && time[key].IsNumber() ? time[key].GetDouble() : 0;
  };
  const double us = number("seconds") * 1e6 + number("microseconds");
  const std::string_view name = event["event"].GetString();
  if (name == "STOP") stopped_ = us;
  if (name != "RESUME" || !stopped_) return;
  constexpr double longest = 1e12; // what comes from the socket may be any number
  sum_us_ += std::clamp(us - *stopped_, 0.0, longest);
  stopped_.reset(), resumed_ = true;
}

} // namespace mapscope::memory
