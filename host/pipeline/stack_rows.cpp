// SPDX-License-Identifier: Apache-2.0
#include "host/pipeline/stack_rows.hpp"

#include "host/pipeline/opened.hpp"
#include "host/pipeline/row_reading.hpp"
#include "host/pipeline/setup.hpp"
#include "host/pipeline/stack_maps.hpp"
#include "host/pipeline/stack_numbers.hpp"
#include "host/report/kept_row.hpp"
#include "host/report/output.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace mapscope::pipeline {

namespace {

using report::Field;
using report::FieldKind;
using report::KeptRow;

constexpr std::size_t most_frames = 4, most_ids = 1U << 16;
constexpr std::size_t most_rows = 4096; ///< of a map that tell which members are ids

/// In a struct, or in a struct in it; of so many members, whatever a hostile type has.
bool has_such_name(const catalog::TypeRef& type, unsigned& left, unsigned depth = 0) {
  if (!type.types) return false;
  const btf::TypeId record = type.types->peel(type.id);
  for (std::uint32_t i = 0; left != 0; ++i, --left) {
    const auto member = type.types->member_at(record, i);
    if (!member) return false;
    if (names_stack(member->name)) return true;
    if (depth < 2 && has_such_name({type.types, member->member.type}, left, depth + 1)) return true;
    if (left == 0) break;
  }
  return false;
}

/// Where no name can tell.
bool is_nameless(const catalog::TypeRef& type) {
  return !type.types || !type.types->member_at(type.types->peel(type.id), 0);
}

bool may_hold_ids(const catalog::Map& map) {
  unsigned left = 4096;
  return is_nameless(map.key()) || !map.value().types || has_such_name(map.key(), left) ||
         has_such_name(map.value(), left);
}

Field field_of(FieldKind kind, std::string_view name = "", std::string_view text = "") {
  Field field;
  field.kind = kind, field.name = name, field.text = text;
  return field;
}

} // namespace

/// Of stack maps the stacks, which are members; of others the ids.
class StackRows::Finder final : public report::MapWriter {
public:
  explicit Finder(StackRows& rows) : rows_(rows) {}

  void begin(const catalog::Map& map) override {
    map_ = map.id, is_of_stacks_ = holds_stacks(map);
    stacks_ = {}, ids_.clear(), frames_ = nullptr, row_count_ = 0;
    stacks_.ids.buckets = plain::buckets_of(map.max_entries);
  }
  void begin_allocator(std::string_view, const catalog::Map&) override {}
  void row(const report::Row& row) override {
    if (is_of_stacks_ || ++row_count_ > most_rows) return;
    kept_.begin(row);
    for (const auto& [path, id, is_named] : stack_numbers(kept_)) {
      Numbers& numbers = ids_[path];
      numbers.are_named = is_named;
      if (id >= 0 && numbers.ids.size() < most_ids) numbers.ids.insert(id);
    }
  }
  void field(const Field& field) override {
    if (!is_of_stacks_) return;
    if (field.name == "bucket_id") begin_stack(static_cast<std::int64_t>(field.number));
    if (frames_ == nullptr || frames_->size() > most_frames) return;
    if (field.name == "ip") frames_->push_back(fmt::format("{:#x}", field.number));
    if (field.name != "symbol" || frames_->empty()) return;
    frames_->back() = field.text;
    if (frames_->size() == 1 && plain::is_of_tracing(field.text)) frames_->clear();
  }
  void end(const report::Outcome& /*outcome*/) override {
    const std::lock_guard lock(rows_.mutex_);
    if (is_of_stacks_)
      rows_.stacks_[map_] = std::move(stacks_);
    else
      rows_.ids_[map_] = std::move(ids_);
  }

private:
  void begin_stack(std::int64_t id) {
    frames_ = stacks_.by_id.size() < most_ids ? &stacks_.by_id[id] : nullptr;
    if (frames_ != nullptr) stacks_.ids.ids.insert(id);
  }

  StackRows& rows_;
  std::uint32_t map_ = 0;
  bool is_of_stacks_ = false;
  Stacks stacks_;
  Frames* frames_ = nullptr; ///< of the stack that is told
  Ids ids_;
  std::size_t row_count_ = 0;
  KeptRow kept_;
};

class StackRows::Shower final : public report::MapWriter {
public:
  Shower(std::unique_ptr<report::MapWriter> to, const StackRows& rows) : to_(std::move(to)), rows_(rows) {}

  void begin(const catalog::Map& map) override {
    const auto found = rows_.members_.find(map.id);
    members_ = found != rows_.members_.end() ? &found->second : nullptr;
    to_->begin(map);
  }
  void begin_allocator(std::string_view name, const catalog::Map& section) override {
    to_->begin_allocator(name, section);
  }
  void row(const report::Row& row) override {
    if (members_ == nullptr || row.shape == report::Shape::value) return to_->row(row);
    report::Row open = row;
    open.open = true;
    kept_.begin(open);
    open_.begin(row);
    if (!open_.is_open()) close();
  }
  void field(const Field& field) override {
    if (!open_.is_open()) return to_->field(field);
    open_.take(field);
    if (open_.is_open()) return kept_.add(field);
    close();
  }
  void end(const report::Outcome& outcome) override { to_->end(outcome); }
  [[nodiscard]] report::Cuts cuts() const override { return to_->cuts(); }

private:
  void close() {
    bool any = false;
    for (const auto& [path, id, is_named] : stack_numbers(kept_)) {
      const auto member = members_->find(path);
      if (member == members_->end()) continue;
      const auto stack = member->second->by_id.find(id);
      if (stack == member->second->by_id.end() || stack->second.empty()) continue;
      if (!std::exchange(any, true)) kept_.add(field_of(FieldKind::object, "stacks"));
      add(path, stack->second);
    }
    if (any) kept_.add(field_of(FieldKind::end));
    kept_.add(field_of(FieldKind::end));
    kept_.hand_on(*to_);
  }
  void add(const std::string& path, const Frames& frames) {
    kept_.add(field_of(FieldKind::list, path));
    for (std::size_t i = 0; i < std::min(frames.size(), most_frames); ++i)
      kept_.add(field_of(FieldKind::text, "", frames[i]));
    if (frames.size() > most_frames) kept_.add(field_of(FieldKind::text, "", "..."));
    kept_.add(field_of(FieldKind::end));
  }

  std::unique_ptr<report::MapWriter> to_;
  const StackRows& rows_;
  const Members* members_ = nullptr; ///< null: the map has none
  KeptRow kept_;
  OpenRow open_;
};

/// SPECs of the maps that may have ids, and of the stack maps; none where there is nothing to be shown.
std::vector<std::string> StackRows::concerned(const Setup& setup, const Opened& source,
                                              const Request& request) {
  const auto& catalog =
      source.session() != nullptr ? source.session()->catalog : source.lookups()->listing.catalog;
  if (std::ranges::none_of(catalog.maps, holds_stacks)) return {};
  const auto scope = source.scope(setup, request.maps, request.not_maps);
  if (!scope) return {}; // whoever makes the report says why
  std::set<std::uint32_t> ids;
  for (const catalog::Map* map : scope->maps) {
    if (holds_stacks(*map) || !may_hold_ids(*map)) continue;
    for (const catalog::Map* other : stack_maps_for(catalog, *map))
      partners_[map->id].insert(other->id), ids.insert({map->id, other->id});
  }
  std::vector<std::string> specs;
  for (const std::uint32_t id : ids) specs.push_back(fmt::format("id:{}", id));
  return specs;
}

/// All of them: a limit of what is shown is none of what is looked at.
Result<void> StackRows::collect(Setup& setup, const Opened& source, const Request& request) {
  const config::Config own = setup.loaded.config;
  setup.loaded.config.report.limit = 0;
  for (auto& rule : setup.loaded.config.maps) rule.limit.reset();
  Request first = request;
  first.only.clear(), first.not_maps.clear();
  first.format = report::Format::json, first.rows_stand_alone = true, first.around_slots = {};
  first.around = [this](std::unique_ptr<report::MapWriter> /*to*/) {
    return std::make_unique<Finder>(*this);
  };
  Result<void> done;
  {
    const auto run = source.report(setup, first);
    done = run->choose();
    std::string nothing;
    if (done) done = run->write(*report::memory_output(nothing), {});
  }
  setup.loaded.config = own;
  return done;
}

Result<void> StackRows::add_to(Setup& setup, const Opened& source, Request& request) {
  Request all = request;
  all.maps = concerned(setup, source, request);
  if (all.maps.empty()) return {};
  if (auto collected = collect(setup, source, all); !collected) return collected;
  settle();
  if (members_.empty()) return {};
  request.around = [this, outer = std::move(request.around)](std::unique_ptr<report::MapWriter> to) {
    std::unique_ptr<report::MapWriter> shower = std::make_unique<Shower>(std::move(to), *this);
    return outer ? outer(std::move(shower)) : std::move(shower);
  };
  return {};
}

void StackRows::settle() {
  for (const auto& [map, ids] : ids_)
    for (const auto& [path, numbers] : ids)
      if (const Stacks* const stacks = stacks_for(partners_[map], numbers); stacks != nullptr)
        members_[map][path] = stacks;
}

/// The one that has most of the ids; null where none has more than half of them, or without names all.
const StackRows::Stacks* StackRows::stacks_for(const std::set<std::uint32_t>& maps,
                                               const Numbers& numbers) const {
  const Stacks* best = nullptr;
  std::size_t most = numbers.ids.size() / 2;
  for (const std::uint32_t map : maps) {
    const auto stacks = stacks_.find(map);
    if (stacks == stacks_.end()) continue;
    if (!numbers.are_named && !plain::are_ids(numbers.ids, stacks->second.ids)) continue;
    const auto found = static_cast<std::size_t>(std::ranges::count_if(
        numbers.ids, [&](std::int64_t id) { return stacks->second.by_id.contains(id); }));
    if (found > most) best = &stacks->second, most = found;
  }
  return best;
}

} // namespace mapscope::pipeline
