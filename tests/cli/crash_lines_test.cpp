// SPDX-License-Identifier: Apache-2.0
// The source line of a crash, of plugins with debug information; and what debug information can do that is
// not what it should be.
#include "tests/cli/hostile_dump.hpp"
#include "tests/support/plugin_library.hpp"

#include <cstring>
#include <elf.h>
#include <functional>
#include <span>
#include <sstream>

namespace mapscope::cli_test {
namespace {

/// What is said of a crash of this plugin on the victim.
std::string crash_of(const std::string& plugin, const std::string& mode = "null_write") {
  const Dump dump({plugin, "steady"}, mode_is(mode, 3));
  for (const char* name : {"first", "last"}) EXPECT_TRUE(dump.map(name) == undisturbed().map(name)) << name;
  EXPECT_EQ(text_of(dump.map("victim"), "status"), "crashed");
  EXPECT_EQ(text_of(dump.map("victim"), "renderer"), "org.example.steady@1.0.0");
  return text_of(dump.map("victim"), "error");
}

/// A pattern for "/.../hostile.cpp:54", of the line that has this; the compiler may know the path from
/// elsewhere.
std::string line_with(const std::string& text) {
  std::istringstream source(test::read_file(HOSTILE_SOURCE));
  unsigned number = 1;
  for (std::string line; std::getline(source, line); ++number)
    if (line.find(text) != line.npos) return fmt::format("[^ ]*/hostile\\.cpp:{}", number);
  ADD_FAILURE() << text;
  return "";
}

class CrashLines : public testing::TestWithParam<const char*> {};

TEST_P(CrashLines, AreThoseOfTheSource) {
  EXPECT_THAT(crash_of(GetParam()),
              testing::ContainsRegex("SIGSEGV at address 0x8 in .*write_to_null.*\\+0x[0-9a-f]+, " +
                                     line_with("void write_to_null()") + " after config\\(\\)"));
  EXPECT_THAT(crash_of(GetParam(), "abort"),
              testing::ContainsRegex("SIGABRT .*called from .*misbehave.*, " +
                                     line_with("if (mode == \"abort\")") + " after config\\(\\)"));
}

INSTANTIATE_TEST_SUITE_P(All, CrashLines, testing::Values("hostile_dwarf5", "hostile_dwarf4"),
                         [](const auto& info) { return std::string(info.param); });

TEST(CrashWithoutLines, SaysWhatItSaid) {
  EXPECT_THAT(crash_of("hostile"),
              testing::ContainsRegex("SIGSEGV at address 0x8 in .*write_to_null.*\\+0x[0-9a-f]+ after "
                                     "config\\(\\)$"));
}

/// The plugin with debug information that is not what it was, in a file of `scratch`.
class Garbled {
public:
  explicit Garbled(const Scratch& scratch)
      : library_(fs::path(HOSTILE_PLUGINS) / "hostile_dwarf5.so"), path_((scratch / "garbled.so").string()) {}

  std::span<std::byte> section(const std::string& name) {
    const Elf64_Ehdr& header = library_.header();
    const auto* sections = reinterpret_cast<const Elf64_Shdr*>(library_.bytes.data() + header.e_shoff);
    const auto* names =
        reinterpret_cast<const char*>(library_.bytes.data() + sections[header.e_shstrndx].sh_offset);
    for (const Elf64_Shdr& one : std::span(sections, header.e_shnum))
      if (name == names + one.sh_name) return std::span(library_.bytes).subspan(one.sh_offset, one.sh_size);
    ADD_FAILURE() << "no section " << name;
    return {};
  }
  std::string save() const {
    library_.save(path_);
    return path_;
  }

private:
  test::PluginLibrary library_;
  std::string path_;
};

void fill_with_noise(std::span<std::byte> bytes) {
  std::uint32_t state = 1;
  for (std::byte& byte : bytes) {
    state = state * 1664525 + 1013904223;
    byte = static_cast<std::byte>(state >> 24);
  }
}

void fill(std::span<std::byte> bytes, int with) { std::memset(bytes.data(), with, bytes.size()); }

struct Garbling {
  const char* name;
  void (*garble)(Garbled&);
  friend void PrintTo(const Garbling& garbling, std::ostream* out) { *out << garbling.name; }
};

class CrashOfGarbled : public testing::TestWithParam<Garbling> {};

TEST_P(CrashOfGarbled, IsToldAsWithoutLines) {
  const Scratch scratch;
  Garbled garbled(scratch);
  GetParam().garble(garbled);
  EXPECT_EQ(crash_of(garbled.save()), crash_of("hostile"));
}

INSTANTIATE_TEST_SUITE_P(
    All, CrashOfGarbled,
    testing::Values(
        Garbling{"noise_in_lines", [](Garbled& g) { fill_with_noise(g.section(".debug_line")); }},
        Garbling{"noise_in_info", [](Garbled& g) { fill_with_noise(g.section(".debug_info")); }},
        Garbling{"noise_in_abbreviations", [](Garbled& g) { fill_with_noise(g.section(".debug_abbrev")); }},
        Garbling{"lines_of_zeros", [](Garbled& g) { fill(g.section(".debug_line"), 0); }},
        Garbling{"lines_of_ones", [](Garbled& g) { fill(g.section(".debug_line"), 0xff); }},
        Garbling{"info_of_ones", [](Garbled& g) { fill(g.section(".debug_info"), 0xff); }},
        Garbling{"a_long_header", [](Garbled& g) { fill(g.section(".debug_line").subspan(8, 4), 0xee); }}),
    [](const auto& info) { return info.param.name; });

/// A path goes to the terminal as it is shown: no control characters, and not all of it.
TEST(CrashOfGarbledNames, AreFitForATerminal) {
  const Scratch scratch;
  Garbled garbled(scratch);
  fill(garbled.section(".debug_line_str"), '\x1b');
  EXPECT_THAT(crash_of(garbled.save()), testing::Not(HasSubstr("\x1b")));
}

} // namespace
} // namespace mapscope::cli_test
