// SPDX-License-Identifier: Apache-2.0
// The memory of a real guest in forms that are no ELF core: the same report, and every byte in its place.
#include "captures.hpp"
#include "raw_forms.hpp"

#include <cstdio>
#include <gtest/gtest.h>

namespace mapscope::guest {
namespace {

namespace fs = std::filesystem;

/// With RAM of more than one part, whose layout a raw file does not tell.
bool has_hole(const Capture& capture) { return ram_of(capture.vmcore()).size() > 1; }

std::string hex(std::uint64_t number) {
  char text[32];
  std::snprintf(text, sizeof text, "0x%llx", static_cast<unsigned long long>(number));
  return text;
}

/// As --layout takes it.
std::string layout_of(const Capture& capture) {
  std::string text;
  for (const Ram& ram : ram_of(capture.vmcore()))
    text += (text.empty() ? "" : ",") + hex(ram.address) + "-" + hex(ram.address + ram.size - 1);
  return text;
}

/// All of the report but what kind of file it is from.
std::string report_of(const fs::path& dump, const std::string& kind) {
  const Ran ran = run({"dump", dump.string(), "-j", "--limit", "0"});
  EXPECT_EQ(ran.exit_code, 0) << ran.err;
  const std::string text = "\"kind\":\"" + kind + "\"";
  const auto at = ran.out.find(text);
  EXPECT_NE(at, std::string::npos);
  std::string report = ran.out;
  return at == report.npos ? report : report.replace(at, text.size(), "");
}

std::string found_layout(const fs::path& dump) {
  const Ran ran = run({"info", dump.string(), "-j"});
  EXPECT_EQ(ran.exit_code, 0) << ran.err;
  const auto info = parse(ran.out);
  return info.HasMember("details") ? info["details"]["layout"].GetString() : "none";
}

class RawForms : public testing::Test {
protected:
  void SetUp() override { ASSERT_FALSE(captures().empty()); }
  const Scratch scratch_;
};

TEST_F(RawForms, LimeAndAvmlGiveTheSameReport) {
  const Capture capture = captures().front();
  const std::string expected = report_of(capture.vmcore(), "ELF core");
  const auto lime = scratch_ / "lime", avml = scratch_ / "avml";
  write_lime(capture.vmcore(), lime);
  EXPECT_TRUE(report_of(lime, "LiME image") == expected);
  fs::remove(lime);
  write_avml(capture.vmcore(), avml);
  EXPECT_TRUE(report_of(avml, "AVML image") == expected);
}

TEST_F(RawForms, ARawImageIsLaidOutByItsKernelAndGivesTheSameReport) {
  for (const Capture& capture : captures()) {
    const auto raw = scratch_ / "raw";
    write_raw(capture.vmcore(), raw);
    EXPECT_EQ(found_layout(raw), layout_of(capture)) << capture.name;
    EXPECT_TRUE(report_of(raw, "raw image") == report_of(capture.vmcore(), "ELF core")) << capture.name;
    fs::remove(raw);
  }
}

/// What the end of the file would have held is missing, and nothing else moves.
TEST_F(RawForms, ACutRawImageIsLaidOutAllTheSame) {
  for (const Capture& capture : captures()) {
    if (!has_hole(capture)) continue;
    const auto raw = scratch_ / "raw";
    // The list of the kernel's memory lies near the top, so what is cut is little.
    constexpr std::uint64_t cut = 3U << 20;
    std::uint64_t all = 0;
    for (const Ram& ram : ram_of(capture.vmcore())) all += ram.size;
    write_raw(capture.vmcore(), raw, all - cut);
    const Ran ran = run({"info", raw.string(), "-j"});
    EXPECT_EQ(ran.exit_code, 0) << ran.err;
    EXPECT_EQ(found_layout(raw), layout_of(capture)) << capture.name << ran.err;
    EXPECT_NE(ran.err.find("the file ends " + std::to_string(cut) + " bytes early"), std::string::npos)
        << ran.err;
    fs::remove(raw);
  }
}

} // namespace
} // namespace mapscope::guest
