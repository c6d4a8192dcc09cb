// SPDX-License-Identifier: Apache-2.0
// A plugin library in memory, whose bytes tests change: the rejected twin of an accepted file is one line.
//
// References into the library last until its next set_manifest(). What is looked for and not there ends the
// test program. Thread rule: one thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <elf.h>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace mapscope::test {

class PluginLibrary {
public:
  explicit PluginLibrary(const std::filesystem::path& file);

  std::vector<std::byte> bytes;

  Elf64_Ehdr& header();
  Elf64_Phdr& segment(std::uint32_t type, std::size_t which = 0);
  Elf64_Dyn& tag(std::int64_t tag);
  /// Turns an entry behind the last one into `tag`; linkers leave some free.
  void add_tag(std::int64_t tag, std::uint64_t value);
  Elf64_Sym& symbol(std::string_view name);
  /// Overwrites a name in the dynamic string table with one that is not longer.
  void rename(std::string_view from, std::string_view to);
  /// The bytes that are loaded at `address`.
  std::byte* at(std::uint64_t address);

  /// Replaces the manifest's description; a NUL is added. The fixture has room for 4096 bytes.
  void set_manifest(std::string_view text);
  /// The note itself, from its header on.
  std::span<std::byte> note();

  void save(const std::filesystem::path& file) const;

private:
  std::size_t offset_of(std::uint64_t address);
};

/// "abi=0.1\0id=...": a complete manifest from its lines, with defaults for what `lines` leaves out.
std::string manifest_text(std::string_view id,
                          const std::vector<std::string>& lines = {"attach=map-type:hash"},
                          std::string_view version = "1.0.0");

/// A directory of its own that is gone afterwards.
class TemporaryDirectory {
public:
  explicit TemporaryDirectory(const std::filesystem::path& inside = std::filesystem::temp_directory_path());
  ~TemporaryDirectory();
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
  [[nodiscard]] const std::filesystem::path& path() const { return path_; }
  [[nodiscard]] std::filesystem::path operator/(std::string_view name) const { return path_ / name; }

private:
  std::filesystem::path path_;
};

} // namespace mapscope::test
