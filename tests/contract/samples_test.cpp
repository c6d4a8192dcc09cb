// SPDX-License-Identifier: Apache-2.0
// What every plugin owes its host: the rows of a small map, the same on every run, and a clean end whichever
// helper fails.
#include "contract_suite.hpp"

#include <algorithm>
#include <gtest/gtest.h>
#include <mapscope/testing/conformance.hpp>
#include <sstream>
#include <thread>

namespace mapscope::test {
namespace {

using testing::Failure;
using testing::FakeHost;
using testing::Report;

TEST_P(Contract, GivesTheRowsOfASmallMap) {
  const Report report = host_.render(plugin_);
  EXPECT_EQ(report.rc, MSC_OK);
  EXPECT_EQ(report.text(), GetParam().lines);
  EXPECT_EQ(report.misuse, std::vector<std::string>{});
}

/// What `mapscope plugins check` asks of every plugin, here of maps that make sense.
TEST_P(Contract, KeepsEveryRule) {
  for (const auto& rule : testing::rules()) {
    std::string last;
    const testing::Subject subject{&plugin_, {host_}, [&](const std::string& next) { last = next; }};
    const auto finding = rule.run(subject);
    EXPECT_TRUE(finding.kept) << rule.name << ": " << finding.text << ", last: " << last;
  }
}

TEST_P(Contract, TwoRunsAreEqual) { EXPECT_EQ(host_.render(plugin_), host_.render(plugin_)); }

TEST_P(Contract, RunsOnManyThreadsAtOnce) {
  const Report alone = host_.render(plugin_);
  std::vector<Report> reports(8);
  {
    std::vector<std::jthread> threads;
    for (Report& report : reports)
      threads.emplace_back([&] {
        for (int i = 0; i < 50; ++i) report = host_.render(plugin_);
      });
  }
  for (const Report& report : reports) EXPECT_EQ(report, alone);
}

/// What could not be read is not counted.
bool is_smaller_count(const std::string& row, const std::string& full) {
  for (const std::string name :
       {"number populated ", "number scanned ", "number nr_tasks ", "number SCX_EV_A ", "number SCX_EV_B "})
    if (row.starts_with(name) && full.starts_with(name))
      return std::stoull(row.substr(name.size())) <= std::stoull(full.substr(name.size()));
  return false;
}

/// Where 0 stands for what is not known.
bool is_unknown_address(const std::string& row, const std::string& full) {
  for (const std::string name : {"number kern_vm_start ", "number user_vm_start "})
    if (row == name + "0" && full.starts_with(name)) return true;
  return false;
}

/// A constant whose name is not known is shown as what it is.
bool is_number_for_name(const std::string& row, const std::string& full) {
  const std::size_t value = row.rfind(' ') + 1;
  return row.starts_with("text ") && full.starts_with(row.substr(0, value)) &&
         row.find_first_not_of("0123456789", value) == row.npos;
}

/// An allocator of which less is known: what its slots hold, a slot's own numbers, the branches. What its
/// slots then tell of themselves is said beside.
bool is_less_of_allocator(const std::string& row, const std::string& full) {
  if (row.starts_with("text header_layout ")) return true;
  const std::string payload = " payload ";
  const auto at = full.find(payload);
  if (row.starts_with("slots ") && full.starts_with("slots "))
    return row.starts_with(full.substr(0, at) + payload + "unknown ");
  if (row.starts_with("slot ") && full.starts_with("slot "))
    return row.find(" genn 0 ") != row.npos && full.ends_with(row.substr(row.find(" at ")));
  return row.starts_with("number skipped_subtrees ") && full.starts_with("number skipped_subtrees ");
}

/// True when `row` says nothing that `full` does not: a part of it may be missing, none may be another.
bool is_less_of(const std::string& row, const std::string& full) {
  const std::size_t equals = full.find(" = ");
  if (equals == full.npos)
    return row == "value ??" || full.starts_with(row) || is_less_of_allocator(row, full) ||
           is_smaller_count(row, full) || is_unknown_address(row, full) || is_number_for_name(row, full);
  if (!row.starts_with(full.substr(0, equals + 3))) return false;
  std::istringstream cells(row.substr(equals + 3));
  for (std::string cell; cells >> cell;) { // bytes, ?? and -, between brackets and bars
    std::erase_if(cell, [](char c) { return c == '[' || c == ']' || c == '|'; });
    if (!cell.empty() && cell != "??" && cell != "-" && full.find(cell, equals) == full.npos) return false;
  }
  return true;
}

bool is_less_of_any(const std::string& row, const std::vector<std::string>& whole) {
  if (std::ranges::find(whole, row) != whole.end()) return true; // nearly always, and far cheaper
  return std::ranges::any_of(whole, [&](const std::string& full) { return is_less_of(row, full); });
}

TEST_P(Contract, EndsCleanlyWhicheverHelperFails) {
  const Report whole = host_.render(plugin_);
  for (std::uint64_t call = 0; call < whole.calls; ++call)
    for (const int rc : {int{MSC_EFAULT}, int{MSC_ENOENT}, int{MSC_EINVAL}, int{MSC_EFAIL}, -77}) {
      const Report report = host_.render(plugin_, Failure{call, rc});
      SCOPED_TRACE("call " + std::to_string(call) + " answers " + std::to_string(rc) + ":\n" + report.text());
      EXPECT_EQ(report.misuse, std::vector<std::string>{});
      EXPECT_LE(report.rows, whole.rows);
      for (const std::string& line : report.lines)
        EXPECT_TRUE(line.starts_with("note ") || line.starts_with("count ") || line.starts_with("finding ") ||
                    is_less_of_any(line, whole.lines))
            << line;
      if (rc != MSC_EFAULT && rc != MSC_ENOENT) {
        EXPECT_EQ(report.rc, rc);
      }
    }
}

TEST_P(Contract, StopsWhenItIsTold) {
  const Report whole = host_.render(plugin_);
  for (std::uint64_t call = 0; call < whole.calls; ++call) {
    SCOPED_TRACE(call);
    const Report report = host_.render(plugin_, Failure{call, MSC_STOP});
    EXPECT_EQ(report.rc, MSC_STOP);
    EXPECT_EQ(report.after_stop, 0U);
    EXPECT_EQ(report.misuse, std::vector<std::string>{});
  }
}

TEST_P(Contract, CountsWhatIsBeyondTheRowLimit) {
  const Report whole = host_.render(plugin_);
  const bool has_value = whole.text().starts_with("value ");
  host_.target.row_limit = 1;
  const Report report = host_.render(plugin_);
  EXPECT_EQ(report.rc, MSC_OK);
  EXPECT_EQ(report.rows, std::min<std::uint64_t>(whole.rows, has_value ? 2U : 1U)); // none: all are fields
  EXPECT_EQ(report.rows + report.counted, whole.rows + whole.counted);
}

TEST_P(Contract, InventsNothingWithoutMemory) {
  const Report whole = host_.render(plugin_);
  host_.memory.clear();
  const Report report = host_.render(plugin_);
  EXPECT_EQ(report.misuse, std::vector<std::string>{});
  for (const std::string& line : report.lines)
    EXPECT_TRUE(line.starts_with("note EFAULT ") || is_less_of_any(line, whole.lines)) << line;
}

TEST_P(Contract, GivesUpWithoutTypes) {
  host_.types.clear();
  const Report report = host_.render(plugin_);
  EXPECT_EQ(report.rc, MSC_ENOENT);
  EXPECT_EQ(report.rows, 0U);
}

TEST_P(Contract, BelievesNoSize) {
  host_.budget = 20'000;
  for (std::uint32_t msc_target::* field :
       {&msc_target::key_size, &msc_target::value_size, &msc_target::max_entries, &msc_target::row_limit})
    for (const std::uint32_t size : {0U, 1U, 7U, 4097U, 1U << 20, 1U << 31, ~0U}) {
      FakeHost host = host_;
      host.target.*field = size;
      const Report report = host.render(plugin_);
      EXPECT_EQ(report.misuse, std::vector<std::string>{}) << size;
      EXPECT_LE(report.after_stop, 1U);
    }
}

TEST_P(Contract, AnyNumberOfCpus) {
  for (const std::vector<std::uint32_t>& cpus :
       {std::vector<std::uint32_t>{}, {0}, {0, 1, 2}, {1, 5}, {64}, {0, 4095}}) {
    host_.cpus.clear();
    for (const std::uint32_t cpu : cpus) host_.cpus[cpu] = 0x100000;
    const Report report = host_.render(plugin_);
    EXPECT_EQ(report.misuse, std::vector<std::string>{}) << cpus.size();
    EXPECT_EQ(report.rc, MSC_OK);
  }
}

INSTANTIATE_TEST_SUITE_P(BuiltIn, Contract, ::testing::ValuesIn(samples), sample_name);

} // namespace
} // namespace mapscope::test
