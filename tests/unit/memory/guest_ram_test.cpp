// SPDX-License-Identifier: Apache-2.0
// A guest's RAM in files that this process has mapped, and monitors that tell of it what is not so.
#include "host/memory/live/guest_ram.hpp"

#include "tests/unit/memory/fake_monitor.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <sys/mman.h>

namespace mapscope::memory {
namespace {

using testing::HasSubstr;

constexpr std::uint64_t mib = 1U << 20;

/// As QEMU has them: all of one name.
class Memory {
public:
  explicit Memory(std::uint64_t size, char filled, int way = MAP_SHARED) : size_(size) {
    fd_ = ::memfd_create("memory-backend-memfd", MFD_CLOEXEC);
    EXPECT_EQ(::ftruncate(fd_, static_cast<off_t>(size)), 0);
    EXPECT_EQ(::pwrite(fd_, &filled, 1, 0), 1);
    at_ = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, way, fd_, 0);
    EXPECT_NE(at_, MAP_FAILED);
  }
  ~Memory() {
    ::munmap(at_, size_);
    if (fd_ >= 0) ::close(fd_);
  }
  Memory(const Memory&) = delete;
  Memory& operator=(const Memory&) = delete;
  [[nodiscard]] std::uint64_t at() const { return reinterpret_cast<std::uint64_t>(at_); }
  void close() { ::close(std::exchange(fd_, -1)); }
  void cut() const { EXPECT_EQ(::ftruncate(fd_, 4096), 0); }

private:
  std::uint64_t size_;
  int fd_;
  void* at_;
};

/// A machine of two nodes of a MiB, the second above a hole.
struct Machine {
  std::string objects =
      R"([{"name":"type","type":"string"},{"name":"m0","type":"child<memory-backend-memfd>"},)"
      R"({"name":"m1","type":"child<memory-backend-memfd>"}])";
  std::string share = "true";
  std::string tree = "  0-7ffff (prio 0, ram): m0\\n  80000-fffff (prio 0, rom): m0 @80000\\n"
                     "  100000000-1000fffff (prio 0, ram): m1\\n";
  std::function<std::string(std::string_view)> host = [](std::string_view) { return "none"; };

  FakeMonitor::Answer answers() {
    return [this](const std::string& command, const rapidjson::Value& arguments) -> std::string {
      if (command == "qom-list") return objects;
      if (command == "qom-get") return share;
      const std::string line = arguments["command-line"].GetString();
      if (line == "info mtree -f") return "\"FlatView #0\\n AS \\\"memory\\\", root: s\\n" + tree + '"';
      return '"' + host(line) + "\\n\"";
    };
  }
};

Result<GuestRam> found(Machine& machine) {
  const FakeMonitor fake(machine.answers());
  Monitor monitor;
  if (auto connected = monitor.connect(fake.path()); !connected) return std::unexpected(connected.error());
  return find_guest_ram(monitor);
}

class Guest : public testing::Test {
protected:
  Guest() {
    machine_.host = [this](std::string_view line) {
      const bool is_low = line == "gpa2hva 0x0";
      return fmt::format("Host virtual address for it ({}) is {:#x}", is_low ? "m0" : "m1",
                         is_low ? low_.at() : high_.at());
    };
  }
  std::string why_not() {
    const auto ram = found(machine_);
    return ram ? "" : ram.error().text;
  }

  Memory low_{mib, 'l'}, high_{mib, 'h'};
  Machine machine_;
};

TEST_F(Guest, EachNodeInItsFile) {
  const auto ram = found(machine_);
  ASSERT_TRUE(ram) << ram.error().text;
  ASSERT_EQ(ram->parts.size(), 2U) << "what lies beside each other is one part";
  EXPECT_EQ(ram->parts[0].size, mib);
  EXPECT_EQ(ram->parts[1].address, 0x100000000U);
  char first = 0, second = 0;
  EXPECT_TRUE(ram->parts[0].file->read_at(0, first));
  EXPECT_TRUE(ram->parts[1].file->read_at(0, second));
  EXPECT_EQ(first, 'l');
  EXPECT_EQ(second, 'h');
}

TEST_F(Guest, OneThatIsNotShared) {
  machine_.share = "false";
  EXPECT_EQ(why_not(), "its RAM m0 is not shared");
  machine_.objects = "[]";
  EXPECT_EQ(why_not(), "its RAM is not shared");
}

TEST_F(Guest, WhatIsMappedIsPrivate) {
  const Memory own(mib, 'p', MAP_PRIVATE);
  machine_.host = [&](std::string_view) { return fmt::format("(m0) is {:#x}", own.at()); };
  EXPECT_THAT(why_not(), HasSubstr("has no shared file at"));
}

TEST_F(Guest, WhatIsNotOpenAnyMore) {
  low_.close();
  EXPECT_THAT(why_not(), HasSubstr("does not have the file open that it has mapped"));
}

TEST_F(Guest, AFileThatIsTooSmall) {
  high_.cut();
  EXPECT_EQ(why_not(), "the file of m1 is smaller than its RAM");
}

TEST_F(Guest, PlacesThatCannotBe) {
  machine_.host = [](std::string_view) { return "(m0) is 0x10"; };
  EXPECT_THAT(why_not(), HasSubstr("has nothing at 0x10"));
  machine_.host = [](std::string_view) { return "what is that?"; };
  EXPECT_THAT(why_not(), HasSubstr("QEMU does not say where it has"));
  machine_.host = [this](std::string_view) { return fmt::format("(m0) is {:#x}", low_.at()); };
  machine_.tree = "  0-fff (prio 0, ram): m0 @80000\\n";
  EXPECT_EQ(why_not(), "QEMU has its RAM elsewhere than it says");
  machine_.tree = "  0-fff (prio 0, ram): m0\\n  800-17ff (prio 0, ram): m0 @800\\n";
  EXPECT_EQ(why_not(), "QEMU's memory tree has two ranges for one address");
  machine_.tree = "  0-fff (prio 0, ram): m0\\n  1000-1fff (prio 0, ram): m0 @ffffffffff\\n";
  EXPECT_EQ(why_not(), "the file of m0 is smaller than its RAM");
}

TEST_F(Guest, AnswersOfAnotherShape) {
  machine_.tree = "";
  EXPECT_EQ(why_not(), "QEMU's memory tree has no RAM");
  for (const char* objects : {"7", "{}", "null"}) {
    machine_.objects = objects;
    EXPECT_EQ(why_not(), "QEMU does not list its objects");
  }
  machine_.objects = R"([7,{"name":7},{"name":"a\"b","type":"child<memory-backend-file>"}])";
  EXPECT_EQ(why_not(), "QEMU's memory tree has no RAM");
}

TEST(FakeMonitors, WhatIsNoMonitor) {
  const auto refusal = [](std::string greeting) {
    const FakeMonitor fake([](const std::string&, const rapidjson::Value&) { return ""; },
                           std::move(greeting));
    Monitor monitor;
    const auto connected = monitor.connect(fake.path());
    return connected ? "" : connected.error().text;
  };
  EXPECT_THAT(refusal("SSH-2.0"), HasSubstr("what comes from the socket is no QMP"));
  EXPECT_THAT(refusal("{}"), HasSubstr("it does not greet as QEMU does"));
  EXPECT_THAT(refusal(std::string(17U << 20, ' ')), HasSubstr("what comes from the socket is no QMP"));
}

} // namespace
} // namespace mapscope::memory
