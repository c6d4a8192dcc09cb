// SPDX-License-Identifier: Apache-2.0
#include "contract_suite.hpp"
#include "sched_ext_6_12_lines.hpp"
#include "sched_ext_7_lines.hpp"
#include "sched_ext_image.hpp"

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <gmock/gmock.h>
#include <random>

namespace mapscope::test {
namespace {

using testing::FakeHost;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::Report;
using ::testing::StartsWith;

const std::string image_7 = scx_7_image(), image_6_12 = scx_6_12_image();
const Sample sample_7 = {"sched_ext", image_7.c_str(), scx_7_lines};
const Sample sample_6_12 = {"sched_ext", image_6_12.c_str(), scx_6_12_lines};

INSTANTIATE_TEST_SUITE_P(SchedExt7, Contract, ::testing::Values(sample_7), sample_name);
INSTANTIATE_TEST_SUITE_P(SchedExt612, Contract, ::testing::Values(sample_6_12), sample_name);

class SchedExt : public ::testing::Test {
protected:
  explicit SchedExt(const std::string& image = image_7) : host_(image) {}
  std::string text() {
    const Report report = host_.render(plugin_file("sched_ext"));
    EXPECT_EQ(report.misuse, std::vector<std::string>{});
    EXPECT_EQ(report.rc, MSC_OK);
    return report.text();
  }
  void poke(std::uint64_t address, std::uint64_t value, std::size_t size = 8) {
    const auto run = std::prev(host_.memory.upper_bound(address));
    ASSERT_LE(address - run->first + size, run->second.size());
    std::memcpy(run->second.data() + (address - run->first), &value, size);
  }
  /// More memory, as a line of an image has it.
  void add(const std::string& lines) {
    const FakeHost more(lines);
    for (const auto& [address, bytes] : more.memory) host_.memory[address] = bytes;
  }
  FakeHost host_;
};

/// Text of its own, at the start of a page: that is how far it is read.
std::string text_at(std::string_view page, std::string_view text) {
  return "@" + std::string(page) + letters(text) + " zero:" + std::to_string(4096 - text.size()) + "\n";
}

/// Why the watchdog threw a scheduler out, as a struct scx_exit_info and what it points to.
const std::string stall =
    "@0x11000 u32:1026 u32:2 u64:0 u64:1 u64:0x80000 u64:0x84000 u32:2 zero:4 u64:0x81000 u64:0x82000\n" +
    text_at("0x80000", "runnable task stall") + text_at("0x81000", "starved[102] failed to run for 5.000s") +
    text_at("0x82000", "line one\nline two") + "@0x84000 u64:0xffffffff81000004 u64:0x55\n";

const std::string stall_fields = R"(text scheduler qmap
number kind 1026
text kind_name SCX_EXIT_ERROR_STALL
text reason runnable task stall
text msg starved[102] failed to run for 5.000s
number exit_code 0
number exit_cpu 2
number flags 1
list backtrace
object
number ip 18446744071578845188
text symbol scx_vexit
number offset 4
end
object
number ip 85
end
end
text dump line one
line two
end
)";

TEST_F(SchedExt, OnItsWayOut) {
  add(stall);
  poke(0x2020, 2, 4);
  EXPECT_THAT(text(), StartsWith("finding error scheduler \"qmap\" is on its way out: runnable task stall "
                                 "(SCX_EXIT_ERROR_STALL): starved[102] failed to run for 5.000s\n"));
  EXPECT_THAT(text(), HasSubstr("end\nfinding warning starved[102] has waited 2000 ms"));
  EXPECT_THAT(
      text(),
      HasSubstr(
          "text state disabling\ntext enable_state SCX_DISABLING\nobject exit\ntext source scx_sched\n" +
          stall_fields));
}

/// Nothing of the kernel's points to it any more; the struct_ops map that somebody holds does.
class ThrownOut : public SchedExt {
protected:
  ThrownOut() {
    add(stall);
    poke(0x2000, 0), poke(0x2010, 0x2010), poke(0x2020, 3, 4);
    poke(0x20a8, 0x60002); // a node of the table of maps
    add("@0x60000 u8:0 zero:15 u64:0 u64:0x61000 u64:0x62000 u64:0x62000\n"
        "@0x61000 u64:0x7777 u32:6 zero:52\n" // a map of another type
        "@0x62000 u64:0x20c0 u32:7 zero:52 u64:0x63000 zero:120 zero:144 u64:0x10000\n"
        "@0x63010 u64:0x63100\n@0x63118 u64:0x64000\n" +
        text_at("0x64000", "sched_ext_ops"));
  }
};

TEST_F(ThrownOut, IsFoundThroughItsMap) {
  const std::string report = text();
  EXPECT_THAT(report, StartsWith("finding error scheduler \"qmap\" was thrown out: runnable task stall "
                                 "(SCX_EXIT_ERROR_STALL): starved[102] failed to run for 5.000s\n"));
  EXPECT_THAT(
      report,
      HasSubstr("text state disabled\ntext enable_state SCX_DISABLED\nobject exit\ntext source scx_sched\n" +
                stall_fields));
  EXPECT_THAT(
      report,
      HasSubstr("text name qmap\ntext source struct_ops map 7\nnumber address 65536\nflag attached false\n"));
  EXPECT_THAT(report, HasSubstr("number SCX_EV_A 12\n"));
  EXPECT_THAT(report, Not(HasSubstr("text kind user\n"))) << "its queues are empty and going";
}

TEST_F(ThrownOut, MapsOfOthersDoNotHoldOne) {
  add(text_at("0x64000", "tcp_congestion_ops"));
  EXPECT_THAT(text(), Not(HasSubstr("struct_ops map")));
}

/// Nobody holds it any more; the map with its variables is left.
class Gone : public SchedExt {
protected:
  Gone()
      : SchedExt(image_7 + R"(
map struct user_exit_info 64 kind=0:s32 exit_cpu=4:s32 exit_code=8:s64 reason=16:char[24] msg=40:char[24]
map struct section 72 count=0:u64 uei=8:struct:user_exit_info
other scx_qmap.data map=0x61000 id=9 map_type=2 max_entries=1 key_size=4 value_size=72 btf_id=3
map value_type struct section
entry u32:0 = u64:7 u32:1026 u32:1 u64:5)" +
                 letters("runnable task stall") + " zero:5" + letters("starved[102] failed") + " zero:5\n") {
    poke(0x2000, 0), poke(0x2010, 0x2010), poke(0x2020, 3, 4);
    poke(0x20a8, 0x60002);
    add("@0x60000 u8:0 zero:15 u64:0x61000 u64:0 u64:0 u64:0\n@0x61000 u64:0x7777 u32:9 zero:52\n");
  }
};

TEST_F(Gone, ItsOwnVariablesSayWhy) {
  const std::string report = text();
  EXPECT_THAT(report,
              StartsWith("finding error scheduler \"scx_qmap\" was thrown out: runnable task stall "
                         "(SCX_EXIT_ERROR_STALL): starved[102] failed; the kernel's record is gone, its "
                         "own says so\n"));
  const std::string fields = "number kind 1026\ntext kind_name SCX_EXIT_ERROR_STALL\n"
                             "text reason runnable task stall\ntext msg starved[102] failed\n"
                             "number exit_code 5\nnumber exit_cpu 1\nend\n";
  EXPECT_THAT(report,
              HasSubstr("object exit\ntext source user_exit_info\ntext scheduler scx_qmap\n" + fields));
  EXPECT_THAT(report, HasSubstr("list user_exits\nobject\nnumber map 9\ntext section scx_qmap.data\n"
                                "text variable uei\n" +
                                fields));
}

TEST_F(ThrownOut, ATextThatBreaksOffIsShownAsFarAsItGoes) {
  add("@0x85ff0" + letters("aaaaaaaaaaaaaaaa") + "\n");
  poke(0x11038, 0x85ff0);
  const std::string report = text();
  EXPECT_THAT(report, HasSubstr("text dump aaaaaaaaaaaaaaaa\n"));
  EXPECT_THAT(report, HasSubstr("note EFAULT a part of its dump could not be read\n"));
}

TEST_F(ThrownOut, OnlyTheLogTellsOfIt) {
  poke(0x20a8, 0);
  add(scx_log(R"(sched_ext: BPF scheduler "qmap" disabled (runnable task stall))",
              "sched_ext: qmap: busy[1] failed to run for 6.000s"));
  const std::string report = text();
  EXPECT_THAT(
      report,
      StartsWith(
          "finding error scheduler \"qmap\" was thrown out: runnable task stall (SCX_EXIT_ERROR_STALL): "
          "busy[1] failed to run for 6.000s; its record is gone, the kernel's log says so\n"));
  EXPECT_THAT(report, HasSubstr("object exit\ntext source log\ntext scheduler qmap\nnumber kind 1026\ntext "
                                "kind_name SCX_EXIT_ERROR_STALL\n"
                                "text reason runnable task stall\ntext msg busy[1] failed to run for "
                                "6.000s\nnumber ts_ns 111\nend\n"));
  EXPECT_THAT(report, HasSubstr("list schedulers\nend\n"));
}

TEST_F(ThrownOut, AnotherThatLeftLater) {
  add(scx_log("something else",
              R"(sched_ext: BPF scheduler "simple" disabled (unregistered from user space))"));
  const std::string report = text();
  EXPECT_THAT(report, StartsWith("finding info scheduler \"simple\" has left: unregistered from user space"));
  EXPECT_THAT(report, HasSubstr("text source struct_ops map 7\n")) << "and the one before is there, too";
  EXPECT_THAT(report, HasSubstr("text msg starved[102] failed to run for 5.000s\n"));
}

TEST_F(ThrownOut, ThatTheLogTellsOfIsNoOther) {
  add(scx_log("something else", R"(sched_ext: BPF scheduler "qmap" disabled (runnable task stall))"));
  EXPECT_THAT(text(), HasSubstr("object exit\ntext source scx_sched\n"));
}

TEST_F(ThrownOut, OnItsOwnWish) {
  poke(0x20a8, 0);
  add(scx_log("something else",
              R"(sched_ext: BPF scheduler "qmap" disabled (unregistered from user space))"));
  const std::string report = text();
  EXPECT_THAT(report, StartsWith("finding info scheduler \"qmap\" has left: unregistered from user space "
                                 "(SCX_EXIT_UNREG); its record"));
}

TEST_F(ThrownOut, AReasonThatIsNewHasNoKind) {
  poke(0x20a8, 0);
  add(scx_log(R"(sched_ext: BPF scheduler "a "b"" disabled (out (of) hours))"));
  EXPECT_THAT(
      text(),
      HasSubstr(
          "text source log\ntext scheduler a \"b\"\ntext reason out (of) hours\nnumber ts_ns 111\nend\n"));
}

TEST_F(ThrownOut, NothingTellsOfIt) {
  poke(0x20a8, 0);
  EXPECT_THAT(text(), HasSubstr("finding warning starved[102]"))
      << "a list of runnable tasks that is left over";
  EXPECT_THAT(text(), Not(HasSubstr("object exit")));
}

TEST_F(SchedExt, LogRecordsThatWereUsedAgainAreLeftOut) {
  poke(0x50000, 7); // the text's block has another owner
  EXPECT_THAT(text(), Not(HasSubstr("list log")));
  poke(0x50000, 2), poke(0x41000, 0x8000000000000006); // the descriptor has
  EXPECT_THAT(text(), Not(HasSubstr("list log")));
  poke(0x41000, 2); // reserved: not whole
  EXPECT_THAT(text(), Not(HasSubstr("list log")));
  poke(0x41000, 0x8000000000000002), poke(0x41008, 1), poke(0x41010, 1); // without text
  EXPECT_THAT(text(), Not(HasSubstr("list log")));
}

TEST_F(SchedExt, ALogRecordThatWouldNotFitBeginsAtTheRingsStart) {
  poke(0x41008, 0x4e0), poke(0x41010, 0x580);
  EXPECT_THAT(text(), HasSubstr("list log\nobject\nnumber ts_ns 111\n"));
}

TEST_F(SchedExt, ListsThatRunInACircleEnd) {
  host_.budget = 20'000;
  poke(0x220b8, 0x200b8); // scx_tasks: behind the last comes the first
  poke(0x21058, 0x31000); // the user queue: its task is followed by the cursor
  poke(0x21090, 0x21090); // runnable_list: a node of its own
  const std::string report = text();
  EXPECT_THAT(report, HasSubstr("note EFAULT the list runs in a circle\n"));
  EXPECT_THAT(report, HasSubstr("text kind user\n"));
  EXPECT_THAT(report, HasSubstr("number nr_tasks 3\n")) << "nobody twice";
}

TEST_F(SchedExt, ATornQueueCostsNoOther) {
  host_.memory.erase(0x31000);
  const std::string report = text();
  EXPECT_THAT(report, HasSubstr("note EFAULT the list breaks off\n"));
  EXPECT_THAT(report, HasSubstr("note OK a dispatch queue counts 1 tasks and lists 0\n"));
  EXPECT_THAT(report, HasSubstr("text kind global\n"));
  EXPECT_THAT(report, HasSubstr("text comm starved\n"));
}

TEST_F(SchedExt, AQueueThatCountsMoreThanThereCanBe) {
  host_.budget = 20'000;
  poke(0x30018, UINT32_MAX, 4);
  EXPECT_THAT(text(), HasSubstr("note OK a dispatch queue counts 4294967295 tasks and lists 1\n"));
}

TEST_F(SchedExt, EventsOfACpuThatIsMissingAreSaidToBe) {
  host_.memory.erase(0x208000);
  const std::string report = text();
  EXPECT_THAT(report, HasSubstr("number SCX_EV_A 5\nnumber SCX_EV_B 1\n"));
  EXPECT_THAT(report, HasSubstr("note EFAULT the counters of events lack those of CPU 2\n"));
}

TEST_F(SchedExt, WithoutAClockNobodyHasWaited) {
  std::erase_if(host_.symbols, [](const auto& symbol) { return symbol.second == "clocksource_jiffies"; });
  const std::string report = text();
  EXPECT_THAT(report, Not(HasSubstr("waited")));
  EXPECT_THAT(report, HasSubstr("note EFAULT the kernel's clock of ticks could not be read"));
  EXPECT_THAT(report, HasSubstr("number jiffies 10000\n"));
}

TEST_F(SchedExt, AnImplausibleTickIsNone) {
  for (const std::uint64_t mult : {0ULL, 1ULL, 0xffffffffULL}) {
    poke(0x2048, mult, 4), poke(0x204c, mult == 0xffffffffULL ? 0 : 8, 4);
    EXPECT_THAT(text(), Not(HasSubstr("jiffy_ns"))) << mult;
  }
}

TEST_F(SchedExt, TimeThatIsYetToComeIsNone) {
  poke(0x21040 + 96, 10'005);
  EXPECT_THAT(text(), HasSubstr("number waited_ms 0\n"));
  EXPECT_THAT(text(), Not(HasSubstr("finding")));
}

TEST_F(SchedExt, TheFiveThatWaitedLongestAreNamed) {
  // A row of runnable tasks behind `starved`: each is an entity of its own.
  std::uint64_t before = 0x21090;
  for (std::uint64_t i = 0; i < 7; ++i) {
    const std::uint64_t task = 0x70000 + i * 0x1000;
    char address[16];
    std::snprintf(address, sizeof address, "0x%llx", static_cast<unsigned long long>(task));
    add(scx_task(address, 200 + static_cast<int>(i), "t", 2, "0x20f0",
                 "zero:64 u32:0x401 u32:1 zero:8 u64:0x209060 zero:8 u64:" + std::to_string(9000 - i) +
                     " zero:32"));
    poke(before, task + 64 + 80);
    before = task + 64 + 80;
  }
  const std::string report = text();
  EXPECT_THAT(report, HasSubstr("finding warning t[206] has waited 4024 ms to run on CPU 2, on no dispatch "
                                "queue: it is the scheduler's own to dispatch; "));
  EXPECT_THAT(report, HasSubstr("finding warning t[202] has waited 4008 ms"));
  EXPECT_THAT(report, Not(HasSubstr("finding warning t[201]")));
  EXPECT_THAT(report, HasSubstr("finding warning 3 more tasks have waited longer than 1000 ms to run\n"));
}

TEST_F(SchedExt, WhereTheWatchdogIsLate) {
  poke(0x10120, 400); // a limit of 1600 ms
  EXPECT_THAT(text(), HasSubstr("the watchdog's limit of 1600 ms is over\n"));
}

TEST_F(SchedExt, WithoutASchedulerThereIsLittleToSay) {
  poke(0x2000, 0), poke(0x2010, 0x2010), poke(0x2020, 3, 4), poke(0x209060, 0x209060);
  for (const std::uint64_t task : {0x20000, 0x21000}) poke(task + 64 + 64, 1, 4); // state NONE
  const std::string report = text();
  EXPECT_THAT(report, StartsWith("text state disabled\n"));
  EXPECT_THAT(report, HasSubstr("number nr_tasks 3\n"));
  EXPECT_THAT(report, HasSubstr("list tasks\nend\n"));
  EXPECT_THAT(report, HasSubstr("note OK 3 tasks are not listed, being no scheduler's\n"));
  EXPECT_THAT(report, Not(HasSubstr("note EFAULT")));
}

/// Every pointer, length and counter may be anything: small numbers, ends of ranges, addresses of other
/// objects.
TEST_F(SchedExt, MemoryThatIsAnythingEndsInTime) {
  std::mt19937_64 random(7);
  std::vector<std::uint64_t> values = {0, 1, 2, 0x8000, UINT32_MAX, 1ULL << 63, UINT64_MAX, UINT64_MAX - 7};
  for (const auto& [address, bytes] : host_.memory) values.push_back(address), values.push_back(address + 8);
  host_.budget = 30'000;
  for (int round = 0; round < 3000; ++round) {
    FakeHost host = host_;
    for (int change = 0; change < 3; ++change) {
      auto run = std::next(host.memory.begin(), static_cast<std::ptrdiff_t>(random() % host.memory.size()));
      if (run->second.size() < 8) continue;
      const std::uint64_t value = values[random() % values.size()];
      std::memcpy(run->second.data() + random() % (run->second.size() / 8) * 8, &value, 8);
    }
    const Report report = host.render(plugin_file("sched_ext"));
    ASSERT_EQ(report.misuse, std::vector<std::string>{}) << round;
    ASSERT_EQ(report.after_stop, 0U) << round;
    if (report.rc == MSC_STOP) continue; // a table of a million buckets takes its time
    ASSERT_EQ(report.rc, MSC_OK) << round << "\n" << report.text();
  }
}

class SchedExt612 : public SchedExt {
protected:
  SchedExt612() : SchedExt(image_6_12) {}
};

TEST_F(SchedExt612, OnItsWayOut) {
  add("@0x11000 u32:1026 zero:4 u64:0 u64:0x80000 u64:0 u32:0 zero:4 u64:0x81000 u64:0\n" +
      text_at("0x80000", "runnable task stall") + text_at("0x81000", ""));
  poke(0x3000, 2, 4);
  const std::string report = text();
  EXPECT_THAT(report, StartsWith("finding error scheduler \"qmap\" is on its way out: runnable task stall "
                                 "(SCX_EXIT_ERROR_STALL)\n"));
  EXPECT_THAT(report,
              HasSubstr("object exit\ntext source scx_exit_info\ntext scheduler qmap\nnumber kind 1026\n"));
}

/// The kernel wipes scx_ops and frees the record: the log is all there is.
TEST_F(SchedExt612, ThrownOut) {
  poke(0x3000, 3, 4), poke(0x3100, 0), poke(0x3010, 0);
  add(scx_log(R"(sched_ext: BPF scheduler "qmap" disabled (runtime error))"));
  const std::string report = text();
  EXPECT_THAT(report, StartsWith("finding error scheduler \"qmap\" was thrown out: runtime error "
                                 "(SCX_EXIT_ERROR); its record is gone"));
  EXPECT_THAT(
      report,
      HasSubstr("text state disabled\ntext enable_state SCX_OPS_DISABLED\nobject exit\ntext source log\n"));
}

} // namespace
} // namespace mapscope::test
