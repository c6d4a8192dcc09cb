// SPDX-License-Identifier: Apache-2.0
// Queues that a scheduler keeps in maps: of the tasks that are its own to dispatch, by their pids, and of
// control groups, by their ids.
//
// A map holds bare numbers. They are pids where each of them is that of a task of a scheduler, and most of
// these are in its hands; ids where each is a control group's. Refuses: a queue that has any other number in
// it, and an empty one.
#pragma once

#include "groups.hpp"

namespace mapscope::builtin {

struct TaskQueue {
  std::uint32_t map = 0;
  std::string name;
  bool is_stack = false;
  std::vector<std::size_t> tasks;  ///< places in ScxTasks, in the order in which they leave
  std::vector<std::size_t> groups; ///< places in the list of groups
};

class TaskQueues {
public:
  TaskQueues(Call& call, const ScxTasks& tasks, const std::vector<std::size_t>& listed,
             const std::vector<ScxGroup>& groups)
      : call_(call), tasks_(tasks) {
    for (const std::size_t place : listed)
      if (tasks[place].pid) pids_.emplace(static_cast<std::uint64_t>(*tasks[place].pid), place);
    for (std::size_t i = 0; i < groups.size(); ++i)
      if (groups[i].id) groups_.emplace(*groups[i].id, i);
  }

  /// Of the object whose BTF that is.
  std::vector<TaskQueue> of_object(const ObjectMaps& maps, std::uint32_t btf_id) {
    std::vector<TaskQueue> found;
    for (const Map& map : maps.all()) {
      const bool is_stack = map.target.map_type == stack;
      if (map.target.btf_id != btf_id || !(is_stack || map.target.map_type == queue)) continue;
      TaskQueue one{map.target.id, map.name, is_stack, {}, {}};
      const auto numbers = read(map);
      if (!take(numbers, pids_, one.tasks) || !are_waiting(one.tasks)) {
        one.tasks.clear();
        (void)take(numbers, groups_, one.groups);
      }
      if (!one.tasks.empty() || !one.groups.empty()) found.push_back(std::move(one));
    }
    return found;
  }

private:
  static constexpr std::uint32_t queue = 22, stack = 23; // enum bpf_map_type
  using Places = std::unordered_map<std::uint64_t, std::size_t>;

  /// None where one of them is no number.
  std::vector<std::uint64_t> read(const Map& map) {
    std::vector<std::uint64_t> numbers;
    const std::size_t size = map.target.value_size;
    if (size != sizeof(std::uint32_t) && size != sizeof(std::uint64_t)) return numbers;
    const bool is_whole = call_.elements(map, [&](Element& element) {
      std::uint64_t number = 0;
      if (element.value().data == nullptr || element.value().size != size) return numbers.clear(), false;
      std::memcpy(&number, element.value().data, size);
      numbers.push_back(number);
      return true;
    });
    return is_whole ? numbers : std::vector<std::uint64_t>{};
  }

  /// Small numbers are pids, too. A task that ran by another way leaves its pid behind.
  [[nodiscard]] bool are_waiting(const std::vector<std::size_t>& places) const {
    const auto waiting =
        std::ranges::count_if(places, [&](std::size_t place) { return tasks_.is_in_custody(tasks_[place]); });
    return static_cast<std::size_t>(waiting) * 2 > places.size();
  }

  static bool take(const std::vector<std::uint64_t>& numbers, const Places& known,
                   std::vector<std::size_t>& places) {
    for (const std::uint64_t number : numbers) {
      const auto found = known.find(number);
      if (found == known.end()) return places.clear(), false;
      places.push_back(found->second);
    }
    return !numbers.empty();
  }

  Call& call_;
  const ScxTasks& tasks_;
  Places pids_, groups_;
};

} // namespace mapscope::builtin
