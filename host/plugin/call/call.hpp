// SPDX-License-Identifier: Apache-2.0
// The host's side of one render: the rows, fields and slots that a plugin hands over, and what came of it.
// The helpers that only answer questions are its parts: memory, types, members, words.
//
// Refuses: helpers from another thread, rows whose sizes contradict the map, and anything after the budget is
// spent. Thread rule: belongs to the thread that renders.
#pragma once

#include "host/base/seen_keys.hpp"
#include "host/plugin/call/budget.hpp"
#include "host/plugin/call/decoded_rows.hpp"
#include "host/plugin/call/environment.hpp"
#include "host/plugin/call/held_rows.hpp"
#include "host/plugin/call/key_index.hpp"
#include "host/plugin/call/member_helpers.hpp"
#include "host/plugin/call/memory.hpp"
#include "host/plugin/call/payloads.hpp"
#include "host/plugin/call/type_helpers.hpp"
#include "host/plugin/call/value_decoders.hpp"
#include "host/plugin/call/visible_maps.hpp"
#include "host/plugin/call/words.hpp"

#include <mapscope/contract.hpp>
#include <mapscope/member_names.hpp>

#include <algorithm>
#include <atomic>
#include <map>
#include <string>
#include <thread>
#include <vector>

/// Opaque to plugins; named by the contract.
struct msc_call {
public:
  /// The first of `choices` renders; those behind it stand next for what it wants walked.
  msc_call(const mapscope::plugin::Environment& environment, const mapscope::catalog::Map& map,
           std::span<const mapscope::plugin::Choice> choices, const mapscope::plugin::Limits& limits,
           mapscope::report::MapWriter& writer, mapscope::plugin::AllocatorCall* allocator = nullptr,
           mapscope::plugin::Delivery* delivery = nullptr, mapscope::plugin::LeftOut left_out = {});
  /// A walk for another call, within its budget: every element is delivered.
  msc_call(msc_call& outer, const mapscope::catalog::Map& map,
           std::span<const mapscope::plugin::Choice> choices, mapscope::plugin::Delivery& delivery,
           mapscope::report::MapWriter& nowhere);
  ~msc_call();
  msc_call(const msc_call&) = delete;
  msc_call& operator=(const msc_call&) = delete;

  [[nodiscard]] msc_target target() const;
  /// How it ended, from what render() returned and what happened on the way.
  [[nodiscard]] mapscope::report::Outcome finish(int rc);
  /// The plugin was ended by force: what it left open is no fault of its own.
  void abandon() { close_all(); }
  /// Something of the map has been handed on.
  [[nodiscard]] bool shows() const;
  [[nodiscard]] mapscope::plugin::Used used() const { return task_.budget.used(); }
  [[nodiscard]] const mapscope::plugin::Limits& limits() const { return task_.budget.all_limits(); }

  // A render that takes place in a worker process has a call on either side: that of the worker delivers its
  // content and facts, that of the host repeats row(), field() and note() and takes the facts.
  [[nodiscard]] mapscope::plugin::RenderFacts facts(int rc) const;
  /// False when the facts contradict what was delivered.
  bool take(const mapscope::plugin::RenderFacts& facts);

  /// MSC_OK when a helper may go on.
  int enter();
  // The helpers, one each; the C functions in helpers.cpp check the thread and the budget first.
  mapscope::plugin::Memory& memory() { return memory_; }
  mapscope::plugin::TypeHelpers& types() { return types_; }
  mapscope::plugin::MemberHelpers& members() { return members_; }
  mapscope::plugin::Words& words() { return words_; }
  int config(const char* key, msc_value* value);
  int row(const msc_row& row);
  int count(std::uint64_t more);
  int field(const msc_field& field);
  int symbol(std::uint64_t address, msc_symbol* found);
  int symbol_address(const char* name, std::uint64_t* address);
  int slots(const msc_slots& slots);
  int slot(const msc_slot& slot);
  int elements(const msc_elements& request);
  int find_map(const char* name, msc_target* found);
  int lookup(std::uint64_t kva, const void* key, std::size_t size, msc_element* found);

  // Of a decoder's render.
  /// A row that keeps the contract, as the call that it comes from has seen to.
  int show(const msc_row& row);
  /// Its plugin has come to its end and has not asked for the rows.
  [[nodiscard]] bool lacks_rows() const { return is_decoder_ && !has_decoded_; }
  int show_rows(mapscope::plugin::DecodedRows::Each each);
  [[nodiscard]] bool has_members() const { return has_fields_; }
  /// Rows are what the renderer that stands next finds, and no business of the plugin's.
  [[nodiscard]] bool may_add_rows() const { return !is_decoder_; }
  [[nodiscard]] bool is_in_each() const { return decoded_ != nullptr && decoded_->is_in_each(); }
  /// For another render, which shows the rows.
  [[nodiscard]] bool is_walk() const { return task_.is_walk; }
  /// The decoder had nothing for any of them.
  void lose_all_rows() { lost_all_rows_ = true; }
  [[nodiscard]] bool has_lost_all_rows() const { return lost_all_rows_; }
  [[nodiscard]] bool is_broken() const { return words_.has_bug() || other_thread_; }
  [[nodiscard]] bool shows_another() const { return limit_ == 0 || rows_ < limit_; }
  void count_row();
  /// MSC_END.
  int end_field();
  /// What each() left open of a row.
  void close_to_row(int rc);
  [[nodiscard]] std::string why_failed(int rc) const;
  /// To the author of a plugin from elsewhere: a member that is looked for with get_if() may be misspelt.
  void tell_misses();
  void show_waiting();
  [[nodiscard]] const std::string& renderer() const { return renderer_; }
  /// Of the plugin that it serves.
  [[nodiscard]] const mapscope::plugin::Plugin& plugin() const { return *task_.choice().plugin; }

private:
  // What mapscope/contract.hpp judges by.
  [[nodiscard]] mapscope::contract::Subject subject() const;
  [[nodiscard]] mapscope::contract::Progress progress() const;
  // call_rows.cpp
  [[nodiscard]] std::uint64_t whole_size(const msc_value& value) const;
  mapscope::report::Typed typed(const msc_value& value);
  mapscope::report::Row decoded(const msc_row& row);
  void fill_copies(const msc_row& row);
  bool is_shown_already(const msc_row& row);
  void pass_on(const msc_row& row, std::uint64_t index);
  bool holds(const msc_row& row);
  void look_at(const msc_value& value);
  void release();
  // call_fields.cpp
  [[nodiscard]] mapscope::MemberNames::Reserved outermost_names() const;
  [[nodiscard]] mapscope::report::Field decoded(const msc_field& field);
  std::string name_problem(const msc_field& field);
  void pass_on(const msc_field& field, bool is_of_row);
  void open_or_close(const msc_field& field);
  void close_all();
  // call_elements.cpp
  mapscope::plugin::DecodedRows::Each calling(const msc_elements& request, const mapscope::catalog::Map& map);
  int rows_of(const msc_elements& request, const mapscope::catalog::Map& map);
  int walk(const mapscope::catalog::Map& map, mapscope::plugin::ElementSink& sink);
  /// Nothing where a decoder fails before it asks for the rows.
  std::optional<int> walk_with(const msc_plugin& entry, const mapscope::catalog::Map& map,
                               std::span<const mapscope::plugin::Choice> choices,
                               mapscope::plugin::ElementSink& sink);
  std::span<const mapscope::plugin::Choice> renderers_of(const mapscope::catalog::Map& map);
  // call_outcome.cpp
  /// Entries that are not in the report. Those of a map without rows are among its members, up to the limit.
  [[nodiscard]] std::uint64_t hidden() const {
    if (rows_ != 0 || !has_fields_) return counted_;
    return limit_ == 0 ? 0 : counted_ - std::min<std::uint64_t>(counted_, limit_);
  }
  [[nodiscard]] mapscope::report::Status status_after(int rc) const;
  [[nodiscard]] bool gave_up(int rc) const;
  [[nodiscard]] bool has_gaps(int rc) const;
  /// It said why it fails, and has nothing to show.
  [[nodiscard]] bool fails() const { return words_.fails() && !shows(); }
  [[nodiscard]] bool lacks_memory() const;
  /// A value that could be read, or elements among the map's members.
  [[nodiscard]] bool shows_something() const {
    return readable_ != 0 || (has_fields_ && (counted_ != 0 || task_.is_kernel_target()));
  }
  [[nodiscard]] std::optional<std::uint64_t> entry_count(int rc) const;
  /// What went wrong is in its notes: the code that it returns says no more.
  [[nodiscard]] bool says_why(int rc) const;
  [[nodiscard]] std::string why_memory_lacks() const;
  [[nodiscard]] std::vector<std::string> problems(int rc, mapscope::report::Status status) const;
  [[nodiscard]] std::vector<std::string> cuts(int rc) const;

  std::optional<mapscope::plugin::Budget> own_budget_;
  mapscope::plugin::Task task_;
  const std::string renderer_ = task_.choice().plugin->tag();
  mapscope::report::MapWriter& writer_;
  std::uint64_t limit_; ///< rows shown; 0 = all
  std::map<std::string, std::string> options_;
  std::thread::id thread_ = std::this_thread::get_id();
  std::atomic<bool> other_thread_ = false; ///< one that must not call at all did

  mapscope::plugin::Words words_{task_};
  mapscope::plugin::Memory memory_{task_, words_};
  mapscope::plugin::VisibleMaps maps_{task_};
  mapscope::plugin::TypeHelpers types_{task_, words_, maps_, options_};
  mapscope::plugin::MemberHelpers members_{task_, words_, memory_, types_};
  mapscope::plugin::ValueDecoders decoders_{task_, words_, types_};
  mapscope::plugin::Payloads payloads_{task_, memory_};

  mapscope::plugin::DecodedRows* decoded_ = nullptr; ///< while the rows of a decoder's map are walked
  const bool is_decoder_ = task_.choice().is_decoder();
  bool has_decoded_ = false, lost_all_rows_ = false;
  std::map<std::uint32_t, std::optional<mapscope::plugin::Selection>> selections_; ///< of other maps, by id
  std::map<std::uint32_t, std::unique_ptr<mapscope::plugin::KeyIndex>> indexes_;   ///< by map id
  std::uint64_t index_room_ = 256U << 20;                                          ///< bytes for all of them

  std::vector<std::optional<mapscope::report::Typed>> copies_; ///< of the current row
  mapscope::plugin::HeldRows held_;
  std::optional<bool> is_held_; ///< what comes waits in held_; before the first row nothing
  std::vector<bool> fields_;    ///< of the open objects and lists: which are lists
  mapscope::MemberNames names_{outermost_names()}; ///< of the open objects
  bool row_open_ = false;                          ///< fields are of the last row
  bool row_counts_ = false; ///< that row is beyond the limit: it and its fields are only counted
  bool has_fields_ = false; ///< members of the map have begun: no rows any more

  mapscope::SeenKeys seen_keys_;         ///< where elements may move meanwhile
  std::uint64_t rows_ = 0, counted_ = 0; ///< keyed rows passed on; those that only count
  std::uint64_t left_out_ = 0;           ///< those that a decoder did not want shown
  bool counts_ = false;                  ///< count() was called, perhaps with 0
  bool has_value_ = false;
  std::optional<std::uint32_t> shape_; ///< of the rows behind the value
  std::uint64_t unreadable_ = 0;       ///< values and copies that exist and could not be read
  std::uint64_t readable_ = 0;
  std::uint64_t cut_values_ = 0;                  ///< values given without their end
  std::uint64_t first_cut_ = 0, first_whole_ = 0; ///< bytes of the first that were given, and that it has
  bool symbols_expected_ = false;
};

namespace mapscope::plugin {
/// The table every render gets.
const msc_host& host_table();
/// Calls render() with one call, and returns what it does. An exception that leaves it is a bug of the
/// plugin.
int run(const msc_plugin& plugin, const msc_host& table, msc_call& call);
} // namespace mapscope::plugin
