// SPDX-License-Identifier: Apache-2.0
// What time it was, by the three shapes in which kernels keep it.
#include "host/report/kernel_clock.hpp"
#include "host/target/given_files.hpp"
#include "host/target/target.hpp"

#include "tests/support/text_image.hpp"
#include "tests/support/tiny_kernel.hpp"

#include <gtest/gtest.h>

namespace mapscope::report {
namespace {

constexpr std::uint64_t clock_at = 0x180000;

struct Shape {
  const char* symbol;
  bool has_tk_data;
  std::uint64_t before; ///< bytes between the symbol and the timekeeper
};

/// 5000 ns since the boot, by the clock; 1 ns more in 2^-4 ns; half of that time asleep.
std::optional<std::int64_t> clock_of(const Shape& shape, std::int32_t clock, std::uint32_t shift = 4) {
  test::BtfBuilder types;
  test::add_kernel_types(types);
  const auto u64 = types.u64();
  const auto readout = types.record("tk_read_base", {{"shift", u64}, {"xtime_nsec", u64}, {"base", u64}});
  const auto keeper =
      types.record("timekeeper", {{"tkr_mono", readout}, {"offs_real", u64}, {"offs_boot", u64}});
  if (shape.has_tk_data) types.record("tk_data", {{"seq", u64}, {"lock", u64}, {"timekeeper", keeper}});
  const std::string no_objects = "maps: " + test::xa_node_text({}) + "programs: " + test::xa_node_text({}) +
                                 "btfs: " + test::xa_node_text({});
  const std::string memory = "@" + std::to_string(clock_at) + "\nclock: zero " +
                             std::to_string(shape.before) + " u64 " + std::to_string(shift) +
                             " 16 5000 1000000 2500\n";
  const test::TextImage image(
      test::tiny_kernel_text(types, no_objects + memory, {}, {{shape.symbol, test::image_at(clock_at)}}));
  const auto target = target::Target::open(image, {});
  if (!target) {
    ADD_FAILURE() << target.error().text;
    return std::nullopt;
  }
  return KernelClock(**target, *types.types("vmlinux")).now(clock);
}

TEST(KernelClock, IsReadInEachShape) {
  for (const Shape& shape : {Shape{"tk_core", false, 8}, Shape{"tk_core", true, 16},
                             Shape{"timekeeper_data", true, 16}}) { // to 6.12, to 6.16, since 6.17
    EXPECT_EQ(clock_of(shape, 1), 5001) << shape.symbol;
    EXPECT_EQ(clock_of(shape, 0), 1005001) << shape.symbol;
    EXPECT_EQ(clock_of(shape, 7), 7501) << shape.symbol;
    EXPECT_EQ(clock_of(shape, 11), std::nullopt) << "CLOCK_TAI is no timer's";
  }
}

TEST(KernelClock, IsNotGuessed) {
  EXPECT_EQ(clock_of({"somewhere_else", true, 16}, 1), std::nullopt);
  EXPECT_EQ(clock_of({"tk_core", true, 16}, 1, 64), std::nullopt) << "a shift of 64 bits";
}

} // namespace
} // namespace mapscope::report
