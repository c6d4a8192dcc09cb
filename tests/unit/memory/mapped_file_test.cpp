// SPDX-License-Identifier: Apache-2.0
#include "host/memory/mapped_file.hpp"

#include "host/base/ending.hpp"
#include "tests/support/core_file.hpp"

#include <csignal>
#include <filesystem>
#include <gmock/gmock.h>

namespace mapscope::memory {
namespace {

using test::ScratchFile;

/// Reads the last byte, in a process that set_up_endings() was called in.
[[noreturn]] void read_last(const MappedFile& file) {
  set_up_endings();
  const volatile std::byte last = file.bytes().back();
  ::_exit(last == std::byte{0} ? 2 : 3);
}

TEST(MappedFile, ThatBecomesShorterIsNamedAndEndsTheProgram) {
  const ScratchFile scratch(std::string(100'000, 'x'));
  auto file = MappedFile::open(scratch.path());
  ASSERT_TRUE(file);
  const MappedFile moved = std::move(*file);
  std::filesystem::resize_file(scratch.path(), 1000);
  EXPECT_EXIT(read_last(moved), testing::ExitedWithCode(1),
              "mapscope: " + scratch.path() + ": became shorter while it was read");
}

TEST(MappedFile, ThatIsGoneIsNotBlamed) {
  const ScratchFile scratch(std::string(100'000, 'x')), other(std::string(5000, 'y'));
  const auto shorter = MappedFile::open(other.path());
  std::filesystem::resize_file(other.path(), 1);
  const std::byte* const where = MappedFile::open(scratch.path())->bytes().data();
  EXPECT_EQ(lost_file_at(where), nullptr);
  EXPECT_EQ(lost_file_at(shorter->bytes().data()), other.path());
}

} // namespace
} // namespace mapscope::memory
