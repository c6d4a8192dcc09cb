// SPDX-License-Identifier: Apache-2.0
// What every plugin owes its host, whatever it renders: the rules of `mapscope plugins check`, for images of
// your own too.
//
// Refuses: to catch a plugin that crashes or hangs; who runs a rule on a plugin that nobody has tried gives
// it a process of its own. Thread rule: one rule at a time; a rule starts threads of its own.
#pragma once

#include <mapscope/testing/fake_host.hpp>

#include <functional>
#include <span>
#include <string>
#include <vector>

namespace mapscope::testing {

struct Subject {
  const msc_plugin* plugin = nullptr;
  /// Rules start from each of these, and change it.
  std::vector<FakeHost> hosts;
  /// Told what comes next, such as "on a hash map of struct x, read() answers MSC_EFAULT, as call 17": the
  /// last words before a crash.
  std::function<void(const std::string&)> about_to = [](const std::string&) {};
};

struct Finding {
  bool kept = true;
  std::string text; ///< what was done, or what was found where
  std::string what; ///< found, without where: the same in two rules has one cause
};

struct Rule {
  const char* name; ///< "P3"
  Finding (*run)(const Subject&);
};

/// In their order; each is complete in itself.
std::span<const Rule> rules();

/// Hosts that have any memory and any type, none of which makes sense: for a plugin of which nothing but its
/// target is known. Budgets are those of small maps. Each has other
/// memory.
std::vector<FakeHost> made_up_hosts(const msc_target& target,
                                    const std::map<std::string, std::string, std::less<>>& config,
                                    std::size_t count = 8);

} // namespace mapscope::testing
