// SPDX-License-Identifier: Apache-2.0
#include "host/cli/pager.hpp"

#include "host/report/output.hpp"
#include "host/report/text_value.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <fcntl.h>
#include <spdlog/spdlog.h>
#include <string_view>
#include <sys/wait.h>
#include <unistd.h>

namespace mapscope::cli {

namespace {

bool is_installed(const std::string& program) {
  if (program.find('/') != program.npos) return ::access(program.c_str(), X_OK) == 0;
  const char* const path = std::getenv("PATH");
  std::string_view rest = path != nullptr ? path : "";
  while (!rest.empty()) {
    const std::string folder(rest.substr(0, rest.find(':')));
    if (::access((folder + '/' + program).c_str(), X_OK) == 0) return true;
    rest.remove_prefix(std::min(folder.size() + 1, rest.size()));
  }
  return false;
}

/// The program that a command begins with, behind variables that are set for it; "" where only a shell can
/// tell.
std::string program_of(std::string_view command) {
  if (command.find_first_of("|&;<>()$`\\\"'*?[#~{\n") != command.npos) return "";
  for (std::size_t at = 0; (at = command.find_first_not_of(" \t", at)) != command.npos;) {
    const std::string_view word = command.substr(at, command.find_first_of(" \t", at) - at);
    if (word.find('=') == word.npos) return std::string(word);
    at += word.size();
  }
  return "";
}

/// Its shell would say so, and what is written to it would be lost.
bool is_missing(const std::string& command) {
  const std::string program = program_of(command);
  if (program.empty() || is_installed(program)) return false;
  spdlog::warn("the pager {} is not installed, so that the text comes without one; PAGER names another",
               report::printable(program));
  return true;
}

[[noreturn]] void become(const std::string& command, int input) {
  ::dup2(input, STDIN_FILENO);
  (void)::setenv("LESS", "FRX", 0); // what fits on the screen needs no keys, and colours stay
  ::execl("/bin/sh", "sh", "-c", command.c_str(), static_cast<char*>(nullptr));
  ::_exit(127);
}

} // namespace

/// "" = none.
std::string Pager::command() {
  for (const char* name : {"MAPSCOPE_PAGER", "PAGER"})
    if (const char* const value = std::getenv(name); value != nullptr)
      return std::string_view(value) == "cat" ? "" : value;
  return is_installed("less") ? "less" : "";
}

void Pager::start(const Terminal& terminal) {
  const std::string pager = terminal.is_there && !terminal.is_dumb ? command() : "";
  std::array<int, 2> ends{};
  if (pager.empty() || is_missing(pager) || ::pipe2(ends.data(), O_CLOEXEC) != 0) return;
  child_ = ::fork();
  if (child_ == 0) become(pager, ends[0]);
  if (child_ > 0) ::dup2(ends[1], STDOUT_FILENO);
  ::close(ends[0]);
  ::close(ends[1]);
}

Pager::~Pager() {
  if (child_ <= 0) return;
  report::end_standard_output();   // the pager would wait for more of it
  (void)::signal(SIGINT, SIG_IGN); // keys are the pager's now
  while (::waitpid(child_, nullptr, 0) < 0 && errno == EINTR) {
  }
}

} // namespace mapscope::cli
