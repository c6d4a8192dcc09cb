// SPDX-License-Identifier: Apache-2.0
// Colours: on a terminal that takes them, unless a person says otherwise.
#include "tests/cli/process.hpp"

#include <array>
#include <pty.h>

namespace mapscope::cli_test {
namespace {

const std::string escape = "\033[";

struct Variable {
  const char *name = "TERM", *value = "xterm";
};

/// What a terminal gets of a report; `messages` goes elsewhere.
std::string on_terminal(const Words& words, const std::vector<Variable>& variables = {},
                        std::string* messages = nullptr) {
  const Scratch scratch;
  int master = -1, slave = -1;
  EXPECT_EQ(::openpty(&master, &slave, nullptr, nullptr, nullptr), 0);
  const Words all = and_also({"dump", scratch.file("core", tiny_core({"first"}))}, words);
  const Started program(scratch, all, slave, [&] {
    ::setenv("TERM", "xterm", 1), ::unsetenv("NO_COLOR"), ::setenv("MAPSCOPE_PAGER", "", 1);
    for (const auto& [name, value] : variables) ::setenv(name, value, 1);
  });
  ::close(slave);
  std::string text;
  std::array<char, 4096> piece{};
  for (ssize_t size = 0; (size = ::read(master, piece.data(), piece.size())) > 0;)
    text.append(piece.data(), static_cast<std::size_t>(size));
  ::close(master);
  EXPECT_EQ(program.wait(), 0) << program.err();
  EXPECT_THAT(text, HasSubstr("first"));
  if (messages != nullptr) *messages = program.err();
  return text;
}

std::string in_file(const Words& words) {
  const Scratch scratch;
  return output(and_also({"dump", scratch.file("core", tiny_core({"first"}))}, words));
}

using testing::AllOf;
using testing::Not;

TEST(Color, Auto) {
  EXPECT_THAT(on_terminal({}), HasSubstr(escape));
  EXPECT_THAT(on_terminal({"--color", "auto"}), HasSubstr(escape));
  EXPECT_THAT(in_file({}), Not(HasSubstr(escape)));
}

TEST(Color, IsAskedOfStandardOutputAndNotOfMessages) { // mapscope dump vmcore > file
  const Scratch scratch;
  int master = -1, slave = -1;
  ASSERT_EQ(::openpty(&master, &slave, nullptr, nullptr, nullptr), 0);
  const std::string report = scratch.file("report", "");
  const int file = ::open(report.c_str(), O_WRONLY | O_CLOEXEC);
  const Started program(scratch, {"dump", scratch.file("core", tiny_core({"first"}))}, file,
                        [&] { ::dup2(slave, STDERR_FILENO), ::setenv("TERM", "xterm", 1); });
  EXPECT_EQ(program.wait(), 0);
  ::close(file), ::close(slave), ::close(master);
  EXPECT_THAT(test::read_file(report), AllOf(HasSubstr("first"), Not(HasSubstr(escape))));
}

TEST(Color, OfATerminalThatTakesNone) {
  EXPECT_THAT(on_terminal({}, {{"TERM", "dumb"}}), Not(HasSubstr(escape)));
  EXPECT_THAT(on_terminal({}, {{"NO_COLOR", "1"}}), Not(HasSubstr(escape)));
  EXPECT_THAT(on_terminal({}, {{"NO_COLOR", ""}}), HasSubstr(escape)) << "set and empty is not set";
}

TEST(Color, AsAsked) {
  EXPECT_THAT(on_terminal({"--color", "never"}), Not(HasSubstr(escape)));
  EXPECT_THAT(on_terminal({"--color=always"}, {{"TERM", "dumb"}, {"NO_COLOR", "1"}}), HasSubstr(escape));
  EXPECT_THAT(in_file({"--color", "always"}), HasSubstr(escape));
  EXPECT_THAT(in_file({"--color", "always", "-j"}), Not(HasSubstr(escape))) << "JSON has none";
  EXPECT_THAT(misuse({"dump", "x", "--color", "yes"}), StartsWith("--color: yes not in {auto,always,never}"));
}

TEST(Fold, TakesNoOptionThatWouldDoNothing) {
  for (const Words& words : {Words{"--full"}, {"--zeros"}, {"--strict"}, {"--limit", "3"}})
    EXPECT_THAT(misuse(and_also({"dump", "x", "--fold"}, words)),
                StartsWith(words.front() + " excludes --fold"));
}

TEST(Pager, GetsWhatGoesToATerminal) {
  const std::vector<Variable> numbering = {{"MAPSCOPE_PAGER", "sed 's/^/paged: /'"}};
  EXPECT_THAT(on_terminal({}, numbering), HasSubstr("paged: "));
  EXPECT_THAT(on_terminal({}, {{"MAPSCOPE_PAGER", "sed 's/^/paged: /'"}, {"TERM", "dumb"}}),
              Not(HasSubstr("paged: ")));
  EXPECT_THAT(on_terminal({"--no-pager"}, numbering), Not(HasSubstr("paged: ")));
  EXPECT_THAT(on_terminal({"-j"}, numbering), Not(HasSubstr("paged: "))) << "JSON is for programs";
}

TEST(Pager, SeesTheEndOfWhatCouldNotBeShown) {
  const Scratch scratch;
  int master = -1, slave = -1;
  ASSERT_EQ(::openpty(&master, &slave, nullptr, nullptr, nullptr), 0);
  for (const char* command : {"dump", "report"}) {
    const Started program(scratch, {command, scratch.file("text", "no dump")}, slave,
                          [&] { ::setenv("TERM", "xterm", 1), ::setenv("MAPSCOPE_PAGER", "cat -n", 1); });
    EXPECT_EQ(WEXITSTATUS(program.wait()), 1) << command;
  }
  ::close(slave), ::close(master);
}

/// The text comes all the same, and one sentence says why nothing pages it.
TEST(Pager, ThatIsNotInstalled) {
  const std::pair<const char*, const char*> pagers[] = {{"no-such-pager -R", "no-such-pager"},
                                                        {"LESS=R /no/such/pager", "/no/such/pager"}};
  for (const auto& [command, program] : pagers) {
    std::string messages;
    const std::string text = on_terminal({}, {{"MAPSCOPE_PAGER", command}}, &messages);
    EXPECT_THAT(messages, HasSubstr(std::string("the pager ") + program + " is not installed"));
    EXPECT_THAT(text, HasSubstr("first")) << command;
  }
}

TEST(Pager, OfTheUserIsTakenWhereThereIsNoneForMapscope) {
  EXPECT_THAT(on_terminal({}, {{"PAGER", "sed 's/^/paged: /'"}}), Not(HasSubstr("paged: ")))
      << "MAPSCOPE_PAGER is set, and empty";
}

} // namespace
} // namespace mapscope::cli_test
