// SPDX-License-Identifier: Apache-2.0
#include "tests/support/core_file.hpp"

#include <cstring>
#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <unistd.h>

namespace mapscope::test {

namespace {

template <class T> std::string_view raw(const T& value) {
  return {reinterpret_cast<const char*>(&value), sizeof value};
}

std::string padded(std::string_view text) {
  std::string result(text);
  result.resize((text.size() + 3) / 4 * 4);
  return result;
}

} // namespace

ScratchFile::ScratchFile(std::string_view content) : path_(testing::TempDir() + "mapscope-XXXXXX") {
  const int fd = ::mkstemp(path_.data());
  EXPECT_GE(fd, 0) << path_;
  ::close(fd);
  std::ofstream(path_, std::ios::binary) << content;
}

ScratchFile::~ScratchFile() { std::filesystem::remove(path_); }

CoreFile::CoreFile() {
  std::memcpy(header.e_ident, ELFMAG, SELFMAG);
  header.e_ident[EI_CLASS] = ELFCLASS64;
  header.e_ident[EI_DATA] = ELFDATA2LSB;
  header.e_ident[EI_VERSION] = EV_CURRENT;
  header.e_type = ET_CORE;
  header.e_machine = EM_X86_64;
  header.e_version = EV_CURRENT;
  header.e_ehsize = sizeof(Elf64_Ehdr);
  header.e_phentsize = sizeof(Elf64_Phdr);
  header.e_phoff = sizeof(Elf64_Ehdr);
}

Elf64_Phdr& CoreFile::add(std::uint32_t type, std::string_view content) {
  Elf64_Phdr header{};
  header.p_type = type;
  header.p_offset = content_.size();
  header.p_filesz = header.p_memsz = content.size();
  content_ += content;
  return headers_.emplace_back(header);
}

Elf64_Phdr& CoreFile::load(std::uint64_t physical, std::string_view bytes, std::uint64_t size) {
  auto& header = add(PT_LOAD, bytes);
  header.p_paddr = physical;
  if (size != 0) header.p_memsz = size;
  return header;
}

Elf64_Phdr& CoreFile::note(std::string_view name, std::string_view text, std::uint32_t type) {
  const std::string named(name.data(), name.size() + 1);
  const Elf64_Nhdr note{static_cast<Elf64_Word>(named.size()), static_cast<Elf64_Word>(text.size()), type};
  return add(PT_NOTE, std::string(raw(note)) + padded(named) + padded(text));
}

std::string CoreFile::bytes() const {
  Elf64_Ehdr first = header;
  std::string file, section;
  if (extended_count) {
    Elf64_Shdr zero{};
    zero.sh_info = static_cast<Elf64_Word>(headers_.size());
    section = raw(zero);
    if (first.e_shoff == 0) first.e_shoff = sizeof first + headers_.size() * sizeof(Elf64_Phdr);
    first.e_phnum = PN_XNUM;
  } else if (first.e_phnum == 0) {
    first.e_phnum = static_cast<Elf64_Half>(headers_.size());
  }
  file = raw(first);
  const std::uint64_t content_at = file.size() + headers_.size() * sizeof(Elf64_Phdr) + section.size();
  for (Elf64_Phdr entry : headers_) {
    entry.p_offset += content_at;
    file += raw(entry);
  }
  return file + section + content_;
}

CoreFile core_of(const memory::Source& image) {
  CoreFile core;
  if (image.arch() == "aarch64") core.header.e_machine = EM_AARCH64;
  core.note("VMCOREINFO", image.vmcoreinfo());
  for (const auto& segment : image.segments()) {
    const auto bytes = image.view(segment.address, segment.present);
    core.load(segment.address, {reinterpret_cast<const char*>(bytes.data()), bytes.size()}, segment.size);
  }
  return core;
}

} // namespace mapscope::test
