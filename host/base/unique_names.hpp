// SPDX-License-Identifier: Apache-2.0
// The names of one object's members, so that no two of them are alike: members of unnamed structs stand among
// those of the struct around, and a hostile type may call two of its own alike.
//
// Readers of JSON keep one of two members with one name, or refuse both; the second becomes "name#2", which
// no compiler lets a member be called. Thread rule: one thread; names must live as long.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

namespace mapscope {

class UniqueNames {
public:
  /// How a member with this name is to be called: the name itself, or `storage`.
  std::string_view add(std::string_view name, std::string& storage) {
    if ((made_.empty() || !made_.contains(std::string(name))) && take(name)) return name;
    for (unsigned nth = 2;; ++nth) {
      storage = std::string(name) + '#' + std::to_string(nth);
      if (made_.insert(storage).second) return storage;
    }
  }
  void clear() {
    few_.clear(), seen_ = 0;
    if (!many_.empty()) many_.clear(); // empty tables are not for free either
    if (!made_.empty()) made_.clear();
  }

private:
  static constexpr std::size_t most_few = 48;

  /// False when it was there before. Most are told apart by one bit of 64.
  bool take(std::string_view name) {
    if (few_.size() >= most_few) return take_many(name);
    const std::uint64_t bit = 1ULL << (std::hash<std::string_view>()(name) & 63);
    if ((seen_ & bit) != 0)
      for (const std::string_view other : few_)
        if (other == name) return false;
    seen_ |= bit;
    few_.push_back(name);
    return true;
  }
  bool take_many(std::string_view name) {
    if (many_.empty()) many_.insert(few_.begin(), few_.end());
    return many_.insert(name).second;
  }

  std::vector<std::string_view> few_;
  std::unordered_set<std::string_view> many_;
  std::unordered_set<std::string> made_;
  std::uint64_t seen_ = 0;
};

} // namespace mapscope
