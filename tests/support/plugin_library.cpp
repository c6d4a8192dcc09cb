// SPDX-License-Identifier: Apache-2.0
#include "tests/support/plugin_library.hpp"

#include <mapscope/plugin.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <fmt/format.h>
#include <fstream>
#include <iterator>

namespace mapscope::test {

namespace {

namespace fs = std::filesystem;

/// A fixture that is not what the test takes it for would make the test prove nothing.
void require(bool there, std::string_view what) {
  if (there) return;
  fmt::print(stderr, "the fixture has no {}\n", what);
  std::abort();
}

std::size_t padded(std::size_t size) { return (size + 3) & ~std::size_t{3}; }

} // namespace

PluginLibrary::PluginLibrary(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  require(in.good(), file.string());
  for (std::istreambuf_iterator<char> at(in), end; at != end; ++at)
    bytes.push_back(static_cast<std::byte>(*at));
}

Elf64_Ehdr& PluginLibrary::header() { return *reinterpret_cast<Elf64_Ehdr*>(bytes.data()); }

Elf64_Phdr& PluginLibrary::segment(std::uint32_t type, std::size_t which) {
  auto* segments = reinterpret_cast<Elf64_Phdr*>(bytes.data() + header().e_phoff);
  for (std::size_t i = 0; i < header().e_phnum; ++i)
    if (segments[i].p_type == type && which-- == 0) return segments[i];
  require(false, fmt::format("segment of type {:#x}", type));
  std::abort();
}

std::size_t PluginLibrary::offset_of(std::uint64_t address) {
  for (std::size_t i = 0;; ++i) {
    const Elf64_Phdr& load = segment(PT_LOAD, i);
    if (address >= load.p_vaddr && address - load.p_vaddr < load.p_filesz)
      return load.p_offset + (address - load.p_vaddr);
  }
}

std::byte* PluginLibrary::at(std::uint64_t address) { return bytes.data() + offset_of(address); }

Elf64_Dyn& PluginLibrary::tag(std::int64_t tag) {
  auto* entry = reinterpret_cast<Elf64_Dyn*>(at(segment(PT_DYNAMIC).p_vaddr));
  while (entry->d_tag != tag && entry->d_tag != DT_NULL) ++entry;
  require(entry->d_tag == tag, fmt::format("dynamic tag {:#x}", tag));
  return *entry;
}

void PluginLibrary::add_tag(std::int64_t new_tag, std::uint64_t value) {
  Elf64_Dyn& end = tag(DT_NULL);
  require((&end)[1].d_tag == DT_NULL, "room for a dynamic tag");
  end = {.d_tag = new_tag, .d_un = {.d_val = value}};
}

Elf64_Sym& PluginLibrary::symbol(std::string_view name) {
  auto* symbols = reinterpret_cast<Elf64_Sym*>(at(tag(DT_SYMTAB).d_un.d_ptr));
  const auto* strings = reinterpret_cast<const char*>(at(tag(DT_STRTAB).d_un.d_ptr));
  const auto* end = reinterpret_cast<const Elf64_Sym*>(strings); // linkers put the strings behind the symbols
  for (auto* symbol = symbols; symbol < end; ++symbol)
    if (name == strings + symbol->st_name) return *symbol;
  require(false, fmt::format("symbol {}", name));
  std::abort();
}

void PluginLibrary::rename(std::string_view from, std::string_view to) {
  require(to.size() <= from.size(), "room for the new name");
  auto* strings = reinterpret_cast<char*>(at(tag(DT_STRTAB).d_un.d_ptr));
  const std::string_view table(strings, tag(DT_STRSZ).d_un.d_val);
  const std::size_t found = table.find(std::string(1, '\0').append(from).append(1, '\0'));
  require(found != table.npos, fmt::format("string {}", from));
  std::memset(strings + found + 1, 0, from.size());
  std::memcpy(strings + found + 1, to.data(), to.size());
}

std::span<std::byte> PluginLibrary::note() {
  const Elf64_Phdr& notes = segment(PT_NOTE);
  const std::span all(bytes.data() + notes.p_offset, notes.p_filesz);
  require(notes.p_filesz > sizeof(Elf64_Nhdr) && std::memcmp(all.data() + sizeof(Elf64_Nhdr), "MSC", 4) == 0,
          "manifest");
  return all;
}

void PluginLibrary::set_manifest(std::string_view text) {
  const auto all = note();
  auto* note_header = reinterpret_cast<Elf64_Nhdr*>(all.data());
  const std::size_t text_at = sizeof *note_header + 4, size = text.size() + 1;
  require(text_at + padded(size) <= text_at + 4096, "room for this manifest");
  note_header->n_descsz = static_cast<Elf64_Word>(size);
  std::memset(all.data() + text_at, 0, padded(size));
  std::memcpy(all.data() + text_at, text.data(), text.size());
  segment(PT_NOTE).p_filesz = text_at + padded(size);
}

void PluginLibrary::save(const fs::path& file) const {
  std::ofstream out(file, std::ios::binary);
  out.write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
  require(out.good(), file.string());
}

std::string manifest_text(std::string_view id, const std::vector<std::string>& lines,
                          std::string_view version) {
  std::string text = fmt::format("abi={}.{}", MSC_ABI_MAJOR, MSC_ABI_MINOR);
  const auto add = [&text](std::string_view line) { text.append(1, '\0').append(line); };
  add(fmt::format("id={}", id));
  add(fmt::format("version={}", version));
  add("license=Apache-2.0");
  for (const std::string& line : lines) add(line);
  return text;
}

TemporaryDirectory::TemporaryDirectory(const fs::path& inside) {
  std::string pattern = (inside / "mapscope-test-XXXXXX").string();
  require(::mkdtemp(pattern.data()) != nullptr, pattern);
  path_ = pattern;
}

TemporaryDirectory::~TemporaryDirectory() {
  std::error_code ignored;
  fs::remove_all(path_, ignored);
}

} // namespace mapscope::test
