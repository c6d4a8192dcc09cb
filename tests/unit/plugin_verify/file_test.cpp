// SPDX-License-Identifier: Apache-2.0
// V1, and the sealed copy that the other rules look at.
#include "host/plugin/verify/verifier.hpp"
#include "host/plugin/verify/verifier_ownership.hpp"
#include "tests/support/plugin_library.hpp"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

namespace mapscope::plugin {
namespace {

namespace fs = std::filesystem;
using test::TemporaryDirectory;
using testing::HasSubstr;
using testing::StartsWith;

constexpr uid_t others[] = {0, 1000};

TEST(Ownership, RootAndTheCallerAreTrusted) {
  EXPECT_EQ(ownership_problem("/x", {0, S_IFREG | 0644}, others), "");
  EXPECT_EQ(ownership_problem("/x", {1000, S_IFDIR | 0755}, others), "");
  EXPECT_EQ(ownership_problem("/x", {1001, S_IFREG | 0644}, others),
            "/x belongs to user 1001, neither root nor the caller; chown it or run without privileges");
}

TEST(Ownership, OthersMayNotWrite) {
  EXPECT_THAT(ownership_problem("/x", {0, S_IFREG | 0666}, others),
              StartsWith("/x can be written by everyone"));
  EXPECT_THAT(ownership_problem("/x", {0, S_IFREG | 0664}, others),
              StartsWith("/x can be written by its group"));
  EXPECT_THAT(ownership_problem("/x", {0, S_IFDIR | 0777}, others),
              StartsWith("/x can be written by everyone"));
}

TEST(Ownership, AStickyDirectoryKeepsWhatIsInIt) {
  EXPECT_EQ(ownership_problem("/tmp", {0, S_IFDIR | S_ISVTX | 0777}, others), "");
  EXPECT_NE(ownership_problem("/x", {0, S_IFREG | S_ISVTX | 0666}, others), "");
  EXPECT_NE(ownership_problem("/tmp", {1001, S_IFDIR | S_ISVTX | 0777}, others), "");
}

/// Beside this program, so that the directories above are as trusted as the program itself wherever it was
/// built.
struct PluginFile {
  TemporaryDirectory directory{fs::canonical("/proc/self/exe").parent_path()};
  fs::path path = directory / "x.so";
  PluginFile() {
    test::PluginLibrary(FIXTURE_SDK).save(path);
    ::chmod(path.c_str(), 0644);
  }
  [[nodiscard]] Verification verify(bool privileged) const {
    return plugin::verify(path.string(), test::PluginLibrary(FIXTURE_SDK).bytes,
                          {.libraries = {}, .privileged = privileged});
  }
};

TEST(RegularFile, IsAcceptedWithAndWithoutPrivileges) {
  const PluginFile file;
  for (const bool privileged : {false, true}) {
    const auto verification = file.verify(privileged);
    EXPECT_EQ(verification.reason(), "");
    EXPECT_EQ(verification.log.front().rule, "V1");
  }
}

TEST(RegularFile, ThatOthersMayWriteIsRefusedWithPrivilegesOnly) {
  const PluginFile file;
  ::chmod(file.path.c_str(), 0666);
  EXPECT_EQ(file.verify(false).reason(), "");
  EXPECT_THAT(file.verify(true).reason(), HasSubstr("x.so can be written by everyone"));
  EXPECT_THAT(file.verify(true).reason(), StartsWith("V1: "));
}

TEST(RegularFile, InADirectoryThatOthersMayWrite) {
  const PluginFile file;
  ::chmod(file.directory.path().c_str(), 0777);
  EXPECT_THAT(file.verify(true).reason(), HasSubstr("can be written by everyone"));
  ::chmod(file.directory.path().c_str(), 01777);
  EXPECT_EQ(file.verify(true).reason(), "");
}

TEST(RegularFile, LinksAreResolvedFirst) {
  const PluginFile file;
  const fs::path link = file.directory / "link.so";
  fs::create_symlink(file.path, link);
  ::chmod(file.path.c_str(), 0622);
  EXPECT_THAT(verify(link.string(), {}, {.libraries = {}, .privileged = true}).reason(),
              HasSubstr("x.so can be written by"));
}

TEST(RegularFile, OrNone) {
  const PluginFile file;
  EXPECT_THAT(verify(file.directory.path().string(), {}, {}).reason(),
              StartsWith("V1: it is not a regular file"));
  EXPECT_THAT(verify((file.directory / "no.so").string(), {}, {}).reason(),
              StartsWith("V1: the file cannot be found"));
}

TEST(SealedCopy, CannotBeChanged) {
  const PluginFile file;
  auto sealed = SealedFile::copy(file.path.string());
  ASSERT_TRUE(sealed) << sealed.error().text;
  const auto original = test::PluginLibrary(FIXTURE_SDK).bytes;
  ASSERT_EQ(sealed->bytes().size(), original.size());
  EXPECT_EQ(std::memcmp(sealed->bytes().data(), original.data(), original.size()), 0);
  EXPECT_EQ(::pwrite(sealed->fd(), "x", 1, 0), -1);
  EXPECT_EQ(::ftruncate(sealed->fd(), 0), -1);
  EXPECT_EQ(::mmap(nullptr, 1, PROT_READ | PROT_WRITE, MAP_SHARED, sealed->fd(), 0), MAP_FAILED);
  EXPECT_EQ(::fcntl(sealed->fd(), F_ADD_SEALS, 0), -1);
  sealed->discard();
}

TEST(SealedCopy, DiscardedLeavesNoDescriptor) {
  const PluginFile file;
  auto sealed = SealedFile::copy(file.path.string());
  ASSERT_TRUE(sealed);
  const int fd = sealed->fd();
  sealed->discard();
  EXPECT_EQ(::fcntl(fd, F_GETFD), -1);
  EXPECT_TRUE(sealed->bytes().empty());
}

std::string copy_error(const fs::path& path) {
  const auto sealed = SealedFile::copy(path.string());
  return sealed ? "copied" : sealed.error().text;
}

TEST(SealedCopy, OfWhatIsNoFile) {
  const TemporaryDirectory directory;
  const fs::path empty = directory / "empty", pipe = directory / "pipe", large = directory / "large";
  ::close(::open(empty.c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  fs::copy_file(empty, large);
  fs::resize_file(large, (64U << 20) + 1);
  EXPECT_EQ(copy_error(empty), "is an empty file");
  EXPECT_EQ(copy_error(pipe), "is not a regular file"); // and does not wait for a writer
  EXPECT_EQ(copy_error(large), "has 67108865 bytes, and plugins of more than 64 MiB are not read");
  EXPECT_EQ(copy_error(directory / "none"), "cannot be opened: No such file or directory");
}

} // namespace
} // namespace mapscope::plugin
