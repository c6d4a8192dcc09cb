// SPDX-License-Identifier: Apache-2.0
// Pages that are worked out once, in this process and in those forked off.
#include "host/memory/frame_set.hpp"
#include "host/memory/page_store.hpp"

#include <atomic>
#include <cstdlib>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

namespace mapscope::memory {
namespace {

constexpr std::size_t page_size = 4096;
constexpr PageStoreLimits changing{.goes_on_changing = true};

/// Each page holds its own number; those of `bad` are damaged.
class Numbered {
public:
  explicit Numbered(std::uint64_t pages, const PageStoreLimits& limits = {}, std::uint64_t bad = ~0ULL) {
    auto made = PageStore::make(
        pages, page_size,
        [this, bad](std::uint64_t index, std::span<std::byte> page) {
          ++fetched;
          std::ranges::fill(page, static_cast<std::byte>(index));
          return index == bad ? PageState::damaged : PageState::there;
        },
        limits);
    if (!made) ADD_FAILURE() << made.error().text;
    store = std::move(*made);
  }
  std::unique_ptr<PageStore> store;
  std::atomic<unsigned> fetched = 0;
};

bool holds(std::span<const std::byte> bytes, std::uint64_t first, std::uint64_t count) {
  if (bytes.size() != count * page_size) return false;
  for (std::uint64_t i = 0; i < count; ++i)
    if (bytes[i * page_size] != static_cast<std::byte>(first + i) ||
        bytes[(i + 1) * page_size - 1] != static_cast<std::byte>(first + i))
      return false;
  return true;
}

TEST(PageStore, ForgetsWhatIsToBeReadAnew) {
  Numbered numbered(10, changing, 5);
  numbered.store->forget();
  EXPECT_TRUE(holds(numbered.store->view(2, 3), 2, 3));
  EXPECT_TRUE(numbered.store->view(5, 1).empty());
  EXPECT_EQ(numbered.fetched, 4U);
  numbered.store->forget();
  EXPECT_EQ(numbered.store->state(2), PageState::unknown);
  EXPECT_EQ(numbered.store->state(5), PageState::unknown);
  EXPECT_TRUE(holds(numbered.store->view(2, 1), 2, 1));
  EXPECT_EQ(numbered.fetched, 5U);
}

/// Each look at a page is worth a number; page 1 changes with each.
TEST(PageStore, LooksAgainAtWhatIsNotTheNewest) {
  unsigned looks = 0;
  auto store = PageStore::make(
      4, page_size,
      [&](std::uint64_t index, std::span<std::byte> page) {
        std::ranges::fill(page, static_cast<std::byte>(index == 1 ? ++looks : (++looks, 0)));
        return PageState::there;
      },
      changing);
  ASSERT_TRUE(store) << store.error().text;
  PageStore& pages = **store;
  pages.forget();
  const auto kept = pages.view(0, 2);
  ASSERT_EQ(kept.size(), 2 * page_size);
  EXPECT_FALSE(pages.is_newest(0));
  pages.look_again(0, 1);
  EXPECT_TRUE(pages.is_newest(0)); // as it was
  pages.look_again(0, 1);
  EXPECT_EQ(looks, 3U);
  pages.look_again(1, 1);
  EXPECT_EQ(kept[page_size], std::byte{4}); // in place
  EXPECT_FALSE(pages.is_newest(0));
  pages.look_again(0, 1);
  EXPECT_TRUE(pages.is_newest(0));
  std::ignore = pages.view(2, 1); // another came in
  EXPECT_FALSE(pages.is_newest(0));
  pages.look_again(3, 1);
  EXPECT_EQ(pages.state(3), PageState::there);
  const std::uint64_t arrivals = pages.arrivals();
  looks = 0;
  pages.look_at_all_again();
  EXPECT_EQ(looks, 4U);
  EXPECT_NE(pages.arrivals(), arrivals); // page 1 is another each time
  pages.forget();
  EXPECT_FALSE(pages.is_newest(0));
}

/// With a way to fetch neighbours at once, which fails where one of them is `bad`.
class InRuns : public Numbered {
public:
  explicit InRuns(std::uint64_t bad = ~0ULL, bool ahead = false) : Numbered(100, changing, bad) {
    store->fetch_runs_by(
        [this, bad](std::uint64_t first, std::span<std::byte> pages) {
          runs.emplace_back(first, pages.size() / page_size);
          for (std::uint64_t i = 0; i < pages.size() / page_size; ++i)
            std::ranges::fill(pages.subspan(i * page_size, page_size), static_cast<std::byte>(first + i));
          return bad < first || bad >= first + pages.size() / page_size;
        },
        ahead);
    store->forget();
  }
  std::vector<std::pair<std::uint64_t, std::uint64_t>> runs;
};

using FromAndCount = std::pair<std::uint64_t, std::uint64_t>;

TEST(PageStore, FetchesNeighboursAtOnce) {
  InRuns pages;
  EXPECT_TRUE(holds(pages.store->view(10, 40), 10, 16)); // whoever wants more calls again
  EXPECT_TRUE(holds(pages.store->view(8, 18), 8, 16));   // those behind two are there
  EXPECT_THAT(pages.runs, testing::ElementsAre(FromAndCount(10, 16), FromAndCount(8, 2)));
  EXPECT_EQ(pages.fetched, 0U);
  pages.store->look_at_all_again();
  EXPECT_THAT(pages.runs, testing::ElementsAre(FromAndCount(10, 16), FromAndCount(8, 2), FromAndCount(8, 16),
                                               FromAndCount(24, 2)));
  std::vector<std::byte> copied(20 * page_size);
  EXPECT_EQ(pages.store->copy(40, copied), copied.size());
  EXPECT_TRUE(holds(copied, 40, 20));
  EXPECT_EQ(pages.fetched, 0U);
  EXPECT_EQ(pages.store->state(40), PageState::unknown);
}

TEST(PageStore, FetchesThemOneByOneWhereOneIsNotThere) {
  InRuns pages(13);
  EXPECT_TRUE(holds(pages.store->view(10, 8), 10, 3));
  EXPECT_EQ(pages.store->state(13), PageState::damaged);
  EXPECT_TRUE(holds(pages.store->view(14, 4), 14, 4));
  std::vector<std::byte> copied(8 * page_size);
  EXPECT_EQ(pages.store->copy(10, copied), 3 * page_size);
}

TEST(PageStore, GivesMoreToWhoeverViewsOnAndOn) {
  InRuns pages(~0ULL, true);
  for (std::uint64_t index = 50; index < 100; ++index)
    EXPECT_TRUE(holds(pages.store->view(index, 1), index, 1));
  EXPECT_THAT(pages.runs,
              testing::ElementsAre(FromAndCount(51, 2), FromAndCount(53, 4), FromAndCount(57, 8),
                                   FromAndCount(65, 16), FromAndCount(81, 16), FromAndCount(97, 3)));
  EXPECT_EQ(pages.fetched, 1U); // the first is alone
}

TEST(PageStore, WorksEachPageOutOnce) {
  Numbered numbered(10);
  EXPECT_EQ(numbered.store->state(3), PageState::unknown);
  EXPECT_TRUE(holds(numbered.store->view(3, 2), 3, 2));
  EXPECT_TRUE(holds(numbered.store->view(2, 4), 2, 4));
  EXPECT_EQ(numbered.fetched, 4U);
  EXPECT_EQ(numbered.store->state(3), PageState::there);
}

TEST(PageStore, EndsBeforeAPageThatIsNotThere) {
  Numbered numbered(10, {}, 5);
  EXPECT_TRUE(holds(numbered.store->view(3, 7), 3, 2));
  EXPECT_TRUE(numbered.store->view(5, 1).empty());
  EXPECT_EQ(numbered.store->state(5), PageState::damaged);
  EXPECT_EQ(numbered.fetched, 3U); // and is not tried again
}

TEST(PageStore, BringsManyInAhead) {
  Numbered numbered(100, {}, 70);
  numbered.store->bring_in(20, 80);
  EXPECT_EQ(numbered.store->state(19), PageState::unknown);
  EXPECT_EQ(numbered.store->state(20), PageState::there);
  const unsigned ahead = numbered.fetched;
  EXPECT_GE(ahead, 51U);
  EXPECT_TRUE(holds(numbered.store->view(20, 16), 20, 16));
  EXPECT_TRUE(holds(numbered.store->view(68, 9), 68, 2));
  EXPECT_EQ(numbered.fetched, ahead);
}

TEST(PageStore, CopiesAndKeepsNothing) {
  Numbered numbered(10);
  std::vector<std::byte> to(3 * page_size);
  EXPECT_EQ(numbered.store->copy(4, to), to.size());
  EXPECT_TRUE(holds(to, 4, 3));
  EXPECT_EQ(numbered.store->state(4), PageState::unknown);
}

TEST(PageStore, ManyThreadsSeeTheSame) {
  Numbered numbered(200, {.resident = 16 * page_size});
  std::vector<std::thread> threads;
  std::atomic<bool> good = true;
  for (unsigned t = 0; t < 4; ++t)
    threads.emplace_back([&, t] {
      for (std::uint64_t i = 0; i < 2000; ++i)
        if (const std::uint64_t at = (i * (t + 3)) % 200; !holds(numbered.store->view(at, 1), at, 1))
          good = false;
    });
  for (auto& thread : threads) thread.join();
  EXPECT_TRUE(good);
}

/// What a process forked off says of `look`: its exit code.
template <class Look> int forked(Look look) {
  const pid_t child = ::fork();
  if (child == 0) ::_exit(look() ? 0 : 1);
  int status = 0;
  ::waitpid(child, &status, 0);
  return status;
}

TEST(PageStore, ForkedProcessSeesWhatIsThereAndWorksOutTheRest) {
  Numbered numbered(300);
  (void)numbered.store->view(0, 2);
  EXPECT_EQ(forked([&] {
              const auto there = numbered.store->view(0, 3), own = numbered.store->view(2, 3);
              return holds(there, 0, 2) && holds(own, 2, 1) &&
                     numbered.store->view(2, 1).data() == own.data() && !numbered.store->is_used_up();
            }),
            0);
  EXPECT_EQ(numbered.store->state(2), PageState::unknown); // the child's alone
  EXPECT_FALSE(numbered.store->is_used_up());
}

TEST(PageStore, ForkedProcessIsBounded) {
  Numbered numbered(1000, {.forked = 1U << 20});
  EXPECT_EQ(forked([&] {
              unsigned there = 0;
              for (std::uint64_t i = 0; i < 1000; ++i) there += numbered.store->view(i, 1).empty() ? 0 : 1;
              return there == 256 && numbered.store->is_used_up();
            }),
            0);
}

TEST(PageStore, ForkedProcessSeesWhatComesLater) {
  Numbered numbered(10);
  int ready[2];
  ASSERT_EQ(::pipe(ready), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    char byte = 0;
    const bool heard = ::read(ready[0], &byte, 1) == 1;
    ::_exit(heard && holds(numbered.store->view(4, 2), 4, 2) && numbered.fetched == 0 ? 0 : 1);
  }
  (void)numbered.store->view(4, 2);
  ASSERT_EQ(::write(ready[1], "x", 1), 1);
  int status = 0;
  ::waitpid(child, &status, 0);
  EXPECT_EQ(status, 0);
  ::close(ready[0]), ::close(ready[1]);
}

/// What the other process brings in is in place here; what it cannot is not there.
TEST(PageStore, AProcessForkedOffAsksTheOther) {
  Numbered numbered(100, {}, 50);
  int asks[2], answers[2];
  ASSERT_EQ(::pipe(asks), 0);
  ASSERT_EQ(::pipe(answers), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    numbered.store->ask_through([&](std::uint64_t first, std::uint64_t count) {
      const std::uint64_t wanted[] = {first, count};
      char answer = 0;
      if (::write(asks[1], wanted, sizeof wanted) != sizeof wanted || ::read(answers[0], &answer, 1) != 1)
        ::_exit(9);
    });
    const bool good = holds(numbered.store->view(7, 2), 7, 2) && holds(numbered.store->view(9, 1), 9, 1) &&
                      numbered.store->view(50, 1).empty() && numbered.fetched == 0;
    ::_exit(good ? 0 : 1);
  }
  ::close(asks[1]);
  std::uint64_t wanted[2];
  while (::read(asks[0], wanted, sizeof wanted) == sizeof wanted) {
    (void)numbered.store->view(wanted[0], wanted[1]);
    ASSERT_EQ(::write(answers[1], "1", 1), 1);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
}

/// All of a forked process's ways to the pages of others end in an error.
TEST(PageStore, ForkedProcessCannotWriteToThem) {
  Numbered numbered(10);
  const auto page = numbered.store->view(0, 1);
  EXPECT_EQ(forked([&] {
              auto* at = const_cast<std::byte*>(page.data());
              return ::mprotect(at, page_size, PROT_READ | PROT_WRITE) != 0 && errno == EACCES &&
                     ::madvise(at, page_size, MADV_REMOVE) != 0;
            }),
            0);
  EXPECT_TRUE(holds(page, 0, 1));
}

TEST(PageStore, FullDiskCostsPages) {
  EXPECT_EQ(forked([] {
              ::signal(SIGXFSZ, SIG_IGN); // as a full file system: writing fails
              Numbered numbered(10);
              const rlimit limit{3 * page_size, 3 * page_size};
              ::setrlimit(RLIMIT_FSIZE, &limit);
              const bool all = holds(numbered.store->view(0, 10), 0, 3);
              return all && numbered.store->state(3) == PageState::no_room &&
                     numbered.store->trouble().find("TMPDIR") != std::string::npos;
            }),
            0);
}

TEST(UnlinkedFile, LiesNowhereElseThanWhereAPersonSays) {
  ::setenv("TMPDIR", "/nonexistent", 1);
  const auto file = UnlinkedFile::make();
  ::unsetenv("TMPDIR");
  ASSERT_FALSE(file);
  EXPECT_EQ(file.error().text,
            "cannot make a temporary file in /nonexistent (TMPDIR): No such file or directory; "
            "let TMPDIR name a directory with room for the machine's memory");
}

TEST(FrameSet, TakesMemoryForWhatIsThere) {
  EXPECT_EQ(forked([] {
              const auto resident = [] {
                rusage usage{};
                ::getrusage(RUSAGE_SELF, &usage);
                return usage.ru_maxrss; // KiB
              };
              const long before = resident();
              FrameSet frames(std::uint64_t{1} << 32); // 512 MiB of bits
              frames.insert((std::uint64_t{1} << 32) - 2);
              frames.clip(0, frames.size() - 1);
              frames.settle();
              return frames.count() == 1 && frames.nth(0) == (std::uint64_t{1} << 32) - 2 &&
                     resident() - before < 64 << 10;
            }),
            0);
}

TEST(FrameSet, CountsAndFinds) {
  FrameSet frames(1300);
  const std::vector<std::uint64_t> all = {0, 1, 63, 64, 500, 511, 512, 513, 1299};
  for (const std::uint64_t frame : all) frames.insert(frame);
  frames.settle();
  EXPECT_EQ(frames.count(), all.size());
  EXPECT_EQ(frames.runs(), 5U);
  for (std::size_t i = 0; i < all.size(); ++i) {
    EXPECT_EQ(frames.before(all[i]), i);
    EXPECT_EQ(frames.nth(i), all[i]);
  }
  EXPECT_EQ(frames.before(1300), all.size());
  EXPECT_EQ(frames.next(65), 500U);
  EXPECT_EQ(frames.next_gap(511), 514U);
  EXPECT_EQ(frames.next(1300), 1300U);
  frames.clip(64, 513);
  frames.settle();
  EXPECT_EQ(frames.count(), 4U);
}

} // namespace
} // namespace mapscope::memory
