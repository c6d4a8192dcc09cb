// SPDX-License-Identifier: Apache-2.0
#include "host/plugin/verify/elf_image_notes.hpp"

#include "host/base/checked.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace mapscope::plugin {

namespace {

/// Notes of real libraries are a few hundred bytes and a manifest is at most 64 KiB; a file may claim the
/// same bytes again and again.
constexpr std::uint64_t most_bytes = 1U << 20;
constexpr std::uint32_t manifest_type = 1;
constexpr std::string_view owner("MSC\0", 4); // its NUL counts

std::string_view text_of(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

class NoteReader {
public:
  explicit NoteReader(std::span<const std::byte> file) : file_(file) {}

  Result<void> read(std::uint64_t offset, std::uint64_t size, std::uint64_t alignment) {
    const auto notes = slice(file_, offset, size);
    if (!notes) return fail(Errc::corrupt, "its notes reach past the end of the file");
    if (size > most_bytes - read_)
      return fail(Errc::corrupt, fmt::format("it has more than {} bytes of notes", most_bytes));
    read_ += size;
    // Only .note.gnu.property has entries of eight bytes, and then the whole segment says so.
    return walk(*notes, alignment == 8 ? 8 : 4);
  }

  std::vector<std::string_view> found;

private:
  Result<void> walk(std::span<const std::byte> notes, std::uint64_t alignment) {
    const auto padded = [&](std::uint64_t at) { return (at + alignment - 1) & ~(alignment - 1); };
    std::uint64_t at = 0;
    while (const auto note = load_at<Elf64_Nhdr>(notes, at)) {
      const std::uint64_t name_at = at + sizeof *note, text_at = padded(name_at + note->n_namesz);
      const auto name = slice(notes, name_at, note->n_namesz), text = slice(notes, text_at, note->n_descsz);
      if (!name || !text)
        return fail(Errc::corrupt, fmt::format("a note at {:#x} of its notes reaches past their end", at));
      if (note->n_type == manifest_type && text_of(*name) == owner) add(text_of(*text));
      at = padded(text_at + note->n_descsz);
    }
    return {};
  }

  /// The same bytes may be covered twice (two segments); that is one manifest.
  void add(std::string_view text) {
    if (std::ranges::find(found, text.data(), &std::string_view::data) == found.end()) found.push_back(text);
  }

  std::span<const std::byte> file_;
  std::uint64_t read_ = 0;
};

Result<void> read_sections(const ElfImage& image, NoteReader& reader) {
  const Elf64_Ehdr& header = image.header();
  if (header.e_shnum == 0 || header.e_shentsize != sizeof(Elf64_Shdr)) return {}; // stripped of its sections
  const auto table = slice(image.bytes(), header.e_shoff, std::uint64_t{header.e_shnum} * sizeof(Elf64_Shdr));
  if (!table) return fail(Errc::corrupt, "its section headers reach past the end of the file");
  for (std::size_t at = 0; at < table->size(); at += sizeof(Elf64_Shdr)) {
    const auto section = load<Elf64_Shdr>(table->data() + at);
    if (section.sh_type != SHT_NOTE) continue;
    if (auto read = reader.read(section.sh_offset, section.sh_size, section.sh_addralign); !read) return read;
  }
  return {};
}

} // namespace

Result<ManifestNotes> manifest_notes(const ElfImage& image) {
  NoteReader reader(image.bytes());
  for (const Elf64_Phdr& segment : image.segments()) {
    if (segment.p_type != PT_NOTE) continue;
    if (auto read = reader.read(segment.p_offset, segment.p_filesz, segment.p_align); !read)
      return std::unexpected(std::move(read.error()));
  }
  if (!reader.found.empty()) return ManifestNotes{std::move(reader.found), false};
  if (auto read = read_sections(image, reader); !read) return std::unexpected(std::move(read.error()));
  return ManifestNotes{std::move(reader.found), true};
}

} // namespace mapscope::plugin
