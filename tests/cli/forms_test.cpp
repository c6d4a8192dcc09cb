// SPDX-License-Identifier: Apache-2.0
// The same memory in every form of file: the same report, and what `info` says of the file.
#include "tests/cli/mapscope.hpp"
#include "tests/support/core_file.hpp"
#include "tests/support/holed_kernel.hpp"
#include "tests/support/memory_files.hpp"

#include <filesystem>
#include <rapidjson/document.h>

namespace mapscope::cli_test {
namespace {

using test::HoledKernel;

class Forms : public testing::Test {
protected:
  [[nodiscard]] std::string file(const std::string& content) const { return scratch_.file("dump", content); }

  const Scratch scratch_;
  const HoledKernel kernel_{};
  const std::vector<test::Bytes> memory_ = test::memory_of(kernel_.image());
  const std::string raw_ = test::raw_image(memory_, kernel_.layout());
};

std::string without_kind(std::string report, const std::string& kind) {
  const std::string text = "\"kind\":\"" + kind + "\"";
  const auto at = report.find(text);
  EXPECT_NE(at, report.npos) << report;
  return at == report.npos ? report : report.replace(at, text.size(), "");
}

TEST_F(Forms, AllGiveTheSameReport) {
  const std::string expected =
      without_kind(output({"dump", file(test::core_of(kernel_.image()).bytes()), "-j"}), "ELF core");
  EXPECT_THAT(expected, HasSubstr("\"first\""));
  EXPECT_EQ(without_kind(output({"dump", file(raw_), "-j"}), "raw image"), expected);
  EXPECT_EQ(without_kind(output({"dump", file(test::lime_image(memory_)), "-j"}), "LiME image"), expected);
  EXPECT_EQ(without_kind(output({"dump", file(test::avml_image(memory_)), "-j"}), "AVML image"), expected);
}

/// What the file lost is said first, as the rest follows from it.
TEST_F(Forms, AHeaderThatIsNoneIsNamedWhereNothingIsFound) {
  std::string lime = test::lime_image(memory_), avml = test::avml_image(memory_);
  lime.erase(1000, 8), avml.erase(avml.size() / 2, 8);
  const std::string refusal = failure({"dump", file(lime)}, 1);
  EXPECT_THAT(refusal, HasSubstr("dump: at 0x"));
  EXPECT_THAT(refusal, HasSubstr(" of the file should be the header of a range and is something else; what "
                                 "comes before is read, and "));
  EXPECT_THAT(refusal, HasSubstr(" bytes are not; so this was not found in it: no VMCOREINFO"));
  EXPECT_THAT(refusal, EndsWith("is the dump complete? Take or copy the dump again as a whole"));
  EXPECT_THAT(failure({"maps", file(avml)}, 1), HasSubstr("dump: not all of it could be unpacked, since "));
}

TEST_F(Forms, TheTextSaysWhatItIsFrom) {
  EXPECT_THAT(output({"dump", file(raw_)}), HasSubstr(", from a raw image\n"));
  EXPECT_THAT(output({"dump", file(test::avml_image(memory_))}), HasSubstr(", from an AVML image\n"));
}

TEST_F(Forms, InfoSaysWhereTheBytesLieAndWhoSaysSo) {
  const std::string dump = file(raw_);
  EXPECT_THAT(output({"info", dump}),
              testing::AllOf(HasSubstr("\n  layout               0x0-0x1fffff,0x100000000-0x1000fffff\n"),
                             HasSubstr("\n  layout found by      the kernel's list of its memory"),
                             HasSubstr("\n  holes                0x200000-0xffffffff\n")));
  rapidjson::Document json;
  json.Parse(output({"info", dump, "-j"}).c_str());
  ASSERT_FALSE(json.HasParseError());
  EXPECT_STREQ(json["details"]["layout"].GetString(), "0x0-0x1fffff,0x100000000-0x1000fffff");
}

TEST_F(Forms, IndentedJsonIsTheSame) {
  const std::string dump = file(raw_);
  for (const Words& words : {Words{"info", dump}, {"maps", dump}, {"config", "show"}, {"plugins", "list"}}) {
    Words line = words, pretty = words;
    line.emplace_back("-j"), pretty.emplace_back("-p");
    const std::string text = output(pretty);
    rapidjson::Document one, other;
    one.Parse(output(line).c_str()), other.Parse(text.c_str());
    EXPECT_TRUE(!one.HasParseError() && one == other) << words[0];
    EXPECT_GT(std::ranges::count(text, '\n'), 2) << words[0];
  }
}

TEST_F(Forms, ALayoutThatIsGiven) {
  const std::string dump = file(raw_);
  EXPECT_THAT(output({"info", dump, "--layout", "0-0x1fffff,0x100000000-"}),
              HasSubstr("\n  layout found by      --layout\n"));
  EXPECT_EQ(misuse({"info", dump, "--layout", "0-0x1fffff"}),
            "--layout: its ranges have 2097152 bytes, and the file has 3145728");
  EXPECT_THAT(misuse({"info", dump, "--layout", "2MiB"}),
              StartsWith("--layout: \"2MiB\" is no range of addresses"));
  EXPECT_THAT(misuse({"info", dump, "--layout", "0-,4096-"}),
              HasSubstr("has no end and is not the last range"));
  EXPECT_THAT(misuse({"info", dump, "--layout", "0-8191,4096-"}), HasSubstr("overlap"));
  EXPECT_THAT(misuse({"info", dump, "--layout", ""}), HasSubstr("empty"));
  EXPECT_EQ(misuse({"info", dump, "--layout", "0xffffffffffff0000-"}),
            "--layout: behind 0xffffffffffff0000 there is no room for the other 3145728 bytes of the file");
  EXPECT_THAT(misuse({"info", file(test::lime_image(memory_)), "--layout", "0-"}),
              HasSubstr("is no raw image: its format (LiME image) says where its pieces lie"));
}

/// As a file that was grown to be mapped.
TEST_F(Forms, AnImageThatIsLongerThanTheMemorySaysWhatIsNoneOfIt) {
  const HoledKernel kernel{.low = 4U << 20, .high = 0, .list_at = 0x180000};
  const std::string dump = file(test::raw_image(test::memory_of(kernel.image()), kernel.layout()));
  std::filesystem::resize_file(dump, 1U << 30);
  const Ran info = run({"info", dump});
  EXPECT_THAT(info.out, HasSubstr("\nmemory, bytes          4194304\n"));
  EXPECT_THAT(info.err,
              HasSubstr("the last 1069547520 bytes of the file belong to no memory, by the kernel's "
                        "list of its memory (iomem_resource); they are not looked at"));
}

TEST_F(Forms, ALayoutThatIsWrongIsNamedWhereNothingIsFound) {
  const Words words = {"maps", file(raw_), "--layout", "0x100000000-"};
  EXPECT_THAT(failure(words, 1), AllOf(HasSubstr("dump: with --layout 0x100000000-: "),
                                       HasSubstr("ithout --layout the kernel in the image says")));
}

/// What the file says of itself is known, also where the kernel in it cannot be read.
TEST_F(Forms, InfoOfAFileWhoseKernelIsLost) {
  std::string core = test::core_of(kernel_.image()).bytes();
  core.resize(core.size() / 2);
  const std::string dump = file(core);
  const Ran text = run({"info", dump}), json = run({"info", dump, "-j"});
  EXPECT_EQ(text.exit_code, 1);
  EXPECT_THAT(text.out, StartsWith("format                 ELF core\n"));
  EXPECT_THAT(text.out, HasSubstr("\nkernel release         7.3.0-tiny\n"));
  EXPECT_THAT(text.out, HasSubstr("\nof these in the file   "));
  EXPECT_THAT(text.out, HasSubstr("\nVMCOREINFO from        note\n"));
  EXPECT_THAT(text.err, HasSubstr(" bytes early, so this was not found in it: "));
  rapidjson::Document facts;
  facts.Parse(json.out.c_str());
  ASSERT_TRUE(facts.IsObject());
  EXPECT_STREQ(facts["release"].GetString(), "7.3.0-tiny");
  EXPECT_EQ("mapscope: " + std::string(facts["error"].GetString()) + "\n", json.err);
}

/// Of all the memory one page is left, with what the kernel says of itself.
TEST_F(Forms, InfoOfAFileInWhichNothingConfirmsTheKernel) {
  auto memory = test::memory_of(kernel_.image(), 0x1000);
  std::erase_if(memory, [](const test::Bytes& part) { return part.address != 0x1000; });
  ASSERT_EQ(memory.size(), 1U);
  const Ran ran = run({"info", file(test::lime_image(memory) + std::string(64, 'x'))});
  EXPECT_EQ(ran.exit_code, 1);
  EXPECT_THAT(ran.out, HasSubstr("\nkernel release         7.3.0-tiny\n"));
  EXPECT_THAT(ran.out, HasSubstr("\nVMCOREINFO from        memory\n"));
  EXPECT_THAT(ran.err, HasSubstr(" of the file should be the header of a range"));
}

TEST_F(Forms, WhereTheListOfMemoryCannotBeReadItSaysSo) {
  const HoledKernel circular{.circular = true};
  const Ran ran = run({"maps", file(test::raw_image(test::memory_of(circular.image()), circular.layout()))});
  EXPECT_EQ(ran.exit_code, 0);
  EXPECT_THAT(ran.err, HasSubstr("--layout RANGES says otherwise"));
}

TEST_F(Forms, ACutFileIsShownAsFarAsItGoesAndSaysWhatIsMissing) {
  const Ran raw = run({"maps", file(raw_.substr(0, raw_.size() - 4096))});
  EXPECT_EQ(raw.exit_code, 0);
  EXPECT_THAT(raw.err, HasSubstr("the file ends 4096 bytes early; what it holds is shown"));
  const std::string lime = test::lime_image(memory_), avml = test::avml_image(memory_);
  EXPECT_THAT(run({"maps", file(lime.substr(0, lime.size() - 8))}).err,
              HasSubstr("the file ends 8 bytes early"));
  EXPECT_THAT(run({"maps", file(avml.substr(0, avml.size() - 20))}).err,
              HasSubstr("not all of it could be unpacked, since the file ends early"));
}

TEST_F(Forms, ACutImageWithoutAHoleSaysWhatIsMissing) {
  const HoledKernel kernel{.low = 4U << 20, .high = 0, .list_at = 0x180000};
  const std::string whole = test::raw_image(test::memory_of(kernel.image()), kernel.layout()),
                    cut = file(whole.substr(0, 3U << 20)),
                    told = "the file ends 1048576 bytes early; what it holds is shown";
  EXPECT_THAT(run({"info", cut}).out, testing::AllOf(HasSubstr("\nmemory, bytes          4194304\n"),
                                                     HasSubstr("\nof these in the file   3145728\n")));
  const Ran dump = run({"dump", cut, "-j"});
  EXPECT_THAT(dump.err, HasSubstr(told));
  EXPECT_THAT(dump.out, HasSubstr(told)) << "among the findings";
}

TEST_F(Forms, WhatIsTakenForZerosIsTold) {
  auto core = test::core_of(kernel_.image());
  core.load(0x300000000, "x", 8192);
  const std::string dump = file(core.bytes()),
                    told = "8191 bytes that the dump left out are taken for zeros (--zero-excluded)";
  const Ran with = run({"dump", dump, "-j", "--zero-excluded"}), without = run({"dump", dump, "-j"});
  EXPECT_THAT(with.err, HasSubstr(told));
  EXPECT_THAT(with.out, HasSubstr("{\"severity\":\"warning\",\"text\":\"" + told));
  EXPECT_THAT(without.err + without.out, testing::Not(HasSubstr("taken for zeros")));
}

TEST_F(Forms, OptionsThatChangeNothingSaySo) {
  const std::string dump = file(raw_);
  EXPECT_THAT(run({"maps", dump, "--force"}).err,
              HasSubstr("--force changes nothing: no file is given that it could take"));
  EXPECT_THAT(run({"maps", dump, "--zero-excluded"}).err,
              HasSubstr("--zero-excluded changes nothing: " + dump + " leaves nothing out that is known"));
  EXPECT_EQ(run({"maps", dump}).err, "");
}

TEST_F(Forms, NoRoomToUnpack) {
  const std::string dump = file(test::avml_image(memory_));
  const Ran ran = test::run_program(
      "/bin/sh", {"-c", "ulimit -f 1; TMPDIR=" + scratch_.path().string() + " exec \"$0\" info \"$1\"",
                  MAPSCOPE_PROGRAM, dump});
  EXPECT_EQ(ran.exit_code, 1);
  EXPECT_THAT(ran.err, HasSubstr("cannot be unpacked into " + scratch_.path().string() +
                                 ": File too large; let "
                                 "TMPDIR name a directory with room"));
}

} // namespace
} // namespace mapscope::cli_test
