// SPDX-License-Identifier: Apache-2.0
#include "raw_forms.hpp"

#include "tests/support/memory_files.hpp"

#include <algorithm>
#include <elf.h>
#include <fstream>
#include <functional>

namespace mapscope::guest {

namespace fs = std::filesystem;

namespace {

constexpr std::uint64_t firmware = 0xf0000000, four_gib = 1ULL << 32;
constexpr std::uint64_t piece_bytes = 16U << 20; ///< a range of AVML's

/// Each part of the core in pieces: its address and its bytes.
void each_piece(const fs::path& core, const std::function<void(std::uint64_t, const std::string&)>& use) {
  std::ifstream file(core, std::ios::binary);
  std::string piece;
  for (const Ram& ram : ram_of(core)) {
    file.seekg(static_cast<std::streamoff>(ram.offset));
    for (std::uint64_t done = 0; done < ram.size; done += piece.size()) {
      piece.resize(std::min(piece_bytes, ram.size - done));
      file.read(piece.data(), static_cast<std::streamsize>(piece.size()));
      use(ram.address + done, piece);
    }
  }
}

} // namespace

std::vector<Ram> ram_of(const fs::path& core) {
  std::ifstream file(core, std::ios::binary);
  Elf64_Ehdr header{};
  file.read(reinterpret_cast<char*>(&header), sizeof header);
  file.seekg(static_cast<std::streamoff>(header.e_phoff));
  std::vector<Ram> all;
  for (unsigned i = 0; i < header.e_phnum; ++i) {
    Elf64_Phdr entry{};
    file.read(reinterpret_cast<char*>(&entry), sizeof entry);
    const bool is_firmware = entry.p_paddr >= firmware && entry.p_paddr < four_gib;
    if (entry.p_type == PT_LOAD && !is_firmware)
      all.push_back({entry.p_paddr, entry.p_filesz, entry.p_offset});
  }
  std::ranges::sort(all, {}, &Ram::address);
  return all;
}

void write_raw(const fs::path& core, const fs::path& to, std::uint64_t most) {
  std::ofstream out(to, std::ios::binary);
  constexpr std::size_t step = 64U << 10;
  std::uint64_t at = 0;
  each_piece(core, [&](std::uint64_t, const std::string& piece) {
    for (std::size_t i = 0; i < piece.size() && at + i < most; i += step) {
      const std::string_view part = std::string_view(piece).substr(i, step);
      if (part.find_first_not_of('\0') == part.npos) continue;
      out.seekp(static_cast<std::streamoff>(at + i));
      out.write(part.data(), static_cast<std::streamsize>(part.size()));
    }
    at += piece.size();
  });
  out.close();
  fs::resize_file(to, std::min(at, most));
}

void write_lime(const fs::path& core, const fs::path& to) {
  std::ofstream out(to, std::ios::binary);
  each_piece(core, [&](std::uint64_t address, const std::string& piece) {
    out << test::range_header("EMiL", 1, address, address + piece.size() - 1) << piece;
  });
}

void write_avml(const fs::path& core, const fs::path& to) {
  std::ofstream out(to, std::ios::binary);
  each_piece(core, [&](std::uint64_t address, const std::string& piece) {
    out << test::avml_range({address, piece});
  });
}

} // namespace mapscope::guest
