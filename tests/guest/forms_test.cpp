// SPDX-License-Identifier: Apache-2.0
// One memory in every form that dumps have: each gives the report of the ELF core, but for what it says of
// its source, so each holds every cell that Guests.EveryCellEqualsWhatTheKernelSaid compares.
#include "captures.hpp"

#include <cstdio>
#include <gtest/gtest.h>
#include <optional>

namespace mapscope::guest {
namespace {

namespace fs = std::filesystem;
using Words = std::vector<std::string>;

/// Fails the test when it fails.
bool succeeds(const std::string& program, const Words& words) {
  const Ran done = run(words, program);
  EXPECT_EQ(done.exit_code, 0) << program << ": " << done.err;
  return done.exit_code == 0;
}

/// A report in two: what it says of its source, and everything else.
struct Report {
  std::string source, rest;
};

Report report_of(const Words& files, const Words& options = {}) {
  Words words = {"dump", "-j"};
  words.insert(words.end(), files.begin(), files.end());
  words.insert(words.end(), options.begin(), options.end());
  const Ran done = run(words);
  EXPECT_EQ(done.exit_code, 0) << done.err;
  const std::string begin = "\"source\":{";
  const auto at = done.out.find(begin), end = done.out.find('}', at);
  if (at == std::string::npos) return {"", done.out};
  return {done.out.substr(at, end - at), done.out.substr(0, at + begin.size()) + done.out.substr(end)};
}

std::size_t cells_of(const rapidjson::Value& value) {
  std::size_t cells = 0;
  if (value.IsObject())
    for (const auto& member : value.GetObject()) cells += cells_of(member.value);
  else if (value.IsArray())
    for (const auto& element : value.GetArray()) cells += cells_of(element);
  else
    cells = 1;
  return cells;
}

/// One captured guest, and what its forms must show.
class Forms {
public:
  explicit Forms(const Capture& capture) : capture_(capture), whole_(report_of({capture.vmcore()})) {
    cells_ = cells_of(parse(whole_.rest)["maps"]);
  }

  void convert(const Words& forms) const {
    Words words = {capture_.vmcore(), scratch_.path()};
    words.insert(words.end(), forms.begin(), forms.end());
    ASSERT_TRUE(succeeds(GUEST_FORMS, words));
  }

  /// Prints a row of the table, and takes the files away.
  void expect_same(const std::string& form, const Words& names,
                   const std::string& kind = "kdump-compressed") {
    Words files;
    for (const auto& name : names) files.push_back(path(name));
    const Report report = report_of(files);
    const bool same = report.rest == whole_.rest;
    EXPECT_TRUE(same) << form << ": " << report.rest.size() << " bytes, and " << whole_.rest.size();
    EXPECT_NE(report.source.find("\"kind\":\"" + kind + "\""), std::string::npos) << report.source;
    std::printf("%-10s %-28s %9zu of %9zu cells\n", capture_.name.c_str(), form.c_str(), same ? cells_ : 0,
                cells_);
    for (const auto& file : files) fs::remove(file);
  }

  [[nodiscard]] std::string path(const std::string& name) const { return (scratch_ / name).string(); }
  [[nodiscard]] const Report& whole() const { return whole_; }

private:
  const Scratch scratch_;
  const Capture& capture_;
  Report whole_;
  std::size_t cells_ = 0;
};

class FormsTest : public testing::Test {
protected:
  void SetUp() override { ASSERT_FALSE(captures().empty()) << "MAPSCOPE_CAPTURES is not set"; }
};

TEST_F(FormsTest, EveryPackingFlattenedAndSplit) {
  const auto all = captures();
  Forms forms(all.front());
  for (const std::string packing : {"none", "zlib", "lzo", "snappy", "zstd"}) {
    forms.convert({packing});
    forms.expect_same(packing, {packing});
    if (packing == "none") continue; // as large as the ELF core each time
    forms.convert({packing + ".flattened", packing + ".split"});
    forms.expect_same(packing + ", flattened", {packing + ".flattened"});
    const std::string part = packing + ".split.";
    forms.expect_same(packing + ", split", {part + "3", part + "1", part + "4", part + "2"});
  }
}

TEST_F(FormsTest, EveryKernel) {
  for (const Capture& capture : captures()) {
    SCOPED_TRACE(capture.name);
    Forms forms(capture);
    forms.convert({"zlib"});
    forms.expect_same("zlib", {"zlib"});
  }
}

/// Of the guests whose memory QEMU has saved a second time.
TEST_F(FormsTest, WhatQemuWrites) {
  unsigned saved = 0;
  for (const Capture& capture : captures()) {
    const fs::path file = capture.folder / "vmcore.kdump";
    if (!fs::exists(file)) continue;
    ++saved;
    Forms forms(capture);
    fs::copy_file(file, forms.path("kdump"));
    forms.expect_same("dump-guest-memory -z", {"kdump"});
    fs::copy_file(file, forms.path("kdump"));
    const Report report = report_of({forms.path("kdump")}, {"--isolate", "all"});
    EXPECT_TRUE(report.rest == forms.whole().rest) << "pages reach every process";
  }
  EXPECT_GT(saved, 0U) << "captures with --kdump have one";
}

/// makedumpfile knows kernels up to some release, and copies those it does not know; at level 0 and 1 it need
/// not know them.
TEST_F(FormsTest, WhatMakedumpfileWrites) {
  const auto all = captures();
  Forms forms(all.front());
  forms.convert({"elf"});
  const std::string elf = forms.path("elf"), out = forms.path("out");
  for (const std::string option : {"-c", "-l", "-p", "-z"})
    for (const std::string level : {"0", "1"}) {
      ASSERT_TRUE(succeeds("/usr/bin/env", {"makedumpfile", option, "-d", level, elf, out}));
      forms.expect_same("makedumpfile " + option + " -d " + level, {"out"});
    }
  ASSERT_TRUE(succeeds("/usr/bin/env",
                       {"makedumpfile", "-c", "-d", "1", "--split", elf, forms.path("1"), forms.path("2")}));
  forms.expect_same("makedumpfile -c --split", {"2", "1"});
  for (const std::string option : {"-c", "-E"}) {
    ASSERT_TRUE(
        succeeds("/bin/sh", {"-c", "exec makedumpfile -F " + option + " -d 0 \"$0\" > \"$1\"", elf, out}));
    forms.expect_same("makedumpfile -F " + option, {"out"}, option == "-E" ? "ELF core" : "kdump-compressed");
  }
}

/// What a level leaves out is absent for that reason, and all else is as it was.
TEST_F(FormsTest, LevelsLeaveOutWhatTheySay) {
  const auto all = captures();
  Forms forms(all.front());
  forms.convert({"elf"});
  std::uint64_t before = 0;
  for (const std::string level : {"17", "23", "31"}) {
    ASSERT_TRUE(
        succeeds("/usr/bin/env", {"makedumpfile", "-l", "-d", level, forms.path("elf"), forms.path("out")}));
    const Ran compared = run({"compare", forms.path("out"), all.front().vmcore()}, GUEST_FORMS);
    EXPECT_EQ(compared.exit_code, 0) << compared.out << compared.err;
    std::printf("%-10s %-28s %s", all.front().name.c_str(), ("makedumpfile -l -d " + level).c_str(),
                compared.out.c_str());
    const auto excluded = std::strtoull(compared.out.c_str(), nullptr, 10);
    EXPECT_GE(excluded, before);
    before = excluded;
    fs::remove(forms.path("out"));
  }
}

} // namespace
} // namespace mapscope::guest
