// SPDX-License-Identifier: Apache-2.0
#include "host/plugin/worker/code_line.hpp"

#include "host/plugin/verify/elf_image.hpp"
#include "host/plugin/worker/sandbox.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <elfutils/libdw.h>
#include <fmt/format.h>
#include <poll.h>
#include <string_view>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

namespace mapscope::plugin {

namespace {

using std::chrono::milliseconds;

constexpr std::size_t longest_answer = 512, longest_path = 160;
/// Of the clock on the wall, where other processes are in the way.
constexpr milliseconds patience{5000};

// In the confined process.

/// Where the file says that it is loaded; the loader puts the begin of that page at the place that offsets
/// are from.
std::uint64_t first_address(Elf* elf) {
  constexpr std::uint64_t page = 4096;
  std::size_t segments = 0;
  if (::elf_getphdrnum(elf, &segments) != 0) return 0;
  for (std::size_t i = 0; i < segments; ++i)
    if (GElf_Phdr segment;
        ::gelf_getphdr(elf, static_cast<int>(i), &segment) != nullptr && segment.p_type == PT_LOAD)
      return segment.p_vaddr & ~(page - 1);
  return 0;
}

/// The end of a path says more than its begin.
std::string shortened(std::string_view path) {
  if (path.size() <= longest_path) return std::string(path);
  return fmt::format("...{}", path.substr(path.size() - longest_path));
}

std::string line_of(Dwarf_Die& unit, std::uint64_t address) {
  Dwarf_Line* const line = ::dwarf_getsrc_die(&unit, address);
  const char* const path = line != nullptr ? ::dwarf_linesrc(line, nullptr, nullptr) : nullptr;
  int number = 0;
  if (path == nullptr || ::dwarf_lineno(line, &number) != 0 || number <= 0) return "";
  return fmt::format("{}:{}", shortened(path), number);
}

/// By the units themselves: not every compiler writes the table of their addresses.
std::string line_at(std::span<const std::byte> file, std::uint64_t offset) {
  ::elf_version(EV_CURRENT);
  auto* const bytes =
      const_cast<char*>(reinterpret_cast<const char*>(file.data())); // which libelf only reads
  Elf* const elf = ::elf_memory(bytes, file.size());
  Dwarf* const dwarf = elf != nullptr ? ::dwarf_begin_elf(elf, DWARF_C_READ, nullptr) : nullptr;
  if (dwarf == nullptr) return "";
  const std::uint64_t address = first_address(elf) + offset;
  Dwarf_CU* unit = nullptr;
  Dwarf_Die root{};
  while (::dwarf_get_units(dwarf, unit, &unit, nullptr, nullptr, &root, nullptr) == 0)
    if (::dwarf_haspc(&root, address) == 1) return line_of(root, address);
  return "";
}

// In the host.

/// More of the answer: false behind its end, or when the time is over.
bool read_more(int fd, milliseconds left, std::string& text) {
  pollfd waiting{fd, POLLIN, 0};
  if (left <= milliseconds(0) || ::poll(&waiting, 1, static_cast<int>(left.count())) <= 0) return false;
  std::array<char, longest_answer> room{};
  const ssize_t got = ::read(fd, room.data(), room.size());
  if (got > 0) text.append(room.data(), static_cast<std::size_t>(got));
  return got > 0 && text.size() < longest_answer;
}

} // namespace

void run_code_line(const CodeLineStart& start) {
  ::prctl(PR_SET_NAME, "mapscope-lines");
  const std::array<int, 2> needed = {start.fd, start.plugin->file->fd()};
  if (!confine({needed, {}, start.memory, code_line_seconds, start.parent}) || !allow_parsing()) ::_exit(1);
  const std::string text = line_at(start.plugin->file->bytes(), start.offset);
  const ssize_t written = ::write(start.fd, text.data(), std::min(text.size(), longest_answer));
  ::_exit(written < 0 ? 1 : 0);
}

std::string read_code_line(int fd) {
  std::string text;
  const auto end = std::chrono::steady_clock::now() + patience;
  const auto left = [&] {
    return std::chrono::duration_cast<milliseconds>(end - std::chrono::steady_clock::now());
  };
  while (read_more(fd, left(), text)) {
  }
  return printable(std::string_view(text).substr(0, longest_answer), longest_answer);
}

std::string find_code_line(const Plugin& plugin, std::uint64_t offset, std::uint64_t memory) {
  std::array<int, 2> ends{};
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0) return "";
  const pid_t self = ::getpid(), child = ::fork();
  if (child == 0) run_code_line({&plugin, offset, ends[1], memory, self});
  ::close(ends[1]);
  const std::string line = child > 0 ? read_code_line(ends[0]) : "";
  ::close(ends[0]);
  if (child > 0) ::kill(child, SIGKILL), ::waitpid(child, nullptr, 0);
  return line;
}

} // namespace mapscope::plugin
