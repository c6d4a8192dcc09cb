// SPDX-License-Identifier: Apache-2.0
// --fold of maps that hold no ids of stacks: no program of these guests keeps any; tools_stacks_test.cpp has
// some.
#include "captures.hpp"

#include <gmock/gmock.h>

namespace mapscope::guest {
namespace {

using testing::HasSubstr;

std::string refusal(const Capture& capture, const std::string& map) {
  const Ran ran = run({"dump", "--fold", capture.vmcore().string(), "--map", map});
  EXPECT_EQ(ran.out, "");
  EXPECT_NE(ran.exit_code, 0);
  return ran.err;
}

TEST(Fold, SaysWhyThereIsNothingToFold) {
  ASSERT_FALSE(captures().empty());
  std::size_t checked = 0;
  for (const Capture& capture : captures()) {
    if (capture.name != "6.1-kdump" && capture.name != "6.12" && capture.name != "7") continue;
    SCOPED_TRACE(capture.name);
    EXPECT_THAT(refusal(capture, "stacks"), HasSubstr("has the stacks themselves"));
    EXPECT_EQ(refusal(capture, "big"),
              "mapscope: big: no number in its keys and values is called a stack's id, such as stack_id\n")
        << "of its object file is a stack map";
    EXPECT_THAT(refusal(capture, "type:hash"), HasSubstr("--fold is for one map"));
    ++checked;
  }
  EXPECT_NE(checked, 0U);
}

} // namespace
} // namespace mapscope::guest
