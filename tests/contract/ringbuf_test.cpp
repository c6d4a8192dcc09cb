// SPDX-License-Identifier: Apache-2.0
#include "contract_suite.hpp"

#include <cstring>
#include <gmock/gmock.h>

namespace mapscope::test {
namespace {

using testing::FakeHost;
using ::testing::HasSubstr;
using ::testing::Not;

// A ring of 64 bytes at 0x20000 whose pages have 4096: data on the fourth page, and once more behind its end.
constexpr const char* types = R"(
struct bpf_ringbuf_map 512 rb=256
struct bpf_ringbuf 16384 mask=48 consumer_pos=4096 producer_pos=8192 pending_pos=8200 data=12288
struct bpf_ringbuf_hdr 8 len=0 pg_off=4
config record_type
@0x10100 u64:0x20000
@0x20030 u64:63
)";

// A committed record, a discarded one, and one of 12 bytes that is still busy and goes over the end.
const std::string ringbuf_image = std::string(types) + R"(
target map=0x10000 max_entries=64
@0x21000 u64:4120
@0x22000 u64:4176 u64:4152
@0x23000 05 06 07 08 zero:12 zero:8 u32:3 u32:3 a1 a2 a3 zero:5 u32:0x40000004 u32:3 b1 b2 b3 b4 zero:4 u32:0x8000000c u32:3
@0x23040 05 06 07 08 zero:4 zero:8
)";
const Sample ringbuf_sample = {"ringbuf", ringbuf_image.c_str(), R"(count 3
object ringbuf
number capacity 64
number consumer_pos 4120
number producer_pos 4176
number pending_pos 4152
number pending_bytes 56
list records
object
number pos 4120
text state committed
number len 3
bytes data_hex a1 a2 a3
end
object
number pos 4136
text state discarded
number len 4
bytes data_hex b1 b2 b3 b4
end
object
number pos 4152
text state busy
number len 12
bytes data_hex 05 06 07 08 00 00 00 00 00 00 00 00
end
end
end
)"};

// User space fills in no page numbers.
const std::string user_ringbuf_image = std::string(types) + R"(
target map=0x10000 max_entries=64 attach=1
@0x21000 u64:0
@0x22000 u64:16 u64:16
@0x23000 u32:8 u32:0 01 02 03 04 05 06 07 08 zero:112
)";
const Sample user_ringbuf_sample = {"ringbuf", user_ringbuf_image.c_str(), R"(count 1
object ringbuf
number capacity 64
number consumer_pos 0
number producer_pos 16
number pending_pos 16
number pending_bytes 16
list records
object
number pos 0
text state committed
number len 8
bytes data_hex 01 02 03 04 05 06 07 08
end
end
end
)"};

INSTANTIATE_TEST_SUITE_P(Ringbuf, Contract, ::testing::Values(ringbuf_sample), sample_name);
INSTANTIATE_TEST_SUITE_P(UserRingbuf, Contract, ::testing::Values(user_ringbuf_sample), sample_name);

class Ringbufs : public ::testing::Test {
protected:
  testing::Report render() { return host_.render(plugin_file("ringbuf")); }
  template <class T> void poke(std::uint64_t address, T value) {
    auto run = std::prev(host_.memory.upper_bound(address));
    std::memcpy(run->second.data() + (address - run->first), &value, sizeof value);
  }
  void expect_no_records(const char* note) {
    const auto report = render();
    EXPECT_EQ(report.rc, MSC_OK);
    EXPECT_EQ(report.counted, 0U);
    EXPECT_THAT(report.text(), HasSubstr("list records\nend\n"));
    EXPECT_THAT(report.text(), HasSubstr(std::string("note EFAULT ") + note));
  }
  static constexpr std::uint64_t consumer = 0x21000, producer = 0x22000, data = 0x23000;
  FakeHost host_{ringbuf_sample.image};
};

TEST_F(Ringbufs, AnEmptyRingHasNoRecords) {
  poke<std::uint64_t>(consumer, 4176);
  const auto report = render();
  EXPECT_THAT(report.text(), HasSubstr("number pending_bytes 0\nlist records\nend\nend\n"));
  EXPECT_EQ(report.counted, 0U);
}

TEST_F(Ringbufs, AConsumerThatIsAheadIsNotBelieved) {
  poke<std::uint64_t>(consumer, 4184);
  expect_no_records("the positions cannot be those of this ring");
  EXPECT_THAT(render().text(), HasSubstr("number pending_bytes 18446744073709551608\n"));
}

TEST_F(Ringbufs, AConsumerFartherBehindThanTheRingIsLongIsNotBelieved) {
  poke<std::uint64_t>(consumer, 8);
  expect_no_records("the positions cannot be those of this ring");
}

TEST_F(Ringbufs, AConsumerInTheMiddleOfAnythingIsNotBelieved) {
  poke<std::uint64_t>(consumer, 4121);
  expect_no_records("the positions cannot be those of this ring");
  poke<std::uint64_t>(consumer, 4128); // where the data of the first record lies
  expect_no_records("the record at 4128 ");
}

TEST_F(Ringbufs, ARecordBeyondTheLastIsNotBelieved) {
  poke<std::uint32_t>(data + 40, 0x3fffffff);
  const auto report = render();
  EXPECT_EQ(report.counted, 1U);
  EXPECT_THAT(report.text(), HasSubstr("bytes data_hex a1 a2 a3\n"));
  EXPECT_THAT(report.text(),
              HasSubstr("note EFAULT the record at 4136 would go beyond the last: it and those "
                        "behind it are not listed\n"));
}

TEST_F(Ringbufs, SizesThatAreNone) {
  for (const std::uint64_t mask : {62ULL, ~0ULL, (1ULL << 40) - 1}) {
    poke<std::uint64_t>(0x20030, mask);
    expect_no_records("the ring's size is no power of two");
  }
}

TEST_F(Ringbufs, WithoutTheSecondMappingTheFirstIsReadInTwo) {
  host_.memory.erase(0x23040);
  EXPECT_EQ(render().text(), ringbuf_sample.lines);
}

TEST_F(Ringbufs, DataThatIsMissingIsTold) {
  host_.memory.erase(0x23040);
  host_.memory[data].erase(host_.memory[data].begin(), host_.memory[data].begin() + 24);
  host_.memory[data + 24] = host_.memory[data];
  host_.memory.erase(data);
  const auto report = render();
  EXPECT_EQ(report.counted, 3U);
  EXPECT_THAT(report.text(), HasSubstr("number len 12\nend\n"));
  EXPECT_THAT(report.text(), HasSubstr("note EFAULT 1 record could not be read\n"));
}

TEST_F(Ringbufs, APositionThatIsMissingIsTold) {
  host_.memory.erase(producer);
  const auto report = render();
  EXPECT_EQ(report.rc, MSC_OK);
  EXPECT_THAT(report.text(), HasSubstr("number consumer_pos 4120\n"));
  EXPECT_THAT(report.text(), HasSubstr("list records\nend\n"));
  EXPECT_THAT(report.text(), HasSubstr("note EFAULT producer_pos could not be read\n"));
}

TEST_F(Ringbufs, WhatIsPendingIsFoundWhereTheKernelDoesNotKeepIt) {
  std::string older(ringbuf_sample.image);
  older.erase(older.find(" pending_pos=8200"), std::strlen(" pending_pos=8200"));
  host_ = FakeHost(older);
  EXPECT_EQ(render().text(), ringbuf_sample.lines);
  poke<std::uint32_t>(data + 56, 12);
  EXPECT_THAT(render().text(), HasSubstr("number pending_pos 4176\n"));
}

// User space consumes or not; the oldest record is where the kernel stopped overwriting.
TEST_F(Ringbufs, OverwriteModeBeginsAtTheOldestThatIsLeft) {
  std::string newer(ringbuf_sample.image);
  newer.replace(newer.find(" pending_pos=8200"), std::strlen(" pending_pos=8200"),
                " pending_pos=8200 overwrite_mode=60 overwrite_pos=8208");
  host_ = FakeHost(newer + "@0x2003c u8:1\n");
  host_.memory[0x22010] = std::vector<std::byte>(8);
  poke<std::uint64_t>(0x22010, 4136);
  poke<std::uint64_t>(consumer, 0);
  const auto report = render();
  EXPECT_EQ(report.counted, 2U);
  EXPECT_THAT(report.text(), HasSubstr("list records\nobject\nnumber pos 4136\n"));
  poke<std::uint64_t>(consumer, 4152);
  EXPECT_EQ(render().counted, 1U);
}

TEST_F(Ringbufs, RecordsAreDecodedAsWhatAPersonSaysTheyAre) {
  host_ = FakeHost(std::string(ringbuf_sample.image) + "map struct event 4 a=0\nstruct event 8 a=0\n");
  host_.config["record_type"] = "struct event";
  EXPECT_THAT(render().text(), HasSubstr("bytes data_hex a1 a2 a3\nbytes value a1 a2 a3\n"));
  host_.config["record_type"] = "struct nothing";
  EXPECT_THAT(render().text(), Not(HasSubstr("bytes value")));
  EXPECT_THAT(render().text(), HasSubstr("note OK record_type: there is no struct nothing among the types"));
}

} // namespace
} // namespace mapscope::test
