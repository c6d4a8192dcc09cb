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

void expect_same(const Capture& capture, const std::vector<std::string>& formats,
                 const std::vector<std::string>& more = {}) {
  const Scratch scratch;
  const auto with = [&](std::vector<std::string> words) {
    words.insert(words.end(), more.begin(), more.end());
    return written(scratch, words);
  };
  const std::string saved = scratch.file("saved.json", with({"dump", capture.vmcore(), "-j"}));
  for (const std::string& format : formats)
    EXPECT_EQ(first_difference(with({"dump", capture.vmcore(), format}), with({"report", saved, format})), "")
        << capture.name << " " << format;
}

/// Of each kernel one: what else its guests differ in a report does not know.
std::vector<Capture> one_of_each() {
  std::vector<Capture> all = captures();
  std::erase_if(all, [](const Capture& capture) {
    return capture.name.find('-') != std::string::npos && !capture.name.ends_with("-kdump");
  });
  return all;
}

const std::vector<std::string> for_programs = {"-j", "-p", "--format=ndjson", "--format=html"};
/// bpftool shows all of a map, which the report then has to have.
const std::vector<std::string> all_of_it = {"--set", "report.limit=0", "--set", "report.array_elements=0"};

TEST(SavedReport, BecomesWhatItsSourceBecomes) {
  const auto all = one_of_each();
  ASSERT_FALSE(all.empty()) << "MAPSCOPE_CAPTURES is not set";
  for (const Capture& capture : all) {
    expect_same(capture, for_programs);
    expect_same(capture, {"--format=bpftool"}, all_of_it);
    if (!knows_map_type(capture, "arena")) expect_same(capture, {"--format=text"});
  }
}

/// What arrays of these guests lead to in arenas text tells in another order than JSON.
TEST(SavedReport, BecomesTheTextOfWhatLeadsIntoNoArena) {
  for (const Capture& capture : one_of_each()) {
    std::vector<std::string> words;
    for (const char* const type : {"hash", "lru_hash", "percpu_hash", "percpu_array", "queue", "stack",
                                   "ringbuf", "stack_trace", "prog_array", "task_storage"})
      if (knows_map_type(capture, type)) words.insert(words.end(), {"--map", std::string("type:") + type});
    expect_same(capture, {"--format=text"}, words);
  }
}

/// Objects in an arena that lead to each other: scx_qmap in guests whose scheduler fails, and one more.
bool has_chains(const Capture& capture) {
  constexpr std::string_view scenarios[] = {"-starving", "-ejected", "-gone", "-hidden"};
  return std::ranges::any_of(scenarios, [&](auto scenario) { return capture.name.ends_with(scenario); });
}

TEST(SavedReport, OfASchedulerBecomesWhatItsSourceBecomes) {
  const auto all = scheduler_captures();
  ASSERT_FALSE(all.empty()) << "MAPSCOPE_SCHEDULERS is not set";
  for (const Capture& capture : all)
    expect_same(capture, for_programs, {"--config", MAPSCOPE_CONFIGS "/sched_ext.toml"});
}

/// With empty maps that are alike on one line. scx_qmap and the guest with hidden pointers have chains in an
/// arena.
TEST(SavedReport, OfASchedulerWithoutChainsBecomesItsText) {
  std::size_t without = 0;
  for (const Capture& capture : scheduler_captures()) {
    if (has_chains(capture)) continue;
    ++without;
    expect_same(capture, {"--format=text"});
  }
  EXPECT_NE(without, 0U) << "MAPSCOPE_SCHEDULERS is not set";
}

TEST(SavedReport, OfItselfIsNoDifference) {
  for (const Capture& capture : one_of_each()) {
    const Scratch scratch;
    const std::string saved = scratch.file("saved.json", written(scratch, {"dump", capture.vmcore(), "-j"}));
    EXPECT_EQ(run({"diff", saved, capture.vmcore()}).exit_code, 0) << capture.name;
  }
}

} // namespace
} // namespace mapscope::guest
