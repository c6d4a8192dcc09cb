// SPDX-License-Identifier: Apache-2.0
// A dump in all its forms gives one report, but for what it says of its source.
#include "tests/cli/hostile_dump.hpp"
#include "tests/support/kdump_file.hpp"

namespace mapscope::cli_test {
namespace {

/// One machine's memory, as an ELF core and as a kdump.
class Machine {
public:
  Machine() {
    const auto source = memory::open_source(core_);
    if (source) kdump.add(**source);
  }
  [[nodiscard]] std::string core() const { return core_; }
  [[nodiscard]] std::string file(const std::string& name, const std::string& bytes) const {
    return scratch_.file(name, bytes);
  }
  test::KdumpFile kdump;

private:
  Scratch scratch_;
  std::string core_ = scratch_.file("vmcore", tiny_core({"first", "second"}));
};

/// A report without the word that names the form.
std::string report_of(const Words& files, const std::string& kind) {
  Words words = {"dump", "-j"};
  words.insert(words.end(), files.begin(), files.end());
  std::string text = run(words).out;
  const std::string said = "{\"kind\":\"" + kind + "\"";
  const auto at = text.find(said);
  EXPECT_NE(at, std::string::npos) << text.substr(0, 200);
  return at == std::string::npos ? text : text.erase(at, said.size());
}

TEST(Kdump, SameReportInEveryForm) {
  const Machine machine;
  const std::string core = report_of({machine.core()}, "ELF core");
  const std::string kind = "kdump-compressed";
  for (const auto packing : test::all_packings) {
    const auto source = memory::open_source(machine.core());
    ASSERT_TRUE(source);
    test::KdumpFile kdump(packing);
    kdump.add(**source);
    const std::string name(test::packing_name(packing));
    EXPECT_EQ(report_of({machine.file(name, kdump.bytes())}, kind), core);
    EXPECT_EQ(report_of({machine.file(name, test::flattened(kdump.bytes()))}, kind), core);
    Words parts;
    for (const auto& part : kdump.parts({0x40, 0x101, kdump.frames()}))
      parts.push_back(machine.file(name + std::to_string(parts.size()), part));
    EXPECT_EQ(report_of(parts, kind), core);
  }
}

TEST(Kdump, PartsForEveryCommandAndBesideOptions) {
  const Machine machine;
  const auto parts = machine.kdump.parts({0x40, machine.kdump.frames()});
  const std::string one = machine.file("vmcore.1", parts[0]), two = machine.file("vmcore.2", parts[1]);
  EXPECT_EQ(output({"maps", "-j", two, one}), output({"maps", "-j", machine.core()}));
  EXPECT_THAT(output({"info", two, "-q", one}), HasSubstr("  split                2 of 2 parts\n"));
  EXPECT_THAT(output({"info", "-j", two, one}), HasSubstr("\"split\":\"2 of 2 parts\""));
  EXPECT_THAT(output({"dump", two, "--map", "first", one}), HasSubstr("from a kdump-compressed dump\n"));
  EXPECT_THAT(misuse({"dump", two}), HasSubstr("is missing; give all parts together"));
  EXPECT_THAT(misuse({"dump", one, machine.core()}), HasSubstr("no part of a split kdump-compressed dump"));
}

TEST(Kdump, NoPartIsReplaced) {
  const Machine machine;
  const auto parts = machine.kdump.parts({0x40, machine.kdump.frames()});
  const std::string one = machine.file("vmcore.1", parts[0]), two = machine.file("vmcore.2", parts[1]);
  EXPECT_THAT(misuse({"dump", one, two, "-o", two}), HasSubstr("which the report would replace"));
  EXPECT_EQ(test::read_file(two), parts[1]);
}

TEST(Kdump, LittleMemoryChangesNothing) {
  const Machine machine;
  const std::string file = machine.file("kdump", machine.kdump.bytes());
  EXPECT_EQ(output({"dump", "-j", "--set", "memory.resident=4096", file}), output({"dump", "-j", file}));
}

TEST(Kdump, LeavesNoTemporaryFile) {
  const Machine machine;
  const std::string file = machine.file("kdump", test::flattened(machine.kdump.bytes()));
  const Scratch scratch;
  fs::create_directory(scratch / "tmp");
  ::setenv("TMPDIR", (scratch / "tmp").c_str(), 1);
  (void)output({"maps", file});
  ::unsetenv("TMPDIR");
  EXPECT_TRUE(fs::is_empty(scratch / "tmp"));
}

/// Plugins in worker processes read pages that the host has unpacked, and unpack the others themselves.
TEST(Kdump, WorkersSeeAllOfIt) {
  const Machine machine;
  const std::string file = machine.file("kdump", machine.kdump.bytes());
  const std::string core = output({"dump", "-j", "--isolate", "all", machine.core()});
  std::string kdump = output({"dump", "-j", "--isolate", "all", file});
  const std::string kind = "kdump-compressed";
  const auto at = kdump.find(kind);
  ASSERT_NE(at, std::string::npos);
  EXPECT_EQ(kdump.replace(at, kind.size(), "ELF core"), core);
}

} // namespace
} // namespace mapscope::cli_test
