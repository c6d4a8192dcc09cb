// SPDX-License-Identifier: Apache-2.0
// plugins new: what the options make the plugin be for, and what they cannot. That every project builds and
// passes its tests is shown by tests/sdk/skeletons.
#include "tests/cli/mapscope.hpp"

#include <filesystem>
#include <ostream>

namespace mapscope::cli_test {
namespace {

namespace fs = std::filesystem;

struct Asked {
  const char* name;
  Words options;
  const char *attach, *summary;
};
void PrintTo(const Asked& asked, std::ostream* out) { *out << asked.name; }

class PluginsNewSkeleton : public testing::TestWithParam<Asked> {};

TEST_P(PluginsNewSkeleton, SaysWhatItIsFor) {
  const Scratch folder;
  Words words = {"plugins", "new", "rate", folder.path()};
  words.insert(words.end(), GetParam().options.begin(), GetParam().options.end());
  EXPECT_NE(output(words), "");
  const std::string source = test::read_file(folder / "rate.cpp");
  EXPECT_THAT(source, HasSubstr(std::string("\"attach=") + GetParam().attach));
  EXPECT_THAT(source, HasSubstr(std::string("\"summary=") + GetParam().summary + "\\0\""));
  const std::string readme = test::read_file(folder / "README.md");
  EXPECT_THAT(readme, HasSubstr(GetParam().summary));
  for (const char* command : {"cmake -B build", "cmake --build build", "ctest --test-dir build"})
    EXPECT_THAT(readme, HasSubstr(command));
  for (const auto& file : fs::recursive_directory_iterator(folder.path())) {
    const std::string text = file.is_regular_file() ? test::read_file(file.path()) : "";
    EXPECT_THAT(text, testing::Not(testing::ContainsRegex("@[A-Z]+@"))) << file.path();
  }
}

INSTANTIATE_TEST_SUITE_P(
    Options, PluginsNewSkeleton,
    testing::Values(Asked{"Nothing",
                          {},
                          "map-name:rate mode=element",
                          "beside each value in maps called rate whether it is hot"},
                    Asked{"ValueType",
                          {"--value-type", "struct hval"},
                          "value-type:struct hval mode=element",
                          "beside each struct hval whether it is hot"},
                    Asked{"MapType",
                          {"--map-type", "hash,type_40"},
                          "map-type:hash,type_40 mode=element",
                          "beside each value in maps of type hash,type_40 whether it is hot"},
                    Asked{"MapName",
                          {"--map-name", "task_*,?x"},
                          "map-name:task_*,?x mode=element",
                          "beside each value in maps called task_*,?x whether it is hot"},
                    Asked{
                        "AllOfThem",
                        {"--value-type", "long unsigned int", "--map-type=*hash", "--map-name", ".bss"},
                        "value-type:long unsigned int map-type:*hash map-name:.bss mode=element",
                        "beside each long unsigned int in maps of type *hash called .bss whether it is hot"},
                    Asked{"Kernel", {"--kernel"}, "kernel:rate\\0", "what the kernel has of rate"},
                    Asked{"Allocator",
                          {"--allocator"},
                          "allocator:* var=struct rate\\0",
                          "what allocators of type struct rate have handed out"}),
    [](const auto& info) { return info.param.name; });

std::string wrong(const Words& options) {
  const Scratch folder;
  Words words = {"plugins", "new", "rate", folder / "x"};
  words.insert(words.end(), options.begin(), options.end());
  std::string said = misuse(words);
  EXPECT_FALSE(fs::exists(folder / "x"));
  return said;
}

TEST(PluginsNewOptions, TypesOfValuesThatCannotBe) {
  const std::string rule = " is no name of a type, such as \"struct task_ctx\" or u64";
  for (const std::string type : {"struct", "struct ", "struct a b", "a\"b", "struct x\\", "1st", "a {",
                                 "struct x*y z", "x,", "u64 u64"})
    EXPECT_THAT(wrong({"--value-type", type}),
                testing::AllOf(StartsWith("--value-type: \""), HasSubstr(rule)))
        << type;
  EXPECT_THAT(wrong({"--value-type", "sturct hval"}), EndsWith("; did you mean \"struct hval\"?"));
  EXPECT_THAT(wrong({"--value-type", "typedef numbers_t"}), EndsWith(rule));
  EXPECT_THAT(wrong({"--value-type", ""}), HasSubstr("is empty"));
  EXPECT_THAT(wrong({"--value-type", "struct " + std::string(64, 'x')}), HasSubstr("is no pattern"));
}

TEST(PluginsNewOptions, TypesOfMapsThatDoNotExist) {
  EXPECT_EQ(wrong({"--map-type", "haash"}),
            "--map-type: no map type is called \"haash\"; did you mean hash?");
  EXPECT_EQ(wrong({"--map-type", "BPF_MAP_TYPE_LRU_HASH"}),
            "--map-type: no map type is called \"BPF_MAP_TYPE_LRU_HASH\"; did you mean lru_hash?");
  EXPECT_EQ(wrong({"--map-type", "hash,nonsense_of_a_type"}),
            "--map-type: no map type is called \"nonsense_of_a_type\"");
  EXPECT_EQ(wrong({"--map-type", "qu*x"}), "--map-type: no map type is called \"qu*x\"");
}

TEST(PluginsNewOptions, NamesThatNoMapHas) {
  for (const std::string name : {"a b", "a\"", "a,", "[ab]", "a:b"})
    EXPECT_THAT(wrong({"--map-name", name}),
                testing::AllOf(StartsWith("--map-name: \""), HasSubstr("\" is no map's name: ")))
        << name;
}

TEST(PluginsNewOptions, WhatIsNoDecoderTakesNoMaps) {
  EXPECT_THAT(wrong({"--kernel", "--map-type", "hash"}),
              testing::AllOf(HasSubstr("--kernel"), HasSubstr("--map-type")));
  EXPECT_THAT(wrong({"--allocator", "--value-type", "u64"}),
              testing::AllOf(HasSubstr("--allocator"), HasSubstr("--value-type")));
  EXPECT_THAT(wrong({"--kernel", "--allocator"}),
              testing::AllOf(HasSubstr("--kernel"), HasSubstr("--allocator")));
}

} // namespace
} // namespace mapscope::cli_test
