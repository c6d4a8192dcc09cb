// SPDX-License-Identifier: Apache-2.0
#include "host/report/task_join.hpp"

#include "host/base/counted.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <utility>

namespace mapscope::report {

namespace {

bool opens(FieldKind kind) { return kind == FieldKind::object || kind == FieldKind::list; }

/// What can be kept beyond the call: bytes and their decoders are the plugin's.
bool can_be_kept(FieldKind kind) {
  return kind != FieldKind::hex && kind != FieldKind::typed && kind != FieldKind::page;
}

} // namespace

/// Keeps the elements of the list of all tasks, and of lists of those that wait; in their place stands where
/// they are, and who waits in which order.
class TaskJoin::Taker final : public MapWriter {
public:
  Taker(std::unique_ptr<MapWriter> to, TaskJoin& join) : to_(std::move(to)), join_(join) {}

  void begin(const catalog::Map& map) override { to_->begin(map); }
  void begin_allocator(std::string_view name, const catalog::Map& section) override {
    to_->begin_allocator(name, section);
  }
  void row(const Row& row) override { to_->row(row); }
  void end(const Outcome& outcome) override { to_->end(outcome); }
  [[nodiscard]] Cuts cuts() const override { return to_->cuts(); }

  void field(const Field& field) override {
    if (list_depth_ != 0) return in_list(field);
    if (field.kind == FieldKind::list && (is_all(field) || is_waiting(field))) {
      is_of_all_ = depth_ == 0;
      list_depth_ = depth_ + 1, taken_ = 0;
      if (!is_of_all_) to_->field(field);
    } else {
      to_->field(field);
    }
    count(field);
  }

private:
  [[nodiscard]] bool is_all(const Field& field) const { return depth_ == 0 && field.name == "tasks"; }
  [[nodiscard]] bool is_waiting(const Field& field) const { return depth_ == 2 && field.name == "runnable"; }

  void count(const Field& field) {
    if (opens(field.kind)) ++depth_;
    if (field.kind == FieldKind::end) --depth_;
  }

  void in_list(const Field& field) {
    const bool begins = depth_ == list_depth_ && field.kind == FieldKind::object;
    count(field);
    if (depth_ < list_depth_) return end_list(field);
    if (begins) element_.clear(), can_be_kept_ = true;
    can_be_kept_ = can_be_kept_ && can_be_kept(field.kind);
    element_.push_back(
        {field.kind, std::string(field.name), field.number, field.real, std::string(field.text)});
    if (depth_ == list_depth_) end_element();
  }

  [[nodiscard]] const Kept* find(std::string_view name) const {
    const auto found = std::ranges::find(element_, name, &Kept::name);
    return found == element_.end() ? nullptr : &*found;
  }

  void end_element() {
    const Kept* const pid = find("pid");
    const bool fits = pid != nullptr && can_be_kept_ && join_.tasks_.size() < most;
    if (!fits) return pass_element();
    const auto number = static_cast<std::int64_t>(pid->number);
    if (!is_of_all_) tell_waiting(number);
    ++taken_;
    join_.keep(number, {element_.begin() + 1, element_.end() - 1}, !is_of_all_);
  }

  /// "batch-pool.0[130] 3164 ms QUEUED 10": what of it is neither zero nor the rule.
  void tell_waiting(std::int64_t pid) {
    const Kept* const comm = find("comm");
    std::string text = fmt::format("{}[{}]", comm != nullptr ? comm->text : "?", pid);
    if (const Kept* const waited = find("waited_ms")) text += fmt::format(" {} ms", waited->number);
    if (const Kept* const state = find("ops_state")) text += ' ' + state->text;
    if (const Kept* const qseq = find("ops_qseq"); qseq != nullptr && qseq->number != 0)
      text += fmt::format(" {}", qseq->number);
    if (const Kept* const cpus = find("cpus"); cpus != nullptr && cpus->text != join_.all_cpus_)
      text += " cpus " + cpus->text;
    for (const char* name : {"dsq_flags", "sticky_cpu", "holding_cpu", "migration_disabled"})
      if (const Kept* const number = find(name); number != nullptr && says_something(*number))
        text += fmt::format(" {}={}", name, static_cast<std::int64_t>(number->number));
    to_->field({FieldKind::text, "", 0, 0, text, {}});
  }
  /// -1 is no CPU.
  static bool says_something(const Kept& number) {
    return number.number != 0 && static_cast<std::int64_t>(number.number) != -1;
  }

  void pass_element() {
    if (is_of_all_ && !std::exchange(has_list_, true)) to_->field({FieldKind::list, "tasks", 0, 0, "", {}});
    for (const Kept& kept : element_) to_->field(kept.field());
  }

  void end_list(const Field& end) {
    list_depth_ = 0;
    if (!is_of_all_ || has_list_) to_->field(end);
    if (!is_of_all_) return;
    has_list_ = false;
    const std::string text = fmt::format("{}, each beside what the scheduler has of it: map {} {}",
                                         counted(taken_, "task"), join_.map_, join_.label_);
    if (taken_ != 0) to_->field({FieldKind::text, "tasks_listed", 0, 0, text, {}});
  }

  std::unique_ptr<MapWriter> to_;
  TaskJoin& join_;
  std::size_t depth_ = 0, list_depth_ = 0; ///< of open objects and lists; of such a list, in it
  bool is_of_all_ = false, has_list_ = false, can_be_kept_ = true;
  std::uint64_t taken_ = 0;
  Fields element_;
};

/// Behind whose a row is, the kernel's view of that task.
class TaskJoin::Giver final : public MapWriter {
public:
  Giver(std::unique_ptr<MapWriter> to, TaskJoin& join) : to_(std::move(to)), join_(join) {}

  void begin(const catalog::Map& map) override {
    given_.clear();
    to_->begin(map);
  }
  void begin_allocator(std::string_view name, const catalog::Map& section) override {
    to_->begin_allocator(name, section);
  }
  void row(const Row& row) override {
    depth_ = row.open ? 1 : 0, pid_ = -1;
    to_->row(row);
  }
  void field(const Field& field) override {
    if (depth_ == 1 && field.kind == FieldKind::object) in_owner_ = field.name == "owner";
    if (depth_ == 2 && in_owner_ && field.name == "pid") pid_ = static_cast<std::int64_t>(field.number);
    if (opens(field.kind) && depth_ != 0) ++depth_;
    const bool ends = field.kind == FieldKind::end && depth_ != 0 && --depth_ == 0;
    if (ends) give();
    to_->field(field);
  }
  void end(const Outcome& outcome) override {
    join_.given_ = given_;
    to_->end(outcome);
  }
  [[nodiscard]] Cuts cuts() const override { return to_->cuts(); }

private:
  void give() {
    const auto task = join_.tasks_.find(pid_);
    if (task == join_.tasks_.end()) return;
    given_.insert(pid_);
    tell(task->second);
  }
  /// Who it is the row says, and those that wait have a list.
  void tell(const Task& task) {
    for (const Kept& kept : task.fields)
      if (kept.name != "pid" && kept.name != "tgid" && kept.name != "comm") to_->field(kept.field());
  }

  std::unique_ptr<MapWriter> to_;
  TaskJoin& join_;
  std::size_t depth_ = 0;
  bool in_owner_ = false;
  std::int64_t pid_ = -1;
  std::set<std::int64_t> given_;
};

void TaskJoin::keep(std::int64_t pid, Fields fields, bool is_waiting) {
  Task& task = tasks_[pid];
  task.pid = pid;
  (is_waiting ? task.waiting : task.fields) = std::move(fields);
}

std::unique_ptr<MapWriter> TaskJoin::taker(std::unique_ptr<MapWriter> to) {
  return std::make_unique<Taker>(std::move(to), *this);
}

std::unique_ptr<MapWriter> TaskJoin::giver(std::unique_ptr<MapWriter> to) {
  return std::make_unique<Giver>(std::move(to), *this);
}

void TaskJoin::tell_rest(MapWriter& to) const {
  to.field({FieldKind::list, "tasks", 0, 0, "", {}});
  for (const auto& [pid, task] : tasks_) {
    if (given_.contains(pid)) continue;
    to.field({FieldKind::object, "", 0, 0, "", {}});
    for (const Kept& kept : task.fields.empty() ? task.waiting : task.fields) to.field(kept.field());
    to.field({FieldKind::end, "", 0, 0, "", {}});
  }
  to.field({FieldKind::end, "", 0, 0, "", {}});
}

} // namespace mapscope::report
