// SPDX-License-Identifier: Apache-2.0
// The ways of elements.hpp, each by itself. Private to this folder.
#pragma once

#include "host/base/seen_keys.hpp"
#include "host/lookup/elements.hpp"

#include <cstddef>

namespace mapscope::lookup {

/// What a walk is over.
struct Subject {
  int fd = -1;
  const catalog::Map& map;
  std::size_t value = 0; ///< bytes of one element's
};

/// Hands out each key once.
class Once {
public:
  Once(Taker& taker, Walked& walked) : taker_(taker), walked_(walked) {}
  /// False: no more.
  bool element(std::span<const std::byte> key, std::span<const std::byte> value) {
    if (!seen_.add(key)) return walked_.moved = walked_.moved || !again_, true;
    ++count_;
    return taker_.element({key, value}) || (walked_.was_stopped = true, false);
  }
  /// The walk goes from the first on: what came before comes again, and what could not be had may be had now.
  void begin_again() { again_ = true, walked_.lost = 0, walked_.why.clear(); }
  /// How many have been handed out.
  [[nodiscard]] std::uint64_t count() const { return count_; }
  bool goes_on() { return taker_.goes_on() || (walked_.was_stopped = true, false); }

private:
  Taker& taker_;
  Walked& walked_;
  SeenKeys seen_;
  std::uint64_t count_ = 0;
  bool again_ = false;
};

/// bpf(2)'s answer in words, of an error of errno.
std::string refusal(int error);

enum class Went : std::uint8_t {
  through,
  stopped,  ///< by the taker
  no_way,   ///< the kernel does not go it, or not further
  too_many, ///< more keys than were asked for
};
/// Enough for keys that come again from the first on, as the one that was asked for is gone.
std::uint64_t most_keys(const catalog::Map& map);
/// Key by key, of at most so many keys.
Went by_keys(const Subject& subject, std::uint64_t most, Once& once, Walked& walked);
/// Of at most most_keys().
Went by_batch(const Subject& subject, Once& once);

/// Adds a reason why a walk is not whole.
void add_why(Walked& walked, const std::string& why);

void of_tasks(const Subject& subject, Taker& taker, Walked& walked);
void of_cgroups(const Subject& subject, Taker& taker, Walked& walked);

} // namespace mapscope::lookup
