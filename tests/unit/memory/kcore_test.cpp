// SPDX-License-Identifier: Apache-2.0
// A file as /proc/kcore is: which of its segments are RAM, and what a window reads of them.
#include "host/memory/live/kcore.hpp"

#include "tests/support/run_program.hpp"

#include <cstring>
#include <elf.h>
#include <fstream>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace mapscope::memory {
namespace {

using testing::HasSubstr;

constexpr std::uint64_t nowhere = ~0ULL;

struct Load {
  std::uint64_t physical, size;
};

/// Headers, a note, and behind 0x1000 the bytes of each segment: its number.
std::string kcore(const std::vector<Load>& loads, const std::string& text = "OSRELEASE=6.1\n") {
  Elf64_Ehdr elf{};
  std::memcpy(elf.e_ident, ELFMAG, SELFMAG);
  elf.e_phentsize = sizeof(Elf64_Phdr), elf.e_phoff = sizeof elf;
  elf.e_phnum = static_cast<Elf64_Half>(loads.size() + 1);
  Elf64_Nhdr note{11, static_cast<Elf64_Word>(text.size()), 0};
  std::string notes(reinterpret_cast<const char*>(&note), sizeof note);
  notes += std::string("VMCOREINFO\0\0", 12) + text;
  notes.resize((notes.size() + 3) / 4 * 4);
  std::string file(reinterpret_cast<const char*>(&elf), sizeof elf), content;
  const auto add = [&](const Elf64_Phdr& header) {
    file.append(reinterpret_cast<const char*>(&header), sizeof header);
  };
  Elf64_Phdr header{};
  header.p_type = PT_NOTE, header.p_offset = 0x800, header.p_filesz = notes.size();
  add(header);
  for (std::size_t i = 0; i < loads.size(); ++i) {
    header = {};
    header.p_type = PT_LOAD, header.p_offset = 0x1000 + content.size(), header.p_paddr = loads[i].physical;
    header.p_filesz = header.p_memsz = loads[i].size;
    add(header);
    content += std::string(loads[i].size, static_cast<char>('a' + i));
  }
  file.resize(0x800), file += notes;
  file.resize(0x1000), file += content;
  return file;
}

class Kcore : public testing::Test {
protected:
  Result<LiveMachine> open(const std::string& content) {
    std::ofstream(path_, std::ios::binary) << content;
    return open_kcore(path_);
  }
  test::Scratch scratch_;
  std::string path_ = (scratch_.path() / "kcore").string();
};

TEST_F(Kcore, RamIsWhatHasAPhysicalAddress) {
  auto machine = open(kcore({{nowhere, 4096}, {0x100000, 0x3000}, {0x1000, 0x2000}, {0x101000, 0x1000}}));
  ASSERT_TRUE(machine) << machine.error().text;
  ASSERT_EQ(machine->ram.size(), 2U);
  EXPECT_EQ(machine->ram[0].address, 0x1000U);
  EXPECT_EQ(machine->ram[1].address, 0x100000U);
  EXPECT_EQ(machine->ram[1].size, 0x3000U);
  EXPECT_EQ(machine->vmcoreinfo, "OSRELEASE=6.1\n");
  EXPECT_EQ(machine->via, "kcore");
  std::vector<std::byte> page(4096);
  EXPECT_TRUE(machine->first->read(0x102000, page));
  EXPECT_EQ(page.back(), std::byte{'b'});
  EXPECT_TRUE(machine->first->read(0x1000, page));
  EXPECT_EQ(page.front(), std::byte{'c'});
  EXPECT_FALSE(machine->first->read(0x103000, page));
  EXPECT_FALSE(machine->first->read(0x0, page));
}

TEST_F(Kcore, WhatIsNoneIsRefused) {
  EXPECT_THAT(open("no ELF").error().text, HasSubstr("no ELF core of 64 bits"));
  EXPECT_THAT(open(kcore({{nowhere, 4096}})).error().text, HasSubstr("it has no RAM"));
  EXPECT_THAT(open(kcore({{0x1000, 4096}}).substr(0, 100)).error().text, HasSubstr("cannot be read"));
  EXPECT_THAT(open_kcore("/nonexistent").error().text, HasSubstr("it takes CAP_SYS_RAWIO"));
}

TEST_F(Kcore, EachMomentIsReadAnew) {
  auto machine = open(kcore({{0x1000, 0x2000}}));
  ASSERT_TRUE(machine);
  const auto source = LiveSource::open(std::move(*machine), 2, {});
  ASSERT_TRUE(source) << source.error().text;
  EXPECT_EQ((*source)->view(0x1ff0, 100).size(), 100U);
  EXPECT_TRUE((*source)->view(0x3000, 1).empty());
  EXPECT_EQ((*source)->view(0x2ff8, 100).size(), 8U);
  (*source)->begin_moment();
  EXPECT_EQ((*source)->view(0x1000, 1).front(), std::byte{'a'});
  std::ofstream(path_, std::ios::binary | std::ios::in).seekp(0x1000) << std::string(4096, 'z');
  EXPECT_EQ((*source)->view(0x1000, 1).front(), std::byte{'a'}) << "as it was in this moment";
  (*source)->begin_moment();
  EXPECT_EQ((*source)->view(0x1000, 1).front(), std::byte{'z'});
  EXPECT_EQ((*source)->why_absent(0x9000), Absence::not_described);
}

} // namespace
} // namespace mapscope::memory
