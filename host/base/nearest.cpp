// SPDX-License-Identifier: Apache-2.0
#include "host/base/nearest.hpp"

#include <algorithm>
#include <numeric>
#include <vector>

namespace mapscope {

namespace {

/// Levenshtein distance, one row at a time.
std::size_t edits(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), 0);
  for (std::size_t i = 0; i < a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i + 1;
    for (std::size_t j = 0; j < b.size(); ++j) {
      const std::size_t replaced = diagonal + (a[i] == b[j] ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({replaced, row[j] + 1, row[j + 1] + 1});
    }
  }
  return row.back();
}

} // namespace

std::string nearest(std::string_view wrong, std::span<const std::string> words) {
  std::string best;
  std::size_t fewest = std::max<std::size_t>(wrong.size() / 2, 1) + 1; // more is another word
  for (const std::string& word : words) {
    const std::size_t distance = edits(wrong, word);
    if (distance < fewest) best = word, fewest = distance;
  }
  return best;
}

} // namespace mapscope
