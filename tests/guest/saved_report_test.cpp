// SPDX-License-Identifier: Apache-2.0
// report: what a saved report becomes is what its source becomes, byte for byte.
#include "captures.hpp"

#include <algorithm>
#include <gmock/gmock.h>

namespace mapscope::guest {
namespace {

/// The first line in which two texts differ.
std::string first_difference(const std::string& one, const std::string& other) {
  const auto [at, there] = std::ranges::mismatch(one, other);
  if (at == one.end() && there == other.end()) return "";
  const std::size_t byte = static_cast<std::size_t>(at - one.begin());
  const std::size_t line = byte == 0 ? 0 : one.rfind('\n', byte - 1) + 1;
  return "byte " + std::to_string(byte) + "\n" + one.substr(line, 300) + "\n" + other.substr(line, 300);
}

/// Both to files: they may be large.
std::string written(const Scratch& scratch, std::vector<std::string> words) {
  const std::string path = scratch / "out";
  words.insert(words.end(), {"-o", path});
  const Ran ran = run(words);
  EXPECT_EQ(ran.exit_code, 0) << ran.err;
  return read_file(path);
}

TEST(SavedReport, BecomesWhatItsSourceBecomes) {
  const auto all = captures();
  ASSERT_FALSE(all.empty()) << "MAPSCOPE_CAPTURES is not set";
  for (const Capture& capture : all) {
    const Scratch scratch;
    const std::string saved = scratch.file("saved.json", written(scratch, {"dump", capture.vmcore(), "-j"}));
    for (const char* const format : {"-j", "-p"})
      EXPECT_EQ(first_difference(written(scratch, {"dump", capture.vmcore(), format}),
                                 written(scratch, {"report", saved, format})),
                "")
          << capture.name << " " << format;
  }
}

TEST(SavedReport, OfItselfIsNoDifference) {
  for (const Capture& capture : captures()) {
    const Scratch scratch;
    const std::string saved = scratch.file("saved.json", written(scratch, {"dump", capture.vmcore(), "-j"}));
    EXPECT_EQ(run({"diff", saved, capture.vmcore()}).exit_code, 0) << capture.name;
  }
}

} // namespace
} // namespace mapscope::guest
