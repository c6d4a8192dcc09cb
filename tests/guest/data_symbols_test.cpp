// SPDX-License-Identifier: Apache-2.0
// Guests as if their kernels' symbols told of code alone: what rests on the data's places must be the same.
#include "captures.hpp"

#include <gtest/gtest.h>
#include <string>
#include <string_view>

namespace mapscope::guest {
namespace {

/// Of all symbols two are left; the image's slide is told by _stext.
constexpr const char* symbols = "ffffffff81000000 T startup_64\nffffffff81000000 T _stext\n";

/// These show what code is called.
bool names_code(const rapidjson::Value& map) {
  const std::string_view type = map["type_name"].GetString();
  return type == "stack_trace" || type == "struct_ops" || type == "insn_array";
}

TEST(DataSymbols, AreFoundByWhatLiesThere) {
  ASSERT_FALSE(captures().empty());
  const Scratch scratch;
  const std::string file = scratch.file("System.map", symbols);
  for (const Capture& capture : captures()) {
    SCOPED_TRACE(capture.name);
    const auto whole = dump(capture.vmcore(), {"--limit", "20"}),
               without = dump(capture.vmcore(), {"--limit", "20", "--symbols", file});
    EXPECT_EQ(whole["mapscope"]["source"]["cpus"], without["mapscope"]["source"]["cpus"]);
    EXPECT_TRUE(whole["programs"] == without["programs"]);
    ASSERT_EQ(whole["maps"].Size(), without["maps"].Size());
    for (rapidjson::SizeType i = 0; i < whole["maps"].Size(); ++i) {
      const auto& map = whole["maps"][i];
      EXPECT_TRUE(names_code(map) || map == without["maps"][i]) << map["name"].GetString();
    }
  }
}

} // namespace
} // namespace mapscope::guest
