// SPDX-License-Identifier: Apache-2.0
// Guests as if their kernels' symbols told of code alone: what rests on the data's places must be the same.
#include "values.hpp"

#include <gtest/gtest.h>
#include <regex>
#include <string>
#include <string_view>

namespace mapscope::guest {
namespace {

/// Of all symbols two are left; the image's slide is told by _stext.
constexpr const char* symbols = "ffffffff81000000 T startup_64\nffffffff81000000 T _stext\n";

/// These show what code is called, or where it is from.
bool names_code(const rapidjson::Value& map) {
  const std::string_view type = map["type_name"].GetString();
  return type == "stack_trace" || type == "struct_ops" || type == "insn_array";
}

/// A map's record but for the names of functions that pointers in its values lead to.
std::string without_names(const rapidjson::Value& map) {
  static const std::regex names(
      R"re(,"symbol":"[^"]*"(,"program":[0-9]+)?(,"module":"[^"]*")?|,"cast":\{"space":"text"[^}]*\})re");
  return std::regex_replace(as_text(map), names, "");
}

/// Areas of CPUs are told by the types' variables, which 5.10's were made without: of maps that lack them
/// only what they are is compared.
void compare(const rapidjson::Document& whole, const rapidjson::Document& without) {
  const bool has_areas = without["mapscope"]["source"]["cpus"].GetUint() != 0;
  EXPECT_TRUE(!has_areas || whole["programs"] == without["programs"]); // their counters are per CPU
  ASSERT_EQ(whole["programs"].Size(), without["programs"].Size());
  ASSERT_EQ(whole["maps"].Size(), without["maps"].Size());
  for (rapidjson::SizeType i = 0; i < whole["maps"].Size(); ++i) {
    const auto &map = whole["maps"][i], &other = without["maps"][i];
    EXPECT_TRUE(map["name"] == other["name"]);
    EXPECT_TRUE(!has_areas || names_code(map) || without_names(map) == without_names(other))
        << map["name"].GetString();
  }
}

TEST(DataSymbols, AreFoundByWhatLiesThere) {
  ASSERT_FALSE(captures().empty());
  const Scratch scratch;
  const std::string file = scratch.file("System.map", symbols);
  for (const Capture& capture : captures()) {
    SCOPED_TRACE(capture.name);
    const auto whole = dump(capture.vmcore(), {"--limit", "20"}),
               without = dump(capture.vmcore(), {"--limit", "20", "--symbols", file});
    const bool has_areas = capture.name.find("5.10") == std::string::npos;
    EXPECT_EQ(without["mapscope"]["source"]["cpus"].GetUint(),
              has_areas ? whole["mapscope"]["source"]["cpus"].GetUint() : 0);
    compare(whole, without);
  }
}

} // namespace
} // namespace mapscope::guest
