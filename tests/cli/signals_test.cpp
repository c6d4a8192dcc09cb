// SPDX-License-Identifier: Apache-2.0
// What ends the program before its report is done: signals, and readers that go away. No file and no process
// is left, and the exit code says what it was.
#include "tests/cli/process.hpp"

#include <array>
#include <fcntl.h>
#include <sys/stat.h>

namespace mapscope::cli_test {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

/// A report into a file, at the point where its plugin is at work.
class Held {
public:
  explicit Held(const Started::Prepare& prepare = [] {})
      : program_(scratch_, and_also(endless_dump(scratch_), {"-o", (scratch_ / "report").string()}), -1,
                 prepare) {
    EXPECT_TRUE(until([&] { return has_worker(program_.pid()); })) << program_.err();
    EXPECT_EQ(reports_in(scratch_).size(), 1U) << "the unfinished file";
  }

  void send(int signal) const { ::kill(program_.pid(), signal); }
  void send_to_all(int signal) const { ::kill(-program_.pid(), signal); }
  [[nodiscard]] int end() const {
    const int status = program_.wait();
    EXPECT_THAT(reports_in(scratch_), IsEmpty());
    EXPECT_EQ(program_.err(), "");
    return status;
  }

private:
  Scratch scratch_;
  Started program_;
};

class Requests : public testing::TestWithParam<int> {};

TEST_P(Requests, EndItWith128AndTheirNumber) {
  const Held held;
  held.send(GetParam());
  const int status = held.end();
  ASSERT_TRUE(WIFEXITED(status)) << status;
  EXPECT_EQ(WEXITSTATUS(status), 128 + GetParam());
}

TEST_P(Requests, ThatAllItsProcessesGetEndItOnce) {
  const Held held;
  held.send_to_all(GetParam());
  EXPECT_EQ(WEXITSTATUS(held.end()), 128 + GetParam());
}

TEST_P(Requests, ThatWereIgnoredStayIgnored) { // nohup, and & of a shell without job control
  const Held held([] { std::signal(GetParam(), SIG_IGN); });
  held.send(GetParam());
  held.send(SIGRTMIN); // of two that wait, the one with the higher number comes second
  const int status = held.end();
  EXPECT_TRUE(WIFSIGNALED(status)) << status;
  EXPECT_EQ(WTERMSIG(status), SIGRTMIN);
}

INSTANTIATE_TEST_SUITE_P(Signals, Requests, testing::Values(SIGHUP, SIGINT, SIGTERM));

class Others : public testing::TestWithParam<int> {};

TEST_P(Others, EndItAsTheyAlwaysDo) {
  const Held held;
  held.send(GetParam());
  const int status = held.end();
  ASSERT_TRUE(WIFSIGNALED(status)) << status;
  EXPECT_EQ(WTERMSIG(status), GetParam());
}

INSTANTIATE_TEST_SUITE_P(Signals, Others,
                         testing::Values(SIGQUIT, SIGXCPU, SIGALRM, SIGUSR2, SIGABRT, SIGRTMIN));

/// Both ends of a pipe; the program gets the second.
class Pipe {
public:
  Pipe() { (void)!::pipe2(ends_.data(), O_CLOEXEC); }
  ~Pipe() { close_reader(), close_writer(); }
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;
  [[nodiscard]] int reader() const { return ends_[0]; }
  [[nodiscard]] int writer() const { return ends_[1]; }
  void close_reader() { close(ends_[0]); }
  void close_writer() { close(ends_[1]); }

private:
  static void close(int& fd) {
    if (fd >= 0) ::close(fd);
    fd = -1;
  }
  std::array<int, 2> ends_{-1, -1};
};

void expect_ended_without_reader(const Started& program) {
  const int status = program.wait();
  EXPECT_TRUE(WIFSIGNALED(status)) << status;
  EXPECT_EQ(WTERMSIG(status), SIGPIPE);
  EXPECT_EQ(program.err(), "");
}

TEST(Reader, ThatIsNotThereEndsEveryCommand) {
  for (const Words& words : std::vector<Words>{{"--help"},
                                               {"--version"},
                                               {"dump", "--help"},
                                               {"config", "show"},
                                               {"config", "show", "-j"},
                                               {"plugins", "list"},
                                               {"plugins", "verify", MAPSCOPE_PLUGINS "/hash.so"}}) {
    const Scratch scratch;
    Pipe pipe;
    pipe.close_reader();
    expect_ended_without_reader(Started(scratch, words, pipe.writer()));
  }
}

/// As head does it.
void read_some_and_leave(Pipe& pipe) {
  std::array<char, 10> first{};
  pipe.close_writer();
  EXPECT_GT(::read(pipe.reader(), first.data(), first.size()), 0);
  pipe.close_reader();
}

TEST(Reader, ThatGoesAwayEndsTheReportAtOnce) {
  const Scratch scratch;
  Pipe pipe;
  const Started program(scratch, endless_dump(scratch, 100'000), pipe.writer());
  read_some_and_leave(pipe);
  expect_ended_without_reader(program);
}

TEST(Reader, ThatGoesAwayAlsoWhereSigpipeWasIgnored) {
  const Scratch scratch;
  Pipe pipe;
  const Started program(scratch, endless_dump(scratch, 100'000), pipe.writer(),
                        [] { std::signal(SIGPIPE, SIG_IGN); });
  read_some_and_leave(pipe);
  expect_ended_without_reader(program);
}

TEST(Reader, OfAFifoThatGoesAway) {
  const Scratch scratch;
  const std::string fifo = (scratch / "fifo").string();
  ASSERT_EQ(::mkfifo(fifo.c_str(), 0600), 0);
  const Started program(scratch, and_also(endless_dump(scratch, 100'000), {"-o", fifo}));
  const int reader = ::open(fifo.c_str(), O_RDONLY | O_CLOEXEC);
  char first = 0;
  EXPECT_EQ(::read(reader, &first, 1), 1);
  ::close(reader);
  expect_ended_without_reader(program);
  EXPECT_TRUE(fs::is_fifo(fifo));
}

TEST(Reader, OfMessagesThatIsGoneCostsNoReport) {
  const Scratch scratch;
  const std::string core = scratch.file("core", tiny_core({"first"}));
  Pipe pipe;
  pipe.close_reader();
  const Started program(scratch, {"dump", core, "-vv", "-o", (scratch / "report").string()}, -1,
                        [&] { ::dup2(pipe.writer(), STDERR_FILENO); });
  EXPECT_EQ(program.wait(), 0);
  EXPECT_THAT(reports_in(scratch), ElementsAre("report"));
}

TEST(Reader, ThatIsSlowAndDoesNotBlockGetsEverything) { // some parents leave their pipes so
  const Scratch scratch;
  const std::string core = scratch.file("core", tiny_core({"first"}));
  const std::string whole = run({"dump", core, "-j"}).out;
  Pipe pipe;
  ::fcntl(pipe.writer(), F_SETFL, O_NONBLOCK);
  std::string filling(1 << 20, 'x'), got;
  filling.resize(static_cast<std::size_t>(::write(pipe.writer(), filling.data(), filling.size())));
  const Started program(scratch, {"dump", core, "-j"}, pipe.writer());
  pipe.close_writer();
  std::array<char, 4096> piece{};
  for (ssize_t size = 0; (size = ::read(pipe.reader(), piece.data(), piece.size())) > 0;)
    got.append(piece.data(), static_cast<std::size_t>(size));
  EXPECT_EQ(program.wait(), 0) << program.err();
  EXPECT_EQ(got.substr(filling.size()), whole);
}

TEST(Size, BeyondWhatAFileMayHaveIsTold) { // ulimit -f
  const Scratch scratch;
  const Words words = and_also(endless_dump(scratch, 100'000),
                               and_also(mode_is("nothing", 100'000), {"-o", (scratch / "report").string()}));
  const Started program(scratch, words, -1, [] {
    const rlimit size{100'000, 100'000};
    ::setrlimit(RLIMIT_FSIZE, &size);
  });
  const int status = program.wait();
  EXPECT_EQ(WEXITSTATUS(status), 1) << status;
  EXPECT_THAT(program.err(), HasSubstr("cannot write the report: File too large"));
  EXPECT_THAT(reports_in(scratch), IsEmpty());
}

/// Whoever meets it, which here is a plugin in a process of its own.
TEST(Source, ThatBecomesShorterEndsItAndNoPluginIsBlamed) {
  const Scratch scratch;
  Words words = and_also(endless_dump(scratch), {"-o", (scratch / "report").string()});
  for (auto& word : words)
    if (const auto at = word.find("endless_loop"); at != word.npos) word.replace(at, 12, "endless_looks");
  const Started program(scratch, words);
  EXPECT_TRUE(until([&] { return has_worker(program.pid()); })) << program.err();
  fs::resize_file(scratch / "core", 1);
  const int status = program.wait();
  ASSERT_TRUE(WIFEXITED(status)) << status;
  EXPECT_EQ(WEXITSTATUS(status), 1);
  EXPECT_EQ(program.err(), "mapscope: " + (scratch / "core").string() +
                               ": became shorter while it was read, so there is no report; give it when it "
                               "is written, or a copy\n");
  EXPECT_THAT(reports_in(scratch), IsEmpty());
}

} // namespace
} // namespace mapscope::cli_test
