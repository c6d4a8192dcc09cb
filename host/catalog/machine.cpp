// SPDX-License-Identifier: Apache-2.0
#include "host/catalog/machine.hpp"

#include "host/base/utf8.hpp"
#include "host/catalog/kernel_log.hpp"
#include "host/catalog/layout.hpp"

#include <algorithm>
#include <array>
#include <string_view>

namespace mapscope::catalog {

namespace {

constexpr std::size_t node_name_size = 65; // __NEW_UTS_LEN + 1
constexpr std::size_t comm_size = 16;      // TASK_COMM_LEN

/// What vpanic() (kernel/panic.c) puts before its text.
constexpr std::string_view panic_prefix = "Kernel panic - not syncing: ";
/// How the kernel begins to tell of what it cannot go on from: an oops of x86-64 and of arm64, and BUG().
constexpr std::array<std::string_view, 6> oops_prefixes = {
    "BUG: ",  "kernel BUG at ",  "Unable to handle kernel ", "general protection fault",
    "Oops: ", "Internal error: "};

std::string trimmed(std::string text) {
  text = valid_utf8(text.substr(0, text.find('\0')));
  text.erase(text.find_last_not_of(" \n") + 1);
  return text;
}

/// The panic's own words; of a kernel that dies of an oops and never calls panic(), where it began to tell.
std::string last_words(const target::Target& target, const btf::Types& kernel) {
  std::string panic, oops;
  KernelLog(target, kernel).newest_first([&](const std::string& text) {
    if (text.starts_with(panic_prefix)) panic = text.substr(panic_prefix.size());
    if (std::ranges::any_of(oops_prefixes, [&](auto prefix) { return text.starts_with(prefix); }))
      oops = text;
    return !panic.empty();
  });
  return trimmed(panic.empty() ? oops : panic);
}

void find_task(const target::Target& target, const btf::Types& kernel, Panic& panic) {
  Layout rq(kernel, "struct rq"), task(kernel, "struct task_struct");
  const auto curr = rq.need("curr"), comm = task.need("comm"), pid = task.need("pid");
  const auto runqueues = target.symbols().find("runqueues");
  const auto area = target.per_cpu().offset(panic.cpu);
  if (rq.error() || task.error() || !runqueues || !area) return;
  auto reader = target.reader();
  const auto at = reader.get<std::uint64_t>(*runqueues + *area + curr);
  if (!at) return;
  panic.comm = valid_utf8(reader.text(*at + comm, comm_size));
  if (const auto number = reader.get<std::int32_t>(*at + pid)) panic.pid = *number;
}

} // namespace

std::string host_name(const target::Target& target, const btf::Types& kernel) {
  const auto at = target.symbols().find("init_uts_ns");
  const auto offset = kernel.offset_of("struct uts_namespace", "name.nodename");
  if (!at || !offset) return "";
  return valid_utf8(target.reader().text(*at + *offset, node_name_size));
}

/// panic_cpu is the CPU that panics, or PANIC_CPU_INVALID. It is also set while an oops hands the machine
/// over to a crash kernel.
std::optional<Panic> panic_of(const target::Target& target, const btf::Types& kernel) {
  const auto at = target.symbols().find("panic_cpu");
  const auto cpu = at ? target.reader().get<std::int32_t>(*at) : std::nullopt;
  if (!cpu || *cpu < 0 || !target.per_cpu().is_possible(static_cast<std::uint32_t>(*cpu)))
    return std::nullopt;
  Panic panic{.text = last_words(target, kernel), .cpu = static_cast<std::uint32_t>(*cpu), .comm = {}};
  find_task(target, kernel, panic);
  return panic;
}

} // namespace mapscope::catalog
