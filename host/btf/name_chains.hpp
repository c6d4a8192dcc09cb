// SPDX-License-Identifier: Apache-2.0
// A hash table from names to small numbers that keeps neither: libbpf's look-up by name scans all types.
// Private to this folder.
//
// Names stay in the BTF string section. A hostile BTF can make one chain of all names; a look-up is then the
// scan that it is in libbpf. Thread rule: const members from any thread.
#pragma once

#include <bit>
#include <cstdint>
#include <functional>
#include <string_view>
#include <vector>

namespace mapscope::btf {

class NameChains {
public:
  /// For numbers below `count`.
  explicit NameChains(std::uint32_t count) : heads_(std::bit_ceil(std::size_t{count} + 1)), next_(count) {}

  /// In descending order of numbers, each at most once: chains then run in ascending order.
  void add(std::uint32_t number, std::string_view name) {
    std::uint32_t& head = heads_[slot(name)];
    next_[number] = head;
    head = number + 1;
  }

  /// Calls `each(number)` for numbers whose name may be `name`.
  template <class Each> void candidates(std::string_view name, const Each& each) const {
    for (std::uint32_t at = heads_[slot(name)]; at != 0; at = next_[at - 1]) each(at - 1);
  }

private:
  [[nodiscard]] std::size_t slot(std::string_view name) const {
    return std::hash<std::string_view>{}(name) & (heads_.size() - 1);
  }

  std::vector<std::uint32_t> heads_; ///< a power of two of them; number + 1, 0 = end
  std::vector<std::uint32_t> next_;
};

} // namespace mapscope::btf
