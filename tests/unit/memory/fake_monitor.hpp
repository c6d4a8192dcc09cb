// SPDX-License-Identifier: Apache-2.0
// A monitor that says what a test wants, to one client.
//
// Thread rule: answers are given on a thread of its own; what was asked may be read when the client has
// ended.
#pragma once

#include "tests/support/run_program.hpp"

#include <functional>
#include <gtest/gtest.h>
#include <mutex>
#include <rapidjson/document.h>
#include <string>
#include <sys/socket.h>
#include <sys/un.h>
#include <thread>
#include <unistd.h>
#include <vector>

namespace mapscope::memory {

class FakeMonitor {
public:
  /// What it returns for a command with these arguments, as JSON; "" closes the connection.
  using Answer = std::function<std::string(const std::string& command, const rapidjson::Value& arguments)>;

  explicit FakeMonitor(Answer answer, std::string greeting = R"({"QMP":{}})")
      : path_((scratch_.path() / "qmp").string()), answer_(std::move(answer)),
        greeting_(std::move(greeting)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path_.copy(address.sun_path, sizeof address.sun_path - 1);
    listening_ = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    EXPECT_EQ(::bind(listening_, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
    EXPECT_EQ(::listen(listening_, 1), 0);
    thread_ = std::jthread([this] { serve(); });
  }
  ~FakeMonitor() {
    ::shutdown(listening_, SHUT_RDWR);
    thread_.join();
    ::close(listening_);
  }
  FakeMonitor(const FakeMonitor&) = delete;
  FakeMonitor& operator=(const FakeMonitor&) = delete;

  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] std::vector<std::string> asked() const {
    const std::scoped_lock lock(mutex_);
    return asked_;
  }

private:
  void serve() {
    const int fd = ::accept(listening_, nullptr, nullptr);
    if (fd < 0) return;
    say(fd, greeting_ + "\n");
    std::string read;
    for (char byte = 0; ::read(fd, &byte, 1) == 1;) {
      read += byte;
      if (byte == '\n' && !answer(fd, std::exchange(read, ""))) break;
    }
    ::close(fd);
  }
  static void say(int fd, const std::string& text) {
    (void)::send(fd, text.data(), text.size(), MSG_NOSIGNAL);
  }

  bool answer(int fd, const std::string& line) {
    rapidjson::Document question;
    question.Parse(line.c_str());
    const std::string command = question["execute"].GetString();
    {
      const std::scoped_lock lock(mutex_);
      asked_.push_back(command);
    }
    const auto id = question["id"].IsString() ? '"' + std::string(question["id"].GetString()) + '"'
                                              : std::to_string(question["id"].GetUint64());
    rapidjson::Value none(rapidjson::kObjectType);
    const std::string said =
        command == "qmp_capabilities"
            ? "{}"
            : answer_(command, question.HasMember("arguments") ? question["arguments"] : none);
    if (said.empty()) return false;
    say(fd, R"({"id":)" + id + R"(,"return":)" + said + "}\n");
    return true;
  }

  test::Scratch scratch_;
  std::string path_;
  Answer answer_;
  std::string greeting_;
  int listening_ = -1;
  mutable std::mutex mutex_;
  std::vector<std::string> asked_;
  std::jthread thread_;
};

} // namespace mapscope::memory
