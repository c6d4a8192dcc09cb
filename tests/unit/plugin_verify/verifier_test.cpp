// SPDX-License-Identifier: Apache-2.0
// Each rule with a file it accepts and files it rejects; the rejected ones are the accepted one with a few
// bytes changed.
#include "host/plugin/verify/verifier.hpp"
#include "tests/support/plugin_library.hpp"

#include <cstring>
#include <fmt/format.h>
#include <functional>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace mapscope::plugin {
namespace {

using test::manifest_text;
using test::PluginLibrary;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

constexpr std::string_view entry = "msc_plugin_v1";

PluginLibrary good() {
  PluginLibrary library(FIXTURE_GOOD);
  library.set_manifest(manifest_text("org.example.good", {"attach=map-type:hash", "needs=struct x.a"}));
  return library;
}

std::string reason_of(const PluginLibrary& library, const Policy& policy = {}) {
  return verify_bytes(library.bytes, policy).reason();
}

std::vector<std::string> rules_of(const Verification& verification) {
  std::vector<std::string> rules;
  for (const RuleResult& result : verification.log) rules.push_back(result.rule);
  return rules;
}

TEST(Verifier, AcceptsWhatTheSdkBuilds) {
  const auto verification = verify_bytes(PluginLibrary(FIXTURE_SDK).bytes, {});
  EXPECT_EQ(verification.reason(), "");
  ASSERT_TRUE(verification.manifest);
  EXPECT_EQ(verification.manifest->id, "org.example.sdk");
  EXPECT_EQ(verification.manifest->version, "1.2.3");
}

TEST(Verifier, SaysWhatEachRuleFound) {
  const auto verification = verify_bytes(good().bytes, {});
  EXPECT_THAT(rules_of(verification),
              ElementsAre("V2", "V3", "V4", "V5", "V6", "V7", "V8", "V9", "V10", "V11"));
  for (const RuleResult& result : verification.log) {
    EXPECT_EQ(result.verdict, RuleResult::Verdict::pass) << result.rule << ": " << result.text;
    EXPECT_NE(result.text, "") << result.rule;
  }
  EXPECT_EQ(verification.log[4].text, "org.example.good 1.0.0, Apache-2.0");
  EXPECT_EQ(verification.log[7].text, "needs libc.so.6");
}

TEST(Verifier, EndsAtTheFirstFailure) {
  auto library = good();
  library.header().e_type = ET_EXEC;
  const auto verification = verify_bytes(library.bytes, {});
  EXPECT_THAT(rules_of(verification), ElementsAre("V2"));
  EXPECT_FALSE(verification.passed());
  EXPECT_FALSE(verification.manifest);
}

TEST(Verifier, KeepsTheManifestOfAFileThatFailsLater) {
  auto library = good();
  library.symbol(entry).st_size = 1;
  const auto verification = verify_bytes(library.bytes, {});
  EXPECT_THAT(verification.reason(), StartsWith("V8"));
  ASSERT_TRUE(verification.manifest);
  EXPECT_EQ(verification.manifest->id, "org.example.good");
}

struct Change {
  std::string name;
  std::function<void(PluginLibrary&)> apply;
  std::string reason;
};
/// "V2: text" or "V2 ... text".
std::pair<std::string, std::string> split_reason(const std::string& reason) {
  const std::size_t end = reason.find_first_of(": ");
  const std::size_t text = reason.find_first_not_of(":. ", end);
  return {reason.substr(0, end), text == reason.npos ? "" : reason.substr(text)};
}
void PrintTo(const Change& change, std::ostream* out) { *out << change.name; }

class Rejects : public testing::TestWithParam<Change> {};

TEST_P(Rejects, WithRuleAndReason) {
  auto library = good();
  GetParam().apply(library);
  const auto [rule, text] = split_reason(GetParam().reason);
  EXPECT_THAT(reason_of(library), StartsWith(rule + ": "));
  EXPECT_THAT(reason_of(library), HasSubstr(text));
}

std::string name_of(const testing::TestParamInfo<Change>& info) { return info.param.name; }

INSTANTIATE_TEST_SUITE_P(
    V2, Rejects,
    testing::Values(
        Change{"Text", [](auto& l) { std::memcpy(l.bytes.data(), "# a text file", 13); },
               "V2: it is not an ELF file"},
        Change{"Empty", [](auto& l) { l.bytes.clear(); }, "V2: it is not an ELF file"},
        Change{"MagicAlone", [](auto& l) { l.bytes.resize(4); },
               "V2: the file ends inside its ELF header (4 bytes)"},
        Change{"Class32", [](auto& l) { l.header().e_ident[EI_CLASS] = ELFCLASS32; },
               "V2: it is not 64-bit ELF"},
        Change{"ByteOrder", [](auto& l) { l.header().e_ident[EI_DATA] ^= 3; },
               "V2: its byte order is not this machine's"},
        Change{"ForeignMachine", [](auto& l) { l.header().e_machine = EM_RISCV; },
               "V2: it is built for RISC-V, and mapscope runs on"},
        Change{"UnknownMachine", [](auto& l) { l.header().e_machine = 0xabcd; },
               "V2: it is built for machine number 43981"},
        Change{"ObjectFile", [](auto& l) { l.header().e_type = ET_REL; },
               "V2: it is ELF, but an object file"},
        Change{"CoreDump", [](auto& l) { l.header().e_type = ET_CORE; }, "V2: it is ELF, but a core dump"},
        Change{"NoSegments", [](auto& l) { l.header().e_phnum = 0; }, "V2: it has no program headers"},
        Change{"OddSegments", [](auto& l) { l.header().e_phentsize = 32; },
               "V2: it has no program headers of the usual size"},
        Change{"ManySegments", [](auto& l) { l.header().e_phnum = 65; },
               "V2: it has 65 program headers, at most 64"},
        Change{"SegmentsBehindEnd", [](auto& l) { l.header().e_phoff = l.bytes.size() - 8; }, "V2: its"},
        Change{"SegmentsWrap", [](auto& l) { l.header().e_phoff = ~0ULL - 8; },
               "V2 ... reach past the end of the file"}),
    name_of);

INSTANTIATE_TEST_SUITE_P(
    V3Segments, Rejects,
    testing::Values(
        Change{"CutShort", [](auto& l) { l.bytes.resize(l.segment(PT_LOAD, 1).p_offset + 8); },
               "V3 ... was it cut short?"},
        Change{"OffsetWraps", [](auto& l) { l.segment(PT_LOAD, 1).p_offset = ~0ULL - 100; }, "V3: segment"},
        Change{"SizeWraps", [](auto& l) { l.segment(PT_LOAD, 1).p_filesz = ~0ULL; }, "V3: segment"},
        Change{"MemorySmallerThanFile", [](auto& l) { l.segment(PT_LOAD).p_memsz = 1; },
               "V3 ... contradicts itself"},
        Change{"AddressWraps", [](auto& l) { l.segment(PT_LOAD, 1).p_memsz = ~0ULL - 0x1000; },
               "V3 ... contradicts itself"},
        Change{"Misaligned", [](auto& l) { l.segment(PT_LOAD, 1).p_vaddr += 8; },
               "V3 ... contradicts itself"},
        Change{"Overlap", [](auto& l) { l.segment(PT_LOAD).p_memsz = 0x100000; },
               "V3 ... overlaps an earlier one or is out of order"},
        Change{"NotesBehindEnd", [](auto& l) { l.segment(PT_NOTE).p_offset = l.bytes.size(); },
               "V3: segment"}),
    name_of);

INSTANTIATE_TEST_SUITE_P(
    V3Dynamic, Rejects,
    testing::Values(Change{"NoDynamicSection", [](auto& l) { l.segment(PT_DYNAMIC).p_type = PT_NULL; },
                           "V3: it does not have one dynamic section"},
                    Change{"TwoDynamicSections", [](auto& l) { l.segment(PT_GNU_STACK).p_type = PT_DYNAMIC; },
                           "V3: it does not have one dynamic section"},
                    Change{"DynamicNotLoaded", [](auto& l) { l.segment(PT_DYNAMIC).p_vaddr = 1ULL << 40; },
                           "V3: the end of its dynamic section lies outside"},
                    Change{"StringsOutside", [](auto& l) { l.tag(DT_STRTAB).d_un.d_ptr = 1ULL << 40; },
                           "V3: its dynamic string table lies outside"},
                    Change{"StringsTooLong", [](auto& l) { l.tag(DT_STRSZ).d_un.d_val = 1ULL << 40; },
                           "V3: its dynamic string table lies outside"},
                    Change{"StringsWithoutEnd", [](auto& l) { --l.tag(DT_STRSZ).d_un.d_val; }, "V3: "},
                    Change{"NeededOutside", [](auto& l) { l.tag(DT_NEEDED).d_un.d_val = 1U << 30; },
                           "V3: a name at 0x40000000 of its dynamic string table lies outside"},
                    Change{"SymbolsOutside", [](auto& l) { l.tag(DT_SYMTAB).d_un.d_ptr = 1ULL << 40; },
                           "V3: its dynamic symbol table lies outside"},
                    Change{"SymbolNameOutside", [](auto& l) { l.symbol(entry).st_name = 0x7fffffff; },
                           "V3: a name at 0x7fffffff"},
                    Change{"HashOutside", [](auto& l) { l.tag(DT_GNU_HASH).d_un.d_ptr = 1ULL << 40; },
                           "V3: its symbol hash table lies outside"},
                    Change{"VersionsOutside", [](auto& l) { l.tag(DT_VERSYM).d_un.d_ptr = 1ULL << 40; },
                           "V3: its symbol version table lies outside"},
                    Change{"NeedsOutside", [](auto& l) { l.tag(DT_VERNEED).d_un.d_ptr = 1ULL << 40; },
                           "V3: its table of needed versions lies outside"}),
    name_of);

Elf64_Nhdr& note_header(PluginLibrary& library) {
  return *reinterpret_cast<Elf64_Nhdr*>(library.note().data());
}

void hide_notes(PluginLibrary& library) { library.segment(PT_NOTE).p_type = PT_NULL; }

/// A second manifest behind the first, in the room that the first one leaves.
void repeat_note(PluginLibrary& library) {
  const auto first = library.note();
  std::memcpy(first.data() + first.size(), first.data(), first.size());
  library.segment(PT_NOTE).p_filesz *= 2;
}

INSTANTIATE_TEST_SUITE_P(
    V4, Rejects,
    testing::Values(Change{"OtherOwner", [](auto& l) { l.note()[sizeof(Elf64_Nhdr)] = std::byte{'X'}; },
                           "V4: no manifest"},
                    Change{"OtherType", [](auto& l) { note_header(l).n_type = 2; }, "V4: no manifest"},
                    Change{"TwoManifests", repeat_note, "V4: 2 manifests where one is expected"},
                    Change{"NameOutside", [](auto& l) { note_header(l).n_namesz = 0xfffffff0; },
                           "V3: a note at 0x0 of its notes reaches past"},
                    Change{"TextOutside", [](auto& l) { note_header(l).n_descsz += 100; },
                           "V3: a note at 0x0 of its notes reaches past"},
                    Change{"NoNotes", [](auto& l) { hide_notes(l), l.header().e_shnum = 0; },
                           "V4: no manifest"},
                    Change{"SectionsOutside", [](auto& l) { hide_notes(l), l.header().e_shoff = ~0ULL - 8; },
                           "V3: its section headers reach past"}),
    name_of);

TEST(VerifierNotes, SectionAloneIsAWarning) {
  PluginLibrary library(FIXTURE_SDK);
  hide_notes(library);
  const auto verification = verify_bytes(library.bytes, {});
  EXPECT_EQ(verification.reason(), "");
  EXPECT_EQ(verification.log[2].rule, "V4");
  EXPECT_EQ(verification.log[2].verdict, RuleResult::Verdict::warning);
  EXPECT_EQ(verification.log[2].text, "one manifest, but moved out of PT_NOTE (old patchelf?)");
}

TEST(VerifierNotes, SegmentAloneIsEnough) {
  PluginLibrary library(FIXTURE_SDK);
  library.header().e_shnum = 0;
  library.header().e_shoff = 0;
  EXPECT_EQ(reason_of(library), "");
}

INSTANTIATE_TEST_SUITE_P(Manifests, Rejects,
                         testing::Values(Change{"V5", [](auto& l) { l.set_manifest("no key"); },
                                                "V5: line 1, \"no key\", is not key=value"},
                                         Change{"V6", [](auto& l) { l.set_manifest("abi=0.1"); },
                                                "V6: there is no id= line"},
                                         Change{"V7",
                                                [](auto& l) {
                                                  l.set_manifest(std::string("abi=7.0") +
                                                                 manifest_text("org.example.x").substr(7));
                                                },
                                                "V7: the plugin is for interface 7.0"},
                                         Change{"V7Form",
                                                [](auto& l) {
                                                  l.set_manifest(std::string("abi=one") +
                                                                 manifest_text("org.example.x").substr(7));
                                                },
                                                "V7: abi=one is not MAJOR.MINOR"}),
                         name_of);

TEST(VerifierGrammar, ComesLast) {
  auto library = good();
  library.set_manifest(manifest_text("org.example.x", {"attach=nothing"}));
  const auto verification = verify_bytes(library.bytes, {});
  EXPECT_EQ(verification.reason().substr(0, 20), "V11: attach=nothing:");
  EXPECT_EQ(verification.log.size(), 10U);
}

TEST(Verifier, WarnsOfAPatternThatMatchesNoMapType) {
  auto library = good();
  library.set_manifest(manifest_text("org.example.x", {"attach=map-type:lru_*,hsh*,type_4?"}));
  const auto verification = verify_bytes(library.bytes, {});
  EXPECT_TRUE(verification.passed());
  EXPECT_EQ(verification.log.back().verdict, RuleResult::Verdict::warning);
  EXPECT_EQ(verification.log.back().text, "attach=map-type:hsh* matches none of the types that there are");
}

TEST(Verifier, WarnsOfAKeyThatIsNearAKnownOne) {
  auto library = good();
  library.set_manifest(
      manifest_text("org.example.x", {"attach=map-type:hash", "neds=struct x", "colour=red"}));
  const auto verification = verify_bytes(library.bytes, {});
  EXPECT_TRUE(verification.passed());
  EXPECT_EQ(verification.log.back().verdict, RuleResult::Verdict::warning);
  EXPECT_EQ(verification.log.back().text, "neds= is ignored as unknown (did you mean needs=?)");
}

INSTANTIATE_TEST_SUITE_P(
    V8, Rejects,
    testing::Values(Change{"NotThere", [](auto& l) { l.rename(entry, "msc_plugin_v2"); },
                           "V8: msc_plugin_v1 is not among its exported symbols"},
                    Change{"Undefined", [](auto& l) { l.symbol(entry).st_shndx = SHN_UNDEF; },
                           "V8: msc_plugin_v1 is not among"},
                    Change{"Function",
                           [](auto& l) { l.symbol(entry).st_info = ELF64_ST_INFO(STB_GLOBAL, STT_FUNC); },
                           "V8: msc_plugin_v1 is not an exported data object"},
                    Change{"Local",
                           [](auto& l) { l.symbol(entry).st_info = ELF64_ST_INFO(STB_LOCAL, STT_OBJECT); },
                           "V8: msc_plugin_v1 is not an exported data object"},
                    Change{"TooSmall", [](auto& l) { l.symbol(entry).st_size = 15; },
                           "V8: msc_plugin_v1 has 15 bytes, struct msc_plugin has at least 16"},
                    Change{"Writable", [](auto& l) { l.segment(PT_GNU_RELRO).p_memsz = 0; },
                           "V8: msc_plugin_v1 is not in memory that is read-only"},
                    Change{"Nowhere", [](auto& l) { l.symbol(entry).st_value = 1ULL << 40; },
                           "V8: msc_plugin_v1 is not in memory"},
                    Change{"HugeSize", [](auto& l) { l.symbol(entry).st_size = ~0ULL; },
                           "V8: msc_plugin_v1 is not in memory"}),
    name_of);

TEST(VerifierEntry, MoreExportsAreAWarning) {
  auto library = good();
  Elf64_Sym& imported = library.symbol("snprintf");
  imported.st_shndx = library.symbol(entry).st_shndx;
  const auto verification = verify_bytes(library.bytes, {});
  EXPECT_EQ(verification.reason(), "");
  EXPECT_EQ(verification.log[6].verdict, RuleResult::Verdict::warning);
  EXPECT_THAT(verification.log[6].text, HasSubstr("1 more symbols are exported"));
}

INSTANTIATE_TEST_SUITE_P(
    V9, Rejects,
    testing::Values(Change{"ForeignLibrary", [](auto& l) { l.rename("libc.so.6", "libz.so.1"); },
                           "V9: it needs libz.so.1, which no plugin may bring in"},
                    Change{"HostileName", [](auto& l) { l.rename("libc.so.6", "\x1b[2Jlibc"); },
                           "V9: it needs ?[2Jlibc,"},
                    Change{"Rpath", [](auto& l) { l.add_tag(DT_RPATH, 1); },
                           "V9: it has a library search path of its own (DT_RPATH)"},
                    Change{"Runpath", [](auto& l) { l.add_tag(DT_RUNPATH, 1); },
                           "V9: it has a library search path of its own (DT_RUNPATH)"},
                    Change{"TextRelocations", [](auto& l) { l.add_tag(DT_TEXTREL, 0); },
                           "V9: its code is written to while it is loaded (DT_TEXTREL)"},
                    Change{"TextRelocationFlag", [](auto& l) { l.tag(DT_FLAGS).d_un.d_val |= DF_TEXTREL; },
                           "V9: its code is written to while it is loaded (DF_TEXTREL)"},
                    Change{"Program", [](auto& l) { l.tag(DT_FLAGS_1).d_un.d_val |= DF_1_PIE; },
                           "V9: it is a program (DF_1_PIE)"},
                    Change{"Filter", [](auto& l) { l.add_tag(DT_FILTER, 1); },
                           "V9: it loads another library in its place (DT_FILTER)"},
                    Change{"Auxiliary", [](auto& l) { l.add_tag(DT_AUXILIARY, 1); },
                           "V9: it loads another library in its place (DT_AUXILIARY)"},
                    Change{"Audit", [](auto& l) { l.add_tag(DT_AUDIT, 1); },
                           "V9: it loads a library that watches the loader (DT_AUDIT)"},
                    Change{"ExecutableStack", [](auto& l) { l.segment(PT_GNU_STACK).p_flags |= PF_X; },
                           "V9: it asks for an executable stack"},
                    Change{"UnstatedStack", [](auto& l) { l.segment(PT_GNU_STACK).p_type = PT_NULL; },
                           "V9: it does not refuse an executable stack"},
                    Change{"WritableCode", [](auto& l) { l.segment(PT_LOAD, 1).p_flags |= PF_W | PF_X; },
                           "V9 ... is both writable and executable"}),
    name_of);

TEST(VerifierLibraries, ConfigurationAllowsMore) {
  auto library = good();
  library.rename("libc.so.6", "libz.so.1");
  EXPECT_EQ(reason_of(library, {.libraries = {"libz.so.1"}, .privileged = false}), "");
}

TEST(VerifierUndefined, WhatOnlyTheProgramCouldGive) {
  EXPECT_THAT(reason_of(PluginLibrary(FIXTURE_REACHING)), StartsWith("V5")); // its manifest is empty so far
  PluginLibrary library(FIXTURE_REACHING);
  library.set_manifest(manifest_text("org.example.reaching"));
  EXPECT_THAT(
      reason_of(library),
      StartsWith("V10: it needs the symbol function_of_the_program, which none of its libraries promises"));
}

TEST(VerifierUndefined, ALibraryWithoutVersionsMayGiveIt) {
  PluginLibrary library(FIXTURE_REACHING);
  library.set_manifest(manifest_text("org.example.reaching"));
  EXPECT_EQ(reason_of(library, {.libraries = {"libc.so.6"}, .privileged = false}), "");
}

TEST(VerifierUndefined, TheLibraryIsAmongThoseItNames) {
  auto library = good();
  library.tag(DT_NEEDED).d_tag = DT_DEBUG;
  EXPECT_THAT(reason_of(library), StartsWith("V10: it needs the symbol"));
  EXPECT_THAT(reason_of(library), HasSubstr("from libc.so.6, which is not among the libraries it names"));
}

TEST(VerifierUndefined, AWeakOneMayStayAway) {
  PluginLibrary library(FIXTURE_REACHING);
  library.set_manifest(manifest_text("org.example.reaching"));
  library.symbol("function_of_the_program").st_info = ELF64_ST_INFO(STB_WEAK, STT_NOTYPE);
  EXPECT_EQ(reason_of(library), "");
}

// What no rule names: files that end anywhere, and files with any byte changed.

TEST(Verifier, EveryShorterFileGetsAnAnswer) {
  const auto library = good();
  const std::span<const std::byte> all(library.bytes);
  std::size_t passed = 0;
  for (std::size_t size = 0; size < all.size(); size += 7) {
    const std::vector<std::byte> part(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(size));
    passed += verify_bytes(part, {}).passed() ? 1 : 0;
  }
  EXPECT_LT(passed, all.size() / 7); // without its section headers, which nothing needs, it may pass
}

TEST(Verifier, EveryChangedByteGetsAnAnswer) {
  auto library = good();
  const std::size_t interesting = std::min<std::size_t>(library.bytes.size(), 2048);
  for (const unsigned char mask : {0xff, 0x80, 0x01}) {
    for (std::size_t at = 0; at < interesting; ++at) {
      library.bytes[at] ^= std::byte{mask};
      const auto verification = verify_bytes(library.bytes, {});
      EXPECT_EQ(verification.passed(), verification.reason().empty());
      library.bytes[at] ^= std::byte{mask};
    }
  }
}

} // namespace
} // namespace mapscope::plugin
