// SPDX-License-Identifier: Apache-2.0
// The kernel's view of each task beside what a scheduler has of it, as one row: for people, who would else
// compare two long lists.
//
// Tasks that a part of the kernel lists are kept by pid; rows of one map that say whose they are get what was
// kept. Refuses: more tasks than `most`, which stay where they are; and to lose a task: those that no row was
// of are told behind. Thread rule: the lists come first, then one thread writes the map.
#pragma once

#include "host/report/writer.hpp"

#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace mapscope::report {

class TaskJoin {
public:
  static constexpr std::size_t most = 4096;

  /// `map` gets the tasks; who may run on `all_cpus` ("0-3") is not told.
  TaskJoin(const catalog::Map& map, std::string all_cpus)
      : map_(map.id), label_(map.label()), all_cpus_(std::move(all_cpus)) {}

  /// The id of the map that gets them.
  [[nodiscard]] std::uint32_t map() const { return map_; }
  /// Stands before the writer of a part of the kernel.
  [[nodiscard]] std::unique_ptr<MapWriter> taker(std::unique_ptr<MapWriter> to);
  /// Stands before the writer of a map.
  [[nodiscard]] std::unique_ptr<MapWriter> giver(std::unique_ptr<MapWriter> to);
  /// Those that the map had no row of; nothing where there are none.
  void tell_rest(MapWriter& to) const;
  [[nodiscard]] bool has_rest() const { return given_.size() < tasks_.size(); }

private:
  class Taker;
  class Giver;
  struct Kept {
    FieldKind kind;
    std::string name;
    std::uint64_t number = 0;
    double real = 0;
    std::string text;
    [[nodiscard]] Field field() const { return {kind, name, number, real, text, {}}; }
  };
  /// One object's fields, as they came.
  using Fields = std::vector<Kept>;
  struct Task {
    std::int64_t pid = 0;
    Fields fields, waiting; ///< of the list of all tasks; of a run queue's
  };
  void keep(std::int64_t pid, Fields fields, bool is_waiting);

  std::uint32_t map_;
  std::string label_, all_cpus_;
  std::map<std::int64_t, Task> tasks_;
  std::set<std::int64_t> given_;
};

} // namespace mapscope::report
