// SPDX-License-Identifier: Apache-2.0
#include "host/saved/replayed_map.hpp"

#include "host/base/counted.hpp"
#include "host/plain/cursor.hpp"
#include "host/plain/object.hpp"
#include "host/plugin/verify/map_types.hpp"
#include "host/saved/replayed_fields.hpp"
#include "host/saved/replayed_outcome.hpp"
#include "host/saved/replayed_rows.hpp"
#include "host/saved/wrong_members.hpp"

#include <algorithm>
#include <fmt/ranges.h>
#include <optional>
#include <span>

namespace mapscope::saved {

namespace {

using Words = std::span<const std::string_view>;

constexpr std::string_view record_names[] = {"name",
                                             "map_type",
                                             "value_size",
                                             "max_entries",
                                             "id",
                                             "type_name",
                                             "key_size",
                                             "map_flags",
                                             "flag_names",
                                             "full_name",
                                             "types_from",
                                             "map_extra",
                                             "map_kva",
                                             "btf_id",
                                             "frozen",
                                             "refcnt",
                                             "usercnt",
                                             "bytes",
                                             "programs",
                                             "btf_key_type_id",
                                             "btf_value_type_id",
                                             "btf_vmlinux_value_type_id",
                                             "key_type",
                                             "value_type"};
constexpr std::string_view allocator_names[] = {"allocator_name", "map_id", "map_name"};
constexpr std::string_view part_names[] = {"title"};
constexpr std::string_view outcome_names[] = {"renderer", "status",    "entry_count", "error",      "limits",
                                              "notes",    "stands_in", "cut_values",  "field_forms"};

Words head_names(What what) {
  switch (what) {
  case What::map:
    return record_names;
  case What::allocator:
    return allocator_names;
  case What::part:
    return part_names;
  }
  return {};
}

bool is_among(Words names, std::string_view name) { return std::ranges::find(names, name) != names.end(); }

std::optional<report::Shape> list_called(What what, std::string_view name) {
  using report::Shape;
  if (what == What::part) return std::nullopt;
  if (what == What::allocator) return name == "entries" ? std::optional(Shape::slot) : std::nullopt;
  for (const Shape shape :
       {Shape::entry, Shape::element, Shape::percpu_element, Shape::percpu_entry, Shape::queued})
    if (name == list_name(shape)) return shape;
  return std::nullopt;
}

class Replay {
public:
  Replay(const SavedMap& saved, const btf::Limits& limits, report::MapWriter& writer)
      : saved_(saved), object_(saved.text), forms_(object_.find("field_forms")), outcome_(object_, limits),
        writer_(writer), fields_(writer, forms_, names_, outcome_.cuts()),
        rows_(writer, fields_, names_, outcome_.cuts(), saved.map) {}

  Result<report::Outcome> run() {
    begin();
    for (const auto& member : object_.members()) {
      if (is_among(head_names(saved_.what), member.name) || is_among(outcome_names, member.name)) continue;
      if (auto shown = this->member(member); !shown) return std::unexpected(std::move(shown.error()));
    }
    auto outcome = outcome_.as_for(writer_);
    tell_damage(outcome);
    writer_.end(outcome);
    return outcome;
  }

private:
  void begin() {
    if (saved_.what == What::allocator)
      writer_.begin_allocator(saved_.title, saved_.map);
    else
      writer_.begin(saved_.map);
  }

  /// In front of what the report says itself. What is right is shown.
  void tell_damage(report::Outcome& outcome) const {
    auto wrong = wrong_members(saved_.text);
    if (const auto count = rows_.no_objects(); count != 0)
      wrong.push_back(counted(count, "row") + (count == 1 ? " is no object" : " are no objects"));
    if (wrong.empty()) return;
    const std::string told = fmt::format("the saved report is damaged here: {}", fmt::join(wrong, ", "));
    outcome.error = outcome.error.empty() ? told : told + "; " + outcome.error;
    outcome.status = report::graver(outcome.status, report::Status::partial);
  }

  Result<void> member(const plain::Object::Member& member) {
    if (const auto shape = list_called(saved_.what, member.name)) return rows_.list(*shape, member.text);
    if (saved_.what == What::map && member.name == "value")
      return rows_.value(member.text, object_.find("value_hex"));
    if (saved_.what == What::map && member.name == "value_hex") return {}; // went with the value
    if (saved_.what == What::map && member.name == "value_unreadable")
      return rows_.unreadable_value(), Result<void>();
    const std::string name = plain::name_of(member.name);
    return fields_.show(name, member.text, name);
  }

  const SavedMap& saved_;
  plain::Object object_, forms_;
  Names names_;
  ReplayedOutcome outcome_;
  report::MapWriter& writer_;
  ReplayedFields fields_;
  ReplayedRows rows_;
};

} // namespace

catalog::Map map_from(std::string_view text) {
  const plain::Object record(text);
  catalog::Map map;
  map.id = record.small_number("id").value_or(0);
  map.name = record.text("name").value_or("");
  map.full_name = record.text("full_name").value_or("");
  map.type = record.small_number("map_type").value_or(0);
  map.type_name = record.text("type_name").value_or(map.type != 0 ? plugin::map_type_name(map.type) : "");
  map.key_size = record.small_number("key_size").value_or(0);
  map.value_size = record.small_number("value_size").value_or(0);
  map.max_entries = record.small_number("max_entries").value_or(0);
  map.flags = record.small_number("map_flags").value_or(0);
  map.flag_names = record.texts("flag_names");
  map.types_from = record.text("types_from").value_or("");
  map.map_extra = record.number("map_extra").value_or(0);
  map.kva = record.number("map_kva").value_or(0);
  map.btf_id = record.small_number("btf_id");
  map.key_type_name = record.text("key_type").value_or("");
  map.value_type_name = record.text("value_type").value_or("");
  map.key_type = record.small_number("btf_key_type_id").value_or(0);
  map.value_type = record.small_number("btf_value_type_id").value_or(0);
  map.vmlinux_value_type = record.small_number("btf_vmlinux_value_type_id").value_or(0);
  map.frozen = record.flag("frozen");
  map.refcnt = record.signed_number("refcnt"), map.usercnt = record.signed_number("usercnt");
  map.bytes = record.number("bytes");
  map.programs = record.small_numbers("programs");
  map.has_key_size = record.small_number("key_size").has_value();
  map.is_read = map.has_key_size || (map.type != 0 && record.text("name")); // as the reference has it
  return map;
}

Result<report::Outcome> replay(const SavedMap& saved, const btf::Limits& limits, report::MapWriter& writer) {
  return Replay(saved, limits, writer).run();
}

} // namespace mapscope::saved
