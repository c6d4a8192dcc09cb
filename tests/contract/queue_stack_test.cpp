// SPDX-License-Identifier: Apache-2.0
#include "contract_suite.hpp"

#include <cstring>
#include <gmock/gmock.h>

namespace mapscope::test {
namespace {

using testing::FakeHost;
using ::testing::HasSubstr;

// Wrapped: places 3 and 4, then 0 and 1; place 2 is free.
constexpr const char* ring = R"(
struct bpf_queue_stack 512 lock=256 head=260 tail=264 size=268 elements=272
@0x10104 u32:2 u32:3 u32:5
@0x10110 0a 0b 0c 1a 1b 1c ff ff ff 3a 3b 3c 4a 4b 4c
)";
const std::string queue_image = std::string(ring) + "target map=0x10000 value_size=3 max_entries=4",
                  stack_image = queue_image + " attach=1";
const Sample queue_sample = {"queue_stack", queue_image.c_str(),
                             R"(queued 0 = 3a 3b 3c
queued 1 = 4a 4b 4c
queued 2 = 0a 0b 0c
queued 3 = 1a 1b 1c
)"};
const Sample stack_sample = {"queue_stack", stack_image.c_str(),
                             R"(queued 0 = 1a 1b 1c
queued 1 = 0a 0b 0c
queued 2 = 4a 4b 4c
queued 3 = 3a 3b 3c
)"};

INSTANTIATE_TEST_SUITE_P(Queue, Contract, ::testing::Values(queue_sample), sample_name);
INSTANTIATE_TEST_SUITE_P(Stack, Contract, ::testing::Values(stack_sample), sample_name);

class Rings : public ::testing::TestWithParam<Sample> {
protected:
  testing::Report render() { return host_.render(plugin_file("queue_stack")); }
  void set(std::uint32_t head, std::uint32_t tail, std::uint32_t size = 5) {
    const std::uint32_t ring[] = {head, tail, size};
    std::memcpy(host_.memory[0x10104].data(), ring, sizeof ring);
  }
  FakeHost host_{GetParam().image};
};

TEST_P(Rings, AreEmptyWhereHeadMeetsTail) {
  for (const std::uint32_t at : {0U, 2U, 4U}) {
    set(at, at);
    const auto report = render();
    EXPECT_EQ(report.rc, MSC_OK);
    EXPECT_EQ(report.text(), "");
  }
}

TEST_P(Rings, ThatPointOutsideThemselvesAreRefused) {
  for (const auto& [head, tail] : {std::pair{5U, 0U}, {0U, 5U}, {~0U, ~0U}}) {
    set(head, tail);
    EXPECT_EQ(render().rc, MSC_EFAIL);
    EXPECT_THAT(render().text(), HasSubstr("note EFAIL head or tail of struct bpf_queue_stack"));
  }
}

TEST_P(Rings, OfAnotherSizeThanTheirMapAreRefused) {
  for (const std::uint32_t size : {0U, 4U, 6U, ~0U}) {
    set(0, 0, size);
    EXPECT_EQ(render().rc, MSC_EFAIL) << size;
  }
  set(0, 0, 0);
  host_.target.max_entries = ~0U; // whose sum with 1 would be 0
  EXPECT_EQ(render().rc, MSC_EFAIL);
}

TEST_P(Rings, AnElementThatIsMissingLeavesTheOthers) {
  host_.memory[0x10110].resize(14); // a part of place 4
  const auto report = render();
  EXPECT_EQ(report.rc, MSC_OK);
  EXPECT_EQ(report.rows, 4U);
  EXPECT_THAT(report.text(), HasSubstr(" = ??\n"));
  EXPECT_THAT(report.text(), HasSubstr(" = 3a 3b 3c\n"));
}

TEST_P(Rings, ValuesOfNoOrImplausibleSizeAreRefused) {
  for (const std::uint32_t size : {0U, 1U << 25, ~0U}) {
    host_.target.value_size = size;
    EXPECT_EQ(render().rc, MSC_EFAIL) << size;
  }
}

INSTANTIATE_TEST_SUITE_P(Queue, Rings, ::testing::Values(queue_sample), sample_name);
INSTANTIATE_TEST_SUITE_P(Stack, Rings, ::testing::Values(stack_sample), sample_name);

} // namespace
} // namespace mapscope::test
