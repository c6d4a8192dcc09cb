// SPDX-License-Identifier: Apache-2.0
#include "host/pipeline/task_rows.hpp"

#include "host/pipeline/row_reading.hpp"

#include "host/base/counted.hpp"
#include "host/btf/decoder.hpp"
#include "host/plain/value.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace mapscope::pipeline {

namespace {

using plain::Json;

bool is_number(const Json& value, std::uint32_t wanted) {
  const Json* const number = plain::find(value, "value");
  return number != nullptr && number->IsUint64() && number->GetUint64() == wanted;
}

/// What a pointer leads to, or a number that is one; null: nothing.
const Json* target_of(const Json& node) {
  const Json* const cast = plain::find(node, "cast");
  return plain::find(cast != nullptr ? *cast : node, "deref");
}

bool is_task(const Json& value) {
  const Json* const type = plain::find(plain::whole_or_part(value), "type_name");
  return type != nullptr && type->IsString() && std::string_view(type->GetString()) == "task_struct";
}

/// A struct that has the pid, or has it inside, or leads to one that does; `to_tasks`: to no others than the
/// kernel's own, as the neighbour of a list is no more than that.
bool says_pid(const Json& value, std::uint32_t pid, unsigned hops, bool to_tasks) {
  const Json& node = plain::whole_or_part(value);
  if (const Json* const target = target_of(node); target != nullptr)
    return hops != 0 && (!to_tasks || is_task(*target)) && says_pid(*target, pid, hops - 1, to_tasks);
  bool says = false;
  plain::for_members(node, [&](const Json& name, const Json& member) {
    const bool is_pid = std::string_view(name.GetString()) == "pid";
    says = says || (is_pid && is_number(member, pid)) || says_pid(member, pid, hops, to_tasks);
  });
  return says;
}

std::string text_of(const report::Typed& typed) {
  return {reinterpret_cast<const char*>(typed.bytes.data()), typed.bytes.size()};
}

std::string identity_of(const report::Row& row) {
  using report::Shape;
  if (row.shape == Shape::slot) return fmt::format("{}", row.slot.idx);
  if (row.shape != Shape::entry && row.shape != Shape::percpu_entry) return fmt::format("{}", row.index);
  return {reinterpret_cast<const char*>(row.key.bytes.data()), row.key.bytes.size()};
}

} // namespace

class TaskRows::Finder final : public report::MapWriter {
public:
  explicit Finder(TaskRows& task) : task_(task) {}

  void begin(const catalog::Map& map) override {
    map_ = map.id, allocator_.clear();
    found_ = {}, payloads_ = {};
    keep();
  }
  void begin_allocator(std::string_view name, const catalog::Map& section) override {
    map_ = section.id, allocator_ = name;
    slots_ = {};
  }
  void row(const report::Row& row) override {
    open_.begin(row);
    if (row.shape == report::Shape::value) return; // of everybody
    identity_ = identity_of(row), payload_.clear();
    if (row.shape == report::Shape::slot) return slot(row);
    bool is_his = says(row.key, true) || says(row.value, false);
    for (const auto& copy : row.copies) is_his = is_his || (copy && says(*copy, false));
    if (row.payload) payload_ = text_of(*row.payload);
    if (is_his || (row.payload && says(*row.payload, false))) take();
  }
  void field(const report::Field& field) override {
    const bool is_number =
        field.kind == report::FieldKind::number || field.kind == report::FieldKind::signed_number;
    if (open_.is_open() && is_number && field.name == "pid" && field.number == task_.pid_) take();
    open_.take(field);
  }
  void end(const report::Outcome& /*outcome*/) override { keep(); }

private:
  void take() {
    found_.insert(identity_);
    if (!payload_.empty()) payloads_.insert(payload_);
  }
  void slot(const report::Row& row) {
    if (says(row.value, false, true)) slots_.emplace(identity_, text_of(row.value));
  }
  /// A key that is a number is a pid where its type says so: any map has small numbers.
  bool says(const report::Typed& typed, bool is_key, bool to_tasks = false) {
    if (typed.decoder == nullptr || !typed.readable) return false;
    const auto value = read_back_([&](btf::ValueVisitor& into) { decode(typed, into); });
    if (value.HasParseError()) return false;
    if (is_key && typed.decoder->type_name().find("pid") != std::string_view::npos)
      return is_number(value, task_.pid_);
    return says_pid(value, task_.pid_, 1, to_tasks);
  }
  /// A map may be begun anew, by another plugin.
  void keep() {
    const std::lock_guard lock(task_.mutex_);
    if (!allocator_.empty())
      task_.slots_[{map_, allocator_}] = slots_;
    else
      task_.rows_[map_] = found_, task_.payloads_[map_] = payloads_;
  }

  TaskRows& task_;
  std::uint32_t map_ = 0;
  Found found_;
  ReadBack read_back_;
  std::string allocator_; ///< "": it is a map
  std::map<std::string, std::string> slots_;
  std::set<std::string> payloads_;
  std::string identity_, payload_; ///< of the row that is open
  OpenRow open_;
};

class TaskRows::Only final : public report::MapWriter {
public:
  Only(std::unique_ptr<report::MapWriter> to, const TaskRows& task) : to_(std::move(to)), task_(task) {}

  void begin(const catalog::Map& map) override {
    const auto found = task_.rows_.find(map.id);
    rows_ = found != task_.rows_.end() ? &found->second : nullptr;
    slots_ = nullptr;
    to_->begin(map);
  }
  void begin_allocator(std::string_view name, const catalog::Map& section) override {
    const auto found = task_.slots_.find({section.id, std::string(name)});
    rows_ = nullptr, slots_ = found != task_.slots_.end() ? &found->second : nullptr;
    to_->begin_allocator(name, section);
  }
  void row(const report::Row& row) override {
    const std::string identity = row.shape == report::Shape::value ? "" : identity_of(row);
    is_his_ = !identity.empty() && (slots_ != nullptr ? slots_->contains(identity)
                                                      : rows_ != nullptr && rows_->contains(identity));
    open_.begin(row);
    if (row.shape != report::Shape::value) ++(is_his_ ? his_ : others_);
    if (is_his_) to_->row(row);
  }
  /// What rows of others lead to is not the task's.
  void field(const report::Field& field) override {
    const bool is_of_row = open_.is_open();
    open_.take(field);
    if (is_of_row ? is_his_ : field.name != "linked") to_->field(field);
  }
  void end(const report::Outcome& outcome) override {
    report::Outcome told = outcome;
    if (others_ != 0)
      told.notes.push_back(fmt::format("{} of {} {} the task's", his_, counted(his_ + others_, "entry"),
                                       his_ == 1 ? "is" : "are"));
    to_->end(told);
  }
  [[nodiscard]] report::Cuts cuts() const override { return to_->cuts(); }

private:
  std::unique_ptr<report::MapWriter> to_;
  const TaskRows& task_;
  std::uint64_t his_ = 0, others_ = 0;                        ///< rows
  const Found* rows_ = nullptr;                               ///< null: none
  const std::map<std::string, std::string>* slots_ = nullptr; ///< of an allocator
  bool is_his_ = false;                                       ///< the row that came last
  OpenRow open_;
};

std::unique_ptr<report::MapWriter> TaskRows::finder() { return std::make_unique<Finder>(*this); }

std::unique_ptr<report::MapWriter> TaskRows::only(std::unique_ptr<report::MapWriter> to) const {
  return std::make_unique<Only>(std::move(to), *this);
}

void TaskRows::leave_out_shown_slots() {
  const auto is_shown = [this](const std::string& held) {
    return std::ranges::any_of(payloads_, [&](const auto& of_map) {
      return std::ranges::any_of(of_map.second, [&](const std::string& payload) {
        return payload.starts_with(held) || held.starts_with(payload);
      });
    });
  };
  for (auto& [allocator, slots] : slots_)
    std::erase_if(slots, [&](const auto& slot) { return is_shown(slot.second); });
}

bool TaskRows::has_slots(std::uint32_t section, std::string_view name) const {
  const auto found = slots_.find({section, std::string(name)});
  return found != slots_.end() && !found->second.empty();
}

std::vector<std::string> TaskRows::sections() const {
  std::vector<std::string> specs;
  for (const auto& [allocator, slots] : slots_)
    if (!slots.empty()) specs.push_back(fmt::format("id:{}", allocator.first));
  return specs;
}

std::vector<std::string> TaskRows::maps() const {
  std::vector<std::string> specs;
  for (const auto& [map, rows] : rows_)
    if (!rows.empty()) specs.push_back(fmt::format("id:{}", map));
  return specs;
}

} // namespace mapscope::pipeline
