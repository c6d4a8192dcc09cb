// SPDX-License-Identifier: Apache-2.0
// Where text goes: a write that fails is exit code 1, and nothing complete is ever replaced by a part.
#include "tests/cli/mapscope.hpp"

#include <filesystem>

namespace mapscope::cli_test {
namespace {

namespace fs = std::filesystem;

const std::vector<Words> short_commands = {{"--help"},
                                           {"--version"},
                                           {"dump", "--help"},
                                           {"config", "show"},
                                           {"config", "show", "-j"},
                                           {"plugins", "list"},
                                           {"plugins", "list", "-j"},
                                           {"plugins", "verify", MAPSCOPE_PLUGINS "/hash.so"}};

TEST(Output, AFullDiskIsTold) {
  for (const Words& words : short_commands)
    EXPECT_EQ(failure(words, 1, {.out = "/dev/full"}),
              "standard output: cannot write the report: No space left on device");
}

TEST(Output, AClosedDescriptorIsTold) {
  for (const Words& words : short_commands)
    EXPECT_EQ(failure(words, 1, {.out_closed = true}),
              "standard output: cannot write the report: Bad file descriptor");
}

TEST(Output, IntoAFolderThatIsNotThere) {
  EXPECT_EQ(failure({"dump", "/nonexistent/vmcore", "-o", "/nonexistent/report"}, 1),
            "/nonexistent/report: cannot write the report there: No such file or directory");
}

TEST(Output, OntoAFolder) {
  EXPECT_EQ(failure({"dump", "/nonexistent/vmcore", "-o", "/tmp"}, 1),
            "/tmp: cannot write the report there: Is a directory");
}

TEST(Output, IntoAFileWithoutAName) { // --output="$report" of a script that forgot to set it
  EXPECT_EQ(misuse({"dump", "/nonexistent/vmcore", "-o", ""}),
            "--output: is empty; name what is meant, or leave it away; see mapscope dump --help");
}

TEST(Output, AReportThatFailedLeavesTheOldOneAndNothingElse) {
  const Scratch scratch;
  const std::string old = scratch.file("report.json", "complete");
  EXPECT_THAT(failure({"dump", "/nonexistent/vmcore", "-o", old}, 1), StartsWith("/nonexistent/vmcore: "));
  EXPECT_EQ(test::read_file(old), "complete");
  EXPECT_EQ(std::distance(fs::directory_iterator(scratch.path()), fs::directory_iterator()), 1);
}

TEST(Output, AReportThatFailedMakesNoFile) {
  const Scratch scratch;
  failure({"dump", "/nonexistent/vmcore", "-o", scratch / "report.json"}, 1);
  EXPECT_TRUE(fs::is_empty(scratch.path()));
}

} // namespace
} // namespace mapscope::cli_test
