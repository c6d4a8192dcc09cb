// SPDX-License-Identifier: Apache-2.0
#include "host/plugin/verify/elf_image_dynamic.hpp"

#include "host/base/checked.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace mapscope::plugin {

namespace {

// Far above what linkers write, far below what would take time.
constexpr std::size_t most_tags = 4096, most_symbols = 65536, most_version_names = 4096, longest_name = 4096;

/// What a symbol table says of its own length: DT_HASH outright, DT_GNU_HASH through the chain that ends
/// last. Both are what the loader's own look-up can reach.
std::optional<std::uint64_t> count_by_gnu_hash(std::span<const std::byte> hash) {
  const auto buckets = load_at<std::uint32_t>(hash, 0), first = load_at<std::uint32_t>(hash, 4),
             bloom_words = load_at<std::uint32_t>(hash, 8);
  if (!buckets || !first || !bloom_words) return std::nullopt;
  const std::uint64_t heads_at = 16 + std::uint64_t{*bloom_words} * 8,
                      chains_at = heads_at + std::uint64_t{*buckets} * 4;
  const auto heads = slice(hash, heads_at, std::uint64_t{*buckets} * 4);
  if (!heads) return std::nullopt;
  std::uint32_t last = 0;
  for (std::size_t at = 0; at < heads->size(); at += 4)
    last = std::max(last, load<std::uint32_t>(heads->data() + at));
  if (last < *first) return *first; // nothing is defined; the undefined symbols come first
  for (std::uint64_t symbol = last;; ++symbol) {
    const auto link = load_at<std::uint32_t>(hash, chains_at + (symbol - *first) * 4);
    if (!link) return std::nullopt;
    if ((*link & 1) != 0) return symbol + 1; // the end of a chain
  }
}

std::unexpected<Error> outside(std::string_view what) {
  return fail(Errc::corrupt, fmt::format("{} lies outside the bytes that are loaded", what));
}

} // namespace

std::optional<std::uint64_t> DynamicSection::value(std::int64_t tag) const {
  const auto found = tags_.find(tag);
  return found != tags_.end() ? std::optional(found->second) : std::nullopt;
}

std::span<const std::byte> DynamicSection::table(std::int64_t tag) const {
  const auto address = value(tag);
  return address ? image_->at(*address) : std::span<const std::byte>();
}

Result<DynamicSection> DynamicSection::read(const ElfImage& image) {
  DynamicSection section(image);
  for (const auto step :
       {&DynamicSection::read_tags, &DynamicSection::read_strings, &DynamicSection::read_needed,
        &DynamicSection::read_versions, &DynamicSection::read_symbols})
    if (auto done = (section.*step)(); !done) return std::unexpected(std::move(done.error()));
  return section;
}

Result<void> DynamicSection::read_tags() {
  const auto is_dynamic = [](const Elf64_Phdr& segment) { return segment.p_type == PT_DYNAMIC; };
  const auto segments = image_->segments();
  const auto segment = std::ranges::find_if(segments, is_dynamic);
  if (segment == segments.end() || std::ranges::count_if(segments, is_dynamic) != 1)
    return fail(Errc::corrupt, "it does not have one dynamic section, so it cannot be loaded as a library");
  // The loader goes by the address, not by the offset in the file, and reads up to DT_NULL, however far.
  const auto bytes = image_->at(segment->p_vaddr);
  for (std::size_t i = 0; i < most_tags; ++i) {
    const auto entry = load_at<Elf64_Dyn>(bytes, i * sizeof(Elf64_Dyn));
    if (!entry) return outside("the end of its dynamic section");
    if (entry->d_tag == DT_NULL) return {};
    if (entry->d_tag == DT_NEEDED)
      needed_offsets_.push_back(entry->d_un.d_val);
    else
      tags_[entry->d_tag] = entry->d_un.d_val;
  }
  return fail(Errc::corrupt, fmt::format("its dynamic section has more than {} entries", most_tags));
}

Result<void> DynamicSection::read_strings() {
  const auto bytes = slice(table(DT_STRTAB), 0, value(DT_STRSZ).value_or(0));
  if (!bytes) return outside("its dynamic string table");
  strings_ = {reinterpret_cast<const char*>(bytes->data()), bytes->size()};
  if (!strings_.empty() && strings_.back() != '\0')
    return fail(Errc::corrupt, "its dynamic string table does not end with a NUL");
  return {};
}

Result<std::string_view> DynamicSection::string(std::uint64_t offset) const {
  if (offset >= strings_.size())
    return outside(fmt::format("a name at {:#x} of its dynamic string table", offset));
  const std::string_view rest = strings_.substr(offset, longest_name + 1);
  const std::size_t end = rest.find('\0');
  if (end == rest.npos)
    return fail(Errc::corrupt, fmt::format("it has a name of more than {} bytes", longest_name));
  return rest.substr(0, end);
}

Result<void> DynamicSection::read_needed() {
  for (const std::uint64_t offset : needed_offsets_) {
    const auto name = string(offset);
    if (!name) return std::unexpected(name.error());
    needed_.push_back(*name);
  }
  return {};
}

/// One library's versions. Entries are chained by distances from one to the next.
Result<void> DynamicSection::read_version_names(std::span<const std::byte> file, const Elf64_Verneed& need,
                                                std::string_view library) {
  std::uint64_t at = need.vn_aux;
  for (unsigned i = 0; i < need.vn_cnt; ++i) {
    const auto version = load_at<Elf64_Vernaux>(file, at);
    if (!version) return outside("its table of needed versions");
    if (++version_names_ > most_version_names)
      return fail(Errc::corrupt, fmt::format("it needs more than {} versions", most_version_names));
    library_of_version_[version->vna_other & 0x7fff] = library;
    if (version->vna_next == 0) return {};
    at += version->vna_next;
  }
  return {};
}

Result<void> DynamicSection::read_versions() {
  auto rest = table(DT_VERNEED);
  if (rest.empty() && value(DT_VERNEED)) return outside("its table of needed versions");
  while (!rest.empty()) {
    const auto need = load_at<Elf64_Verneed>(rest, 0);
    if (!need) return outside("its table of needed versions");
    const auto library = string(need->vn_file);
    if (!library) return std::unexpected(library.error());
    if (versioned_.size() >= most_tags) return fail(Errc::corrupt, "its table of needed versions has no end");
    versioned_.push_back(*library);
    if (auto read = read_version_names(rest, *need, *library); !read) return read;
    if (need->vn_next == 0) return {};
    rest = rest.subspan(std::min<std::size_t>(need->vn_next, rest.size()));
  }
  return {};
}

Result<void> DynamicSection::read_symbols() {
  const auto by_sysv = load_at<std::uint32_t>(table(DT_HASH), 4);
  const auto by_gnu = count_by_gnu_hash(table(DT_GNU_HASH));
  if (value(DT_GNU_HASH) && !by_gnu) return outside("its symbol hash table");
  if (value(DT_HASH) && !by_sysv) return outside("its symbol hash table");
  const std::uint64_t count = std::max<std::uint64_t>(by_sysv.value_or(0), by_gnu.value_or(0));
  if (count > most_symbols)
    return fail(Errc::corrupt,
                fmt::format("it has {} dynamic symbols, at most {} are read", count, most_symbols));
  const auto symbols = slice(table(DT_SYMTAB), 0, count * sizeof(Elf64_Sym));
  if (!symbols) return outside("its dynamic symbol table");
  const auto versions = table(DT_VERSYM);
  for (std::uint64_t i = 1; i < count; ++i) { // the first is always empty
    const auto symbol = load<Elf64_Sym>(symbols->data() + i * sizeof(Elf64_Sym));
    const auto name = string(symbol.st_name);
    if (!name) return std::unexpected(name.error());
    const auto version = load_at<std::uint16_t>(versions, i * 2);
    if (value(DT_VERSYM) && !version) return outside("its symbol version table");
    const auto library = library_of_version_.find(version.value_or(0) & 0x7fff);
    const bool known = library != library_of_version_.end();
    symbols_.push_back({*name, symbol, known ? library->second : std::string_view()});
  }
  return {};
}

} // namespace mapscope::plugin
