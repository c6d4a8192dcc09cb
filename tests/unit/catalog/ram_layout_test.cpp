// SPDX-License-Identifier: Apache-2.0
// Raw images of small machines with RAM around a hole, whose size only the kernel knows.
#include "host/catalog/ram_layout.hpp"
#include "host/memory/raw_image.hpp"
#include "host/target/given_files.hpp"
#include "tests/support/core_file.hpp"
#include "tests/support/holed_kernel.hpp"
#include "tests/support/memory_files.hpp"

#include <gmock/gmock.h>

namespace mapscope::catalog {
namespace {

using memory::Layout;

using test::HoledKernel;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr std::uint64_t mib = 1U << 20, four_gib = 1ULL << 32;

std::string file_of(const HoledKernel& kernel, const Layout& layout) {
  return test::raw_image(test::memory_of(kernel.image()), layout);
}

FoundLayout found_in(const memory::Source& source) {
  const auto target = target::Target::open(source, {});
  if (!target) return {{}, target.error().text};
  const auto types = btf::Types::parse((*target)->btf(), "vmlinux");
  return find_layout(**target, **types);
}

/// What is found in a file with this content.
FoundLayout found_in(const std::string& content) {
  const test::ScratchFile file(content);
  return found_in(**memory::open_source(file.path()));
}

TEST(RamLayout, LowRamEndsWhereTheListBehindTheHoleCanBeRead) {
  for (const std::uint64_t low : {2 * mib, 3 * mib, 7 * mib}) {
    const HoledKernel kernel{.low = low};
    const auto found = found_in(file_of(kernel, kernel.layout()));
    EXPECT_EQ(found.layout, kernel.layout()) << found.how;
    EXPECT_THAT(found.how, HasSubstr("iomem_resource"));
  }
}

TEST(RamLayout, WhereTheListLiesLowTheSizeOfTheFileTells) {
  const HoledKernel kernel{.low = 4 * mib, .list_at = 0x180000};
  EXPECT_EQ(found_in(file_of(kernel, kernel.layout())).layout, kernel.layout());
}

TEST(RamLayout, WithoutAHole) {
  const HoledKernel kernel{.high = 0, .list_at = 0x180000};
  EXPECT_THAT(found_in(file_of(kernel, kernel.layout())).layout,
              ElementsAre(memory::Run{0, memory::Run::rest}));
}

TEST(RamLayout, OfACutFileWhatIsMissingIsAtTheEnd) {
  const HoledKernel kernel{.low = 3 * mib};
  const std::string whole = file_of(kernel, kernel.layout());
  EXPECT_EQ(found_in(whole.substr(0, whole.size() - 700000)).layout, kernel.layout());
  const HoledKernel low{.low = 3 * mib, .list_at = 0x180000};
  const std::string without_high = file_of(low, {{0, 3 * mib}});
  EXPECT_EQ(found_in(without_high).layout, low.layout()) << "all of high RAM is missing";
}

TEST(RamLayout, OfACutFileWithoutAHole) {
  const HoledKernel kernel{.low = 4 * mib, .high = 0, .list_at = 0x180000};
  const std::string cut = file_of(kernel, kernel.layout()).substr(0, 2 * mib + 4096);
  EXPECT_THAT(found_in(cut).layout, ElementsAre(memory::Run{0, 4 * mib}));
  const HoledKernel lost{.low = 4 * mib, .high = 0, .list_at = 3 * mib, .vmcoreinfo_at = 3 * mib + 4096};
  const auto found = found_in(file_of(lost, lost.layout()).substr(0, 2 * mib));
  EXPECT_THAT(found.layout, ElementsAre(memory::Run{0, 4 * mib}))
      << "the list is in the part that is missing";
  EXPECT_THAT(found.how, HasSubstr("max_pfn"));
}

TEST(RamLayout, OfACutFileWhoseRamBeginsElsewhere) { // as that of arm64's machines
  const HoledKernel kernel{.low = 4 * mib, .high = 0, .list_at = 0x180000};
  const auto found_in_first = [whole = file_of(kernel, kernel.layout())](std::uint64_t bytes) {
    const test::ScratchFile file(whole.substr(0x1000, bytes));
    const auto flat = memory::open_source(file.path());
    return found_in(*(*flat)->raw_image()->laid_out({{0x1000, memory::Run::rest}}, "the kernel's place"));
  };
  EXPECT_THAT(found_in_first(2 * mib).layout, ElementsAre(memory::Run{0x1000, 4 * mib - 0x1000}));
  EXPECT_THAT(found_in_first(4 * mib - 0x1000).layout, IsEmpty()) << "its place is right already";
}

TEST(RamLayout, FirmwareMayKeepMoreThanAMiB) {
  const HoledKernel kernel{.low = 6 * mib, .kept = 3 * mib, .list_at = 0x180000};
  EXPECT_EQ(found_in(file_of(kernel, kernel.layout())).layout, kernel.layout());
}

TEST(RamLayout, WithoutTheListTheKernelsNumbersDo) {
  const std::uint64_t text_at = four_gib + 0x8000;
  const HoledKernel kernel{.low = 3 * mib, .list_at = four_gib + 900 * mib, .vmcoreinfo_at = text_at};
  const auto memory = test::memory_of(kernel.image(), text_at);
  const std::string whole = test::raw_image(memory, kernel.layout());
  EXPECT_EQ(found_in(whole).layout, kernel.layout());
  const auto cut = found_in(whole.substr(0, whole.size() - 500000));
  EXPECT_EQ(cut.layout, kernel.layout());
  EXPECT_THAT(cut.how, HasSubstr("max_pfn"));
  const HoledKernel wrong{.low = 3 * mib, .list_at = four_gib + 900 * mib, .vmcoreinfo_at = text_at + 4096};
  EXPECT_THAT(found_in(test::raw_image(test::memory_of(wrong.image(), text_at), wrong.layout())).layout,
              IsEmpty())
      << "the text is not there";
}

TEST(RamLayout, AListThatDoesNotHoldTogetherIsNone) {
  const HoledKernel circular{.low = 3 * mib, .circular = true};
  const auto found = found_in(file_of(circular, circular.layout()));
  EXPECT_THAT(found.layout, IsEmpty());
  EXPECT_THAT(found.how, HasSubstr("iomem_resource, cannot be read); the offset in the file is taken for the "
                                   "address, --layout RANGES says otherwise"));
  const HoledKernel away{.low = 3 * mib, .list_at = four_gib + 900 * mib}; // the file does not hold it
  EXPECT_THAT(found_in(file_of(away, away.layout())).layout, IsEmpty());
}

} // namespace
} // namespace mapscope::catalog
