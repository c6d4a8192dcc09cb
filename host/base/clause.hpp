// SPDX-License-Identifier: Apache-2.0
// Clauses of a message, one behind the other.
//
// Thread rule: pure function.
#pragma once

#include <string>
#include <string_view>

namespace mapscope {

/// "text; clause", or behind a question "text? Clause". `clause` begins with a small letter, or with what is
/// written as it is.
[[nodiscard]] inline std::string with_clause(std::string text, std::string_view clause) {
  if (text.empty() || clause.empty()) return text.append(clause);
  if (!text.ends_with('?')) return text.append("; ").append(clause);
  text.append(" ").append(clause);
  char& first = text[text.size() - clause.size()];
  if (first >= 'a' && first <= 'z') first = static_cast<char>(first - 'a' + 'A');
  return text;
}

} // namespace mapscope
