// SPDX-License-Identifier: Apache-2.0
// A guest that is held: what is read is of the moment when it stood still.
#include "host/memory/live/live_source.hpp"

#include <algorithm>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace mapscope::memory {
namespace {

constexpr std::uint64_t page_size = 4096, pages = 64;

/// Each page is full of the time at which it is read.
struct FakeGuest {
  std::byte time{1};
  bool stands = false, refuses = false, is_late = false;
  double stood = 0;
  std::vector<std::uint64_t> read;
};

class Window final : public LiveWindow {
public:
  explicit Window(FakeGuest& guest) : guest_(guest) {}
  bool read(std::uint64_t physical, std::span<std::byte> page) override {
    guest_.read.push_back(physical / page_size);
    std::ranges::fill(page, guest_.time);
    return true;
  }

private:
  FakeGuest& guest_;
};

class FakeBrake final : public Brake {
public:
  explicit FakeBrake(FakeGuest& guest) : guest_(guest) {}
  ~FakeBrake() override { guest_.stands = false; }
  Result<void> stop() override {
    if (guest_.refuses) return fail(Errc::io, "no");
    guest_.stands = true;
    return {};
  }
  bool let_go() override {
    guest_.stands = false, guest_.stood += 5;
    return !guest_.is_late;
  }
  [[nodiscard]] std::optional<double> stopped_ms() const override { return guest_.stood; }

private:
  FakeGuest& guest_;
};

class HeldGuest : public testing::Test {
protected:
  HeldGuest() {
    LiveMachine machine;
    machine.via = "shared", machine.format = "guest";
    machine.ram = {{0, pages * page_size, pages * page_size}};
    machine.first = std::make_unique<Window>(guest_);
    machine.open_window = [this]() -> Result<std::unique_ptr<LiveWindow>> {
      return std::make_unique<Window>(guest_);
    };
    machine.motion = Motion::can_be_held;
    machine.brake = std::make_unique<FakeBrake>(guest_);
    auto source = LiveSource::open(std::move(machine), 4, {.in_memory = true});
    EXPECT_TRUE(source);
    source_ = std::move(*source);
  }
  [[nodiscard]] int time_of(std::uint64_t page) const {
    const auto bytes = source_->view(page * page_size, 1);
    return bytes.empty() ? -1 : std::to_integer<int>(bytes[0]);
  }
  void pass() { guest_.time = static_cast<std::byte>(std::to_integer<int>(guest_.time) + 1); }

  FakeGuest guest_;
  std::unique_ptr<Source> source_;
};

TEST_F(HeldGuest, WhatWasReadBeforeStays) {
  const auto before = source_->view(0, page_size);
  pass();
  ASSERT_TRUE(source_->pause()->hold());
  EXPECT_TRUE(guest_.stands);
  EXPECT_EQ(time_of(0), 2) << "it is read anew";
  EXPECT_EQ(before[0], std::byte{1}) << "who holds what was read before holds it as it was";
  EXPECT_TRUE(source_->pause()->let_go());
  EXPECT_FALSE(guest_.stands);
  EXPECT_FALSE(source_->is_running());
  EXPECT_EQ(source_->stopped_ms(), 5.0);
}

TEST_F(HeldGuest, WhatIsTakenIsOfOneMoment) {
  ASSERT_TRUE(source_->pause()->hold());
  EXPECT_EQ(time_of(3), 1);
  EXPECT_TRUE(source_->pause()->let_go());
  pass();
  EXPECT_EQ(time_of(7), 2);
  EXPECT_EQ(source_->pause()->late_pages(), 1U);
  pass();
  guest_.read.clear();
  ASSERT_TRUE(source_->pause()->take());
  EXPECT_FALSE(guest_.stands);
  EXPECT_THAT(guest_.read, testing::ElementsAre(3, 7));
  pass();
  source_->begin_moment();
  EXPECT_EQ(time_of(3), 3);
  EXPECT_EQ(time_of(7), 3);
  EXPECT_EQ(source_->pause()->late_pages(), 0U);
  EXPECT_EQ(time_of(8), 4);
  EXPECT_EQ(source_->pause()->late_pages(), 1U);
  EXPECT_EQ(source_->stopped_ms(), 10.0);
}

TEST_F(HeldGuest, OneThatCannotBeStopped) {
  guest_.refuses = true;
  EXPECT_FALSE(source_->pause()->hold());
  EXPECT_FALSE(source_->pause()->take());
}

TEST_F(HeldGuest, OneThatWasLetGoBefore) {
  guest_.is_late = true;
  ASSERT_TRUE(source_->pause()->hold());
  EXPECT_FALSE(source_->pause()->let_go());
  EXPECT_FALSE(source_->pause()->take());
}

TEST_F(HeldGuest, IsLetGoWithTheSource) {
  ASSERT_TRUE(source_->pause()->hold());
  source_.reset();
  EXPECT_FALSE(guest_.stands);
}

} // namespace
} // namespace mapscope::memory
