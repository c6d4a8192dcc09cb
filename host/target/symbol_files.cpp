// SPDX-License-Identifier: Apache-2.0
#include "host/target/symbol_files.hpp"

#include "host/memory/mapped_file.hpp"
#include "host/target/elf_file.hpp"

#include <algorithm>
#include <charconv>
#include <fmt/format.h>
#include <mutex>
#include <unordered_map>

namespace mapscope::target {

namespace {

constexpr std::size_t most_symbol_table = 256U << 20; ///< bytes of ELF; a kernel has some 10 MiB

class SymbolTable final : public Symbols {
public:
  std::optional<std::uint64_t> find(std::string_view name) const override {
    const auto found = exactly(name);
    return found ? found : find_suffixed(name);
  }
  [[nodiscard]] std::optional<std::uint64_t> exactly(std::string_view name) const {
    const auto found = addresses_.find(std::string(name));
    return found != addresses_.end() ? std::optional(found->second) : std::nullopt;
  }
  std::size_t size() const override { return addresses_.size(); }

  std::optional<SymbolAt> at(std::uint64_t address) const override {
    std::call_once(sorted_, [this] {
      for (const auto& [name, start] : addresses_) by_address_.emplace_back(start, name);
      std::ranges::sort(by_address_);
    });
    const auto first = find("_stext"), end = find("_end");
    if (!first || address < *first || (end && address >= *end)) return std::nullopt;
    auto after = std::ranges::upper_bound(by_address_, address, {}, &Entry::first);
    if (after == by_address_.begin()) return std::nullopt;
    const std::uint64_t start = std::prev(after)->first;
    const auto found = std::ranges::lower_bound(by_address_, start, {}, &Entry::first);
    return SymbolAt{std::string(found->second), address - start};
  }

  /// The first of equal names is kept, as kallsyms does.
  void add(std::string name, std::uint64_t address) { addresses_.try_emplace(std::move(name), address); }

  /// Image symbols move with the image; small values (per-CPU offsets of x86-64 up to 6.14) are no addresses.
  void move_to(std::optional<std::uint64_t> stext) {
    const auto own = exactly("_stext");
    if (!own || !stext || *own == *stext) return;
    for (auto& [name, address] : addresses_)
      if (address >> 63 != 0) address += *stext - *own;
  }

private:
  /// Of several the lowest, as kallsyms in its order would find it.
  [[nodiscard]] std::optional<std::uint64_t> find_suffixed(std::string_view name) const {
    std::optional<std::uint64_t> lowest;
    for (const auto& [full, address] : addresses_)
      if (full.size() > name.size() && full[name.size()] == '.' && full.starts_with(name))
        lowest = std::min(address, lowest.value_or(address));
    return lowest;
  }

  using Entry = std::pair<std::uint64_t, std::string_view>; ///< views into addresses_
  std::unordered_map<std::string, std::uint64_t> addresses_;
  mutable std::once_flag sorted_;
  mutable std::vector<Entry> by_address_;
};

/// "ffffffff81000000 T _stext"; modules' lines have a tab and the module behind the name.
void add_line(SymbolTable& table, std::string_view line) {
  std::uint64_t address = 0;
  const auto [end, error] = std::from_chars(line.data(), line.data() + line.size(), address, 16);
  const auto used = static_cast<std::size_t>(end - line.data());
  if (error != std::errc{} || line.size() < used + 4 || line[used] != ' ' || line[used + 2] != ' ') return;
  const std::string_view name = line.substr(used + 3);
  if (name.find('\t') == std::string_view::npos && address != 0) table.add(std::string(name), address);
}

Result<std::unique_ptr<Symbols>> finished(std::unique_ptr<SymbolTable> table, const std::string& path,
                                          std::optional<std::uint64_t> stext) {
  // One in the lower half is of no kernel, and would move all others by a distance that means nothing.
  if (const auto own = table->exactly("_stext"); !own || *own >> 63 == 0)
    return fail(
        Errc::usage,
        fmt::format("{}: no kernel address of _stext among {} symbols; is this the kernel's own table, read "
                    "with the rights to see addresses?",
                    path, table->size()));
  table->move_to(stext);
  return table;
}

} // namespace

Result<std::unique_ptr<Symbols>> read_symbol_text(const std::string& path,
                                                  std::optional<std::uint64_t> stext) {
  constexpr std::uint64_t most = 256U << 20; // some 20 MiB of /proc/kallsyms
  const auto file = memory::MappedFile::open(path, "a System.map", most);
  if (!file) return std::unexpected(file.error());
  auto table = std::make_unique<SymbolTable>();
  std::string_view rest(reinterpret_cast<const char*>(file->bytes().data()), file->bytes().size());
  if (rest.substr(0, 4096).find("The real System.map is in") != rest.npos) // Debian's, in one line
    return fail(Errc::usage,
                path + ": holds no symbols but the name of the package that has them; install that, and "
                       "give the System.map in it");
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find('\n'), rest.size());
    const bool is_crlf = end != 0 && rest[end - 1] == '\r';
    add_line(*table, rest.substr(0, is_crlf ? end - 1 : end));
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return finished(std::move(table), path, stext);
}

Result<std::unique_ptr<Symbols>> read_symbol_elf(const std::string& path, std::string_view arch,
                                                 std::optional<std::uint64_t> stext) {
  const auto file = ElfFile::open(path, arch);
  if (!file) return std::unexpected(file.error());
  GElf_Shdr header;
  Elf_Data* data = (*file)->symbol_table(&header);
  if (data == nullptr)
    return fail(Errc::usage, path + ": has no symbol table; give an unstripped vmlinux or --symbols");
  if (data->d_size > most_symbol_table)
    return fail(Errc::usage,
                fmt::format("{}: its symbol table has {} bytes, which no kernel's has; give its vmlinux or "
                            "--symbols",
                            path, data->d_size));
  auto table = std::make_unique<SymbolTable>();
  GElf_Sym symbol;
  for (int i = 0; gelf_getsym(data, i, &symbol) != nullptr; ++i) {
    if (GELF_ST_TYPE(symbol.st_info) == STT_FILE) continue; // "btf.c" is not a suffixed "btf"
    const char* name = elf_strptr((*file)->elf(), header.sh_link, symbol.st_name);
    // "$x" says that code follows, on arm64 before most functions.
    if (name != nullptr && *name != '\0' && *name != '$' && symbol.st_shndx != SHN_UNDEF)
      table->add(name, symbol.st_value);
  }
  return finished(std::move(table), path, stext);
}

Result<std::vector<std::byte>> read_btf_section(const std::string& path, std::string_view arch) {
  const auto file = ElfFile::open(path, arch);
  if (!file) return std::unexpected(file.error());
  const auto bytes = (*file)->btf();
  if (bytes.empty())
    return fail(Errc::usage, path + ": has no .BTF section; give the kernel's BTF with --btf");
  return std::vector<std::byte>(bytes.begin(), bytes.end());
}

} // namespace mapscope::target
