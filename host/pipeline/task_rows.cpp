// SPDX-License-Identifier: Apache-2.0
#include "host/pipeline/task_rows.hpp"

#include "host/pipeline/row_reading.hpp"

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

/// A struct that has the pid, or has it inside, or leads to one that does.
bool says_pid(const Json& value, std::uint32_t pid, unsigned hops) {
  const Json& node = plain::whole_or_part(value);
  if (const Json* const target = target_of(node); target != nullptr)
    return hops != 0 && says_pid(*target, pid, hops - 1);
  bool says = false;
  plain::for_members(node, [&](const Json& name, const Json& member) {
    const bool is_pid = std::string_view(name.GetString()) == "pid";
    says = says || (is_pid && is_number(member, pid)) || says_pid(member, pid, hops);
  });
  return says;
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
    map_ = map.id;
    found_ = {};
    keep();
  }
  void begin_allocator(std::string_view /*name*/, const catalog::Map& /*section*/) override {}
  void row(const report::Row& row) override {
    open_.begin(row);
    if (row.shape == report::Shape::value) return; // of everybody
    identity_ = identity_of(row);
    bool is_his = says(row.key, true) || says(row.value, false);
    for (const auto& copy : row.copies) is_his = is_his || (copy && says(*copy, false));
    if (is_his || (row.payload && says(*row.payload, false))) found_.insert(identity_);
  }
  void field(const report::Field& field) override {
    const bool is_number =
        field.kind == report::FieldKind::number || field.kind == report::FieldKind::signed_number;
    if (open_.is_open() && is_number && field.name == "pid" && field.number == task_.pid_)
      found_.insert(identity_);
    open_.take(field);
  }
  void end(const report::Outcome& /*outcome*/) override { keep(); }

private:
  /// A key that is a number is a pid where its type says so: any map has small numbers.
  bool says(const report::Typed& typed, bool is_key) {
    if (typed.decoder == nullptr || !typed.readable) return false;
    const auto value = read_back_([&](btf::ValueVisitor& into) { decode(typed, into); });
    if (value.HasParseError()) return false;
    if (is_key && typed.decoder->type_name().find("pid") != std::string_view::npos)
      return is_number(value, task_.pid_);
    return says_pid(value, task_.pid_, 1);
  }
  /// A map may be begun anew, by another plugin.
  void keep() {
    const std::lock_guard lock(task_.mutex_);
    task_.rows_[map_] = found_;
  }

  TaskRows& task_;
  std::uint32_t map_ = 0;
  Found found_;
  ReadBack read_back_;
  std::string identity_; ///< of the row that is open
  OpenRow open_;
};

class TaskRows::Only final : public report::MapWriter {
public:
  Only(std::unique_ptr<report::MapWriter> to, const TaskRows& task) : to_(std::move(to)), task_(task) {}

  void begin(const catalog::Map& map) override {
    const auto found = task_.rows_.find(map.id);
    rows_ = found != task_.rows_.end() ? &found->second : nullptr;
    to_->begin(map);
  }
  void begin_allocator(std::string_view name, const catalog::Map& section) override {
    to_->begin_allocator(name, section);
  }
  void row(const report::Row& row) override {
    is_his_ = row.shape != report::Shape::value && rows_ != nullptr && rows_->contains(identity_of(row));
    open_.begin(row);
    if (is_his_) to_->row(row);
  }
  /// What rows of others lead to is not the task's.
  void field(const report::Field& field) override {
    const bool is_of_row = open_.is_open();
    open_.take(field);
    if (is_of_row ? is_his_ : field.name != "linked") to_->field(field);
  }
  void end(const report::Outcome& outcome) override { to_->end(outcome); }
  [[nodiscard]] report::Cuts cuts() const override { return to_->cuts(); }

private:
  std::unique_ptr<report::MapWriter> to_;
  const TaskRows& task_;
  const Found* rows_ = nullptr; ///< null: none
  bool is_his_ = false;         ///< the row that came last
  OpenRow open_;
};

std::unique_ptr<report::MapWriter> TaskRows::finder() { return std::make_unique<Finder>(*this); }

std::unique_ptr<report::MapWriter> TaskRows::only(std::unique_ptr<report::MapWriter> to) const {
  return std::make_unique<Only>(std::move(to), *this);
}

std::vector<std::string> TaskRows::maps() const {
  std::vector<std::string> specs;
  for (const auto& [map, rows] : rows_)
    if (!rows.empty()) specs.push_back(fmt::format("id:{}", map));
  return specs;
}

} // namespace mapscope::pipeline
