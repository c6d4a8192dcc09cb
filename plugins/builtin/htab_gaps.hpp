// SPDX-License-Identifier: Apache-2.0
// What a walk through a hash map could not follow, and how that is told: how often, and where first.
#pragma once

#include "counted.hpp"
#include "second_look.hpp"

#include <string>

namespace mapscope::builtin {

struct HtabGaps {
  struct Lost {
    std::uint64_t count = 0;
    std::uint32_t first = 0; ///< bucket
  };
  std::uint64_t buckets = 0, elements = 0; ///< that could not be read
  std::uint64_t misplaced = 0;             ///< elements that hash to another bucket than theirs
  Lost broken;                             ///< chains that end where an element could not be read
  Lost circles;                            ///< that run in a circle
  Lost unmarked;                           ///< that end in a null pointer
  Lost strayed;                            ///< that end in another bucket
  Lost changing;                           ///< that were never the same twice, and are left out
  Lost other_values;                       ///< whose values alone were not

  static void lose(Lost& lost, std::uint32_t bucket) {
    if (lost.count++ == 0) lost.first = bucket;
  }

  /// As far as the walk itself tells.
  [[nodiscard]] bool is_whole() const {
    return buckets + elements + broken.count + circles.count + unmarked.count + changing.count == 0;
  }

  void note(Call& call, bool is_running) const {
    // Each CPU may be caught as it moves an element. While all go on, no chain that strayed is whole.
    const std::uint64_t moves = is_running ? 0 : call.cpu_count();
    const auto if_more_than_moves = [&](std::uint64_t count) { return count > moves ? MSC_EFAULT : MSC_OK; };
    say(call, buckets, MSC_EFAULT, "bucket|buckets", "could not be read");
    say(call, elements, MSC_EFAULT, "element|elements", "could not be read");
    say(call, broken, MSC_EFAULT, "chain breaks|chains break",
        "off where an element could not be read, first in bucket ");
    say(call, circles, MSC_EFAULT, "chain runs|chains run", "in a circle, first in bucket ");
    say(call, unmarked, MSC_EFAULT, "chain ends|chains end",
        "in a null pointer instead of the mark of their bucket, first in bucket ");
    say(call, strayed, if_more_than_moves(strayed.count), "chain ends|chains end",
        "in another bucket, first from bucket ");
    say(call, misplaced, if_more_than_moves(misplaced), "element hashes|elements hash",
        "to another bucket than theirs");
    say(call, changing, MSC_EFAULT, "chain has|chains have",
        "changed each time while the map was read and is left out, first that of bucket ");
    say(call, other_values, MSC_OK, "chain has|chains have",
        (std::string(of_two_times) + ", first that of bucket ").c_str());
  }

private:
  static void say(Call& call, std::uint64_t count, int rc, const char* forms, const char* rest) {
    if (count != 0) call.note(rc, counted(count, forms, rest).c_str());
  }
  static void say(Call& call, const Lost& lost, int rc, const char* forms, const char* rest) {
    say(call, lost.count, rc, forms, (rest + std::to_string(lost.first)).c_str());
  }
};

} // namespace mapscope::builtin
