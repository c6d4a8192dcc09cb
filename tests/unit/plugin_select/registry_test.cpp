// SPDX-License-Identifier: Apache-2.0
// Directories as people have them: with text files, foreign and broken libraries, the same plugin twice.
#include "host/plugin/select/registry_version.hpp"
#include "tests/unit/plugin_select/plugin_directory.hpp"

#include <gmock/gmock.h>
#include <sys/stat.h>

namespace mapscope::plugin {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;
using testing::UnorderedElementsAre;

/// "file: " and "usable" or why not, in the registry's order.
std::vector<std::string> verdicts(const Registry& registry) {
  std::vector<std::string> all;
  for (const Plugin& plugin : registry.plugins())
    all.push_back(fs::path(plugin.path).filename().string() + ": " +
                  (plugin.usable() ? "usable" : plugin.refused));
  return all;
}

TEST(Discover, SortsByIdThenPath) {
  const auto registry =
      PluginDirectory().add("a", "org.z.last").add("b", "org.a.first").add("c", "org.m.middle").registry();
  EXPECT_THAT(verdicts(registry), ElementsAre("b.so: usable", "c.so: usable", "a.so: usable"));
  EXPECT_EQ(registry.plugins()[0].tag(), "org.a.first@1.0.0");
  EXPECT_EQ(registry.plugins()[0].verification.log.front().rule, "V1");
  EXPECT_EQ(registry.plugins()[0].verification.log.back().rule, "V12");
}

TEST(Discover, TextFilesAreIgnoredUnlessTheyClaimToBeLibraries) {
  PluginDirectory directory;
  directory.add_text("README", "plugins")
      .add_text("notes.so", "plugins")
      .add_text("x.so.1", "")
      .add("good", "a.b");
  EXPECT_THAT(verdicts(directory.registry()),
              ElementsAre("notes.so: V2: it is not an ELF file, so not a shared library",
                          "x.so.1: is an empty file", "good.so: usable"));
}

TEST(Discover, LibrariesUnderAnotherName) {
  PluginDirectory directory;
  directory.add("good", "a.b");
  fs::rename(directory.file("good.so"), directory.file("good.plugin"));
  EXPECT_THAT(verdicts(directory.registry()), ElementsAre("good.plugin: usable"));
}

TEST(Discover, ForeignAndBrokenLibraries) {
  PluginDirectory directory;
  test::PluginLibrary foreign(FIXTURE_GOOD), broken(FIXTURE_GOOD);
  foreign.header().e_machine = EM_RISCV;
  foreign.save(directory.file("foreign.so"));
  broken.segment(PT_LOAD).p_filesz = 1ULL << 40;
  broken.save(directory.file("broken.so"));
  EXPECT_THAT(
      verdicts(directory.registry()),
      ElementsAre(AllOf(StartsWith("broken.so: V3: segment "), HasSubstr(" claims 1099511627776 bytes")),
                  StartsWith("foreign.so: V2: it is built for RISC-V, and mapscope runs on")));
}

TEST(Discover, SpecialFilesAndDanglingLinks) {
  PluginDirectory directory;
  ASSERT_EQ(::mkfifo(directory.file("pipe.so").c_str(), 0600), 0);
  ASSERT_EQ(::mkfifo(directory.file("pipe").c_str(), 0600), 0);
  fs::create_symlink("/nonexistent", directory.file("link.so"));
  fs::create_directory(directory.file("directory.so"));
  EXPECT_THAT(verdicts(directory.registry()),
              ElementsAre("link.so: cannot be looked at: No such file or directory",
                          "pipe.so: is not a regular file"));
}

TEST(Discover, SubdirectoriesAreNotSearched) {
  PluginDirectory directory;
  fs::create_directory(directory.file("more"));
  directory.add("more/x", "a.b");
  EXPECT_THAT(verdicts(directory.registry()), IsEmpty());
}

TEST(Discover, RefusedFilesKeepNoDescriptor) {
  PluginDirectory directory;
  directory.add("one", "a.b").add("two", "a.b", {"attach=map-type:hash"}, "2").add("three", "a.c");
  const auto registry = directory.registry();
  EXPECT_FALSE(by_name(registry, "one.so").file);
  ASSERT_TRUE(by_name(registry, "three.so").file);
  EXPECT_EQ(by_name(registry, "three.so").file->bytes().size(), fs::file_size(directory.file("three.so")));
}

TEST(Discover, ADirectoryThatIsNotThere) {
  const auto wanted = Registry::discover({}, {"/nonexistent/plugins"}, {}, {});
  ASSERT_FALSE(wanted);
  EXPECT_EQ(wanted.error().code, Errc::usage);
  EXPECT_THAT(wanted.error().text,
              StartsWith("/nonexistent/plugins: cannot be searched for plugins: No such file"));
  const auto built_in = Registry::discover({"/nonexistent/plugins"}, {}, {}, {});
  ASSERT_TRUE(built_in) << built_in.error().text;
  EXPECT_THAT(built_in->plugins(), IsEmpty());
}

TEST(Discover, AFileIsNoDirectory) {
  PluginDirectory directory;
  directory.add("x", "a.b");
  const auto found = Registry::discover({}, {directory.file("x.so").string()}, {}, {});
  ASSERT_FALSE(found);
  EXPECT_THAT(
      found.error().text,
      HasSubstr("x.so: cannot be searched for plugins: Not a directory; name a directory that can be read"));
}

TEST(Discover, BuiltInsAreMarked) {
  PluginDirectory own, other;
  own.add("x", "a.x");
  other.add("y", "a.y");
  const auto found = Registry::discover({own.path()}, {other.path()}, {}, {});
  ASSERT_TRUE(found) << found.error().text;
  EXPECT_TRUE(by_name(*found, "x.so").built_in);
  EXPECT_FALSE(by_name(*found, "y.so").built_in);
}

TEST(Discover, TheSameFileTwiceIsOne) {
  PluginDirectory directory;
  directory.add("x", "a.b");
  fs::create_symlink("x.so", directory.file("y.so"));
  fs::create_hard_link(directory.file("x.so"), directory.file("z.so"));
  const auto found =
      Registry::discover({directory.path()}, {directory.path(), directory.path() + "/."}, {}, {});
  ASSERT_TRUE(found) << found.error().text;
  EXPECT_THAT(verdicts(*found), ElementsAre("x.so: usable"));
}

TEST(Discover, PoliciesOfConfiguration) {
  PluginDirectory directory;
  directory.add("x", "org.example.x").add("y", "org.example.y").add("z", "com.example.z");
  config::Plugins settings;
  settings.allow = {"org.*"};
  settings.deny = {"*.y"};
  EXPECT_THAT(verdicts(directory.registry(settings)),
              ElementsAre("z.so: com.example.z is not among [plugins] allow", "x.so: usable",
                          "y.so: org.example.y is denied by \"*.y\" in [plugins] deny"));
}

TEST(Discover, LibrariesOfConfiguration) {
  PluginDirectory directory;
  test::PluginLibrary library(FIXTURE_GOOD);
  library.set_manifest(test::manifest_text("a.b"));
  library.rename("libc.so.6", "libz.so.1");
  library.save(directory.file("x.so"));
  EXPECT_THAT(verdicts(directory.registry()), ElementsAre(StartsWith("x.so: V9: it needs libz.so.1")));
  config::Plugins settings;
  settings.libraries = {"libz.so.1"};
  EXPECT_THAT(verdicts(directory.registry(settings)), ElementsAre("x.so: usable"));
}

TEST(SameId, BothAreRefusedByName) {
  PluginDirectory directory;
  directory.add("old", "a.b", {"attach=map-type:hash"}, "1.9")
      .add("new", "a.b", {"attach=map-type:hash"}, "1.10");
  const auto registry = directory.registry();
  EXPECT_EQ(by_name(registry, "old.so").refused,
            "V12: a.b is also in " + directory.file("new.so").string() +
                " (version 1.10); remove one of them, or set newest_wins = "
                "true in [plugins]");
  EXPECT_THAT(by_name(registry, "new.so").refused, HasSubstr("old.so (version 1.9)"));
}

TEST(SameId, TheNewestWinsWhenConfigurationSaysSo) {
  PluginDirectory directory;
  directory.add("a", "a.b", {"attach=map-type:hash"}, "1.9")
      .add("b", "a.b", {"attach=map-type:hash"}, "1.10");
  directory.add("c", "a.b", {"attach=map-type:hash"}, "1.2");
  config::Plugins settings;
  settings.newest_wins = true;
  const auto registry = directory.registry(settings);
  EXPECT_THAT(verdicts(registry), ElementsAre("b.so: usable", "a.so: usable", "c.so: usable"));
  for (std::size_t i = 0; i < 3; ++i) EXPECT_EQ(registry.plugins()[i].newer, i);
  for (const char* name : {"a.so", "c.so"})
    EXPECT_THAT(by_name(registry, name).verification.log.back().text,
                HasSubstr("b.so, in the newer version 1.10; this one shows what that one does not"));
}

TEST(SameId, OfTwoThatAreEquallyOldNeitherStandsBy) {
  PluginDirectory directory;
  directory.add("a", "a.b", {"attach=map-type:hash"}, "1")
      .add("b", "a.b", {"attach=map-type:hash"}, "2")
      .add("c", "a.b", {"attach=map-type:hash"}, "1.0");
  config::Plugins settings;
  settings.newest_wins = true;
  const auto registry = directory.registry(settings);
  EXPECT_TRUE(by_name(registry, "b.so").usable());
  for (const char* name : {"a.so", "c.so"})
    EXPECT_THAT(by_name(registry, name).refused, testing::EndsWith("b.so, in the newer version 2"));
}

TEST(SameId, EqualVersionsHaveNoNewest) {
  PluginDirectory directory;
  directory.add("a", "a.b", {"attach=map-type:hash"}, "1.0").add("b", "a.b", {"attach=map-type:hash"}, "1");
  config::Plugins settings;
  settings.newest_wins = true;
  EXPECT_THAT(
      verdicts(directory.registry(settings)),
      ElementsAre(HasSubstr("b.so (version 1); remove one of them"), HasSubstr("remove one of them")));
}

TEST(SameId, EqualBytesAreOneFile) {
  PluginDirectory own, other;
  own.add("hash", "a.b"), other.add("hash", "a.b").add("again", "a.b");
  const auto found = Registry::discover({own.path()}, {other.path()}, {}, {});
  ASSERT_TRUE(found) << found.error().text;
  const std::string original = own.file("hash.so").string();
  EXPECT_THAT(verdicts(*found),
              UnorderedElementsAre("hash.so: usable", "hash.so: V12: it is a copy of " + original,
                                   "again.so: V12: it is a copy of " + original));
  for (const Plugin& plugin : found->plugins()) {
    EXPECT_EQ(plugin.usable(), plugin.built_in);
    EXPECT_EQ(plugin.is_unwanted, !plugin.built_in) << "nobody is warned of a copy";
  }
}

TEST(SameId, NobodyTakesThePlaceOfTheProgramsOwn) {
  PluginDirectory own, other;
  own.add("hash", "a.b", {"attach=map-type:hash"}, "1.5");
  other.add("older", "a.b", {"attach=map-type:hash"}, "1.0")
      .add("newer", "a.b", {"attach=map-type:hash"}, "2.0");
  config::Plugins settings;
  const auto kept = Registry::discover({own.path()}, {other.path()}, settings, {});
  ASSERT_TRUE(kept) << kept.error().text;
  EXPECT_TRUE(by_name(*kept, "hash.so").usable());
  const std::string refused = "V12: a.b is also in " + own.file("hash.so").string() +
                              " (version 1.5); that is the program's own, give this one an id of its own";
  EXPECT_EQ(by_name(*kept, "older.so").refused, refused);
  EXPECT_EQ(by_name(*kept, "newer.so").refused, refused + ", or set newest_wins = true in [plugins]");
  settings.newest_wins = true;
  const auto replaced = Registry::discover({own.path()}, {other.path()}, settings, {});
  ASSERT_TRUE(replaced) << replaced.error().text;
  EXPECT_TRUE(by_name(*replaced, "newer.so").usable());
  EXPECT_THAT(verdicts(*replaced), ElementsAre("newer.so: usable", "hash.so: usable", "older.so: usable"));
}

TEST(SameId, DeniedOnesDoNotClash) {
  PluginDirectory directory;
  directory.add("a", "a.b").add_text("b.so", "no library");
  EXPECT_TRUE(by_name(directory.registry(), "a.so").usable());
}

TEST(Versions, AreComparedPartByPart) {
  const auto order = [](std::string_view a, std::string_view b) { return compare_versions(a, b); };
  EXPECT_TRUE(order("1.10", "1.9") > 0);
  EXPECT_TRUE(order("1.0.1", "1.0") > 0);
  EXPECT_TRUE(order("1.0", "1") == 0);
  EXPECT_TRUE(order("01.0", "1.0") == 0);
  EXPECT_TRUE(order("2.0-rc1", "2.0") < 0);
  EXPECT_TRUE(order("2.0-rc1", "1.9") > 0);
  EXPECT_TRUE(order("99999999999999999999", "99999999999999999998") > 0);
  EXPECT_TRUE(order("", "0.0") == 0);
}

} // namespace
} // namespace mapscope::plugin
