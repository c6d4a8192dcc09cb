// SPDX-License-Identifier: Apache-2.0
// diff: exactly what differs between two reports, and what cannot be compared.
#include "tests/cli/mapscope.hpp"

#include <fmt/format.h>

namespace mapscope::cli_test {
namespace {

std::string number(std::uint64_t value) {
  return fmt::format(R"({{"kind":"uint","bits":64,"value":{}}})", value);
}

std::string entry(unsigned key, std::uint64_t hits, std::uint64_t last) {
  return fmt::format(
      R"({{"key":{},"key_hex":"{:02x} 00","value":{{"kind":"struct","type_name":"s","members":)"
      R"([{{"name":"hits","value":{}}},{{"name":"last","value":{}}}]}},"value_hex":"{:02x}"}})",
      number(key), key, number(hits), number(last), hits);
}

std::size_t count_in(std::string_view entries) {
  std::size_t count = 0;
  for (std::size_t at = 0; (at = entries.find("key_hex", at)) != entries.npos; ++at) ++count;
  return count;
}

std::string map(unsigned id, const std::string& entries, const std::string& status = "complete") {
  return fmt::format(R"({{"name":"flows","map_type":1,"id":{},"type_name":"hash","key_size":2,"map_kva":{},)"
                     R"("entries":[{}],"status":"{}","entry_count":{}}})",
                     id, id * 4096, entries, status, status == "complete" ? count_in(entries) : 9);
}

std::string report(const std::string& maps, const std::string& more = "") {
  return R"({"schema":"single")" + more + R"(,"maps":[)" + maps + "]}";
}

struct Difference {
  int code;
  std::string lines; ///< without the first, which names the two
};

Difference diff(const std::string& before, const std::string& after) {
  const Scratch scratch;
  const Ran ran = run({"diff", scratch.file("a.json", before), scratch.file("b.json", after)});
  EXPECT_EQ(ran.err, "");
  return {ran.exit_code, ran.out.substr(ran.out.find('\n') + 1)};
}

TEST(Diff, OfTheSame) {
  const auto same = diff(report(map(1, entry(1, 5, 6))), report(map(1, entry(1, 5, 6))));
  EXPECT_EQ(same.code, 0);
  EXPECT_EQ(same.lines, "nothing differs in 1 thing\n");
}

TEST(Diff, OfEntries) {
  const auto found = diff(report(map(1, entry(1, 5, 6) + "," + entry(2, 1, 1))),
                          report(map(1, entry(3, 7, 7) + "," + entry(1, 5, 9))));
  EXPECT_EQ(found.code, 1);
  EXPECT_EQ(found.lines, "map 1 flows (hash)\n"
                         "  + 3: {\"hits\":7,\"last\":7}\n"
                         "  ~ 1: last 6 -> 9 (+3)\n"
                         "  - 2: {\"hits\":1,\"last\":1}\n"
                         "1 of 1 thing differ\n");
}

/// Maps of two boots have other ids, and lie elsewhere.
TEST(Diff, OfTwoBoots) {
  const auto found = diff(report(map(1, entry(1, 5, 6))), report(map(9, entry(1, 5, 6))));
  EXPECT_EQ(found.code, 0) << found.lines;
}

TEST(Diff, OfMapsThatCameAndWent) {
  const auto found = diff(report(map(1, "")), report(R"({"name":"new","id":4,"type_name":"array"})"));
  EXPECT_EQ(found.lines, "map 4 new (array) is new\nmap 1 flows (hash) is gone\n2 of 2 things differ\n");
}

/// What is not listed may be there.
TEST(Diff, OfAMapThatIsCut) {
  const auto found = diff(report(map(1, entry(1, 5, 6) + "," + entry(2, 1, 1))),
                          report(map(1, entry(1, 8, 6), "truncated")));
  EXPECT_THAT(found.lines, HasSubstr("  ~ 1: hits 5 -> 8 (+3)\n"));
  EXPECT_THAT(found.lines, HasSubstr("1 entry listed on one side alone"));
  EXPECT_THAT(found.lines, testing::Not(HasSubstr("  - 2")));
}

/// As --top and --where leave it: complete, with fewer rows than entries.
TEST(Diff, OfEntriesThatAChoiceLeftOut) {
  const std::string both = map(1, entry(1, 5, 6) + "," + entry(2, 1, 1)), one = map(1, entry(1, 8, 6));
  std::string chosen = one;
  chosen.replace(chosen.find("\"entry_count\":1"), 15, "\"entry_count\":2");
  const auto found = diff(report(chosen), report(both));
  EXPECT_THAT(found.lines, AllOf(HasSubstr("1 entry listed on one side alone"), HasSubstr("~ 1: hits 8 -> 5"),
                                 testing::Not(HasSubstr("  + 2"))));
  EXPECT_THAT(diff(report(one), report(both)).lines, HasSubstr("  + 2"));
}

TEST(Diff, OfMapsThatAChoiceLeftOut) {
  const std::string narrowed = R"(,"mapscope":{"narrowed":true})";
  const std::string other = R"({"name":"other","id":4,"type_name":"array"})", one = map(1, entry(1, 5, 6));
  for (const auto& found : {diff(report(one, narrowed), report(one + "," + other)),
                            diff(report(one + "," + other), report(one, narrowed))}) {
    EXPECT_EQ(found.code, 0);
    EXPECT_EQ(found.lines, "1 thing shown on one side alone; the other was narrowed to some maps, so it need "
                           "not be new or gone\nnothing differs in 1 thing\n");
  }
  EXPECT_THAT(diff(report(one + "," + other, narrowed), report(one)).lines,
              HasSubstr("other (array) is gone"));
}

TEST(Diff, OfWhatAMapIsDeclaredAs) {
  std::string other = map(1, entry(1, 5, 6));
  other.replace(other.find("\"key_size\":2"), 12, "\"key_size\":4");
  const auto found = diff(report(map(1, entry(1, 5, 6))), report(other));
  EXPECT_EQ(found.code, 1);
  EXPECT_THAT(found.lines, HasSubstr("  ~ key_size 2 -> 4 (+2)\n"));
}

/// What is damaged is neither gone nor the same.
TEST(Diff, OfADamagedMap) {
  const Scratch scratch;
  const std::string whole = scratch.file("a.json", report(map(1, entry(1, 5, 6))));
  std::string damaged = map(1, "");
  damaged.replace(damaged.find("\"entries\":[]"), 12, "\"entries\":5");
  const Ran ran = run({"diff", whole, scratch.file("b.json", report(damaged))});
  EXPECT_EQ(ran.exit_code, 2);
  EXPECT_THAT(ran.err, HasSubstr("map 1 flows is damaged here, and not compared: entries is a number"));
  EXPECT_THAT(ran.out, testing::Not(HasSubstr("  - ")));
}

std::string task(unsigned pid, const std::string& queue) {
  return fmt::format(R"({{"pid":{},"comm":"t{}"{}}})", pid, pid, queue);
}

std::string scheduler(unsigned jiffies, const std::string& tasks, const std::string& runnable) {
  return fmt::format(R"(,"extensions":{{"x.sched":{{"jiffies":{},"jiffy_ns":4000000,"tasks":[{}],)"
                     R"("cpus":[{{"cpu":0,"runnable":[{}]}}],"status":"complete"}}}})",
                     jiffies, tasks, runnable);
}

/// Who waited all the while is told, and who waits anew is not.
TEST(Diff, OfTheStallTwice) {
  const std::string on_2 = R"(,"dsq":"user","dsq_id":2)", on_3 = R"(,"dsq":"user","dsq_id":3)";
  const auto before = scheduler(1000, task(11, "") + "," + task(12, on_2) + "," + task(13, ""),
                                task(11, R"(,"waited_ms":3000)") + "," + task(13, R"(,"waited_ms":900)"));
  const auto after = scheduler(1500, task(11, "") + "," + task(12, on_3) + "," + task(13, ""),
                               task(11, R"(,"waited_ms":5000)") + "," + task(13, R"(,"waited_ms":100)"));
  const auto found = diff(report("", before), report("", after));
  EXPECT_EQ(found.code, 1);
  EXPECT_THAT(found.lines, HasSubstr("  in the 2000 ms between the two\n"));
  EXPECT_THAT(found.lines, HasSubstr("  ! t11[11] could run and did not: it had waited 3000 ms, and has now "
                                     "5000 ms, on no queue\n"));
  EXPECT_THAT(found.lines, HasSubstr("  > t12[12] moved from user DSQ 2 to user DSQ 3\n"));
  EXPECT_THAT(found.lines, testing::Not(HasSubstr("! t13")));
  EXPECT_THAT(found.lines, HasSubstr("tasks[pid 12].dsq_id 2 -> 3"));
}

TEST(Diff, OfWhatCannotBeCompared) {
  const Scratch scratch;
  const std::string one = scratch.file("a.json", report(map(1, "")));
  EXPECT_THAT(failure({"diff", one, "/nonexistent"}, 2), HasSubstr("/nonexistent"));
  EXPECT_THAT(failure({"diff", one, scratch.file("b.json", R"({"maps":[)")}, 2),
              HasSubstr("ends in the middle"));
  EXPECT_THAT(failure({"diff", one, scratch.file("c", "nothing")}, 2), HasSubstr("c"));
  EXPECT_THAT(misuse({"diff", one}), HasSubstr("B"));
  EXPECT_THAT(misuse({"diff", "-", "-"}), HasSubstr("standard input can be one of the two"));
}

} // namespace
} // namespace mapscope::cli_test
