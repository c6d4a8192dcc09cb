// SPDX-License-Identifier: Apache-2.0
#include "host/pipeline/choice.hpp"

#include "host/pipeline/report_facts.hpp"
#include "host/pipeline/request.hpp"
#include "host/pipeline/row_key.hpp"
#include "host/pipeline/row_members.hpp"
#include "host/pipeline/row_order.hpp"
#include "host/pipeline/row_reading.hpp"

#include "host/base/counted.hpp"
#include "host/base/nearest.hpp"
#include "host/plain/entries.hpp"
#include "host/plugin/call/limits.hpp"
#include "host/report/cut_reasons.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <utility>

namespace mapscope::pipeline {

namespace {

/// Of a map's first entries each member is looked for; those behind them are of the same types.
constexpr std::uint64_t most_tried = 16;

std::unexpected<Error> about(std::string_view option, Error error) {
  return std::unexpected(std::move(error).within(option));
}

} // namespace

class Choice::Writer final : public report::MapWriter {
public:
  Writer(std::unique_ptr<report::MapWriter> to, Choice& choice) : to_(std::move(to)), choice_(choice) {
    seen_.has.resize(choice.asked_.size());
  }

  void begin(const catalog::Map& map) override {
    name_ = fmt::format("map {}, {}", map.id, map.label());
    has_one_value_ = map.max_entries <= 1;
    is_passed_on_ = choice_.only_map_ && *choice_.only_map_ != map.id;
    begin_any(map);
    to_->begin(map);
  }
  void begin_allocator(std::string_view name, const catalog::Map& section) override {
    name_ = fmt::format("allocator {} of map {}", name, section.id);
    begin_any(section);
    to_->begin_allocator(name, section);
  }
  void row(const report::Row& row) override {
    if (is_passed_on_) return to_->row(row);
    begin_row().begin(row);
    open_.begin(row);
    if (!open_.is_open()) take();
  }
  void field(const report::Field& field) override {
    if (is_passed_on_) return to_->field(field);
    if (!open_.is_open()) return field_of_map(field);
    row_->add(field);
    open_.take(field);
    if (!open_.is_open()) take();
  }
  void end(const report::Outcome& outcome) override {
    if (is_passed_on_) return to_->end(outcome);
    report::Outcome told = outcome;
    hand_on(told);
    tell(told);
    choice_.keep(name_, seen_);
    to_->end(told);
  }
  [[nodiscard]] report::Cuts cuts() const override { return to_->cuts(); }

private:
  void begin_any(const catalog::Map& map) {
    most_ = plugin::row_limit(choice_.limits_, map.names());
    if (choice_.top_ && (most_ == 0 || *choice_.top_ < most_)) most_ = *choice_.top_;
    if (choice_.sort_) order_.emplace(most_);
  }

  report::KeptRow& begin_row() {
    if (!row_) row_ = std::make_unique<report::KeptRow>();
    return *row_;
  }

  /// What rows that are not shown lead to is not shown either.
  void field_of_map(const report::Field& field) {
    if (in_entries_ && depth_ == 2 && field.kind == report::FieldKind::object) {
      begin_row().begin_listed();
      return open_.begin(row_->row());
    }
    if (!in_entries_ || depth_ == 2) hand_on(); // also before their list ends
    const unsigned depth = depth_of(field);
    if (depth == 0) outermost_ = field.name;
    const bool is_list = depth == 1 && field.kind == report::FieldKind::list;
    if (is_list && has_entries(outermost_, field.name)) begin_entries();
    if (depth_ < 2) in_entries_ = false;
    if (depth != 0 || field.name != "linked") to_->field(field);
  }

  static bool has_entries(std::string_view outer, std::string_view inner) {
    return std::ranges::any_of(plain::entry_lists(), [&](const plain::EntryList& list) {
      return list.inner != nullptr && outer == list.outer && inner == list.inner;
    });
  }
  void begin_entries() {
    in_entries_ = true, is_handed_on_ = false;
    if (choice_.sort_) order_.emplace(most_);
  }

  /// Of an open member of the map: how deep the field lies in it.
  unsigned depth_of(const report::Field& field) {
    const unsigned depth = depth_;
    if (field.kind == report::FieldKind::object || field.kind == report::FieldKind::list) ++depth_;
    if (field.kind == report::FieldKind::end && depth_ != 0) --depth_;
    return depth;
  }

  /// The row is whole.
  void take() {
    // The value in front of a map's elements is one of them, told once more.
    const bool is_repeated = row_->row().shape == report::Shape::value && !has_one_value_;
    if (!is_repeated) look_for_all();
    if (!is_chosen()) return;
    if (is_repeated) return order_ ? void() : row_->hand_on(*to_);
    ++chosen_;
    if (order_) return order_->add(row_, order_of(*row_, path(*choice_.sort_), scalar_));
    if (most_ == 0 || chosen_ <= most_) row_->hand_on(*to_);
  }

  [[nodiscard]] Path path(std::size_t asked) const { return choice_.asked_[asked].path; }

  void look_for_all() {
    if (++seen_.entries > most_tried) return;
    bool lacks_one = false;
    for (std::size_t i = 0; i < seen_.has.size(); ++i) {
      for (std::size_t cpu = 0; !seen_.has[i] && cpu < std::max<std::size_t>(row_->copies(), 1); ++cpu)
        seen_.has[i] = member_of(*row_, path(i), cpu, scalar_) != nullptr;
      lacks_one = lacks_one || !seen_.has[i];
    }
    if (lacks_one && seen_.names.empty()) add_names_of(*row_, seen_.names);
  }

  bool is_chosen() {
    if (choice_.key_ && !has_key(*row_, *choice_.key_, read_back_)) return false;
    if (!choice_.where_) return true;
    if (!is_per_cpu(*row_)) return satisfies(0);
    for (std::size_t cpu = 0; cpu < row_->copies(); ++cpu)
      if (row_->copy(cpu) != nullptr && satisfies(cpu)) return true;
    return false;
  }
  bool satisfies(std::size_t cpu) {
    return choice_.where_->holds([&](std::size_t member) {
      const plain::Scalar* const found = member_of(*row_, path(member), cpu, scalar_);
      seen_.has[member] = seen_.has[member] || found != nullptr;
      return found;
    });
  }

  /// What was cut of rows that have waited has not been told.
  void hand_on(report::Outcome& outcome) {
    if (!order_ || is_handed_on_) return;
    hand_on();
    for (auto& reason : report::cut_reasons(to_->cuts(), limits_of(choice_.limits_.report, 0)))
      cut(outcome, std::move(reason));
  }
  void hand_on() {
    if (!order_ || is_handed_on_) return;
    is_handed_on_ = true;
    ordered_ += order_->count();
    order_->hand_on(*to_);
  }

  [[nodiscard]] std::uint64_t shown() const {
    if (choice_.sort_) return ordered_;
    return most_ == 0 ? chosen_ : std::min(chosen_, most_);
  }

  void tell(report::Outcome& outcome) {
    if (seen_.entries == 0) return;
    for (std::size_t i = 0; i < seen_.has.size(); ++i)
      if (!seen_.has[i]) outcome.notes.push_back(choice_.missing(i, seen_.names));
    const bool narrows = choice_.where_ || choice_.key_;
    if (narrows)
      outcome.notes.push_back(fmt::format("{} of {} chosen", chosen_, counted(seen_.entries, "entry")));
    if (choice_.sort_ && seen_.has[*choice_.sort_])
      outcome.notes.push_back(fmt::format("in the order of {}", choice_.asked_[*choice_.sort_].text));
    tell_left_out(outcome);
  }

  /// Who asks for the first ten misses nothing; who hits a limit does.
  void tell_left_out(report::Outcome& outcome) {
    if (shown() == chosen_) return;
    const std::string count =
        fmt::format("the first {} of {} shown", shown(), counted(chosen_, "chosen entry"));
    if (order_ && order_->lacks_room())
      return cut(outcome, fmt::format("{}: --sort holds {} MiB of them; --top N needs fewer", count,
                                      RowOrder::most_bytes >> 20));
    if (choice_.top_ && shown() == *choice_.top_) return outcome.notes.push_back(count);
    cut(outcome, count + "; --limit 0 shows all");
  }
  void cut(report::Outcome& outcome, std::string why) {
    outcome.limits.push_back(std::move(why));
    outcome.status = report::graver(outcome.status, report::Status::truncated);
    seen_.is_cut = true;
  }

  std::unique_ptr<report::MapWriter> to_;
  Choice& choice_;
  std::string name_;
  bool has_one_value_ = false, is_handed_on_ = false;
  std::uint64_t most_ = 0; ///< entries that are shown; 0 = any number
  std::unique_ptr<report::KeptRow> row_;
  OpenRow open_;
  unsigned depth_ = 0;      ///< of the member of the map that is open
  std::string outermost_;   ///< its name
  bool in_entries_ = false; ///< in a list inside of it whose elements are entries
  bool is_passed_on_ = false;
  std::optional<RowOrder> order_;
  ReadBack read_back_;
  plain::Scalar scalar_;
  Seen seen_;
  std::uint64_t chosen_ = 0, ordered_ = 0;
};

Result<std::unique_ptr<Choice>> Choice::parse(const WantedEntries& wanted) {
  std::unique_ptr<Choice> choice(new Choice);
  if (wanted.where) {
    auto where = plain::Condition::parse(*wanted.where);
    if (!where) return about("--where", std::move(where.error()));
    choice->asked_ = where->members();
    choice->where_ = std::move(*where);
  }
  if (wanted.key) {
    auto key = plain::Key::parse(*wanted.key);
    if (!key) return about("--key", std::move(key.error()));
    choice->key_ = std::move(*key);
  }
  if (wanted.sort) {
    auto path = plain::parse_path(*wanted.sort);
    if (!path) return about("--sort", std::move(path.error()));
    choice->sort_ = choice->asked_.size();
    choice->asked_.push_back({*wanted.sort, std::move(*path)});
  }
  choice->top_ = wanted.top;
  return choice;
}

/// What lies behind a pointer is shown in each row: the one that would be referred to may not be chosen.
void Choice::narrow(config::Config& config, Request& request) {
  limits_ = config;
  config.report.limit = 0;
  for (auto& rule : config.maps) rule.limit.reset();
  request.rows_stand_alone = true;
  request.around_slots = [this](std::unique_ptr<report::MapWriter> to) { return writer(std::move(to)); };
  request.around = [this, outer = std::move(request.around)](std::unique_ptr<report::MapWriter> to) {
    auto chosen = writer(std::move(to));
    return outer ? outer(std::move(chosen)) : std::move(chosen);
  };
}

std::unique_ptr<report::MapWriter> Choice::writer(std::unique_ptr<report::MapWriter> to) {
  return std::make_unique<Writer>(std::move(to), *this);
}

void Choice::keep(const std::string& map, const Seen& seen) {
  const std::scoped_lock lock(mutex_);
  seen_[map] = seen;
}

std::string Choice::missing(std::size_t asked, const std::vector<std::string>& names) const {
  const std::string& text = asked_[asked].text;
  std::string meant = nearest(text, names);
  if (meant.empty() && !asked_[asked].path.empty()) meant = nearest(asked_[asked].path.front().name, names);
  if (meant == asked_[asked].path.front().name) meant.clear();
  return fmt::format("no entry has a member {}{}", text,
                     meant.empty() ? "" : fmt::format("; did you mean {}?", meant));
}

Result<void> Choice::check() const {
  const std::scoped_lock lock(mutex_);
  std::vector<std::string> names;
  std::uint64_t entries = 0;
  for (const auto& [map, seen] : seen_) {
    entries += seen.entries;
    std::ranges::copy(seen.names, std::back_inserter(names));
  }
  if (entries == 0) return {};
  for (std::size_t i = 0; i < asked_.size(); ++i)
    if (std::ranges::none_of(seen_, [&](const auto& one) { return one.second.has[i]; }))
      return fail(Errc::usage, fmt::format("{}: {}", sort_ == i ? "--sort" : "--where", missing(i, names)));
  return {};
}

std::string Choice::shortfall() const {
  const std::scoped_lock lock(mutex_);
  std::vector<std::string> maps;
  for (const auto& [map, seen] : seen_)
    if (seen.is_cut) maps.push_back(map + " (truncated)");
  return fmt::format("{}", fmt::join(maps, "; "));
}

} // namespace mapscope::pipeline
