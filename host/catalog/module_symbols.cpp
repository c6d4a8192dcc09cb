// SPDX-License-Identifier: Apache-2.0
#include "host/catalog/module_symbols.hpp"

#include "host/btf/info.hpp"
#include "host/target/target.hpp"

#include <algorithm>
#include <bpf/btf.h>
#include <elf.h>
#include <fmt/format.h>

namespace mapscope::catalog {

namespace {
constexpr std::size_t most_modules = 1U << 14; ///< a list that has more runs in a circle
constexpr std::uint32_t most_symbols = 1U << 20;
constexpr std::size_t module_name_size = 56, symbol_name_size = 512; // MODULE_NAME_LEN, KSYM_NAME_LEN

/// Marks in code (arm64's "$x") and labels of the assembler name no function.
bool names_a_place(const std::string& name) {
  return !name.empty() && !name.starts_with('$') && !name.starts_with(".L");
}

/// The place of a kind in an enum: an index over all enums of the kernel would cost more than the walk.
std::optional<std::uint32_t> place_in_enum(const btf::Types& kernel, std::string_view type,
                                           std::string_view name) {
  const auto id = kernel.find(type);
  const btf_type* found = id ? kernel.type(*id) : nullptr;
  if (found == nullptr || !btf_is_enum(found)) return std::nullopt;
  const auto* const values = btf_enum(found);
  const auto* const end = values + btf::vlen_of(found);
  const auto* const value =
      std::find_if(values, end, [&](const auto& one) { return name == kernel.text(one.name_off); });
  if (value == end || value->val < 0) return std::nullopt;
  return static_cast<std::uint32_t>(value->val);
}
} // namespace

/// struct module, include/linux/module.h.
struct ModuleSymbols::Layouts {
  std::uint64_t list, name, kallsyms;
  std::vector<std::pair<std::uint64_t, std::uint64_t>> code; ///< offsets of base and size
};

/// Code lies in mem[] by kind of memory since 6.4, in core_layout and init_layout before.
std::vector<std::pair<std::uint64_t, std::uint64_t>> ModuleSymbols::places_of_code(const btf::Types& kernel,
                                                                                   const Layout& module) {
  std::vector<std::pair<std::uint64_t, std::uint64_t>> places;
  const auto add = [&](const std::string& holder, const char* size) {
    const auto base = module.want(holder + ".base"), length = module.want(holder + size);
    if (base && length) places.emplace_back(*base, *length);
  };
  add("core_layout", ".text_size"), add("init_layout", ".text_size");
  for (const char* kind : {"MOD_TEXT", "MOD_INIT_TEXT"})
    if (const auto place = place_in_enum(kernel, "enum mod_mem_type", kind))
      add(fmt::format("mem[{}]", *place), ".size");
  return places;
}

ModuleSymbols::ModuleSymbols(const target::Target& target, const btf::Types& kernel) : target_(target) {
  Layout module(kernel, "struct module"), table(kernel, "struct mod_kallsyms");
  const auto head = target.symbols().find("modules");
  const Layouts layouts{.list = module.need("list"),
                        .name = module.need("name"),
                        .kallsyms = module.need("kallsyms"),
                        .code = places_of_code(kernel, module)};
  symtab_ = table.need("symtab"), num_symtab_ = table.need("num_symtab"), strtab_ = table.need("strtab");
  if (!head || module.error() || table.error()) return;
  auto reader = target.reader();
  auto next = reader.get<std::uint64_t>(*head);
  while (next && *next != *head && *next != 0 && modules_.size() < most_modules) {
    add(reader, layouts, *next - layouts.list);
    next = reader.get<std::uint64_t>(*next);
  }
  if (!next) is_torn_ = true;
  std::ranges::sort(ranges_, {}, &Range::start);
}

void ModuleSymbols::add(target::Reader& reader, const Layouts& layouts, std::uint64_t module) {
  modules_.emplace_back(reader.text(module + layouts.name, module_name_size),
                        reader.get<std::uint64_t>(module + layouts.kallsyms).value_or(0));
  for (const auto& [base, size] : layouts.code) {
    const auto start = reader.get<std::uint64_t>(module + base);
    const auto length = reader.get<std::uint32_t>(module + size);
    if (!start || !length) is_torn_ = true;
    if (start && length && *start != 0 && *length != 0 && *length <= UINT64_MAX - *start)
      ranges_.push_back({*start, *start + *length, modules_.size() - 1});
  }
}

/// Those of the module's code; the rest is of no use here.
void ModuleSymbols::read_symbols(const Module& module, std::size_t number) const {
  constexpr std::uint32_t piece = 1024; // symbols a read
  auto reader = target_.reader();
  const auto symtab = reader.get<std::uint64_t>(module.kallsyms + symtab_),
             strtab = reader.get<std::uint64_t>(module.kallsyms + strtab_);
  const auto count = reader.get<std::uint32_t>(module.kallsyms + num_symtab_);
  module.is_torn = !symtab || !strtab || !count;
  if (module.is_torn || *count > most_symbols) return;
  std::vector<Elf64_Sym> symbols;
  for (std::uint32_t first = 0; first < *count; first += piece) {
    symbols.resize(std::min(piece, *count - first));
    target::Fault fault{};
    const std::size_t done = reader.read_some(*symtab + std::uint64_t{first} * sizeof(Elf64_Sym),
                                              std::as_writable_bytes(std::span(symbols)), &fault);
    if (fault != target::Fault::none) module.is_torn = true;
    symbols.resize(done / sizeof(Elf64_Sym));
    for (const Elf64_Sym& symbol : symbols)
      if (symbol.st_shndx != SHN_UNDEF && range_at(symbol.st_value, number) != nullptr)
        add(reader, module, {symbol.st_value, symbol.st_size, {}}, *strtab + symbol.st_name);
  }
  std::erase_if(module.symbols, [](const Symbol& symbol) { return !names_a_place(symbol.name); });
  std::ranges::stable_sort(module.symbols, {}, &Symbol::address);
}

/// A name that is cut is none: where its end is missing the text stops as at a NUL.
void ModuleSymbols::add(target::Reader& reader, const Module& module, Symbol symbol, std::uint64_t name) {
  symbol.name = reader.text(name, symbol_name_size);
  if (symbol.name.size() < symbol_name_size && !reader.get<char>(name + symbol.name.size()))
    module.is_torn = true;
  else
    module.symbols.push_back(std::move(symbol));
}

const ModuleSymbols::Range* ModuleSymbols::range_at(std::uint64_t address) const {
  const auto after = std::ranges::upper_bound(ranges_, address, {}, &Range::start);
  if (after == ranges_.begin() || address >= std::prev(after)->end) return nullptr;
  return &*std::prev(after);
}

const ModuleSymbols::Range* ModuleSymbols::range_at(std::uint64_t address, std::size_t module) const {
  const Range* range = range_at(address);
  return range != nullptr && range->module == module ? range : nullptr;
}

const ModuleSymbols::Module& ModuleSymbols::with_symbols(std::size_t number) const {
  const Module& module = modules_[number];
  std::call_once(module.once, [&] { read_symbols(module, number); });
  return module;
}

bool ModuleSymbols::may_lack(std::uint64_t address) const {
  const Range* range = range_at(address);
  return range != nullptr ? with_symbols(range->module).is_torn : is_torn_;
}

/// Where part of a table is missing, so may be the symbol that follows: then each ends where it says so.
std::optional<ModuleSymbols::Found> ModuleSymbols::at(std::uint64_t address) const {
  const Range* range = range_at(address);
  if (range == nullptr) return std::nullopt;
  const Module& module = with_symbols(range->module);
  const auto after = std::ranges::upper_bound(module.symbols, address, {}, &Symbol::address);
  if (after == module.symbols.begin() || std::prev(after)->address < range->start) return std::nullopt;
  const std::uint64_t start = std::prev(after)->address;
  const auto first = std::ranges::lower_bound(module.symbols, start, {}, &Symbol::address);
  if (module.is_torn && address - start >= first->size) return std::nullopt;
  return Found{first->name, module.name, address - start};
}

} // namespace mapscope::catalog
