// SPDX-License-Identifier: Apache-2.0
// Text that is held back, in memory and beyond what all spools may have of it.
#include "host/report/spool.hpp"

#include <gtest/gtest.h>

#include <cstdlib>

namespace mapscope::report {
namespace {

constexpr std::size_t piece = 3U << 20, more_than_memory = 45; // 135 MiB

/// Checks what comes and keeps none of it.
class Counting final : public Stream {
public:
  void append(std::string_view text) override {
    while (!text.empty()) {
      const auto one = text.substr(0, piece - bytes % piece);
      ordered = ordered && one.find_first_not_of(letter()) == one.npos;
      bytes += one.size();
      text.remove_prefix(one.size());
    }
  }
  [[nodiscard]] char letter() const { return static_cast<char>('a' + bytes / piece % 26); }

  std::size_t bytes = 0;
  bool ordered = true;
};

void fill(Spool& spool, std::size_t pieces, std::size_t from = 0) {
  for (std::size_t i = from; i < from + pieces; ++i)
    spool.append(std::string(piece, static_cast<char>('a' + i % 26)));
}

TEST(Spool, HoldsMoreThanMemoryMay) {
  Counting out;
  Spool spool(out);
  fill(spool, more_than_memory);
  EXPECT_EQ(out.bytes, 0U);
  spool.let_go();
  EXPECT_EQ(out.bytes, more_than_memory * piece);
  fill(spool, 1, more_than_memory);
  EXPECT_EQ(out.bytes, (more_than_memory + 1) * piece);
  EXPECT_TRUE(out.ordered);
}

TEST(Spool, IsKeptWhereThereIsNoRoomForAFile) {
  ::setenv("TMPDIR", "/nonexistent", 1);
  Counting out;
  Spool spool(out);
  fill(spool, more_than_memory);
  ::unsetenv("TMPDIR");
  spool.let_go();
  EXPECT_EQ(out.bytes, more_than_memory * piece);
  EXPECT_TRUE(out.ordered);
}

/// What one has given back another may have.
TEST(Spool, GivesBackWhatItHeld) {
  Counting nowhere;
  for (int i = 0; i < 3; ++i) {
    Spool spool(nowhere);
    fill(spool, 20);
  }
  Counting out;
  Spool first(out), second(out);
  fill(first, 30), fill(second, 30, 30);
  first.let_go(), second.let_go();
  EXPECT_EQ(out.bytes, 60 * piece);
  EXPECT_TRUE(out.ordered);
}

} // namespace
} // namespace mapscope::report
