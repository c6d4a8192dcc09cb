// SPDX-License-Identifier: Apache-2.0
#include "host/plain/comparison.hpp"

#include "host/plain/compared_rows.hpp"
#include "host/plain/cursor.hpp"
#include "host/plain/snapshot.hpp"
#include "host/plain/text_difference.hpp"

#include <algorithm>
#include <map>
#include <tuple>
#include <utility>

namespace mapscope::plain {

namespace {

using What = Named::What;

Named map_named(Object map, std::string_view text) {
  Named named{What::map, map.text("full_name").value_or(map.text("name").value_or("")),
              map.text("type_name").value_or(""), map.small_number("id").value_or(0), text};
  named.members = std::move(map);
  return named;
}

Named allocator_named(Object allocator, std::string_view text) {
  Named named{What::allocator, allocator.text("allocator_name").value_or(""), "allocator", 0, text};
  named.members = std::move(allocator);
  return named;
}

Named program_named(Object program, std::string_view text) {
  Named named{What::program, program.text("full_name").value_or(program.text("name").value_or("")),
              program.text("type").value_or(""), program.small_number("id").value_or(0), text};
  named.members = std::move(program);
  return named;
}

/// The text is passed over once, since it may have gigabytes.
void add_each(std::string_view list, Named (*named)(Object, std::string_view), std::vector<Named>& all) {
  Cursor at(list);
  if (!at.enter('[')) return;
  while (at.element()) {
    const bool is_object = at.peek() == '{';
    const std::size_t begin = at.offset();
    Object object = is_object ? Object(at) : Object();
    if (!is_object) (void)at.value();
    all.push_back(named(std::move(object), list.substr(begin, at.offset() - begin)));
  }
}

/// Several may share it; those are told apart by their order.
using Identity = std::tuple<What, std::uint32_t, std::string_view, std::string_view>;

Identity by_id(const Named& one) { return {one.what, one.id, one.name, one.type}; }
Identity by_name(const Named& one) { return {one.what, 0, one.name, one.type}; }

/// Finds partners for those that have none yet.
void match(const std::vector<Named>& before, const std::vector<Named>& after,
           Identity (*identity)(const Named&), std::map<const Named*, const Named*>& partners) {
  std::multimap<Identity, const Named*> free;
  for (const Named& one : before)
    if (!partners.contains(&one)) free.emplace(identity(one), &one);
  for (const Named& one : after) {
    if (partners.contains(&one)) continue;
    const auto found = free.lower_bound(identity(one)); // the first of several
    if (found == free.end() || found->first != identity(one)) continue;
    partners.emplace(&one, found->second), partners.emplace(found->second, &one);
    free.erase(found);
  }
}

/// Members of a program that are no counters, or go with its name.
bool is_of_program(std::string_view name) {
  return name == "run_cnt" || name == "run_time_ns" || name == "tag";
}

/// All rows are there, whatever else a limit or missing memory has left out. A choice of entries (--top)
/// leaves a map complete.
bool has_all_rows(const Object& map, std::uint64_t rows) {
  const auto status = map.text("status");
  const auto count = map.number("entry_count");
  if (!status) return map.find("error").empty(); // as the reference has it
  if (*status == "complete") return count.value_or(0) <= rows;
  return *status == "truncated" && count == rows;
}

/// Of a map's record what its owner chose, and how well it could be read.
bool is_told_of_record(std::string_view name) {
  constexpr std::string_view names[] = {"map_type",  "key_size", "value_size", "max_entries",
                                        "map_flags", "frozen",   "programs",   "error"};
  return std::ranges::find(names, name) != std::ranges::end(names);
}

/// What is omitted where it is not known, and so no change.
bool is_there_when_known(std::string_view name) {
  return is_told_of_record(name) && name != "programs" && name != "error";
}

bool is_cut(const Object& map) { return map.text("status") == "truncated"; }

class Comparison {
public:
  Comparison(const Pair& pair, DifferenceSink& sink)
      : pair_(pair), sink_(sink), before_(pair.before->members), after_(pair.after->members) {}

  Result<void> run() {
    if (auto told = rest(); !told) return told;
    if (pair_.either().what != What::map && pair_.either().what != What::allocator) return {};
    RowsDifference rows(before_, after_);
    is_whole_before_ = has_all_rows(before_, rows.count_before());
    is_whole_after_ = has_all_rows(after_, rows.count_after());
    std::uint64_t passed_over = 0;
    auto told = rows.each([&](const RowPair& row) { return this->row(row, passed_over); });
    if (passed_over != 0) sink_.not_compared(pair_, passed_over);
    return told;
  }

private:
  /// What is said beside the rows.
  Result<void> rest() {
    std::vector<Change> changes;
    for (const auto& [name, text] : after_.members())
      if (is_compared_here(name, after_))
        if (auto told = member(name, before_.find(name), text, changes); !told) return told;
    for (const auto& [name, text] : before_.members())
      if (is_compared_here(name, before_) && after_.find(name).empty())
        if (auto told = member(name, text, "", changes); !told) return told;
    if (!changes.empty()) sink_.changed(pair_, changes);
    return {};
  }

  [[nodiscard]] bool is_compared_here(std::string_view name, const Object& object) const {
    if (pair_.either().what == What::program) return is_of_program(name);
    if (pair_.either().what == What::map && is_told_of_record(name)) {
      if (name == "error") return !is_cut(before_) && !is_cut(after_);    // that is a limit's word
      if (name == "programs") return pair_.before->id == pair_.after->id; // another boot has other ids
      return !is_there_when_known(name) || (!before_.find(name).empty() && !after_.find(name).empty());
    }
    if (name == "title" || name == "entry_count") return false; // rows say how many they are
    return is_compared(
        name, {.value = !object.find("value").empty(), .elements = !object.find("array_entries").empty()});
  }

  Result<void> member(std::string_view name, std::string_view before, std::string_view after,
                      std::vector<Change>& changes) {
    const bool is_value = name == "value" && pair_.either().what == What::map;
    const std::string path = is_value ? "" : name_of(name);
    const bool has_rows = has_rows_inside(name);
    const std::string old_rest = has_rows ? without_rows(name, before) : "";
    const std::string new_rest = has_rows ? without_rows(name, after) : "";
    const std::string_view was = has_rows ? old_rest : before, is = has_rows ? new_rest : after;
    if (before.empty() || after.empty()) {
      const auto plain = plain_text(before.empty() ? is : was);
      if (!plain) return std::unexpected(plain.error());
      changes.push_back({"", path, before.empty() ? "" : *plain, before.empty() ? *plain : "", {}});
      return {};
    }
    return add_differences("", path, was, is, changes);
  }

  Result<void> row(const RowPair& row, std::uint64_t& passed_over) {
    if (row.before.empty() ? !is_whole_before_ : row.after.empty() && !is_whole_after_)
      return ++passed_over, Result<void>();
    if (!row.before.empty() && !row.after.empty()) return changed(row);
    const bool is_gone = row.after.empty();
    const auto told = told_row(*row.list, is_gone ? row.before : row.after);
    if (!told) return std::unexpected(told.error());
    if (is_gone)
      sink_.gone(pair_, told->key, told->value);
    else
      sink_.added(pair_, told->key, told->value);
    return {};
  }

  Result<void> changed(const RowPair& row) {
    std::vector<Change> changes;
    if (auto told = add_row_differences(*row.list, row.before, row.after, changes); !told) return told;
    if (!changes.empty()) sink_.changed(pair_, changes);
    return {};
  }

  const Pair& pair_;
  DifferenceSink& sink_;
  const Object &before_, &after_;
  bool is_whole_before_ = true, is_whole_after_ = true;
};

} // namespace

std::vector<Named> named_in(const Object& report) {
  std::vector<Named> all;
  const Object parts(report.find("extensions"));
  for (const auto& [name, text] : parts.members())
    all.push_back({What::part, name_of(name), "kernel", 0, text, Object(text)});
  add_each(report.find("maps"), map_named, all);
  add_each(report.find("sdt_allocations"), allocator_named, all);
  add_each(report.find("programs"), program_named, all);
  return all;
}

std::vector<Pair> pairs_of(const std::vector<Named>& before, const std::vector<Named>& after) {
  std::map<const Named*, const Named*> partners;
  match(before, after, by_id, partners);
  match(before, after, by_name, partners);
  std::vector<Pair> pairs;
  for (const Named& one : after) {
    const auto partner = partners.find(&one);
    pairs.push_back({partner != partners.end() ? partner->second : nullptr, &one});
  }
  for (const Named& one : before)
    if (!partners.contains(&one)) pairs.push_back({&one, nullptr});
  return pairs;
}

Result<void> compare(const Pair& pair, DifferenceSink& sink) {
  if (pair.before == nullptr || pair.after == nullptr) return sink.alone(pair), Result<void>();
  if (pair.before->text == pair.after->text) return {};
  return Comparison(pair, sink).run();
}

} // namespace mapscope::plain
