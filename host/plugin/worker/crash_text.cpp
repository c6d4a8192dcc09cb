// SPDX-License-Identifier: Apache-2.0
#include "host/plugin/worker/crash_text.hpp"

#include "host/plugin/verify/elf_image.hpp"
#include "host/plugin/verify/elf_symbols.hpp"
#include "host/plugin/worker/worker_trace.hpp"

#include <csignal>
#include <cstdlib>
#include <fmt/format.h>
#include <memory>
#include <seccomp.h>
#include <string.h>
#include <sys/wait.h>

namespace mapscope::plugin {

namespace {

std::string signal_name(int signal) {
  const char* name = ::sigabbrev_np(signal);
  return name != nullptr ? fmt::format("SIG{}", name) : fmt::format("signal {}", signal);
}

/// A call that a worker process must not make.
std::string system_call_text(std::int32_t number) {
  const std::unique_ptr<char, void (*)(void*)> name(
      ::seccomp_syscall_resolve_num_arch(SCMP_ARCH_NATIVE, number), std::free);
  return name ? fmt::format("the system call {} is forbidden", name.get())
              : fmt::format("the system call {} is forbidden", number);
}

std::string what_text(const CrashFrame& crash) {
  if (crash.signal == SIGSYS) return system_call_text(crash.syscall);
  if (crash.signal == SIGSEGV || crash.signal == SIGBUS)
    return fmt::format("{} at address {:#x}", signal_name(crash.signal), crash.address);
  return signal_name(crash.signal);
}

std::string code_text(std::uint64_t offset, const Plugin& plugin, const CodeLines& lines) {
  const auto place = code_place(plugin.file->bytes(), offset);
  const std::string code = place ? fmt::format("{}+{:#x}", place->function, place->offset)
                                 : fmt::format("its code at {:#x}", offset);
  const std::string line = lines(offset);
  return line.empty() ? code : code + ", " + line;
}

/// Where it was: " in render+0x1c", "" when nothing says so.
std::string place_text(const CrashFrame& crash, const Plugin& plugin, const CodeLines& lines) {
  if (crash.in_plugin != 0) return " in " + code_text(crash.offset, plugin, lines);
  std::string text;
  if (crash.symbol.front() != 0)
    text = fmt::format(" in {}+{:#x}", printable(crash.symbol.data()), crash.offset);
  if (crash.caller != 0) text += " called from " + code_text(crash.caller, plugin, lines);
  return text;
}

std::string when_text(const CrashFrame& crash) {
  if (crash.loading != 0) return " while it was loaded";
  if (crash.helper == CrashFrame::untraced) return "";
  const auto helper = helper_name(crash.helper);
  if (helper.empty()) return " before any helper call";
  return fmt::format(" {} {}()", crash.inside != 0 ? "inside" : "after", helper);
}

} // namespace

std::string where_text(const CrashFrame& crash, const Plugin& plugin, const CodeLines& lines) {
  return place_text(crash, plugin, lines) + when_text(crash);
}

std::string crash_text(const CrashFrame& crash, const Plugin& plugin, const CodeLines& lines) {
  return what_text(crash) + where_text(crash, plugin, lines);
}

std::string end_text(int wait_status) {
  // Sent while the signal was blocked, as fork() of newer C libraries does: no handler could say which call.
  if (WIFSIGNALED(wait_status) && WTERMSIG(wait_status) == SIGSYS)
    return "its process was ended by SIGSYS: it made a system call that is forbidden";
  if (WIFSIGNALED(wait_status))
    return fmt::format("its process was ended by {}", signal_name(WTERMSIG(wait_status)));
  return fmt::format("its process ended with exit code {}", WEXITSTATUS(wait_status));
}

} // namespace mapscope::plugin
