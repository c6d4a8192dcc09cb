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
  for (const char* spec : {"id:0", "id:17"})
    EXPECT_EQ(no_map(spec),
              "no map has this id; those of the 3 maps go from 1 to 3, and `mapscope maps` lists them");
}

} // namespace
} // namespace mapscope::cli_test
