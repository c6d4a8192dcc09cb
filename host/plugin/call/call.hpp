// SPDX-License-Identifier: Apache-2.0
// The host's side of one render: what the helpers of mapscope/plugin.h do, and what came of it.
//
// Refuses: helpers from another thread, rows whose sizes contradict the map, and anything after the budget is
// spent. Thread rule: belongs to the thread that renders.
#pragma once

#include "host/target/address_space.hpp"
#include "host/btf/scalar.hpp"
#include "host/plugin/call/budget.hpp"
#include "host/plugin/call/decoded_rows.hpp"
#include "host/plugin/call/delivery.hpp"
#include "host/plugin/call/environment.hpp"
#include "host/plugin/call/key_index.hpp"
#include "host/plugin/select/registry.hpp"
#include "host/report/writer.hpp"

#include <mapscope/contract.hpp>
#include <mapscope/member_names.hpp>
#include <mapscope/plugin.h>

#include <algorithm>
#include <atomic>
#include <map>
#include <string>
#include <thread>
#include <unordered_map>
#include <unordered_set>
#include <vector>

namespace mapscope::catalog {
struct Arena;
} // namespace mapscope::catalog

namespace mapscope::report {
class SpecialFields;
struct Following;
struct SlotPool;
} // namespace mapscope::report

namespace mapscope::plugin {

struct AllocatorCall;

/// Where in a map's value pointers lie, in bytes.
struct PayloadPointers {
  std::vector<std::uint64_t> all;        ///< of the value itself and its own members
  std::optional<std::uint64_t> sdt_data; ///< the first that is declared to lead to a struct sdt_data
};
PayloadPointers payload_pointers(const btf::Types& types, btf::TypeId value);
/// The allocator that goes with a map by their names: one alone goes with any; of several the one whose name
/// without "scx_" and "_allocator" occurs in the map's, the longest of such.
const report::SlotPool* pool_by_name(std::span<const report::SlotPool* const> pools, std::string_view map);

} // namespace mapscope::plugin

/// Opaque to plugins; named by the contract.
struct msc_call {
public:
  /// The first of `choices` renders; those behind it stand next for what it wants walked.
  msc_call(const mapscope::plugin::Environment& environment, const mapscope::catalog::Map& map,
           std::span<const mapscope::plugin::Choice> choices, const mapscope::plugin::Limits& limits,
           mapscope::report::MapWriter& writer, mapscope::plugin::AllocatorCall* allocator = nullptr,
           mapscope::plugin::Delivery* delivery = nullptr);
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
  [[nodiscard]] mapscope::plugin::Used used() const { return budget_.used(); }

  // A render that takes place in a worker process has a call on either side: that of the worker delivers its
  // content and facts, that of the host repeats row(), field() and note() and takes the facts.
  [[nodiscard]] mapscope::plugin::RenderFacts facts(int rc) const;
  /// False when the facts contradict what was delivered.
  bool take(const mapscope::plugin::RenderFacts& facts);

  // The helpers, one each; the C functions in call.cpp check the thread and the budget first.
  int read(std::uint32_t space, std::uint64_t address, void* to, std::size_t size);
  /// 0 when the dump lacks the mask of possible CPUs: then copies per CPU are missing, not absent.
  std::uint32_t cpu_count();
  int type_find(std::uint32_t scope, const char* name, msc_type* found);
  int type_size(msc_type type, std::size_t* size);
  int type_member(msc_type type, const char* path, msc_member* member);
  int config(const char* key, msc_value* value);
  int row(const msc_row& row);
  int count(std::uint64_t more);
  int note(int rc, const char* text);
  /// What one of the plugin's own costs.
  int use_for_note(const char* text);
  int field(const msc_field& field);
  int symbol(std::uint64_t address, msc_symbol* found);
  int mapped(std::uint64_t begin, std::uint64_t end, msc_mapping* found);
  int type_member_at(msc_type type, std::uint32_t index, msc_member_info* info);
  int type_holder(msc_type held, msc_type after, msc_member_info* info);
  int symbol_address(const char* name, std::uint64_t* address);
  int finding(std::uint32_t severity, const char* text);
  int enumerator_at(msc_type type, std::uint32_t index, msc_enumerator* info);
  int type_sized(std::size_t least, std::size_t most, msc_type after, msc_member_info* info);
  int slots(const msc_slots& slots);
  int slot(const msc_slot& slot);
  int elements(const msc_elements& request);
  int find_map(const char* name, msc_target* found);
  int lookup(std::uint64_t kva, const void* key, std::size_t size, msc_element* found);
  int member_of(const msc_value& value, const char* path, msc_scalar* found);
  int member_at(std::uint32_t space, std::uint64_t address, msc_type type, const char* path,
                msc_scalar* found);
  int debug(const char* text);
  int will_read(std::uint32_t space, std::uint64_t address, std::uint64_t size);

  // Of a decoder's render.
  /// Its plugin has come to its end and has not asked for the rows.
  [[nodiscard]] bool lacks_rows() const { return choice_.is_decoder() && !has_decoded_; }
  int show_rows(mapscope::plugin::DecodedRows::Each each);
  /// Rows are what the renderer that stands next finds, and no business of the plugin's.
  [[nodiscard]] bool may_add_rows() const { return !choice_.is_decoder(); }
  [[nodiscard]] bool is_in_each() const;
  [[nodiscard]] bool is_broken() const { return bug_ || other_thread_; }
  [[nodiscard]] bool shows_another() const { return limit_ == 0 || rows_ < limit_; }
  void count_row();
  /// MSC_END.
  int end_field();
  void close_to_row(int rc);
  [[nodiscard]] std::string why_failed(int rc) const;
  [[nodiscard]] std::string renderer() const { return choice_.plugin->tag(); }

  [[nodiscard]] const mapscope::plugin::Limits& limits() const { return budget_.all_limits(); }

  /// MSC_OK when the helper may go on.
  int enter();
  /// A helper was used against the contract: remembered for the report, MSC_EINVAL for the plugin.
  int misuse(const std::string& what);

private:
  static constexpr std::size_t most_notes = 8;
  static constexpr const char* no_word = "its plugin does not say why";
  /// What the plugin said; of either sort the first `most_notes`.
  struct Notes {
    std::vector<std::string> texts;
    bool has_more = false;
  };
  /// Handles of types: which BTF object in the upper half, the id in the lower.
  static constexpr msc_type kernel_tag = 1ULL << 32, map_tag = 2ULL << 32, value_tag = 3ULL << 32,
                            tag_mask = ~0ULL << 32;
  /// In the upper half of a handle of another map's types, beside its id.
  static constexpr std::uint64_t other_tag = 1U << 31, other_value_tag = 1U << 30;
  using TypeRef = mapscope::catalog::TypeRef;
  [[nodiscard]] std::optional<TypeRef> resolve(msc_type type) const;
  /// What a helper answers of a type that resolve() does not know: bytes are no mistake.
  int no_type(msc_type type, std::string_view helper);
  /// Of the map's BPF object; null when nothing says which it is.
  [[nodiscard]] const std::shared_ptr<const mapscope::btf::Types>& object_types() const {
    return map_.types ? map_.types : map_.program_types;
  }
  /// A part of the kernel, rendered in place of a map that has no address and no id.
  [[nodiscard]] bool is_kernel_target() const { return map_.kva == 0 && map_.id == 0; }
  [[nodiscard]] msc_type key_type_handle() const;
  [[nodiscard]] msc_type value_type_handle() const;
  // What mapscope/contract.hpp judges by.
  [[nodiscard]] mapscope::contract::Subject subject() const;
  [[nodiscard]] mapscope::contract::Progress progress() const;
  [[nodiscard]] std::uint64_t whole_size(const msc_value& value) const;
  [[nodiscard]] mapscope::report::Following following() const;
  mapscope::btf::Behind* behind(const mapscope::btf::Types* types);
  const mapscope::btf::Decoder* decoder_for(msc_type type, bool is_key);
  std::shared_ptr<const mapscope::btf::Decoder> declared_decoder(bool is_key);
  mapscope::report::Typed typed(const msc_value& value);
  mapscope::report::Row decoded(const msc_row& row);
  void fill_copies(const msc_row& row);
  // call_elements.cpp
  mapscope::plugin::DecodedRows::Each calling(const msc_elements& request, const mapscope::catalog::Map& map);
  int rows_of(const msc_elements& request, const mapscope::catalog::Map& map);
  int walk(const mapscope::catalog::Map& map, mapscope::plugin::ElementSink& sink);
  int walk_with(const msc_plugin& entry, const mapscope::catalog::Map& map,
                std::span<const mapscope::plugin::Choice> choices, mapscope::plugin::ElementSink& sink);
  std::span<const mapscope::plugin::Choice> renderers_of(const mapscope::catalog::Map& map);
  // call_maps.cpp
  [[nodiscard]] bool may_see(const mapscope::catalog::Map& map) const;
  [[nodiscard]] const mapscope::catalog::Map* own_map() const;
  [[nodiscard]] const mapscope::catalog::Map* map_at(std::uint64_t kva) const;
  [[nodiscard]] const mapscope::catalog::Map* map_with(std::uint32_t id) const;
  [[nodiscard]] const mapscope::catalog::Map* map_called(std::string_view name) const;
  [[nodiscard]] msc_target target_of(const mapscope::catalog::Map& map) const;
  [[nodiscard]] mapscope::plugin::TypeHandles handles_of(const mapscope::catalog::Map& map) const;
  [[nodiscard]] std::shared_ptr<const mapscope::btf::Types> types_of_other(std::uint64_t tag) const;
  // call_members.cpp
  struct Place {
    std::uint32_t space = MSC_KERNEL;
    std::uint64_t address = 0;
  };
  const mapscope::btf::Leg* leg_of(msc_type type, const TypeRef& ref, std::string_view path);
  int in_memory(const Place& place, msc_type type, const TypeRef& ref, std::string_view path,
                unsigned pointers, msc_scalar* found);
  int follow(msc_type type, const TypeRef& ref, const mapscope::btf::Leg& leg,
             std::span<const std::byte> bytes, unsigned pointers, msc_scalar* found);
  bool is_in_arena(std::uint64_t pointer, bool is_typed);
  [[nodiscard]] std::optional<TypeRef> kernels_own(const TypeRef& type) const;
  static void fill(msc_type type, const TypeRef& ref, const mapscope::btf::Member& member,
                   std::span<const std::byte> bytes, msc_scalar* found);
  // call_slots.cpp
  [[nodiscard]] const mapscope::catalog::Arena* arena() const;
  int read_arena(std::uint64_t address, void* to, std::size_t size);
  // call_payload.cpp
  const mapscope::plugin::PayloadPointers& payload_pointers();
  std::optional<mapscope::report::Typed> payload_of(std::span<const std::byte> value);
  std::optional<mapscope::report::Typed> payload_by_name(std::span<const std::byte> value);
  std::optional<mapscope::report::Typed> payload_at(const mapscope::report::SlotPool& pool,
                                                    std::uint64_t address);
  std::optional<mapscope::report::Typed> lose_payload(const std::string& why);
  std::vector<const mapscope::report::SlotPool*> related_pools();
  const mapscope::btf::Decoder* lasting_decoder(msc_type type);
  [[nodiscard]] mapscope::MemberNames::Reserved outermost_names() const;
  void open_or_close(const msc_field& field);
  void close_all();
  /// Entries that are not in the report. Those of a map without rows are among its members, up to the limit.
  [[nodiscard]] std::uint64_t hidden() const {
    if (rows_ != 0 || !has_fields_) return counted_;
    return limit_ == 0 ? 0 : counted_ - std::min<std::uint64_t>(counted_, limit_);
  }
  [[nodiscard]] mapscope::report::Status status_after(int rc) const;
  [[nodiscard]] bool gave_up(int rc) const;
  [[nodiscard]] bool has_gaps(int rc) const;
  /// It said why it fails, and has nothing to show.
  [[nodiscard]] bool fails() const { return fails_ && !shows(); }
  [[nodiscard]] bool lacks_memory() const;
  /// A value that could be read, or elements among the map's members.
  [[nodiscard]] bool shows_something() const {
    return readable_ != 0 || (has_fields_ && (counted_ != 0 || is_kernel_target()));
  }
  [[nodiscard]] std::optional<std::uint64_t> entry_count(int rc) const;
  /// What went wrong is in its notes: the code that it returns says no more.
  [[nodiscard]] bool says_why(int rc) const;
  [[nodiscard]] std::vector<std::string> problems(int rc, mapscope::report::Status status) const;
  [[nodiscard]] std::vector<std::string> cuts(int rc) const;
  [[nodiscard]] static std::vector<std::string> said(const Notes& notes);
  [[nodiscard]] std::string spent_text() const;
  [[nodiscard]] std::string missing_text() const;

  const mapscope::plugin::Environment& environment_;
  const mapscope::catalog::Map& map_;
  std::span<const mapscope::plugin::Choice> choices_;
  const mapscope::plugin::Choice& choice_; ///< the first
  mapscope::report::MapWriter& writer_;
  mapscope::plugin::AllocatorCall* allocator_; ///< null: a map is rendered
  mapscope::plugin::Delivery* delivery_;       ///< takes the place of the writer
  bool is_walk_ = false;                       ///< for another call, whose rows count
  mapscope::target::Reader reader_;
  std::optional<mapscope::plugin::Budget> own_budget_;
  mapscope::plugin::Budget& budget_;
  std::uint64_t limit_; ///< rows shown; 0 = all
  std::map<std::string, std::string> options_;
  std::thread::id thread_ = std::this_thread::get_id();

  std::unique_ptr<mapscope::report::SpecialFields> special_; ///< of the map's own types
  std::unordered_map<msc_type, std::shared_ptr<const mapscope::btf::Decoder>> decoders_[2]; ///< values, keys
  std::shared_ptr<const mapscope::btf::Decoder> untyped_ = mapscope::btf::Decoder::raw_bytes();
  std::vector<std::optional<mapscope::report::Typed>> copies_; ///< of the current row

  mapscope::plugin::DecodedRows* decoded_ = nullptr; ///< while the rows of a decoder's map are walked
  bool has_decoded_ = false;
  std::map<std::uint32_t, std::optional<mapscope::plugin::Selection>> selections_; ///< of other maps, by id
  std::map<std::uint32_t, std::unique_ptr<mapscope::plugin::KeyIndex>> indexes_;   ///< by map id
  std::uint64_t index_room_ = 256U << 20;                                          ///< bytes for all of them
  std::map<msc_type, std::map<std::string, mapscope::btf::Leg, std::less<>>> legs_;
  std::vector<std::byte> member_; ///< that was read last
  unsigned debug_lines_ = 0;

  std::optional<const mapscope::catalog::Arena*> arena_; ///< looked for when it is first asked for
  std::optional<std::unordered_set<mapscope::btf::TypeId>> embedded_; ///< of the map's types
  std::optional<mapscope::plugin::PayloadPointers> payload_pointers_;
  std::unordered_map<const mapscope::report::SlotPool*, std::shared_ptr<const mapscope::btf::Decoder>>
      payload_decoders_;
  std::vector<std::byte> payload_; ///< of the current row
  std::uint64_t lost_payloads_ = 0;
  std::string no_payload_; ///< why the first was lost

  std::vector<bool> fields_;                       ///< of the open objects and lists: which are lists
  mapscope::MemberNames names_{outermost_names()}; ///< of the open objects
  bool row_open_ = false;                          ///< fields are of the last row
  bool row_counts_ = false;  ///< that row is beyond the limit: it and its fields are only counted
  std::string missing_;      ///< the type or member last asked for in vain: why a render ends, or a fallback
  TypeRef missing_of_;       ///< of a member: the type, for a hint when it is told
  std::string missing_path_; ///< and what was asked for
  bool has_fields_ = false;  ///< members of the map have begun: no rows any more

  std::uint64_t rows_ = 0, counted_ = 0; ///< keyed rows passed on; those that only count
  std::uint64_t left_out_ = 0;           ///< those that a decoder did not want shown
  bool counts_ = false;                  ///< count() was called, perhaps with 0
  bool has_value_ = false;
  std::optional<std::uint32_t> shape_; ///< of the rows behind the value
  std::uint64_t unreadable_ = 0;       ///< values and copies that exist and could not be read
  std::uint64_t readable_ = 0;
  std::uint64_t cut_values_ = 0;                  ///< values given without their end
  std::uint64_t first_cut_ = 0, first_whole_ = 0; ///< bytes of the first that were given, and that it has
  bool gaps_ = false;
  bool fails_ = false;        ///< the plugin has said why it fails, whatever it returns
  bool lacks_memory_ = false; ///< the plugin asked for memory that the snapshot should have and has not
  bool bug_ = false;
  std::atomic<bool> other_thread_ = false; ///< one that must not call at all did
  std::optional<std::pair<std::uint64_t, mapscope::target::Fault>> first_fault_;
  Notes problem_notes_, limit_notes_, notes_; ///< with a code of an error, MSC_STOP, MSC_OK
  std::vector<mapscope::report::Finding> findings_;
  bool symbols_expected_ = false;
};

namespace mapscope::plugin {
/// The table every render gets.
const msc_host& host_table();
/// What a plugin returned, in the words of mapscope/plugin.h.
std::string code_text(int rc);
/// Calls render() with one call, and returns what it does. An exception that leaves it is a bug of the
/// plugin.
int run(const msc_plugin& plugin, const msc_host& table, msc_call& call);
} // namespace mapscope::plugin
