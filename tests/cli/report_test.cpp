// SPDX-License-Identifier: Apache-2.0
// report: what is no report, and reports with anything missing or wrong in them.
#include "tests/cli/mapscope.hpp"

namespace mapscope::cli_test {
namespace {

const std::string small =
    R"({"schema":"single","maps":[{"name":"h","map_type":1,"value_size":8,"max_entries":4,"id":7,)"
    R"("type_name":"hash","key_size":4,"map_flags":0,"flag_names":[],"entries":[)"
    R"({"key":{"kind":"uint","bits":32,"value":1},"key_hex":"01 00 00 00",)"
    R"("value":{"kind":"uint","bits":64,"value":5},"value_hex":"05 00 00 00 00 00 00 00"}],)"
    R"("renderer":"x@1","status":"complete","entry_count":1}],)"
    R"("mapscope":{"version":"0.1.0","source":{"kind":"ELF core","release":"7.0","arch":"x86_64",)"
    R"("page_size":4096,"kaslr_offset":0,"cpus":2},"limits":{"depth":32,"array_elements":4096,)"
    R"("nodes":1000000},"plugins":[{"id":"x","version":"1","maps":1}]},"programs":[],"findings":[]})"
    "\n";

TEST(Report, JsonOfJsonIsTheSame) {
  const Scratch scratch;
  EXPECT_EQ(output({"report", scratch.file("r.json", small), "-j"}), small);
}

TEST(Report, AsText) {
  const Scratch scratch;
  EXPECT_THAT(output({"report", scratch.file("r.json", small)}),
              testing::ContainsRegex("Linux 7.0, x86_64, 2 CPUs, from an ELF core\n\nmap 7 h  hash, key 4 B, "
                                     "value 8 B, max_entries 4\n(.*\n)*.*1.*5\n  1 entry\n"));
}

TEST(Report, OfSomeMaps) {
  const Scratch scratch;
  const std::string file = scratch.file("r.json", small);
  EXPECT_THAT(output({"report", file, "--map", "id:7"}), HasSubstr("map 7 h"));
  EXPECT_THAT(misuse({"report", file, "--map", "nowhere"}), HasSubstr("nowhere"));
  EXPECT_THAT(misuse({"report", file, "--not-map", "h"}), HasSubstr("--not-map leaves nothing"));
}

TEST(Report, WhatIsNone) {
  const Scratch scratch;
  const auto of = [&](const std::string& text) { return failure({"report", scratch.file("x", text)}, 1); };
  EXPECT_THAT(of("\177ELF"), HasSubstr("is no report, which would begin with {"));
  EXPECT_THAT(of(R"({"schema":"mapscope-ndjson","version":1})"
                 "\n{}\n"),
              HasSubstr("is a report as ndjson"));
  EXPECT_THAT(of(R"({"schema":"dual","late":{}})"), HasSubstr("holds two reports"));
  EXPECT_THAT(of(R"({"schema":"other","maps":[]})"), HasSubstr("the schema \"other\", which is not known"));
  EXPECT_THAT(of(R"({"maps":1})"), HasSubstr("without a list of maps"));
  EXPECT_THAT(of(R"({"maps":[]} {})"), HasSubstr("goes on behind its first JSON value, at byte 12"));
  EXPECT_THAT(of(R"({"schema":5,"maps":[]})"), HasSubstr("has a schema that is no text"));
  EXPECT_THAT(of(R"({"schema":null,"maps":[]})"), HasSubstr("has a schema that is no text"));
  EXPECT_THAT(of(R"({"maps":[],"maps":[]})"), HasSubstr("more than one list of maps"));
  EXPECT_THAT(of(R"({"maps":[}]})"), HasSubstr("no JSON"));
  EXPECT_THAT(of(""), HasSubstr("empty"));
  EXPECT_THAT(of(std::string(100'000, '{')), HasSubstr("no JSON"));
}

/// Wherever it ends, the sentence says so and nothing is shown that is not there.
TEST(Report, ThatEndsTooEarly) {
  const Scratch scratch;
  for (std::size_t size = 1; size + 2 < small.size(); size += 37)
    EXPECT_THAT(failure({"report", scratch.file("cut.json", small.substr(0, size))}, 1),
                HasSubstr("ends in the middle of a report, after " + std::to_string(size) + " bytes"));
}

/// Each number, word and bracket in turn is of another form: there is a report, or a sentence.
TEST(Report, WithAnythingWrongInIt) {
  const Scratch scratch;
  std::size_t shown = 0;
  for (std::size_t at = small.find(':'); at != small.npos; at = small.find(':', at + 1)) {
    const std::size_t end = small.find_first_of(",}]", at);
    const std::string wrong = small.substr(0, at + 1) + "[{\"kind\":7}]" + small.substr(end);
    const Ran ran = run({"report", scratch.file("wrong.json", wrong)});
    EXPECT_TRUE(ran.exit_code == 0 || ran.exit_code == 1) << wrong << ran.err;
    shown += ran.exit_code == 0 ? 1 : 0;
  }
  EXPECT_GT(shown, 10U);
}

/// What a member of another form has lost is said, and the rest is there.
TEST(Report, WithMembersOfAnotherForm) {
  const Scratch scratch;
  const auto with = [&](const std::string& was, const std::string& is) {
    std::string text = small;
    text.replace(text.find(was), was.size(), is);
    return output({"report", scratch.file("wrong.json", text)});
  };
  const std::string entries =
      small.substr(small.find("\"entries\":"), small.find("}],") + 2 - small.find("\"entries\":"));
  EXPECT_THAT(
      with(entries, "\"entries\":5"),
      AllOf(HasSubstr("map 7 h "), HasSubstr("damaged here: entries is a number where a list stands")));
  EXPECT_THAT(with("\"id\":7", "\"id\":\"seven\""),
              AllOf(HasSubstr("damaged here: id is a text where a number stands"), HasSubstr("1 entry")));
  EXPECT_THAT(with("\"entries\":[", "\"entries\":[4,"),
              AllOf(HasSubstr("damaged here: 1 row is no object"), HasSubstr("5\n")));
  EXPECT_THAT(with("\"maps\":[", "\"maps\":[null,"),
              AllOf(HasSubstr("the map itself is null where an object stands"), HasSubstr("map 7 h ")));
}

/// Which knows no ids, sizes of keys, names of types and status.
TEST(Report, OfTheReferencesOwnFormat) {
  const Scratch scratch;
  const std::string file = scratch.file(
      "r.json", R"({"schema":"single","maps":[{"name":"bad","map_type":2,"value_size":8,"max_entries":1,)"
                R"("error":"value unreadable"},{"name":"good","map_type":1,"value_size":8,"max_entries":4,)"
                R"("entries":[{"key_hex":"01 00","value_hex":"05"}]}]})");
  EXPECT_THAT(output({"report", file}),
              AllOf(HasSubstr("map 0 bad  array, key ? B, value 8 B, max_entries 1\n"),
                    HasSubstr("[partial] value unreadable\n"), HasSubstr("map 0 good  hash, key ? B")));
  EXPECT_THAT(output({"report", file, "-j"}),
              AllOf(HasSubstr(R"("type_name":"array","status":"partial","error":"value unreadable")"),
                    HasSubstr(R"("status":"complete")"), testing::Not(HasSubstr("key_size"))));
  EXPECT_THAT(output({"report", file, "--map", "type:hash"}),
              AllOf(HasSubstr("good"), testing::Not(HasSubstr("bad"))));
}

/// Another version may know more of them; that all is there is not said.
TEST(Report, OfAStatusThatIsNotKnown) {
  const Scratch scratch;
  std::string text = small;
  text.replace(text.find("\"complete\""), 10, "\"odd\",\"error\":\"why\"");
  EXPECT_THAT(
      output({"report", scratch.file("r.json", text), "-j"}),
      HasSubstr(R"("status":"partial","entry_count":1,"error":"the saved report has the status \"odd\", )"
                R"(which is not known; why")"));
}

TEST(Report, WithNumbersOutOfRange) {
  const Scratch scratch;
  for (const std::string number : {"-3", "4294967296", "1e3"}) {
    std::string text = small;
    text.replace(text.find("\"max_entries\":4"), 15, "\"max_entries\":" + number);
    EXPECT_THAT(output({"report", scratch.file("r.json", text)}),
                HasSubstr("damaged here: max_entries is " + number + " where a whole number of 32 bits"));
  }
}

TEST(Report, WithDamageBesideTheMaps) {
  const Scratch scratch;
  const Ran ran = run({"report", scratch.file("r.json", R"({"maps":[],"findings":7,"programs":{"a":1},)"
                                                        R"("extensions":[1],"mapscope":3})")});
  EXPECT_EQ(ran.exit_code, 0);
  EXPECT_THAT(ran.err, HasSubstr("damaged here: findings is a number where a list stands, programs is an "
                                 "object where a list stands, extensions is a list"));
}

/// Each element is a line of its own, whatever it is.
TEST(Report, WithRecordsThatAreNoObjects) {
  const Scratch scratch;
  const std::string text =
      output({"report",
              scratch.file("r.json",
                           R"({"maps":[{"name":"r","map_type":27,"id":1,"ringbuf":{"records":[{"pos":"x"},)"
                           R"(5,[1,{"a":2}],{"pos":3,"len":2}]}}]})"),
              "--format", "ndjson"});
  EXPECT_THAT(text, AllOf(HasSubstr(R"("key":null,"value":null,"more":{"value":5}})"
                                    "\n"),
                          HasSubstr(R"("more":{"value":[1,{"a":2}]}})"
                                    "\n"),
                          HasSubstr(R"("key":3,"value":null,"more":{"len":2}})"
                                    "\n")));
}

TEST(Report, OfAnotherVersion) {
  const Scratch scratch;
  std::string newer = small;
  newer.replace(newer.find("0.1.0"), 5, "9.9.9");
  const Ran ran = run({"report", scratch.file("newer.json", newer)});
  EXPECT_EQ(ran.exit_code, 0);
  EXPECT_THAT(ran.err, HasSubstr("was written by mapscope 9.9.9"));
}

TEST(Report, IntoItself) {
  const Scratch scratch;
  const std::string file = scratch.file("r.json", small);
  EXPECT_THAT(misuse({"report", file, "-o", file}), HasSubstr("which the report would replace"));
}

} // namespace
} // namespace mapscope::cli_test
