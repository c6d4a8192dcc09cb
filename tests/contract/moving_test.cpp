// SPDX-License-Identifier: Apache-2.0
// What is linked together, on a machine that runs: it changes at each moment of the walk in turn, or at all
// of them. What was there all the time is shown, and once; what moves is at most shown once.
#include "contract_suite.hpp"
#include "sched_ext_image.hpp"

#include <cstring>
#include <gmock/gmock.h>

namespace mapscope::test {
namespace {

using testing::FakeHost;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::Report;

unsigned times(const std::string& text, std::string_view what) {
  unsigned found = 0;
  for (std::size_t at = text.find(what); at != text.npos; at = text.find(what, at + 1)) ++found;
  return found;
}

class Moving : public ::testing::Test {
protected:
  Moving(const char* plugin, const std::string& image) : host_(image), plugin_(plugin) {
    host_.target.is_running = 1;
  }
  Report render() const {
    Report report = host_.render(plugin_file(plugin_));
    EXPECT_EQ(report.misuse, std::vector<std::string>{});
    EXPECT_EQ(report.rc, MSC_OK);
    return report;
  }
  void poke(std::uint64_t address, std::uint64_t value) {
    const auto run = std::prev(host_.memory.upper_bound(address));
    ASSERT_LE(address - run->first + sizeof value, run->second.size());
    std::memcpy(run->second.data() + (address - run->first), &value, sizeof value);
  }
  struct Write {
    std::uint64_t address, value;
  };
  void change(std::uint64_t hint, const std::vector<Write>& writes) {
    for (const auto& [address, value] : writes) {
      std::vector<std::byte> bytes(sizeof value);
      std::memcpy(bytes.data(), &value, sizeof value);
      host_.changes.push_back({hint, address, bytes});
    }
  }
  /// check(text) of a report for each moment at which all is changed at once.
  template <class Check> void at_each_moment(const std::vector<Write>& writes, Check check) {
    const std::uint64_t hints = render().hints;
    ASSERT_GT(hints, 0U) << "nothing is looked at twice";
    for (std::uint64_t hint = 1; hint <= hints; ++hint) {
      host_.changes.clear();
      change(hint, writes);
      SCOPED_TRACE("changed at hint " + std::to_string(hint));
      const std::string text = render().text();
      EXPECT_THAT(text, Not(HasSubstr("note EFAULT")));
      check(text);
    }
  }
  FakeHost host_;

private:
  const char* plugin_;
};

std::string with_links_back() {
  std::string image = scx_7_image();
  const std::string_view old = "struct list_head 16 next=0";
  image.replace(image.find(old), old.size(), "struct list_head 16 next=0 prev=8");
  return image;
}

class MovingTasks : public Moving {
protected:
  MovingTasks() : Moving("sched_ext", with_links_back()) {
    for (const auto& [address, value] : {Write{0x21060, 0x31000},
                                         {0x200c0, 0x2080},
                                         {0x23080, 0x200b8},
                                         {0x210c0, 0x23078},
                                         {0x220c0, 0x210b8},
                                         {0x2088, 0x220b8},
                                         {0x21098, 0x209060},
                                         {0x2018, 0x12100},
                                         {0x10108, 0x2010},
                                         {0x12108, 0x10100}})
      poke(address, value);
  }
  static constexpr std::uint64_t queue = 0x30000, queue_of = 0x21048, next = 0x21058, prev = 0x21060;
  static constexpr const char* listed = "number waited_ms 2000\nnumber dsq_vtime 7\n";
  /// Of the user queue, which is the last.
  static std::string queue_in(const std::string& text) {
    const std::size_t at = text.find("text kind user\n");
    return at == text.npos ? "" : text.substr(at, text.find("number nr_tasks", at) - at);
  }
};

TEST_F(MovingTasks, StandStill) {
  const std::string text = render().text();
  EXPECT_EQ(times(queue_in(text), listed), 1U) << text;
  EXPECT_THAT(text, Not(HasSubstr("note EFAULT")));
}

TEST_F(MovingTasks, LeaveTheirQueueForAnother) {
  // The local queue of CPU 0, whose list is empty before.
  at_each_moment({{queue_of, 0x109010},
                  {next, 0x109018},
                  {prev, 0x109018},
                  {0x109018, next},
                  {0x109020, next},
                  {0x31000, 0x30008},
                  {0x30010, 0x31000}},
                 [](const std::string& text) {
                   EXPECT_LE(times(queue_in(text), listed), 1U);
                   EXPECT_THAT(text, HasSubstr("number nr_tasks 3\n"));
                 });
}

TEST_F(MovingTasks, NeverStandStill) {
  for (std::uint64_t hint = 1; hint < 20'000; ++hint) change(hint, {{queue_of, 0x7000'0000 + hint}});
  const std::string text = render().text();
  EXPECT_THAT(text, HasSubstr("note EFAULT the list changed each time while it was read: some of it may be "
                              "missing\n"));
  EXPECT_THAT(text, Not(HasSubstr("circle")));
  EXPECT_EQ(times(queue_in(text), listed), 0U);
}

/// Two buckets, a chain of three and one of one.
class MovingOwners : public Moving {
protected:
  MovingOwners()
      : Moving("local_storage", R"(
struct bpf_local_storage_map 512 map=0 buckets=256 bucket_log=264
struct bpf_local_storage_map_bucket 16 list=0 list.first=0
struct bpf_local_storage_elem 128 map_node=8 local_storage=32 sdata.smap=64 sdata.data=72
struct bpf_local_storage 64 owner=40
struct hlist_node 16 next=0 pprev=8
struct task_struct 64 pid=8 tgid=12 comm=16 exit_state=32
target map=0x10000 key_size=4 value_size=8 max_entries=0
@0x10100 u64:0x20000 u32:1
@0x20000 u64:0x31008 u64:0 u64:0x34008 u64:0
)") {
    add(0x31000, 0x32008, 0x20000, 1);
    add(0x32000, 0x33008, 0x31008, 2);
    add(0x33000, 0, 0x32008, 3);
    add(0x34000, 0, 0x20010, 4);
  }
  void add(std::uint64_t at, std::uint64_t next, std::uint64_t back, std::uint64_t number) {
    const std::uint64_t storage = 0x40000 + 0x100 * number, owner = 0x50000 + 0x100 * number;
    for (const auto& [address, size] : {std::pair(at, 128), std::pair(storage, 64), std::pair(owner, 64)})
      host_.memory[address].resize(static_cast<std::size_t>(size));
    for (const auto& [address, value] : {Write{at + 8, next},
                                         {at + 16, back},
                                         {at + 32, storage},
                                         {at + 64, 0x10000},
                                         {at + 72, number},
                                         {storage + 40, owner},
                                         {owner + 8, number}})
      poke(address, value);
  }
  static void expect(const std::string& text, std::uint64_t number, unsigned least) {
    const std::string entry = "entry 00 0" + std::to_string(number) + " 05 00 00 00 00 00 = 0";
    EXPECT_LE(times(text, entry), 1U) << text;
    EXPECT_GE(times(text, entry), least) << text;
    EXPECT_EQ(times(text, entry), times(text, entry + std::to_string(number))) << text;
  }
};

TEST_F(MovingOwners, StandStill) {
  const std::string text = render().text();
  for (const std::uint64_t number : {1, 2, 3, 4}) expect(text, number, 1);
}

TEST_F(MovingOwners, AreDeletedAndTheirMemoryIsUsedForAnother) {
  // The second becomes another map's, in a chain of its own.
  at_each_moment({{0x31008, 0x33008},
                  {0x33010, 0x31008},
                  {0x32008, 0},
                  {0x32010, 0x60000},
                  {0x32040, 0x11111},
                  {0x32048, 9}},
                 [](const std::string& text) {
                   for (const std::uint64_t number : {1, 3, 4}) expect(text, number, 1);
                   expect(text, 2, 0);
                 });
}

TEST_F(MovingOwners, GetANewValueInANewPlace) {
  // The third is made anew, at the front.
  add(0x35000, 0x31008, 0x20000, 3);
  at_each_moment({{0x20000, 0x35008}, {0x31010, 0x35008}, {0x32008, 0}, {0x33010, 0xdead}},
                 [](const std::string& text) {
                   for (const std::uint64_t number : {1, 2, 4}) expect(text, number, 1);
                   expect(text, 3, 0);
                 });
}

TEST_F(MovingOwners, NeverStandStill) {
  for (std::uint64_t hint = 1; hint < 20'000; ++hint) change(hint, {{0x32010, 0x7000'0000 + hint}});
  const std::string text = render().text();
  EXPECT_THAT(text, HasSubstr("note EFAULT 1 chain has changed each time while the map was read: some of its "
                              "elements may be missing\n"));
  expect(text, 1, 1), expect(text, 4, 1), expect(text, 2, 0);
}

TEST_F(MovingOwners, AreChangedInPlaceAllTheTime) {
  host_.target.value_size = 16;
  for (std::uint64_t hint = 1; hint < 20'000; ++hint) change(hint, {{0x31050, 0x7000'0000 + hint}});
  const std::string text = render().text();
  EXPECT_THAT(text,
              HasSubstr("note OK 1 element has values that changed each time they were read, and may be "
                        "of two times\n"));
  EXPECT_THAT(text, Not(HasSubstr("note EFAULT")));
}

/// One bucket with the indices 1 and 2.
class MovingDevices : public Moving {
protected:
  MovingDevices()
      : Moving("devmap", R"(
struct bpf_dtab 512 netdev_map=256 dev_index_head=264 n_buckets=272
struct bpf_dtab_netdev 64 dev=0 index_hlist=8 xdp_prog=24 idx=32
struct hlist_head 8 first=0
struct hlist_node 16 next=0 pprev=8
struct net_device 64 ifindex=0 name=8
struct bpf_prog 64 aux=0 type=8 tag=16
struct bpf_prog_aux 64 id=0 name=8
target attach=1 map=0x10000 key_size=4 value_size=4 max_entries=1
@0x10108 u64:0x20000 u32:1
@0x20000 u64:0x31008
@0x31000 u64:0x50000 u64:0x32008 u64:0x20000 u64:0 u32:1 zero:28
@0x32000 u64:0x50000 u64:0 u64:0x31008 u64:0 u32:2 zero:28
@0x33000 u64:0x50000 u64:0x31008 u64:0x20000 u64:0 u32:1 zero:28
@0x50000 u32:7 zero:4 6c 6f zero:54
)") {}
};

TEST_F(MovingDevices, AreReplacedByTheSame) {
  at_each_moment({{0x20000, 0x33008}, {0x33008, 0x32008}, {0x32010, 0x33008}, {0x31010, 0xdead}},
                 [](const std::string& text) {
                   EXPECT_THAT(text, HasSubstr("number populated 2\n"));
                   EXPECT_EQ(times(text, "number index 1\n"), 1U) << text;
                   EXPECT_EQ(times(text, "number index 2\n"), 1U) << text;
                 });
}

/// Four buckets, and a table of eight that is empty.
class Resizing : public Moving {
protected:
  Resizing()
      : Moving("rhash", R"(
struct bpf_rhtab 1024 ht=512
struct rhtab_elem 16 node=8 data=16
struct rhashtable 256 tbl=0 p.head_offset=30 nelems.counter=100
struct bucket_table 64 size=0 nest=4 future_tbl=16 buckets=64
struct rhash_head 8 next=0
target map=0x10000 key_size=4 value_size=2 max_entries=8
@0x10200 u64:0x20000 zero:22 u16:8 zero:68 u32:3
@0x20000 u32:4 u32:0 zero:8 u64:0 zero:40 u64:0x30008 u64:0x30048 u64:0 u64:0
@0x21000 u32:8 u32:0 zero:8 u64:0 zero:40 u64:0 u64:0 u64:0 u64:0 u64:0 u64:0 u64:0 u64:0
@0x30008 u64:0x30088 01 00 00 00 zero:4 a1 a2
@0x30048 u64:0x20049 02 00 00 00 zero:4 b1 b2
@0x30088 u64:0x20041 03 00 00 00 zero:4 c1 c2
)") {}
  static void expect_all(const std::string& text) {
    EXPECT_EQ(times(text, "entry "), 3U) << text;
    for (const char* entry :
         {"entry 01 00 00 00 = a1 a2\n", "entry 02 00 00 00 = b1 b2\n", "entry 03 00 00 00 = c1 c2\n"})
      EXPECT_EQ(times(text, entry), 1U) << text;
  }
};

TEST_F(Resizing, IsNotUnderWay) { expect_all(render().text()); }

TEST_F(Resizing, HasAllMovedAtAnyMoment) {
  const std::vector<Write> moved = {{0x21040, 0x30008}, {0x30008, 0x21041}, {0x21060, 0x30048},
                                    {0x30048, 0x21061}, {0x21078, 0x30088}, {0x30088, 0x21079},
                                    {0x20040, 0},       {0x20048, 0},       {0x20010, 0x21000}};
  at_each_moment(moved, expect_all);
  auto done = moved;
  done.push_back({0x10200, 0x21000}); // and the old table is not the table any more
  at_each_moment(done, expect_all);
}

TEST_F(Resizing, HasMovedOneAtAnyMoment) {
  poke(0x20010, 0x21000);
  at_each_moment({{0x30008, 0x20041}, {0x21040, 0x30088}, {0x30088, 0x21041}}, expect_all);
}

TEST_F(Resizing, GoesOnWithoutEnd) {
  for (std::uint64_t i = 0; i < 32; ++i) { // a table of one empty bucket behind the other
    const std::uint64_t at = 0x70000 + 0x100 * i, next = at + 0x100;
    host_.memory[at].resize(72);
    poke(at, 1), poke(at + 16, next);
  }
  poke(0x20010, 0x70000);
  EXPECT_THAT(render().text(), HasSubstr("note EFAULT the table was resized each time while it was read\n"));
}

/// By read_now(), many chains at a time, and where there is read() alone.
class MovingElements : public Moving, public ::testing::WithParamInterface<bool> {
protected:
  MovingElements() : Moving("hash", hash_sample.image) { host_.reads_now = GetParam(); }
};
INSTANTIATE_TEST_SUITE_P(ReadNowAndThen, MovingElements, ::testing::Bool());

TEST_P(MovingElements, StandStill) { EXPECT_EQ(render().text(), hash_sample.lines); }

TEST_P(MovingElements, AreDeletedAndTheirMemoryIsUsedForAnother) {
  at_each_moment({{0x20008, 0x30080},
                  {0x20018, 0x30000},
                  {0x30000, 3},
                  {0x30020, 1},
                  {0x30028, 5},
                  {0x30030, 0xe6e5e4e3e2e1}},
                 [](const std::string& text) {
                   const unsigned old = times(text, "entry 01 00 00 00 = a1 a2 a3 a4 a5 a6\n"),
                                  other = times(text, "entry 05 00 00 00 = e1 e2 e3 e4 e5 e6\n");
                   EXPECT_LE(old, 1U);
                   EXPECT_LE(other, 1U);
                   EXPECT_EQ(times(text, "entry 02 00 00 00 = b1 b2 b3 b4 b5 b6\n"), 1U);
                   EXPECT_EQ(times(text, "entry 03 00 00 00 = c1 c2 c3 c4 c5 c6\n"), 1U);
                   EXPECT_EQ(times(text, "entry "), 2 + old + other) << text;
                 });
}

TEST_P(MovingElements, NeverStandStill) {
  for (std::uint64_t hint = 1; hint < 20'000; ++hint) change(hint, {{0x30020, 8 | hint << 8}});
  const std::string text = render().text();
  EXPECT_THAT(text, HasSubstr("note EFAULT 1 chain has changed each time while the map was read and is left "
                              "out, first that of bucket 0\n"));
  EXPECT_EQ(times(text, "entry "), 1U);
}

/// More than are looked at at a time: one element at their begin, and one far behind.
TEST_P(MovingElements, OfManyBucketsAreAllMet) {
  constexpr std::uint32_t buckets = 8192, far = 5000;
  std::vector<std::byte> heads(buckets * std::size_t{16});
  const auto put = [](std::vector<std::byte>& into, std::size_t at, auto value) {
    std::memcpy(into.data() + at, &value, sizeof value);
  };
  for (std::uint64_t bucket = 0; bucket < buckets; ++bucket) put(heads, bucket * 16 + 8, bucket << 1 | 1);
  put(heads, 0 * 16 + 8, std::uint64_t{0x30000}), put(heads, far * 16 + 8, std::uint64_t{0x30100});
  put(host_.memory[0x30000], 0, std::uint64_t{1}), put(host_.memory[0x30000], 32, std::uint32_t{0});
  put(host_.memory[0x30100], 0, std::uint64_t{far} << 1 | 1), put(host_.memory[0x30100], 32, far);
  put(host_.memory[0x10100], 0, std::uint64_t{0x400000}), put(host_.memory[0x10100], 16, buckets);
  host_.memory[0x400000] = heads;
  host_.target.max_entries = buckets;
  EXPECT_EQ(render().text(),
            "entry 01 00 00 00 = a1 a2 a3 a4 a5 a6\nentry 03 00 00 00 = c1 c2 c3 c4 c5 c6\n");
}

/// Elements behind the limit are counted by their links, which are not looked at twice.
TEST_P(MovingElements, BehindTheLimitAreCounted) {
  host_.target.row_limit = 1;
  const Report report = render();
  EXPECT_EQ(times(report.text(), "entry "), 1U);
  EXPECT_EQ(report.rows + report.counted, times(hash_sample.lines, "entry "));
}

class ChangingValues : public Moving {
protected:
  ChangingValues()
      : Moving("array", R"(
struct bpf_array 256 elem_size=200 index_mask=204 value=216 pptrs=216
target map=0x10000 key_size=4 value_size=16 max_entries=2
@0x100c8 u32:16 u32:3 zero:8
@0x100d8 u64:0x11 u64:0x11 u64:0x22 u64:0x22
)") {}
};

TEST_F(ChangingValues, AreOfOneTime) {
  at_each_moment({{0x100e8, 0x33}, {0x100f0, 0x33}}, [](const std::string& text) {
    EXPECT_EQ(times(text, "element "), 2U);
    EXPECT_EQ(times(text, "element 1 = 22 00 00 00 00 00 00 00 22 00 00 00 00 00 00 00\n") +
                  times(text, "element 1 = 33 00 00 00 00 00 00 00 33 00 00 00 00 00 00 00\n"),
              1U)
        << text;
    EXPECT_THAT(text, Not(HasSubstr("note")));
  });
}

TEST_F(ChangingValues, OfTwoTimesAreToldOf) {
  for (std::uint64_t hint = 1; hint < 20'000; ++hint) change(hint, {{0x100e8, hint}});
  const std::string text = render().text();
  EXPECT_EQ(times(text, "element 0 = ") + times(text, "element 1 = "), 2U);
  EXPECT_THAT(text,
              HasSubstr("note OK 1 element has values that changed each time they were read, and may be "
                        "of two times\n"));
}

TEST_F(ChangingValues, OfEightBytesAreReadAsOne) {
  host_.target.value_size = 8, host_.target.max_entries = 1;
  host_.memory[0x100c8][0] = std::byte{8};
  EXPECT_EQ(render().hints, 0U);
}

/// As of lpm_trie_test.cpp: 10.0.0.0/8 above a fork at 10.1.2.0/24 with 10.1.2.3/32 and 10.1.2.128/25.
class MovingPrefixes : public Moving {
protected:
  MovingPrefixes()
      : Moving("lpm_trie", R"(
struct lpm_trie 512 root=256 n_entries=264
struct lpm_trie_node 40 child=16 prefixlen=32 flags=36 data=40
target map=0x10000 key_size=8 value_size=2 max_entries=8
@0x10100 u64:0x20000 u64:3
@0x20000 zero:16 u64:0x20100 u64:0 u32:8 u32:0 0a 00 00 00 01 02
@0x20100 zero:16 u64:0x20200 u64:0x20300 u32:24 u32:1 0a 01 02 c8
@0x20200 zero:16 u64:0 u64:0 u32:32 u32:0 0a 01 02 03 03 04
@0x20300 zero:16 u64:0 u64:0 u32:25 u32:0 0a 01 02 c8 05 06
@0x20400 zero:16 u64:0x20200 u64:0x20300 u32:20 u32:1 0a 01 02 c8
@0x20500 zero:16 u64:0 u64:0 u32:32 u32:0 0a 01 02 03 07 08
)") {}
  static constexpr const char* eight = "entry 08 00 00 00 0a 00 00 00 = 01 02\n";
  static constexpr const char* left = "entry 20 00 00 00 0a 01 02 03 = 03 04\n";
  static constexpr const char* right = "entry 19 00 00 00 0a 01 02 c8 = 05 06\n";
};

TEST_F(MovingPrefixes, StandStill) {
  const std::string text = render().text();
  for (const char* entry : {eight, left, right}) EXPECT_EQ(times(text, entry), 1U);
}

TEST_F(MovingPrefixes, LoseTheForkAboveThem) {
  // The left one is deleted: the right one takes the fork's place, and the fork's memory is used for another.
  at_each_moment({{0x20010, 0x20300}, {0x20110, 0}, {0x20118, 0}, {0x20120, 0x700000007}, {0x10108, 2}},
                 [&](const std::string& text) {
                   EXPECT_EQ(times(text, eight), 1U);
                   EXPECT_EQ(times(text, right), 1U);
                   EXPECT_LE(times(text, left), 1U);
                   EXPECT_EQ(times(text, "entry "), 2 + times(text, left));
                 });
}

TEST_F(MovingPrefixes, AreReplaced) {
  at_each_moment({{0x20110, 0x20500}, {0x20220, 0x900000009}, {0x20228, 0x77777777}},
                 [&](const std::string& text) {
                   EXPECT_EQ(times(text, "entry "), 3U) << text;
                   EXPECT_EQ(times(text, left) + times(text, "entry 20 00 00 00 0a 01 02 03 = 07 08\n"), 1U);
                 });
}

/// Nor can what lies behind the entry be reached by another way.
TEST_F(MovingPrefixes, NeverStandStill) {
  for (std::uint64_t hint = 1; hint < 20'000; ++hint) change(hint, {{0x20220, 32 + (hint << 40)}});
  const std::string text = render().text();
  EXPECT_THAT(text, HasSubstr("note EFAULT 3 entries are left out, having changed each time when read\n"));
  EXPECT_EQ(times(text, eight), 1U) << text;
  EXPECT_EQ(times(text, left), 0U);
}

} // namespace
} // namespace mapscope::test
