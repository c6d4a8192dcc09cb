// SPDX-License-Identifier: Apache-2.0
#include "host/pipeline/arena_losses.hpp"

#include "host/catalog/arena_reach.hpp"
#include "host/catalog/families.hpp"
#include "host/pipeline/map_outcomes.hpp"
#include "host/pipeline/nowhere.hpp"
#include "host/pipeline/selections.hpp"
#include "host/pipeline/session.hpp"
#include "host/pipeline/setup.hpp"
#include "host/pipeline/shown_map.hpp"
#include "host/plugin/worker/workers.hpp"
#include "host/report/writer.hpp"

#include <algorithm>
#include <utility>

namespace mapscope::pipeline {

namespace {

constexpr std::uint64_t most_bytes = 256U << 20; ///< of values that are walked over for one arena

/// Takes the bytes of every value.
class Taker final : public Nowhere {
public:
  Taker(catalog::ArenaReach& reach, catalog::TypeRef type) : reach_(reach), type_(std::move(type)) {}

  void row(const report::Row& row) override {
    reach_.add(row.value.bytes, type_);
    for (const auto& copy : row.copies)
      if (copy) reach_.add(copy->bytes, type_);
  }

private:
  catalog::ArenaReach& reach_;
  catalog::TypeRef type_;
};

bool leads_into(const Session& session, const catalog::Map& map, const catalog::Arena& arena) {
  if (!map.is_read || map.type_name == "arena") return false;
  const auto arenas = session.families->arenas_of(map);
  return std::ranges::find(arenas, &arena) != arenas.end();
}

std::uint64_t bytes_of(const catalog::Map& map, std::uint32_t cpus) {
  const bool is_per_cpu = map.type_name.starts_with("percpu") || map.type_name.ends_with("percpu_hash");
  return (std::uint64_t{map.value_size} + 8) * map.max_entries * (is_per_cpu ? cpus : 1);
}

/// What decoders add are no values.
std::span<const plugin::Choice> renderers(const plugin::Selection& selection) {
  return {std::ranges::find_if_not(selection.choices, &plugin::Choice::is_decoder), selection.choices.end()};
}

class Counter {
public:
  Counter(const Setup& setup, const Session& session)
      : setup_(setup), session_(session), config_(setup.loaded.config),
        environment_{session.target.get(), session.kernel, &config_, {}, session.symbols.get()} {
    config_.report.limit = 0;
    for (auto& rule : config_.maps) rule.limit.reset();
    environment_.quarantine = &quarantine_;
  }

  std::optional<std::uint64_t> count(const catalog::Arena& arena) {
    std::vector<const catalog::Map*> maps;
    std::uint64_t bytes = 0;
    for (const catalog::Map& map : session_.catalog.maps) {
      if (!leads_into(session_, map, arena)) continue;
      maps.push_back(&map), bytes += bytes_of(map, session_.target->per_cpu().count());
    }
    if (bytes > most_bytes) return std::nullopt;
    catalog::ArenaReach reach(*session_.target, arena);
    const ShownMaps all = select_all(setup_, session_, maps);
    const auto workers = start_workers(all);
    for (const ShownMap& shown : all)
      if (!walk(shown, reach, workers ? workers->get() : nullptr)) return std::nullopt;
    return reach.unreached();
  }

private:
  [[nodiscard]] Result<std::unique_ptr<plugin::Workers>> start_workers(const ShownMaps& maps) const {
    std::vector<plugin::Selection> selections;
    for (const ShownMap& shown : maps) selections.push_back(shown.selection);
    return plugin::Workers::start(environment_, setup_.registry.plugins(), selections);
  }

  /// A value that is missing may have led anywhere.
  bool walk(const ShownMap& shown, catalog::ArenaReach& reach, plugin::Workers* workers) {
    Taker taker(reach, shown.map->value());
    const auto outcome = render_map(environment_, shown, renderers(shown.selection), taker, workers);
    return outcome.status == report::Status::complete;
  }

  const Setup& setup_;
  const Session& session_;
  config::Config config_;
  plugin::Quarantine quarantine_;
  plugin::Environment environment_;
};

class LossWriter final : public report::MapWriter {
public:
  LossWriter(std::unique_ptr<report::MapWriter> to, const ArenaLosses& losses)
      : to_(std::move(to)), losses_(losses) {}

  void begin(const catalog::Map& map) override {
    const auto found = losses_.find(map.id);
    left_ = found != losses_.end() ? std::optional(found->second) : std::nullopt;
    depth_ = 0;
    to_->begin(map);
  }
  void begin_allocator(std::string_view name, const catalog::Map& section) override {
    to_->begin_allocator(name, section);
  }
  void row(const report::Row& row) override { to_->row(row); }
  void field(const report::Field& field) override {
    using report::FieldKind;
    if (field.kind == FieldKind::object || field.kind == FieldKind::list) ++depth_;
    if (field.kind == FieldKind::end && --depth_ == 0) tell();
    to_->field(field);
  }
  void end(const report::Outcome& outcome) override { to_->end(outcome); }
  [[nodiscard]] report::Cuts cuts() const override { return to_->cuts(); }

private:
  void tell() {
    if (!left_) return;
    report::Field field;
    field.kind = report::FieldKind::number, field.name = "unreached_pages";
    field.number = *std::exchange(left_, std::nullopt);
    to_->field(field);
  }

  std::unique_ptr<report::MapWriter> to_;
  const ArenaLosses& losses_;
  std::optional<std::uint64_t> left_; ///< to be told
  int depth_ = 0;
};

} // namespace

ArenaLosses count_losses(const Setup& setup, const Session& session, std::span<const ShownMap> maps) {
  ArenaLosses losses;
  if (session.families == nullptr) return losses;
  for (const catalog::Arena& arena : session.families->arenas()) {
    const auto shown = std::ranges::find(maps, arena.map, [](const ShownMap& one) { return one.map->id; });
    if (shown == maps.end() || shown->map->programs.empty()) continue;
    if (const auto count = Counter(setup, session).count(arena)) losses.emplace(arena.map, *count);
  }
  return losses;
}

std::unique_ptr<report::MapWriter> with_losses(std::unique_ptr<report::MapWriter> to,
                                               const ArenaLosses& losses) {
  return std::make_unique<LossWriter>(std::move(to), losses);
}

} // namespace mapscope::pipeline
