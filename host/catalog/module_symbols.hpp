// SPDX-License-Identifier: Apache-2.0
// Names of the code of loaded modules, which the kernel's own kallsyms leaves out.
//
// Refuses: addresses of a module's data. Thread rule: const members may be called from any thread at once; a
// module's table is read when an address of it is first asked for.
#pragma once

#include "host/btf/types.hpp"
#include "host/catalog/layout.hpp"

#include <cstdint>
#include <deque>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace mapscope::target {
class Target;
} // namespace mapscope::target

namespace mapscope::catalog {

class ModuleSymbols {
public:
  ModuleSymbols(const target::Target& target, const btf::Types& kernel);

  struct Found {
    std::string name, module;
    std::uint64_t offset = 0; ///< bytes from the symbol's start
  };
  [[nodiscard]] std::optional<Found> at(std::uint64_t address) const;
  /// Of an address without a name: whether what names it could not be read.
  [[nodiscard]] bool may_lack(std::uint64_t address) const;

private:
  struct Range {
    std::uint64_t start = 0, end = 0;
    std::size_t module = 0;
  };
  struct Symbol {
    std::uint64_t address = 0, size = 0;
    std::string name;
  };
  struct Module {
    Module(std::string name, std::uint64_t kallsyms) : name(std::move(name)), kallsyms(kallsyms) {}
    std::string name;
    std::uint64_t kallsyms = 0; ///< address of its struct mod_kallsyms; 0 = none
    mutable std::once_flag once;
    mutable std::vector<Symbol> symbols; ///< by address; of several there the first in the table
    mutable bool is_torn = false;        ///< part of the table could not be read
  };
  struct Layouts;
  static std::vector<std::pair<std::uint64_t, std::uint64_t>> places_of_code(const btf::Types& kernel,
                                                                             const Layout& module);
  void add(target::Reader& reader, const Layouts& layouts, std::uint64_t module);
  void read_symbols(const Module& module, std::size_t number) const;
  static void add(target::Reader& reader, const Module& module, Symbol symbol, std::uint64_t name);
  [[nodiscard]] const Module& with_symbols(std::size_t number) const;
  [[nodiscard]] const Range* range_at(std::uint64_t address) const;
  [[nodiscard]] const Range* range_at(std::uint64_t address, std::size_t module) const;

  const target::Target& target_;
  std::uint64_t symtab_ = 0, num_symtab_ = 0, strtab_ = 0; ///< offsets in struct mod_kallsyms
  std::deque<Module> modules_;                             ///< once_flag does not move
  std::vector<Range> ranges_;                              ///< of code, sorted by start
  bool is_torn_ = false;                                   ///< there may be modules that are not among them
};

} // namespace mapscope::catalog
