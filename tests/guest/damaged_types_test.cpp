// SPDX-License-Identifier: Apache-2.0
// The kernel's BTF when it cannot be read: whose it is, and what to give instead.
#include "captures.hpp"
#include "tests/support/core_holes.hpp"

#include <cstring>
#include <fstream>
#include <gtest/gtest.h>
#include <linux/btf.h>

namespace mapscope::guest {
namespace {

namespace fs = std::filesystem;

constexpr std::uint32_t of_a_kernel = 1U << 20; ///< bytes of types that only a kernel's BTF has

/// Where the BTF objects of kernels begin: its own, and copies that programs read from it.
std::vector<std::size_t> kernel_btfs(const std::string& memory) {
  const std::string begin("\x9f\xeb\x01\x00\x18\x00\x00\x00", 8); // magic, version, flags, header length
  std::vector<std::size_t> found;
  for (auto at = memory.find(begin); at != memory.npos; at = memory.find(begin, at + 1)) {
    btf_header header{};
    if (memory.size() - at < sizeof header) break;
    std::memcpy(&header, memory.data() + at, sizeof header);
    if (header.type_len > of_a_kernel) found.push_back(at);
  }
  return found;
}

/// The same memory, where each kernel BTF has a first type of a kind that does not exist.
void damage(const fs::path& from, const fs::path& to) {
  fs::copy_file(from, to);
  const auto found = kernel_btfs(read_file(from));
  ASSERT_FALSE(found.empty());
  std::fstream file(to, std::ios::in | std::ios::out | std::ios::binary);
  constexpr std::uint32_t no_kind = 31U << 24;
  for (const std::size_t at : found) {
    file.seekp(static_cast<std::streamoff>(at + sizeof(btf_header) + offsetof(btf_type, info)));
    file.write(reinterpret_cast<const char*>(&no_kind), sizeof no_kind);
  }
}

/// The same memory, but for the types of its kernel. Behind the first page of a copy that is in pieces lies
/// what is somebody else's.
void lose(const fs::path& from, const fs::path& to) {
  const std::string memory = read_file(from);
  test::CoreHoles core(memory);
  for (const std::size_t at : kernel_btfs(memory)) {
    btf_header header{};
    std::memcpy(&header, memory.data() + at, sizeof header);
    const std::size_t strings = at + header.hdr_len + header.str_off, end = strings + header.str_len;
    const bool is_one_piece = end <= memory.size() && memory[strings] == '\0' && memory[end - 1] == '\0';
    core.cut_out(at, is_one_piece ? end - at : sizeof header);
  }
  std::ofstream(to, std::ios::binary) << core.bytes();
}

TEST(DamagedTypes, OfTheMemorySayWhatToGive) {
  ASSERT_FALSE(captures().empty());
  const Scratch scratch;
  const auto core = scratch / "damaged";
  ASSERT_NO_FATAL_FAILURE(damage(captures().front().vmcore(), core));
  const Ran done = run({"dump", core.string()});
  EXPECT_EQ(done.exit_code, 1);
  EXPECT_EQ(done.err.find("mapscope: " + core.string()), 0U) << done.err;
  EXPECT_NE(done.err.find("bytes of BTF"), std::string::npos) << done.err;
  EXPECT_NE(done.err.find("; give the kernel's BTF with --btf or --vmlinux\n"), std::string::npos)
      << done.err;
}

TEST(DamagedTypes, OfAFileNameTheFile) {
  ASSERT_FALSE(captures().empty());
  const Scratch scratch;
  const auto file = scratch / "cut.btf";
  std::ofstream(file) << std::string("\x9f\xeb\x01\x00\x18\x00\x00\x00", 8);
  const Ran done = run({"dump", captures().front().vmcore().string(), "--btf", file.string()});
  EXPECT_EQ(done.exit_code, 1);
  EXPECT_NE(done.err.find(file.string()), std::string::npos) << done.err;
}

/// Copies in the memory of programs need not lie in one piece, so not every one can be read.
TEST(DamagedTypes, WithTheKernelsOwnNothingIsLost) {
  ASSERT_FALSE(captures().empty());
  const auto core = captures().front().vmcore();
  const std::string memory = read_file(core);
  const Scratch scratch;
  const std::string damaged = (scratch / "damaged").string(), types = (scratch / "kernel.btf").string();
  ASSERT_NO_FATAL_FAILURE(damage(core, damaged));
  const Ran whole = run({"dump", core.string(), "-j", "--map", "many"});
  unsigned as_good = 0;
  for (const std::size_t at : kernel_btfs(memory)) {
    btf_header header{};
    std::memcpy(&header, memory.data() + at, sizeof header);
    std::ofstream(types, std::ios::binary)
        << memory.substr(at, std::size_t{header.hdr_len} + header.str_off + header.str_len);
    const Ran mended = run({"dump", damaged, "-j", "--map", "many", "--btf", types});
    as_good += mended.exit_code == 0 && mended.out == whole.out;
  }
  EXPECT_EQ(whole.exit_code, 0) << whole.err;
  EXPECT_GE(as_good, 1U);
}

/// It lies in one piece: pages of programs' copies are anywhere.
bool is_whole(const std::string& types) {
  btf_header header{};
  std::memcpy(&header, types.data(), sizeof header);
  const std::size_t strings = std::size_t{header.hdr_len} + header.str_off, end = strings + header.str_len;
  return end == types.size() && types.compare(strings, 6, std::string("\0long ", 6)) == 0 &&
         types.back() == '\0';
}

/// A kernel BTF in the memory of the first capture whose name does not begin like that of `other`.
std::string btf_of_another(const Capture& other) {
  for (const Capture& capture : captures()) {
    if (capture.name.substr(0, 3) == other.name.substr(0, 3)) continue;
    const std::string memory = read_file(capture.vmcore());
    for (const std::size_t at : kernel_btfs(memory)) {
      btf_header header{};
      std::memcpy(&header, memory.data() + at, sizeof header);
      const auto types = memory.substr(at, std::size_t{header.hdr_len} + header.str_off + header.str_len);
      if (is_whole(types)) return types;
    }
  }
  return "";
}

TEST(DamagedTypes, OfAnotherKernelAreRefused) {
  ASSERT_FALSE(captures().empty());
  const Capture capture = captures().front();
  const Scratch scratch;
  const std::string types = btf_of_another(capture), file = scratch.file("other.btf", types);
  ASSERT_NE(types, "") << "there must be captures of two kernels";
  const Ran done = run({"dump", capture.vmcore().string(), "--btf", file});
  EXPECT_EQ(done.exit_code, 2);
  EXPECT_NE(done.err.find(file + ": BTF of another build: " + std::to_string(types.size()) +
                          " bytes without a build id, and the dump's kernel (Linux "),
            std::string::npos)
      << done.err;
  EXPECT_NE(done.err.find("--force"), std::string::npos) << done.err;
  const Ran forced = run({"info", capture.vmcore().string(), "--btf", file, "--force"});
  EXPECT_NE(forced.err.find("taken because of --force"), std::string::npos) << forced.err;
}

/// Without the memory's own, VMCOREINFO is the witness.
TEST(DamagedTypes, OfAnotherKernelAreRefusedWhereTheMemorysAreLost) {
  ASSERT_FALSE(captures().empty());
  const Capture capture = captures().front();
  const Scratch scratch;
  const std::string types = btf_of_another(capture), file = scratch.file("other.btf", types);
  const auto lost = scratch / "lost";
  lose(capture.vmcore(), lost);
  const Ran done = run({"dump", lost.string(), "--btf", file});
  EXPECT_EQ(done.exit_code, 2);
  EXPECT_NE(done.err.find(file + ": types of another kernel: "), std::string::npos) << done.err;
}

} // namespace
} // namespace mapscope::guest
