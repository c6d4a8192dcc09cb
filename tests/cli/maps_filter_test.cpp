// SPDX-License-Identifier: Apache-2.0
// --map SPEC that fits no map: what it could have meant, of its own kind.
#include "tests/cli/hostile_dump.hpp"

namespace mapscope::cli_test {
namespace {

std::string no_map(const std::string& spec) {
  const Scratch scratch;
  const std::string core = scratch.file("core", tiny_core({"hashes", "first", "last"}));
  const std::string text = misuse({"dump", core, "--map", spec}), start = "--map " + spec + ": ";
  EXPECT_THAT(text, StartsWith(start));
  return text.substr(std::min(start.size(), text.size()));
}

TEST(MapSpec, NearestOfItsKind) {
  EXPECT_EQ(no_map("type:hsh"), "no map fits; did you mean type:hash?");
  EXPECT_EQ(no_map("type:HASH"), "no map fits; did you mean type:hash?");
  EXPECT_EQ(no_map("fist"), "no map fits; did you mean first?");
  EXPECT_EQ(no_map("hshes"), "no map fits; did you mean hashes?");
  EXPECT_EQ(no_map("lsat"), "no map fits; did you mean last?");
  EXPECT_EQ(no_map("lift"), "none of the 3 maps fits; `mapscope maps` lists them") << "half of it is of last";
}

TEST(MapSpec, ChoosesForTheTableToo) {
  const Scratch scratch;
  const std::string core = scratch.file("core", tiny_core({"hashes", "first", "last"}));
  Document json;
  json.Parse(output({"maps", core, "--map", "first", "--map", "id:3", "-p"}).c_str());
  ASSERT_TRUE(json.IsArray() && json.Size() == 2);
  EXPECT_STREQ(json[0]["name"].GetString(), "first");
  EXPECT_THAT(output({"maps", core, "--map", "l*"}),
              AllOf(HasSubstr(" last "), testing::Not(HasSubstr("first"))));
  EXPECT_EQ(misuse({"maps", core, "--map", "fist"}), "--map fist: no map fits; did you mean first?");
}

TEST(MapSpec, NothingNear) {
  EXPECT_EQ(no_map("type:struct_ops"), "no map fits; the types there are: hash");
  EXPECT_EQ(no_map("something_else"), "none of the 3 maps fits; `mapscope maps` lists them");
  EXPECT_EQ(no_map("prog:tracer"), "none of the 3 maps fits; `mapscope maps` lists them");
}

TEST(MapSpec, ANumberWhereANameIsExpected) {
  EXPECT_EQ(no_map("2"), "no map fits; did you mean id:2?");
  EXPECT_EQ(no_map("prog:2"), "no map fits; did you mean id:2?");
  EXPECT_EQ(no_map("type:1"), "no map fits; did you mean type:hash?");
  for (const std::string spec : {"17", "prog:17", "2x", "99999999999"})
    EXPECT_EQ(no_map(spec), "none of the 3 maps fits; `mapscope maps` lists them");
  EXPECT_EQ(no_map("type:17"), "no map fits; the types there are: hash");
}

TEST(MapSpec, AnIdThatIsNone) {
  for (const char* spec : {"id:0", "id:17", "id:0x11"})
    EXPECT_EQ(no_map(spec),
              "no map has this id; those of the 3 maps go from 1 to 3, and `mapscope maps` lists them");
}

/// A table of maps whose last slot was overwritten.
class TornTable : public testing::Test {
protected:
  Ran run_on(Words words, const std::vector<std::string>& names = {"hashes", "first"}) const {
    words.insert(words.begin() + 1, scratch_.file("core", tiny_core(names, "0xffffffffffffffff")));
    return run(words);
  }
  [[nodiscard]] std::string refusal(const std::string& spec,
                                    const std::vector<std::string>& names = {"hashes", "first"}) const {
    const Ran ran = run_on({"dump", "-q", "--map", spec}, names);
    EXPECT_EQ(ran.exit_code, 2);
    return ran.err.substr(std::min(ran.err.size(), ran.err.find("--map")));
  }

  const Scratch scratch_;
  const std::string unread_ = ", and part of the table of maps (map_idr) could not be read\n";
};

TEST_F(TornTable, NoMapIsSaidNotToBe) {
  for (const std::string spec : {"id:3", "type:hsh", "prog:tracer", "fist", "3"})
    EXPECT_EQ(refusal(spec), "--map " + spec + ": none of the 2 maps that are known fits" + unread_);
  EXPECT_EQ(refusal("fist", {"first"}), "--map fist: none of the 1 map that is known fits" + unread_);
  EXPECT_EQ(refusal("fist", {}), "--map fist: no map is known" + unread_);
}

TEST_F(TornTable, StrictDemandsAllOfIt) {
  fs::create_directory(scratch_ / "plugins");
  fs::copy_file(fs::path(HOSTILE_PLUGINS) / "steady.so", scratch_ / "plugins" / "steady.so");
  const Words dump = {"dump",
                      "-q",
                      "--strict",
                      "--plugin-dir",
                      (scratch_ / "plugins").string(),
                      "--set",
                      "plugins.deny=[\"mapscope.builtin.*\"]"};
  EXPECT_EQ(run_on(dump).exit_code, 3);
  for (const char* spec : {"type:hash", "first", "*"})
    EXPECT_EQ(run_on(and_also(dump, {"--map", spec})).exit_code, 3) << spec;
  EXPECT_EQ(run_on(and_also(dump, {"--map", "id:1"})).exit_code, 0) << "what was asked for is whole";
}

TEST_F(TornTable, InfoSaysSo) {
  EXPECT_THAT(run_on({"info", "-q"}).out,
              HasSubstr("\nmaps                   2, and part of their table could not be read\n"));
  Document json;
  json.Parse(run_on({"info", "-q", "-j"}).out.c_str());
  ASSERT_FALSE(json.HasParseError());
  EXPECT_EQ(json["maps"].GetInt(), 2);
  ASSERT_TRUE(json.HasMember("gaps"));
  EXPECT_THAT(json["gaps"][0].GetString(),
              StartsWith("map_idr: what cannot be there is in 1 of the 16 slots"));
}

/// Whoever asks for one map is not told of each program that has nothing to do with it.
TEST(MapSpec, GapsThatDoNotConcernTheMapsAreCounted) {
  const Scratch scratch;
  const std::string core =
      scratch.file("core", tiny_core({"first", "last"}, "0", "0xffff888000700000")); // not in the dump
  const std::string program = "program 1: its struct bpf_prog at 0xffff888000700000 is ",
                    count =
                        "1 gap in programs and types that none of the maps shown is known to use; without "
                        "--map each is told\n";
  const Ran one = run({"dump", core, "--map", "first"}), all = run({"dump", core});
  EXPECT_EQ(one.err, "mapscope: " + count);
  EXPECT_THAT(one.out, AllOf(HasSubstr("\n  warning  " + count), testing::Not(HasSubstr(program))));
  EXPECT_THAT(all.err, StartsWith("mapscope: " + program));
  EXPECT_THAT(all.out, HasSubstr("\n  warning  " + program));
  EXPECT_THAT(run({"maps", core}).err, StartsWith("mapscope: " + program));
}

} // namespace
} // namespace mapscope::cli_test
