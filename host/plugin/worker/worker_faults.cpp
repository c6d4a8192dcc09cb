// SPDX-License-Identifier: Apache-2.0
#include "host/plugin/worker/worker_faults.hpp"

#include "host/plugin/call/running.hpp"
#include "host/plugin/worker/worker_trace.hpp"

#include <algorithm>
#include <array>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <dlfcn.h>
#include <link.h>
#include <ucontext.h>
#include <unistd.h>
#include <unwind.h>

namespace mapscope::plugin {

namespace {

FrameWriter* frames = nullptr;
/// Where a plugin lies, and its code in it.
struct Place {
  const Plugin* plugin = nullptr;
  std::uint64_t at = 0, code_begin = 0, code_end = 0;
};
/// Of all that are loaded; a fault in one for which there is no room is told without its place.
std::array<Place, 32> places;
std::size_t place_count = 0;

/// Whose code runs: that of the one which the worker is for, where nobody says.
const Place& running_place() {
  static constexpr Place nowhere;
  const Plugin* const running = Running::current();
  if (running == nullptr) return places.front();
  for (const Place& place : places)
    if (place.plugin == running) return place;
  return nowhere;
}

constexpr std::size_t stack_size = 256U << 10;             // dladdr and a sanitizer's own handlers take some
alignas(16) std::array<std::byte, stack_size> other_stack; // the plugin's may be what is used up

std::uint64_t instruction_of(const ucontext_t& context) {
#if defined(__x86_64__)
  return static_cast<std::uint64_t>(context.uc_mcontext.gregs[REG_RIP]);
#elif defined(__aarch64__)
  return context.uc_mcontext.pc;
#else
  return 0;
#endif
}

/// The innermost call that the plugin's code made, from its begin; 0: none, or the stack cannot be followed.
std::uint64_t caller(const Place& place) {
  struct Search {
    const Place& place;
    std::uint64_t found = 0;
  } search{place};
  const auto look = [](_Unwind_Context* frame, void* to) {
    auto& [plugin, found] = *static_cast<Search*>(to);
    const auto at = static_cast<std::uint64_t>(_Unwind_GetIP(frame));
    if (at <= plugin.code_begin || at >= plugin.code_end) return _URC_NO_REASON;
    // The call itself: behind one that does not return another function may begin.
    found = at - 1 - plugin.at;
    return _URC_END_OF_STACK;
  };
  _Unwind_Backtrace(look, &search);
  return search.found;
}

/// dladdr takes a lock that this very thread may hold; it may take it twice.
void locate(CrashFrame& frame, const Place& place, std::uint64_t instruction) {
  Dl_info info{};
  const auto* at = reinterpret_cast<const void*>(instruction); // NOLINT(performance-no-int-to-ptr)
  if (::dladdr(at, &info) == 0) return;
  const auto begin = reinterpret_cast<std::uint64_t>(info.dli_fbase);
  frame.in_plugin =
      begin == place.at || (frame.loading != 0 && std::strncmp(info.dli_fname, "/proc/", 6) == 0);
  if (frame.in_plugin != 0) {
    frame.offset = instruction - begin;
    return;
  }
  if (info.dli_sname != nullptr) {
    frame.offset = instruction - reinterpret_cast<std::uint64_t>(info.dli_saddr);
    const std::size_t length = std::min(std::strlen(info.dli_sname), frame.symbol.size() - 1);
    std::copy_n(info.dli_sname, length, frame.symbol.begin());
  }
}

/// Looking at what a plugin left behind may fault as well; then what is known by then is told.
CrashFrame fault;
volatile sig_atomic_t faults = 0;

// AddressSanitizer would look for the bounds of the other stack in /proc before a call that does not return.
[[noreturn]] __attribute__((no_sanitize("address"))) void tell() {
  frames->crash(fault);
  ::_exit(128 + fault.signal);
}

__attribute__((no_sanitize("address"))) void on_fault(int signal, siginfo_t* info, void* context) {
  faults = faults + 1;
  if (faults == 2) tell();
  if (faults > 2) ::_exit(128 + signal);
  fault.signal = signal;
  fault.syscall = signal == SIGSYS ? info->si_syscall : -1;
  const Place& place = running_place();
  const bool is_first = &place == &places.front(); // the helpers of others leave no trace
  fault.plugin = is_first ? 0 : reinterpret_cast<std::uint64_t>(Running::current());
  fault.helper = is_first ? trace.helper : CrashFrame::untraced;
  fault.inside = trace.inside ? 1 : 0;
  fault.loading = place_count == 0 ? 1 : 0;
  fault.address = signal == SIGSEGV || signal == SIGBUS ? reinterpret_cast<std::uint64_t>(info->si_addr) : 0;
  locate(fault, place, instruction_of(*static_cast<const ucontext_t*>(context)));
  if (fault.in_plugin == 0) fault.caller = caller(place);
  tell();
}

} // namespace

void report_faults(FrameWriter& writer) {
  frames = &writer;
  stack_t stack{};
  stack.ss_sp = other_stack.data();
  stack.ss_size = other_stack.size();
  ::sigaltstack(&stack, nullptr);
  struct sigaction action{};
  action.sa_sigaction = on_fault;
  action.sa_flags = static_cast<int>(SA_SIGINFO | SA_ONSTACK | SA_NODEFER);
  ::sigemptyset(&action.sa_mask);
  for (const int signal : {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT, SIGSYS, SIGTRAP, SIGXCPU})
    ::sigaction(signal, &action, nullptr);
  ::signal(SIGPIPE, SIG_IGN); // the host may close its end; write() says so
}

void faults_are_in(const Plugin& plugin, const void* symbol) {
  Dl_info info{};
  link_map* map = nullptr;
  if (place_count == places.size() ||
      ::dladdr1(symbol, &info, reinterpret_cast<void**>(&map), RTLD_DL_LINKMAP) == 0)
    return;
  struct Search {
    std::uint64_t wanted;
    Place place;
  } search{map->l_addr, {&plugin, reinterpret_cast<std::uint64_t>(info.dli_fbase)}};
  ::dl_iterate_phdr(
      [](dl_phdr_info* object, std::size_t /*size*/, void* to) {
        auto& [wanted, place] = *static_cast<Search*>(to);
        if (object->dlpi_addr != wanted) return 0;
        for (const auto& segment : std::span(object->dlpi_phdr, object->dlpi_phnum)) {
          if (segment.p_type != PT_LOAD || (segment.p_flags & PF_X) == 0) continue;
          place.code_begin = object->dlpi_addr + segment.p_vaddr;
          place.code_end = place.code_begin + segment.p_memsz;
        }
        return 1;
      },
      &search);
  places[place_count++] = search.place;
}

} // namespace mapscope::plugin
