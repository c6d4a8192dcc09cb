// SPDX-License-Identifier: Apache-2.0
#include "host/base/nearest.hpp"

#include <algorithm>
#include <numeric>
#include <vector>

namespace mapscope {

namespace {

/// Letters to add, drop, replace, or swap with the next (optimal string alignment), one row at a time.
std::size_t edits(std::string_view a, std::string_view b) {
  std::vector<std::size_t> second(b.size() + 1), above(b.size() + 1), row(b.size() + 1);
  std::iota(row.begin(), row.end(), 0);
  for (std::size_t i = 0; i < a.size(); ++i) {
    std::swap(second, above), std::swap(above, row);
    row[0] = i + 1;
    for (std::size_t j = 0; j < b.size(); ++j) {
      row[j + 1] = std::min({above[j] + (a[i] == b[j] ? 0 : 1), row[j] + 1, above[j + 1] + 1});
      if (i > 0 && j > 0 && a[i] == b[j - 1] && a[i - 1] == b[j])
        row[j + 1] = std::min(row[j + 1], second[j - 1] + 1);
    }
  }
  return row.back();
}

} // namespace

std::string nearest(std::string_view wrong, std::span<const std::string> words) {
  return nearest(wrong, words, std::max<std::size_t>((wrong.size() + 1) / 2, 2) - 1); // half is another word
}

std::string nearest(std::string_view wrong, std::span<const std::string> words, std::size_t most_edits) {
  std::string best;
  std::size_t fewest = most_edits + 1;
  for (const std::string& word : words) {
    const std::size_t longer = std::max(wrong.size(), word.size()),
                      shorter = std::min(wrong.size(), word.size());
    if (longer - shorter >= fewest) continue;
    const std::size_t distance = edits(wrong, word);
    if (distance < fewest) best = word, fewest = distance;
  }
  return best;
}

} // namespace mapscope
