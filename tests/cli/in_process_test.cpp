// SPDX-License-Identifier: Apache-2.0
// A plugin that takes the program along, where no worker process stands between them: there is no report, and
// one sentence says whose fault it is.
#include "host/base/sanitized.hpp"
#include "tests/cli/hostile_dump.hpp"
#include "tests/cli/process.hpp"
#include <fmt/format.h>
#include <string>
#include <string_view>

namespace mapscope::cli_test {
namespace {

using testing::IsEmpty;

/// The hostile plugin at work on map 2, victim, of three.
class InProcess {
public:
  explicit InProcess(const std::string& mode, const Words& plugins = {"hostile"}) {
    const std::string core = scratch_.file("core", tiny_core({"first", "victim", "last"}));
    fs::create_directory(scratch_ / "plugins");
    for (const std::string& plugin : plugins)
      fs::copy_file(fs::path(HOSTILE_PLUGINS) / (plugin + ".so"), scratch_ / "plugins" / (plugin + ".so"));
    ran_ = run(and_also({"dump", core, "-o", (scratch_ / "report").string(), "--plugin-dir",
                         (scratch_ / "plugins").string(), "--isolate", "none"},
                        mode_is(mode)));
  }
  [[nodiscard]] const Ran& ran() const { return ran_; }
  [[nodiscard]] std::vector<std::string> left() const { return reports_in(scratch_); }

private:
  Scratch scratch_;
  Ran ran_;
};

std::string hostile(std::string_view what_it_did) {
  return fmt::format("mapscope: org.example.hostile@6.6.6 {} while it rendered map 2 victim in this process, so there is no report; "
                     "--isolate all lets it end one of its own\n",
                     what_it_did);
}

TEST(AloneInProcess, ExitIsNoReport) {
  const InProcess dump("exit");
  EXPECT_EQ(dump.ran().exit_code, 1);
  EXPECT_EQ(dump.ran().err, hostile("called exit()"));
  EXPECT_THAT(dump.left(), IsEmpty());
}

TEST(AloneInProcess, ASignalSaysWhose) {
  if (sanitized) GTEST_SKIP() << "a sanitizer tells of it in its own words";
  const InProcess dump("abort");
  EXPECT_EQ(dump.ran().err, hostile("ended with SIGABRT"));
  EXPECT_THAT(dump.left(), IsEmpty());
}

/// The usual stack is of no use to who tells of it; the decoder ahead of it, in whose call it runs, is sound.
TEST(AloneInProcess, AUsedUpStackSaysWhose) {
  if (sanitized) GTEST_SKIP() << "a sanitizer tells of it in its own words";
  const InProcess dump("stack", {"good_decoder", "hostile_decoder", "steady"});
  EXPECT_EQ(dump.ran().err, hostile("ended with SIGSEGV"));
  EXPECT_THAT(dump.left(), IsEmpty());
}

} // namespace
} // namespace mapscope::cli_test
