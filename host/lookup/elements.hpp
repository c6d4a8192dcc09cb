// SPDX-License-Identifier: Apache-2.0
// The elements of one map, as bpf(2) hands them out.
//
// Every walk has a bound, though maps change under it: an element that moves is handed out once, one that is
// gone is left out. Refuses: to pop, to update, to delete. Thread rule: one walk, one thread; several maps
// may be walked at once.
#pragma once

#include "host/lookup/access.hpp"

#include <cstdint>
#include <span>
#include <string>

namespace mapscope::lookup {

/// Whose storage a value is.
struct Owner {
  std::int32_t pid = 0, tgid = 0;
  std::string comm = {};
  std::string state = {};   ///< of a task that has ended: "zombie", "dead"
  std::uint64_t cgroup = 0; ///< its id
  std::string path = {};    ///< of the control group
};

struct Element {
  std::span<const std::byte> key;
  std::span<const std::byte> value; ///< per-CPU: the copies side by side, each rounded up to 8 bytes
  const Owner* owner = nullptr;     ///< of storage
};

/// Who takes the elements.
class Taker {
public:
  virtual ~Taker() = default;
  /// False: no more.
  virtual bool element(const Element& element) = 0;
  /// Asked between calls, also where there are no elements.
  virtual bool goes_on() = 0;
};

struct Walked {
  bool is_whole = false;      ///< all that could be asked for has been handed out
  bool was_stopped = false;   ///< by who takes them
  bool moved = false;         ///< some came twice
  std::uint64_t lost = 0;     ///< elements that are there, and whose value was refused
  std::uint64_t unsteady = 0; ///< values that were others at each look
  std::string why;            ///< not all is handed out, or could be asked for
};

/// Bytes of one element's value.
std::size_t value_bytes(const catalog::Map& map, const Access& access, std::size_t possible_cpus);

/// Of every way but none and ring.
Walked walk(int map_fd, const catalog::Map& map, const Access& access, std::size_t possible_cpus,
            Taker& taker);

} // namespace mapscope::lookup
