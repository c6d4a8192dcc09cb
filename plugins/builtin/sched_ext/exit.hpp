// SPDX-License-Identifier: Apache-2.0
// Why a scheduler left (struct scx_exit_info): read as long as somebody holds the record, else told by what
// the scheduler kept of it (user_exits.hpp) and by the lines that the kernel printed.
//
// What is read is kept; nothing is emitted before all is known. A text that breaks off is kept as far as it
// goes.
#pragma once

#include "enum.hpp"
#include "log.hpp"

namespace mapscope::builtin {

struct ScxExit {
  std::string source, scheduler;
  std::optional<std::uint64_t> kind, exit_code, exit_cpu, flags, ts_ns;
  std::string kind_name;
  std::optional<std::string> reason, msg, dump;
  std::vector<std::uint64_t> backtrace;
  bool is_error = false;
};

class ScxExits {
public:
  explicit ScxExits(Call& call)
      : call_(call), type_(call.kernel_type("struct scx_exit_info")), kinds_(call, {"enum scx_exit_kind"}) {}

  /// The record at `info`; nothing when its kind cannot be read, or says that nobody has left.
  std::optional<ScxExit> read(std::uint64_t info) {
    ScxExit exit;
    exit.kind = number<std::uint32_t>(info, "kind");
    if (!exit.kind) return note("the record of a scheduler's exit could not be read"), std::nullopt;
    if (*exit.kind == kinds_.value("SCX_EXIT_NONE").value_or(0)) return std::nullopt;
    name_kind(exit);
    exit.exit_code = number<std::uint64_t>(info, "exit_code");
    if (const auto cpu = number<std::int32_t>(info, "exit_cpu"))
      exit.exit_cpu = std::int64_t{static_cast<std::int32_t>(*cpu)};
    exit.flags = number<std::uint64_t>(info, "flags");
    exit.reason = text(info, "reason", longest_line);
    exit.msg = text(info, "msg", longest_line);
    exit.dump = text(info, "dump", longest_dump);
    read_backtrace(info, exit);
    return exit;
  }

  /// What the kernel printed last of a scheduler that left. The kind follows from the reason, which stands
  /// for one.
  std::optional<ScxExit> from_log(const std::vector<LogLine>& lines) {
    for (std::size_t i = lines.size(); i-- > 0;)
      if (auto exit = parse(lines[i].text)) {
        exit->ts_ns = lines[i].ts_ns;
        const std::string before = "sched_ext: " + exit->scheduler + ": ";
        if (i + 1 < lines.size() && lines[i + 1].text.starts_with(before))
          exit->msg = lines[i + 1].text.substr(before.size());
        return exit;
      }
    return std::nullopt;
  }

  /// Of one whose kind is known.
  void name_kind(ScxExit& exit) const {
    exit.kind_name = kinds_.name(*exit.kind);
    exit.is_error = *exit.kind >= kinds_.value("SCX_EXIT_ERROR").value_or(1024);
  }

  /// Of `exit` without who it was. What is long, once is enough of.
  void emit(const ScxExit& exit, bool with_dump = true) {
    if (exit.kind) call_.number("kind", *exit.kind);
    if (!exit.kind_name.empty()) call_.text("kind_name", exit.kind_name);
    emit_name(call_, "reason", exit.reason);
    emit_name(call_, "msg", exit.msg);
    emit_signed("exit_code", exit.exit_code);
    emit_signed("exit_cpu", exit.exit_cpu);
    if (exit.flags) call_.number("flags", *exit.flags);
    if (exit.ts_ns) call_.number("ts_ns", *exit.ts_ns);
    if (!with_dump) return;
    if (!exit.backtrace.empty()) emit_backtrace(exit.backtrace);
    if (exit.dump && !exit.dump->empty()) call_.text("dump", *exit.dump);
  }

private:
  static constexpr std::size_t longest_line = 4096, longest_dump = 1 << 20;
  static constexpr std::uint64_t most_frames = 256; ///< SCX_EXIT_BT_LEN is 64

  void note(const char* what) { call_.note(MSC_EFAULT, what); }

  /// A member this kernel's record has; 32-bit ones are widened.
  template <class T> std::optional<std::uint64_t> number(std::uint64_t info, const char* member) {
    const auto at = call_.offset_if(type_, member);
    const auto value = at ? load<T>(call_, info + *at) : std::nullopt;
    return value ? std::optional(static_cast<std::uint64_t>(*value)) : std::nullopt;
  }

  std::optional<std::string> text(std::uint64_t info, const char* member, std::size_t most) {
    const auto at = call_.offset_if(type_, member);
    const auto pointer = at ? load<std::uint64_t>(call_, info + *at) : std::nullopt;
    if (pointer.value_or(0) == 0) return std::nullopt;
    std::string text;
    if (!load_whole_text(call_, *pointer, most, text))
      note((std::string("a part of its ") + member + " could not be read").c_str());
    return text;
  }

  void read_backtrace(std::uint64_t info, ScxExit& exit) {
    const auto length = number<std::uint32_t>(info, "bt_len"), frames = number<std::uint64_t>(info, "bt");
    if (length.value_or(0) == 0 || frames.value_or(0) == 0) return;
    exit.backtrace.resize(std::min(*length, most_frames));
    if (!call_.try_read(MSC_KERNEL, *frames, std::as_writable_bytes(std::span(exit.backtrace))))
      exit.backtrace.clear(), note("the backtrace of an exit could not be read");
  }

  /// sched_ext: BPF scheduler "NAME" disabled (REASON), also of a "sub-scheduler".
  std::optional<ScxExit> parse(std::string_view line) const {
    const auto first = line.find('"'), last = line.rfind("\" disabled (");
    if (!line.starts_with("sched_ext: BPF ") || first == line.npos || last == line.npos || last <= first ||
        !line.ends_with(")"))
      return std::nullopt;
    constexpr std::size_t between = std::string_view("\" disabled (").size();
    ScxExit exit;
    exit.source = "log";
    exit.scheduler = line.substr(first + 1, last - first - 1);
    exit.reason = std::string(line.substr(last + between, line.size() - last - between - 1));
    for (const auto& [reason, name] : reasons)
      if (*exit.reason == reason) exit.kind = kinds_.value(name);
    if (exit.kind) name_kind(exit);
    return exit;
  }

  void emit_signed(const char* field, const std::optional<std::uint64_t>& value) {
    if (value) call_.signed_number(field, static_cast<std::int64_t>(*value));
  }

  void emit_backtrace(const std::vector<std::uint64_t>& frames) {
    call_.list("backtrace");
    for (const std::uint64_t ip : frames) {
      msc_symbol symbol{};
      call_.object(nullptr);
      call_.address("ip", ip);
      if (call_.symbol(ip, symbol)) {
        call_.text("symbol", symbol.name);
        call_.number("offset", symbol.offset);
        if (symbol.module[0] != 0) call_.text("module", symbol.module);
        if (symbol.program != 0) call_.number("program", symbol.program);
      }
      call_.end();
    }
    call_.end();
  }

  /// scx_exit_reason(), kernel/sched/ext.c; the words are the same since 6.12.
  static constexpr std::pair<std::string_view, std::string_view> reasons[] = {
      {"unregistered from user space", "SCX_EXIT_UNREG"},
      {"unregistered from BPF", "SCX_EXIT_UNREG_BPF"},
      {"unregistered from the main kernel", "SCX_EXIT_UNREG_KERN"},
      {"disabled by sysrq-S", "SCX_EXIT_SYSRQ"},
      {"parent exiting", "SCX_EXIT_PARENT"},
      {"killed by parent scheduler", "SCX_EXIT_PARENT_KILL"},
      {"runtime error", "SCX_EXIT_ERROR"},
      {"scx_bpf_error", "SCX_EXIT_ERROR_BPF"},
      {"runnable task stall", "SCX_EXIT_ERROR_STALL"},
      {"reenqueue limit", "SCX_EXIT_ERROR_REENQ"},
      {"rescue bandwidth overload", "SCX_EXIT_ERROR_RESCUE"},
  };

  Call& call_;
  msc_type type_;
  Enum kinds_;
};

} // namespace mapscope::builtin
