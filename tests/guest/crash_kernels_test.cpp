// SPDX-License-Identifier: Apache-2.0
// A guest that crashed, and whose crash kernel runs: two real kernels in one memory. What the first one
// stated all other tests hold against the report that mapscope gives unasked.
#include "captures.hpp"
#include "expected.hpp"
#include "raw_forms.hpp"

#include <cstring>
#include <fstream>
#include <gmock/gmock.h>

namespace mapscope::guest {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

std::vector<Capture> crashed() {
  auto list = captures();
  std::erase_if(list, [](const Capture& capture) { return !fs::exists(capture.folder / "crash.json"); });
  return list;
}

class CrashKernels : public testing::Test {
protected:
  void SetUp() override {
    ASSERT_FALSE(crashed().empty())
        << "no guest of MAPSCOPE_CAPTURES has crashed; ./dev test captures one that did (6.12-crash)";
  }
  const Scratch scratch_;
};

rapidjson::Document stated(const Capture& capture, const char* file) {
  return parse(read_file(capture.folder / file));
}

rapidjson::Document info(const fs::path& dump, const std::vector<std::string>& more = {}) {
  std::vector<std::string> words = {"info", dump.string(), "-j"};
  words.insert(words.end(), more.begin(), more.end());
  const Ran ran = run(words);
  EXPECT_EQ(ran.exit_code, 0) << ran.err;
  return parse(ran.out);
}

/// The number of the one that is, or is not, the crash kernel.
std::string number_of(const rapidjson::Document& info, bool crash_kernel) {
  const auto& kernels = info["kernels"];
  for (rapidjson::SizeType i = 0; i < kernels.Size(); ++i)
    if (kernels[i]["crash_kernel"].GetBool() == crash_kernel) return std::to_string(i + 1);
  ADD_FAILURE() << "info lists none";
  return "1";
}

/// Both are in the list, and the one that crashed is shown.
void expect_both(const rapidjson::Document& info, const Capture& capture) {
  const auto before = stated(capture, "guest.json"), after = stated(capture, "crash.json");
  EXPECT_STREQ(info["release"].GetString(), before["release"].GetString());
  EXPECT_EQ(info["maps"].GetUint64(), before["maps"].Size());
  ASSERT_EQ(info["kernels"].Size(), 2U);
  for (const auto& kernel : info["kernels"].GetArray()) {
    const bool is_crash_kernel = kernel["crash_kernel"].GetBool();
    EXPECT_NE(kernel["shown"].GetBool(), is_crash_kernel);
    EXPECT_STREQ(kernel["release"].GetString(), (is_crash_kernel ? after : before)["release"].GetString());
  }
}

/// All of the maps that the crash kernel stated, and no others.
void expect_maps_after_crash(const fs::path& dump, const std::string& number, const Capture& capture) {
  const auto report = guest::dump(dump, {"--kernel", number});
  const auto after = stated(capture, "crash.json");
  ASSERT_GT(after["maps"].Size(), 1U);
  Tally cells;
  compare_expected(after["maps"], report["maps"], cells);
  EXPECT_EQ(cells.equal, cells.all);
  EXPECT_EQ(report["programs"].Size(), 0U);
  EXPECT_STREQ(report["mapscope"]["source"]["release"].GetString(), after["release"].GetString());
}

TEST_F(CrashKernels, BothAreNamedAndTheOneThatCrashedIsShown) {
  for (const Capture& capture : crashed()) {
    SCOPED_TRACE(capture.name);
    expect_both(info(capture.vmcore()), capture);
    const Ran ran = run({"maps", capture.vmcore().string()});
    const std::string release = stated(capture, "crash.json")["release"].GetString();
    EXPECT_THAT(ran.err, AllOf(HasSubstr("the memory also holds its crash kernel, Linux " + release),
                               HasSubstr("the kernel that crashed is shown, --kernel N takes another"),
                               Not(HasSubstr("the memory holds 2 kernels"))));
  }
}

TEST_F(CrashKernels, TheOneThatCrashedByItsNumber) {
  for (const Capture& capture : crashed()) {
    SCOPED_TRACE(capture.name);
    const std::string core = capture.vmcore(), number = number_of(info(core), false);
    const Ran unasked = run({"dump", core, "-j"});
    EXPECT_GT(unasked.out.size(), 100'000U);
    EXPECT_TRUE(run({"dump", core, "-j", "--kernel", number}).out == unasked.out);
  }
}

TEST_F(CrashKernels, TheCrashKernelByItsNumber) {
  for (const Capture& capture : crashed()) {
    SCOPED_TRACE(capture.name);
    const std::string number = number_of(info(capture.vmcore()), true);
    expect_maps_after_crash(capture.vmcore(), number, capture);
    const auto itself = info(capture.vmcore(), {"--kernel", number});
    EXPECT_EQ(number_of(itself, true), number) << "it knows by itself";
  }
}

/// Without a note, and of a machine with a hole without a layout too.
TEST_F(CrashKernels, InARawImage) {
  for (const Capture& capture : crashed()) {
    SCOPED_TRACE(capture.name);
    const auto raw = scratch_ / "raw";
    write_raw(capture.vmcore(), raw);
    const auto before = info(raw);
    expect_both(before, capture);
    const std::string number = number_of(before, true);
    expect_maps_after_crash(raw, number, capture);
    EXPECT_STREQ(info(raw, {"--kernel", number})["details"]["layout"].GetString(),
                 before["details"]["layout"].GetString());
    fs::remove(raw);
  }
}

/// Every page that VMCOREINFO begins in, as the text or as a note.
void lose_vmcoreinfo(const fs::path& raw) {
  constexpr std::size_t page = 4096;
  std::fstream file(raw, std::ios::in | std::ios::out | std::ios::binary);
  std::string bytes(page, '\0');
  std::vector<std::streamoff> pages;
  for (std::streamoff at = 0; file.read(bytes.data(), page); at += page)
    for (const std::size_t text : {0, 24})
      if (bytes.compare(text, 10, "OSRELEASE=") == 0) pages.push_back(at);
  EXPECT_GE(pages.size(), 2U);
  file.clear();
  for (const std::streamoff at : pages) file.seekp(at).write(std::string(page, '\0').data(), page);
}

TEST_F(CrashKernels, WhereAllOfVmcoreinfoIsLost) {
  const Capture capture = crashed().front();
  const auto raw = scratch_ / "raw";
  write_raw(capture.vmcore(), raw);
  lose_vmcoreinfo(raw);
  const auto before = info(raw);
  EXPECT_STREQ(before["vmcoreinfo_from"].GetString(), "symbols");
  EXPECT_EQ(before["maps"].GetUint64(), stated(capture, "guest.json")["maps"].Size());
  ASSERT_EQ(before["kernels"].Size(), 2U);
  const std::string other = before["kernels"][0]["shown"].GetBool() ? "2" : "1";
  expect_maps_after_crash(raw, other, capture);
}

} // namespace
} // namespace mapscope::guest
