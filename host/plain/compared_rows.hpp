// SPDX-License-Identifier: Apache-2.0
// The rows of one map in two reports, brought together by their keys.
//
// Refuses: to parse a row that is the same in both. What one of the two has alone costs 24 bytes. Thread
// rule: one object, one thread; the texts are borrowed.
#pragma once

#include "host/plain/difference.hpp"
#include "host/plain/entries.hpp"
#include "host/plain/object.hpp"

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace mapscope::plain {

/// JSON; "" where it is not there.
struct RowPair {
  const EntryList* list = nullptr;
  std::string_view before, after;
};

class RowsDifference {
public:
  RowsDifference(const Object& before, const Object& after);

  [[nodiscard]] std::uint64_t count_before() const { return count_before_; }
  [[nodiscard]] std::uint64_t count_after() const { return count_after_; }
  /// Those that differ: in the order of `after`, then those that are gone.
  Result<void> each(const std::function<Result<void>(const RowPair&)>& show);

private:
  struct Found {
    std::vector<RowPair> pairs;
    std::uint64_t before = 0, after = 0; ///< rows
  };
  static Found compare(const EntryList& list, std::string_view before, std::string_view after);

  std::vector<RowPair> pairs_;
  std::uint64_t count_before_ = 0, count_after_ = 0;
};

/// Of a row, for people and programs: its key, and what it holds as JSON.
struct ToldRow {
  std::string key, value;
};
Result<ToldRow> told_row(const EntryList& list, std::string_view row);

Result<void> add_row_differences(const EntryList& list, std::string_view before, std::string_view after,
                                 std::vector<Change>& changes);

/// Of a map's member that lists rows: what else it says.
bool has_rows_inside(std::string_view member);
std::string without_rows(std::string_view member, std::string_view text);

} // namespace mapscope::plain
