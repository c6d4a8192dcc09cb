// SPDX-License-Identifier: Apache-2.0
// Cores with holes, made from whole ones: the bytes stay where they are, the program headers no longer lead
// there.
//
// Thread rule: plain values.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <elf.h>
#include <string>
#include <string_view>
#include <vector>

namespace mapscope::test {

class CoreHoles {
public:
  explicit CoreHoles(std::string core) : core_(std::move(core)) {
    std::memcpy(&header_, core_.data(), sizeof header_);
    for (unsigned i = 0; i < header_.e_phnum; ++i) {
      Elf64_Phdr entry;
      std::memcpy(&entry, core_.data() + header_.e_phoff + i * sizeof entry, sizeof entry);
      entries_.push_back(entry);
    }
  }

  /// No segment leads to these bytes of the file, or describes the memory they are of.
  void cut_out(std::uint64_t offset, std::uint64_t size) {
    std::vector<Elf64_Phdr> left;
    for (const Elf64_Phdr& entry : entries_) {
      const std::uint64_t end = entry.p_offset + entry.p_filesz;
      if (entry.p_type != PT_LOAD || offset >= end || offset + size <= entry.p_offset) {
        left.push_back(entry);
        continue;
      }
      if (offset > entry.p_offset) left.push_back(part(entry, 0, offset - entry.p_offset));
      if (offset + size < end)
        left.push_back(part(entry, offset + size - entry.p_offset, end - offset - size));
    }
    entries_ = std::move(left);
  }

  /// As makedumpfile -E at level 1: pages of zeros are at the end of a segment's memory and not in the file.
  /// Runs of fewer pages than `least` stay.
  void leave_out_zero_pages(std::uint64_t least = 4) {
    std::vector<Elf64_Phdr> left;
    for (const Elf64_Phdr& entry : entries_) {
      if (entry.p_type == PT_LOAD)
        split(entry, least, left);
      else
        left.push_back(entry);
    }
    entries_ = std::move(left);
  }

  /// With the new table of program headers behind everything else.
  [[nodiscard]] std::string bytes() const {
    std::string core = core_;
    Elf64_Ehdr header = header_;
    header.e_phoff = core.size();
    header.e_phnum = static_cast<Elf64_Half>(entries_.size());
    std::memcpy(core.data(), &header, sizeof header);
    for (const Elf64_Phdr& entry : entries_) core.append(reinterpret_cast<const char*>(&entry), sizeof entry);
    return core;
  }
  [[nodiscard]] std::size_t segments() const { return entries_.size(); }

private:
  static constexpr std::uint64_t page = 4096;

  static Elf64_Phdr part(Elf64_Phdr entry, std::uint64_t from, std::uint64_t size) {
    entry.p_offset += from;
    entry.p_paddr += from;
    entry.p_filesz = entry.p_memsz = size;
    return entry;
  }

  [[nodiscard]] bool is_zero(std::uint64_t offset) const {
    const std::string_view bytes(core_.data() + offset, page);
    return bytes.find_first_not_of('\0') == bytes.npos;
  }

  void split(const Elf64_Phdr& entry, std::uint64_t least, std::vector<Elf64_Phdr>& to) const {
    const std::uint64_t pages = entry.p_filesz / page;
    std::uint64_t begin = 0, zeros = 0; // of the part that is being made; of its end
    const auto finish = [&](std::uint64_t end) {
      Elf64_Phdr made = part(entry, begin, end - begin);
      made.p_filesz -= zeros * page;
      if (made.p_memsz != 0) to.push_back(made);
      begin = end;
      zeros = 0;
    };
    for (std::uint64_t i = 0; i < pages; ++i) {
      if (is_zero(entry.p_offset + i * page)) {
        ++zeros;
        continue;
      }
      if (zeros >= least) finish(i * page);
      zeros = 0;
    }
    if (zeros < least) zeros = 0;
    finish(entry.p_filesz);
  }

  std::string core_;
  Elf64_Ehdr header_{};
  std::vector<Elf64_Phdr> entries_;
};

} // namespace mapscope::test
