// SPDX-License-Identifier: Apache-2.0
// Walks over the elements of maps, by a renderer's call inside this one.
#include "host/plugin/call/call.hpp"
#include "host/plugin/call/no_writer.hpp"
#include "host/plugin/call/running.hpp"
#include "host/plugin/call/spent_text.hpp"
#include "host/plugin/select/library.hpp"

#include <mapscope/contract.hpp>

#include <cstring>
#include <fmt/format.h>

using namespace mapscope;

namespace {

/// Calls a plugin's each() for every element.
class EachElement final : public plugin::ElementSink {
public:
  EachElement(msc_call& call, std::string_view map, plugin::DecodedRows::Each each)
      : call_(call), map_(map), each_(std::move(each)) {}

  void note(int rc, std::string_view text) override {
    if (rc >= MSC_OK) return;
    has_gaps_ = true;
    (void)call_.words().note(MSC_EFAULT, fmt::format("the elements of {}: {}", map_, text).c_str());
  }

  [[nodiscard]] int ended() const { return ended_; }
  [[nodiscard]] bool has_gaps() const { return has_gaps_; }

private:
  int element(const msc_row& row) override {
    ended_ = each_(row);
    if (const auto problem = contract::each_problem(ended_, false, false, 0); !problem.empty())
      ended_ = call_.words().misuse(problem);
    return ended_ == MSC_OK ? int{MSC_OK} : int{MSC_STOP};
  }

  msc_call& call_;
  std::string_view map_;
  plugin::DecodedRows::Each each_;
  int ended_ = MSC_OK;
  bool has_gaps_ = false;
};

} // namespace

/// Nothing that a plugin throws passes through the renderer that walks for it.
plugin::DecodedRows::Each msc_call::calling(const msc_elements& request, const catalog::Map& map) {
  return [this, &request, walked = plugin::WalkedMap(map, maps_.handles(map)),
          room = plugin::WalkedMap::Room()](const msc_row& row) mutable {
    const msc_element element = walked.apart(row, room);
    try {
      const plugin::Running running(this->plugin(), renderer_.c_str());
      return request.each(request.user, &element);
    } catch (...) {
      return words_.misuse("an exception left the function for each element");
    }
  };
}

int msc_call::elements(const msc_elements& request) {
  const catalog::Map* map = request.map == 0 ? maps_.own() : maps_.at(request.map);
  if (map == nullptr) return words_.misuse("elements() of no map that it was given");
  contract::Progress before = progress();
  before.has_elements = has_decoded_, before.in_elements = is_in_each();
  const auto problem = contract::elements_problem(request, map == &task_.map, subject(), before);
  if (!problem.empty()) return words_.misuse(problem);
  if ((request.flags & MSC_ROWS) != 0) return rows_of(request, *map);
  EachElement sink(*this, map->label(), calling(request, *map));
  const int rc = walk(*map, sink);
  if (sink.ended() != MSC_OK) return sink.ended();
  return rc == MSC_OK && sink.has_gaps() ? int{MSC_EFAULT} : rc;
}

int msc_call::rows_of(const msc_elements& request, const catalog::Map& map) {
  if (!is_decoder_)
    return words_.misuse("elements() with MSC_ROWS by a plugin whose attach line lacks mode=element");
  return show_rows(calling(request, map));
}

int msc_call::show_rows(plugin::DecodedRows::Each each) {
  has_decoded_ = true;
  plugin::DecodedRows rows(*this, std::move(each));
  decoded_ = &rows;
  words_.are_of(&rows);
  int rc = walk(task_.map, rows);
  decoded_ = nullptr;
  words_.are_of(nullptr);
  if (rc == MSC_EFAULT)
    words_.mark_gap(), rc = MSC_OK; // what can be read is shown, as it is without a decoder
  left_out_ += rows.left_out();
  rows.tell_shortfall();
  if (rows.left_out() != 0)
    (void)words_.note(MSC_OK, fmt::format("{} of {} entries are left out by {}", rows.left_out(),
                                          rows_ + counted_ + left_out_, renderer())
                                  .c_str());
  return words_.has_bug() ? int{MSC_EINVAL} : rc;
}

/// With the first renderer that can be called here.
int msc_call::walk(const catalog::Map& map, plugin::ElementSink& sink) {
  auto choices = renderers_of(map);
  for (; !choices.empty(); choices = choices.subspan(1)) {
    if (task_.left_out.holds(*choices.front().plugin)) continue;
    if (const auto entry = plugin::load(*choices.front().plugin))
      if (const auto rc = walk_with(**entry, map, choices, sink)) return *rc;
  }
  types_.miss(fmt::format("nobody walks maps of type {}", map.type_name));
  return MSC_ENOENT;
}

std::optional<int> msc_call::walk_with(const msc_plugin& entry, const catalog::Map& map,
                                       std::span<const plugin::Choice> choices, plugin::ElementSink& sink) {
  plugin::NoWriter nowhere;
  msc_call inner(*this, map, choices, sink, nowhere);
  const bool is_decoder = choices.front().is_decoder();
  const bool gives_rows = &sink == decoded_; // or a look-up in another map, amid them
  if (gives_rows) decoded_->come_from(is_decoder ? choices.front().plugin->tag() : "");
  int rc = plugin::run(entry, plugin::host_table(), inner);
  const bool has_failed = rc < MSC_OK && rc != MSC_EFAULT;
  if (is_decoder && has_failed && gives_rows && !inner.words_.says_why())
    decoded_->note(MSC_EFAIL, inner.why_failed(rc));
  if (is_decoder && has_failed && !inner.has_decoded_) return std::nullopt;
  if (is_decoder && has_failed) rc = MSC_OK; // what it adds is lost, and said; the rows are not
  if (rc >= MSC_OK || rc == MSC_EFAULT)
    if (const int flushed = sink.flush(); flushed != MSC_OK) rc = flushed;
  const auto facts = inner.facts(rc);
  memory_.add(facts.lacks_memory, inner.memory_.first_fault());
  if (facts.bug && !is_decoder) words_.mark_bug();
  if (rc == MSC_ENOENT) types_.miss(facts.missing);
  if (gives_rows) {
    counted_ += facts.counted;
    counts_ = counts_ || inner.entry_count(rc) == 0;
  }
  return rc;
}

/// Those that stand next for this map; of another, those that would render it.
std::span<const plugin::Choice> msc_call::renderers_of(const catalog::Map& map) {
  if (&map == &task_.map) return task_.choices.subspan(1);
  if (task_.environment.registry == nullptr) return {};
  auto& selection = selections_[map.id];
  if (!selection)
    selection = task_.environment.registry->select(map, *task_.environment.kernel, *task_.environment.config);
  const auto& choices = selection->choices;
  const auto first = std::ranges::find_if_not(choices, &plugin::Choice::is_decoder);
  return {first, choices.end()};
}

// What a decoder's rows need of its call.

void msc_call::count_row() {
  ++counted_;
  names_.open(row_member_names);
  row_open_ = row_counts_ = true;
}

/// What each() left open of a row.
void msc_call::close_to_row(int rc) {
  if (rc == MSC_OK && !fields_.empty())
    (void)words_.misuse("the function for each element leaves an object or a list open");
  while (!fields_.empty() && end_field() == MSC_OK) {
  }
}

std::string msc_call::why_failed(int rc) const {
  if (rc == MSC_ENOENT && types_.has_missed()) return types_.missing_text();
  if (const auto& fault = memory_.first_fault(); rc == MSC_EFAULT && fault)
    return fmt::format("what it reads at {:#x} is {}", fault->first,
                       target::fault_text(fault->second, memory_.space(), fault->first));
  return plugin::code_text(rc);
}
