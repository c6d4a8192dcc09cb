// SPDX-License-Identifier: Apache-2.0
// What two reports differ in, told as it is found: maps, allocators, parts of the kernel, programs.
//
// Both are texts of many megabytes, of which only that is taken apart which differs. Maps belong together by
// id and name, what is left by name and type, as of two boots. Refuses: to call an entry gone, or new, of a
// map that is not shown as a whole on both sides. Thread rule: pure.
#pragma once

#include "host/plain/difference.hpp"
#include "host/plain/object.hpp"

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace mapscope::plain {

/// A map, an allocator, a part of the kernel or a program of a report.
struct Named {
  enum class What : std::uint8_t { map, allocator, part, program };
  What what = What::map;
  std::string name, type;
  std::uint32_t id = 0;
  std::string_view text{}; ///< JSON
  Object members{};        ///< of it
};

struct Pair {
  const Named *before = nullptr, *after = nullptr; ///< one may be null
  [[nodiscard]] const Named& either() const { return after != nullptr ? *after : *before; }
};

/// Is told of each pair in turn.
class DifferenceSink {
public:
  virtual ~DifferenceSink() = default;
  /// One of the two is not there.
  virtual void alone(const Pair& pair) = 0;
  virtual void added(const Pair& pair, const std::string& key, const std::string& value) = 0;
  virtual void gone(const Pair& pair, const std::string& key, const std::string& value) = 0;
  /// All of one key, or of what is no entry.
  virtual void changed(const Pair& pair, const std::vector<Change>& changes) = 0;
  /// Entries that only one of the two lists, of a map that is not shown as a whole.
  virtual void not_compared(const Pair& pair, std::uint64_t entries) = 0;
};

/// Of one report, in its order.
std::vector<Named> named_in(const Object& report);
std::vector<Pair> pairs_of(const std::vector<Named>& before, const std::vector<Named>& after);

/// Errors (corrupt): text that is no JSON.
Result<void> compare(const Pair& pair, DifferenceSink& sink);

} // namespace mapscope::plain
