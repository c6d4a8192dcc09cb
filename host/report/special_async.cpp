// SPDX-License-Identifier: Apache-2.0
// Timers, workqueues and task work: a slot in the value points to what the kernel keeps
// (kernel/bpf/helpers.c).
#include "host/catalog/code_symbols.hpp"
#include "host/report/special_fields.hpp"

#include "host/base/checked.hpp"

#include <bpf/btf.h>

namespace mapscope::report {

using Bytes = std::span<const std::byte>;

namespace {

std::uint64_t slot_of(Bytes bytes) { return load_at<std::uint64_t>(bytes, 0).value_or(0); }

} // namespace

void SpecialFields::callback(std::uint64_t function, btf::ValueVisitor& out) {
  if (function == 0) return;
  const auto symbol = symbols_ != nullptr ? symbols_->at(function) : std::nullopt;
  lacks_memory_ = lacks_memory_ || (!symbol && symbols_ != nullptr && symbols_->may_lack(function));
  if (symbol)
    out.fact("callback", std::string_view(symbol->name));
  else
    out.fact("callback", function);
}

/// `timer` is a struct hrtimer.
void SpecialFields::expiry(std::uint64_t timer, btf::ValueVisitor& out) {
  const auto at = offset("struct hrtimer", "node.expires"), base = offset("struct hrtimer", "base"),
             clock = offset("struct hrtimer_clock_base", "clockid");
  const auto expires = at ? load<std::int64_t>(timer + *at) : std::nullopt;
  if (!expires) return;
  out.fact("expires_at_ns", *expires);
  const auto clock_base = base ? load<std::uint64_t>(timer + *base) : std::nullopt;
  const auto id = clock && clock_base ? load<std::int32_t>(*clock_base + *clock) : std::nullopt;
  if (!clock_) clock_.emplace(target_, *kernel_);
  lacks_memory_ = lacks_memory_ || !clock_->is_known();
  const auto now = id ? clock_->now(*id) : std::nullopt;
  std::int64_t left = 0;
  if (now && !__builtin_sub_overflow(*expires, *now, &left)) out.fact("expires_in_ns", left);
}

/// struct bpf_hrtimer; its common part is struct bpf_async_cb since 6.10.
void SpecialFields::timer(Bytes bytes, btf::ValueVisitor& out) {
  const std::uint64_t at = slot_of(bytes);
  if (at == 0) return out.fact("armed", false);
  const auto hrtimer = offset("struct bpf_hrtimer", "timer");
  auto function = offset("struct bpf_hrtimer", "cb.callback_fn");
  if (!function) function = offset("struct bpf_hrtimer", "callback_fn");
  const auto queued = offset("struct hrtimer", "is_queued"), state = offset("struct hrtimer", "state");
  if (!hrtimer || (!queued && !state)) return;
  const auto flags = load<std::uint8_t>(at + *hrtimer + (queued ? *queued : *state));
  if (!flags) return out.fact("problem", std::string_view("the timer is not in the snapshot"));
  const bool armed = queued ? *flags != 0 : (*flags & 1) != 0; // HRTIMER_STATE_ENQUEUED
  out.fact("armed", armed);
  if (armed) expiry(at + *hrtimer, out);
  if (function) callback(load<std::uint64_t>(at + *function).value_or(0), out);
}

/// struct bpf_work (6.10)
void SpecialFields::workqueue(Bytes bytes, btf::ValueVisitor& out) {
  const std::uint64_t at = slot_of(bytes);
  if (at == 0) return out.fact("armed", false);
  const auto data = offset("struct bpf_work", "work.data.counter"),
             function = offset("struct bpf_work", "cb.callback_fn");
  if (!data) return;
  const auto flags = load<std::uint64_t>(at + *data);
  if (!flags) return out.fact("problem", std::string_view("the work is not in the snapshot"));
  out.fact("armed", (*flags & 1) != 0); // WORK_STRUCT_PENDING_BIT
  if (function) callback(load<std::uint64_t>(at + *function).value_or(0), out);
}

/// struct bpf_task_work_ctx (6.18)
void SpecialFields::task_work(Bytes bytes, btf::ValueVisitor& out) {
  const std::uint64_t at = slot_of(bytes);
  const auto state = offset("struct bpf_task_work_ctx", "state"),
             task = offset("struct bpf_task_work_ctx", "task"),
             function = offset("struct bpf_task_work_ctx", "callback_fn"),
             pid = offset("struct task_struct", "pid");
  if (at == 0) return out.fact("armed", false);
  if (!state || !task || !function || !pid) return;
  const auto now = load<std::uint32_t>(at + *state);
  if (!now) return out.fact("problem", std::string_view("the task work is not in the snapshot"));
  const auto pending = kernel_->enumerator("BPF_TW_PENDING"),
             scheduled = kernel_->enumerator("BPF_TW_SCHEDULED");
  out.fact("armed", (pending && *pending == *now) || (scheduled && *scheduled == *now));
  if (const auto target = load<std::uint64_t>(at + *task); target.value_or(0) != 0)
    if (const auto number = load<std::int32_t>(*target + *pid)) out.fact("pid", std::int64_t{*number});
  callback(load<std::uint64_t>(at + *function).value_or(0), out);
}

} // namespace mapscope::report
