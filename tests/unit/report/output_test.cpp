// SPDX-License-Identifier: Apache-2.0
// A file that appears only when it is complete, and pieces that are made in any order and go out in one.
#include "host/report/output.hpp"

#include "host/report/ordered.hpp"
#include "tests/support/plugin_library.hpp"
#include "tests/support/run_program.hpp"

#include <atomic>
#include <filesystem>
#include <fstream>
#include <gmock/gmock.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <system_error>
#include <thread>
#include <unistd.h>

namespace mapscope::report {
namespace {

namespace fs = std::filesystem;
using test::TemporaryDirectory;

std::size_t files_in(const TemporaryDirectory& folder) {
  return static_cast<std::size_t>(
      std::distance(fs::directory_iterator(folder.path()), fs::directory_iterator()));
}

TEST(FileOutput, AppearsWhenItIsCommitted) {
  const TemporaryDirectory folder;
  const fs::path path = folder / "report";
  {
    const auto output = file_output(path.string());
    ASSERT_TRUE(output);
    EXPECT_TRUE((*output)->write("all"));
    EXPECT_FALSE(fs::exists(path));
    EXPECT_TRUE((*output)->commit());
    EXPECT_EQ(test::read_file(path), "all");
  }
  EXPECT_EQ(files_in(folder), 1U);
}

TEST(FileOutput, ReplacesOnlyWhenItIsCommitted) {
  const TemporaryDirectory folder;
  const fs::path path = folder / "report";
  std::ofstream(path) << "old";
  {
    const auto output = file_output(path.string());
    EXPECT_TRUE((*output)->write("a part"));
  }
  EXPECT_EQ(test::read_file(path), "old");
  EXPECT_EQ(files_in(folder), 1U);
}

TEST(FileOutput, OfAnInterruptedProgramIsRemoved) {
  const TemporaryDirectory folder;
  const auto output = file_output((folder / "report").string());
  EXPECT_EQ(files_in(folder), 1U);
  remove_unfinished();
  EXPECT_EQ(files_in(folder), 0U);
  EXPECT_FALSE((*output)->commit());
}

TEST(FileOutput, KeepsLinksPointing) {
  const TemporaryDirectory folder;
  std::ofstream(folder / "real") << "old";
  fs::create_symlink("real", folder / "link");
  const auto output = file_output((folder / "link").string());
  EXPECT_TRUE((*output)->write("new") && (*output)->commit());
  EXPECT_TRUE(fs::is_symlink(folder / "link"));
  EXPECT_EQ(test::read_file(folder / "real"), "new");
}

TEST(FileOutput, GoesWhereALinkPointsThoughNothingIsThere) {
  const TemporaryDirectory folder;
  fs::create_directory(folder / "beyond");
  fs::create_symlink("second", folder / "link");
  fs::create_symlink("beyond/real", folder / "second");
  const auto output = file_output((folder / "link").string());
  EXPECT_TRUE((*output)->write("new") && (*output)->commit());
  EXPECT_TRUE(fs::is_symlink(folder / "link") && fs::is_symlink(folder / "second"));
  EXPECT_EQ(test::read_file(folder / "beyond/real"), "new");
  fs::create_symlink("round", folder / "round");
  EXPECT_EQ(file_output((folder / "round").string()).error().text,
            (folder / "round").string() +
                ": cannot write the report there: Too many levels of symbolic links");
}

TEST(FileOutput, KeepsTheModeOfWhatItReplaces) {
  const TemporaryDirectory folder;
  const fs::path path = folder / "report";
  std::ofstream(path) << "secret";
  ASSERT_EQ(::chmod(path.c_str(), 0600), 0);
  const auto output = file_output(path.string());
  EXPECT_TRUE((*output)->commit());
  struct stat status{};
  ASSERT_EQ(::stat(path.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600U);
}

TEST(FileOutput, HasTheUsualMode) {
  const TemporaryDirectory folder;
  const mode_t mask = ::umask(027);
  const auto output = file_output((folder / "report").string());
  ::umask(mask);
  EXPECT_TRUE((*output)->commit());
  struct stat status{};
  ASSERT_EQ(::stat((folder / "report").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0640U);
}

TEST(FileOutput, WhatIsNoFileIsWrittenDirectly) {
  const auto null = file_output("/dev/null");
  EXPECT_TRUE(null && (*null)->write("x") && (*null)->commit());
  const auto full = file_output("/dev/full");
  ASSERT_TRUE(full);
  const auto written = (*full)->write("x");
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().text, "/dev/full: cannot write the report: No space left on device");
  EXPECT_EQ(written.error().code, Errc::io);
}

TEST(FileOutput, Refused) {
  EXPECT_EQ(file_output("/tmp").error().text, "/tmp: cannot write the report there: Is a directory");
  EXPECT_EQ(file_output("/nonexistent/x").error().text,
            "/nonexistent/x: cannot write the report there: No such file or directory");
}

/// Takes so many writes, then refuses.
struct Listener final : Output {
  std::string text;
  int takes = -1;
  Result<void> put(std::string_view more) override {
    if (takes == 0) return fail(Errc::io, "full");
    if (takes > 0 && !more.empty()) --takes;
    text += more;
    return {};
  }
  Result<void> commit() override { return {}; }
};

std::string ordered(unsigned threads, std::size_t count, std::size_t buffer = 1 << 20) {
  Listener out;
  const Ordered work{.count = count,
                     .threads = threads,
                     .buffer = buffer,
                     .make =
                         [&](std::size_t i, Stream& to) {
                           if (i % 3 == 0) std::this_thread::yield();
                           for (std::size_t n = 0; n < i % 7; ++n) to.append(std::to_string(i) + ' ');
                         },
                     .before = [&](std::size_t i) { out.text += '<' + std::to_string(i) + '>'; }};
  EXPECT_TRUE(run_ordered(out, work));
  return out.text;
}

TEST(Ordered, TheSameForAnyNumberOfThreads) {
  const std::string alone = ordered(1, 100);
  EXPECT_THAT(alone, testing::StartsWith("<0><1>1 <2>2 2 <3>3 3 3 "));
  for (const unsigned threads : {0U, 2U, 7U, 200U}) EXPECT_EQ(ordered(threads, 100), alone);
  EXPECT_EQ(ordered(4, 100, 1), alone);
  EXPECT_EQ(ordered(4, 0), "");
}

TEST(Ordered, APieceWaitsForItsTurnWithABoundedBuffer) {
  constexpr std::size_t buffer = 1000, piece = 100, pieces = 500;
  std::atomic<std::size_t> ahead = 0; // what piece 1 has handed over while piece 0 had not ended
  std::atomic<bool> first_ended = false;
  Listener out;
  const Ordered work{.count = 2,
                     .threads = 2,
                     .buffer = buffer,
                     .make =
                         [&](std::size_t i, Stream& to) {
                           if (i == 0) {
                             for (int ms = 0; ms < 10'000 && ahead < buffer; ++ms)
                               std::this_thread::sleep_for(std::chrono::milliseconds(1));
                             std::this_thread::sleep_for(std::chrono::milliseconds(20)); // it would go on
                             first_ended = true;
                             return;
                           }
                           for (std::size_t n = 0; n < pieces; ++n) {
                             to.append(std::string(piece, 'x'));
                             if (!first_ended) ahead += piece;
                           }
                         },
                     .before = [](std::size_t) {}};
  EXPECT_TRUE(run_ordered(out, work));
  EXPECT_EQ(out.text.size(), piece * pieces);
  EXPECT_GE(ahead, buffer);
  EXPECT_LE(ahead, buffer + piece);
}

/// In a process that may not start a thread.
int ordered_alone() {
  const rlimit none{0, 0};
  if (::setrlimit(RLIMIT_NPROC, &none) != 0) return 2;
  if (::geteuid() == 0 && ::setresuid(65534, 65534, 65534) != 0) return 3; // the limit is not for root
  try {
    std::jthread([] {});
    return 4;
  } catch (const std::system_error&) {
  }
  return ordered(4, 5) == "<0><1>1 <2>2 2 <3>3 3 3 <4>4 4 4 4 " ? 0 : 1;
}

TEST(Ordered, WithoutAnyThread) {
  const pid_t child = ::fork();
  if (child == 0) ::_exit(ordered_alone());
  int status = -1;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0) << "exit code " << WEXITSTATUS(status);
}

TEST(Ordered, AWriteErrorEndsTheOutput) {
  Listener out;
  out.takes = 3;
  std::atomic<std::size_t> begun = 0;
  const Ordered work{.count = 1000,
                     .threads = 4,
                     .buffer = 10,
                     .make =
                         [&](std::size_t, Stream& to) {
                           ++begun;
                           for (int n = 0; n < 100; ++n) to.append("0123456789");
                         },
                     .before = [](std::size_t) {}};
  const auto written = run_ordered(out, work);
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().text, "full");
  EXPECT_LT(begun, 1000U); // what was not begun is not begun any more
}

/// Most likely for want of memory.
TEST(Ordered, WhatAJobThrowsIsThrownToTheCaller) {
  const TemporaryDirectory folder;
  for (const unsigned threads : {1U, 4U})
    for (const std::size_t bad : {0, 7, 19}) {
      auto output = file_output((folder / "report").string());
      ASSERT_TRUE(output);
      const Ordered work{.count = 20,
                         .threads = threads,
                         .buffer = 10,
                         .make =
                             [&](std::size_t index, Stream& stream) {
                               for (int i = 0; i < 10; ++i) stream.append("some text");
                               if (index == bad) throw std::bad_alloc();
                             },
                         .before = [](std::size_t) {}};
      EXPECT_THROW((void)run_ordered(**output, work), std::bad_alloc) << threads << " " << bad;
    }
  EXPECT_EQ(files_in(folder), 0U);
}

} // namespace
} // namespace mapscope::report
