// SPDX-License-Identifier: Apache-2.0
// Dumps that leave out pages of zeros, as makedumpfile -E at level 1 writes them.
#include "captures.hpp"
#include "tests/support/core_holes.hpp"

#include <fstream>
#include <gtest/gtest.h>

namespace mapscope::guest {
namespace {

namespace fs = std::filesystem;

class ZeroPages : public testing::Test {
protected:
  void SetUp() override {
    ASSERT_FALSE(captures().empty());
    whole_ = captures().front().vmcore();
    test::CoreHoles core(read_file(whole_));
    core.leave_out_zero_pages();
    ASSERT_GT(core.segments(), 10U);
    ASSERT_LT(core.segments(), 65535U);
    std::ofstream(left_out_, std::ios::binary) << core.bytes();
  }

  const Scratch scratch_;
  fs::path whole_, left_out_ = scratch_ / "left_out";
};

/// What is not the elements but tells of the dump.
std::string maps_of(const std::string& report) {
  const auto begin = report.find("\"maps\":"), end = report.find(",\"programs\":");
  return begin < end ? report.substr(begin, end - begin) : report;
}

TEST_F(ZeroPages, ReadAsZerosTheyAreTheSameReport) {
  const Ran whole = run({"dump", whole_.string(), "-j"}),
            zeros = run({"dump", left_out_.string(), "-j", "--zero-excluded"});
  EXPECT_EQ(zeros.exit_code, 0) << zeros.err;
  EXPECT_NE(zeros.err.find("that the dump left out are taken for zeros (--zero-excluded)"), std::string::npos)
      << zeros.err;
  EXPECT_TRUE(maps_of(zeros.out) == maps_of(whole.out)) << zeros.out.size() << " " << whole.out.size();
}

TEST_F(ZeroPages, ElseTheReportSaysThatTheyMayBeZeros) {
  const Ran done = run({"dump", left_out_.string(), "-j"});
  EXPECT_EQ(done.exit_code, 0) << done.err;
  EXPECT_NE(done.out.find("left out by the dump, maybe because it was all zeros (--zero-excluded"),
            std::string::npos);
  const auto report = parse(done.out);
  EXPECT_GT(report["mapscope"]["source"]["excluded_bytes"].GetUint64(), 1U << 20);
}

} // namespace
} // namespace mapscope::guest
