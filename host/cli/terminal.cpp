// SPDX-License-Identifier: Apache-2.0
#include "host/cli/terminal.hpp"

#include <cstdlib>
#include <sys/ioctl.h>
#include <unistd.h>

namespace mapscope::cli {

namespace {

std::string_view variable(const char* name) {
  const char* const value = std::getenv(name);
  return value != nullptr ? value : "";
}

} // namespace

Terminal Terminal::of(int fd) {
  Terminal terminal{.is_there = ::isatty(fd) != 0, .is_dumb = variable("TERM") == "dumb"};
  winsize size{};
  if (terminal.is_there && ::ioctl(fd, TIOCGWINSZ, &size) == 0)
    terminal.columns = size.ws_col, terminal.rows = size.ws_row;
  return terminal;
}

bool Terminal::colored(std::string_view when) const {
  if (when != "auto") return when == "always";
  return is_there && !is_dumb && variable("NO_COLOR").empty();
}

} // namespace mapscope::cli
