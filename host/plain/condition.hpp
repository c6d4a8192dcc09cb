// SPDX-License-Identifier: Apache-2.0
// What a person asks of entries: members compared with constants, as in
//   pid == 12 && (stats.hits > 1000 || comm ~ "kworker*") && !dead
//
// Members are paths as `get` takes them. Constants are numbers, texts in quotes, and words: an enumerator's
// name, true, false. What is said of a member that an entry does not have is neither true nor false, and
// neither is its contrary.
//
// Refuses: to compare members with each other, text of more than `most_characters`, and brackets deeper than
// `deepest`. Thread rule: immutable once made.
#pragma once

#include "host/base/result.hpp"
#include "host/plain/path.hpp"
#include "host/plain/scalar.hpp"

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace mapscope::plain {

class Condition {
public:
  static constexpr std::size_t most_characters = 65536, deepest = 64;

  /// Errors (usage): text that is none, with the place where it goes wrong.
  static Result<Condition> parse(std::string_view text);

  struct Member {
    std::string text; ///< as it was written
    std::vector<Step> path;
  };
  /// Each once.
  [[nodiscard]] const std::vector<Member>& members() const { return members_; }

  /// What the n-th of members() is; null: it is not there. Valid until the next is asked for.
  using Look = std::function<const Scalar*(std::size_t)>;
  [[nodiscard]] bool holds(const Look& look) const { return truth(root_, look) == Truth::yes; }

private:
  class Parser;
  enum class Kind : std::uint8_t { any, all, contrary, comparison };
  struct Node {
    Kind kind = Kind::comparison;
    std::vector<Node> parts = {};
    std::size_t member = 0; ///< of a comparison
    Compare how = Compare::is;
    Constant constant = {};
  };
  static Truth truth(const Node& node, const Look& look);
  static Truth truth_of_many(const Node& node, const Look& look);

  Node root_;
  std::vector<Member> members_;
};

} // namespace mapscope::plain
