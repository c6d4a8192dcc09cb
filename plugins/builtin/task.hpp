// SPDX-License-Identifier: Apache-2.0
// What is said of a task (struct task_struct) that a map refers to.
#pragma once

#include "memory.hpp"

namespace mapscope::builtin {

class Tasks {
public:
  explicit Tasks(Call& call) : call_(call) {
    const msc_type task = call.kernel_type("struct task_struct");
    pid_ = call.offset(task, "pid");
    tgid_ = call.offset(task, "tgid");
    comm_ = call.offset(task, "comm");
    exit_state_ = call.offset_if(task, "exit_state");
  }

  /// Opens an object called `field` with pid, tgid, comm and, once it has ended, its state; nothing where the
  /// task cannot be read.
  bool emit(const char* field, std::uint64_t task) {
    const auto pid = load<std::int32_t>(call_, task + pid_), tgid = load<std::int32_t>(call_, task + tgid_);
    if (task == 0 || !pid || !tgid) return false;
    call_.object(field);
    call_.signed_number("pid", *pid);
    call_.signed_number("tgid", *tgid);
    emit_name(call_, "comm", load_name<16>(call_, task + comm_)); // TASK_COMM_LEN
    emit_exit_state(task);
    call_.end();
    return true;
  }

private:
  /// What is left of a task goes on being referred to: by its parent until that has waited for it, by others
  /// longer.
  void emit_exit_state(std::uint64_t task) {
    constexpr std::uint32_t dead = 0x10, zombie = 0x20; // EXIT_DEAD, EXIT_ZOMBIE
    const auto state = exit_state_ ? load<std::uint32_t>(call_, task + *exit_state_) : std::nullopt;
    if (state.value_or(0) & dead)
      call_.text("state", "dead");
    else if (state.value_or(0) & zombie)
      call_.text("state", "zombie");
  }

  Call& call_;
  std::uint32_t pid_ = 0, tgid_ = 0, comm_ = 0;
  std::optional<std::uint32_t> exit_state_;
};

} // namespace mapscope::builtin
