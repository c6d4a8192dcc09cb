// SPDX-License-Identifier: Apache-2.0
// Rows whose keys or values hold ids of stacks, with the first frames of those: `stacks`, beside the row.
//
// A first pass over the maps concerned, which writes nothing, collects the ids and the stacks. A member holds
// ids where its name says so and most of its numbers are ids in one stack map of the same programs; or where
// no name could, and all of them are, hardly by chance. Frames of what runs the tracing program are left out.
// Refuses: to name a stack that the report does not list. Thread rule: writers may be used from several
// threads, each by one; the rest by one.
#pragma once

#include "host/base/result.hpp"
#include "host/plain/stack_ids.hpp"
#include "host/report/writer.hpp"

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

namespace mapscope::pipeline {

class Opened;
struct Setup;
struct Request;

class StackRows {
public:
  StackRows() = default;
  StackRows(const StackRows&) = delete;
  StackRows& operator=(const StackRows&) = delete;

  /// Looks at what the request is for, and lets it show what was found, if there is anything. The request
  /// must not outlive this. What the setup limits is as it was once this returns.
  Result<void> add_to(Setup& setup, const Opened& source, Request& request);

private:
  class Finder;
  class Shower;
  using Frames = std::vector<std::string>; ///< the innermost first
  struct Stacks {
    std::map<std::int64_t, Frames> by_id = {};
    plain::StackIds ids = {};
  };
  struct Numbers {
    std::set<std::int64_t> ids = {};
    bool are_named = true;
  };
  using Ids = std::map<std::string, Numbers>;           ///< by path
  using Members = std::map<std::string, const Stacks*>; ///< by path

  Result<void> collect(Setup& setup, const Opened& source, const Request& request);
  [[nodiscard]] std::vector<std::string> concerned(const Setup& setup, const Opened& source,
                                                   const Request& request);
  void settle();
  [[nodiscard]] const Stacks* stacks_for(const std::set<std::uint32_t>& maps, const Numbers& numbers) const;

  std::map<std::uint32_t, std::set<std::uint32_t>>
      partners_; ///< stack maps by the map that may have their ids
  std::mutex mutex_;
  std::map<std::uint32_t, Stacks> stacks_; ///< by stack map
  std::map<std::uint32_t, Ids> ids_;       ///< by map
  std::map<std::uint32_t, Members> members_;
};

} // namespace mapscope::pipeline
