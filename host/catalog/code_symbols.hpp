// SPDX-License-Identifier: Apache-2.0
// Addresses of code to names: the kernel's functions, those of its modules, and what BPF programs were
// compiled to.
//
// Refuses: addresses outside kernel text, every module's code and every program; a nearest name would be a
// guess there. Thread rule: const members may be called from any thread at once.
#pragma once

#include "host/catalog/catalog.hpp"
#include "host/catalog/module_symbols.hpp"
#include "host/target/symbols.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace mapscope::catalog {

struct CodeSymbol {
  std::string name;
  std::string module;        ///< "" for the kernel itself and for programs
  std::uint32_t program = 0; ///< id; 0 = none
  std::uint64_t offset = 0;  ///< bytes from the symbol's start
};

class CodeSymbols {
public:
  CodeSymbols(const target::Target& target, const btf::Types& kernel, const std::vector<Program>& programs);
  [[nodiscard]] std::optional<CodeSymbol> at(std::uint64_t address) const;
  /// Of an address without a name: whether it may have one that could not be read.
  [[nodiscard]] bool may_lack(std::uint64_t address) const;

private:
  /// struct bpf_ksym, include/linux/bpf.h: programs, their functions, trampolines and dispatchers.
  struct Range {
    std::uint64_t start = 0, end = 0;
    std::string name;
    std::uint32_t program = 0;
  };
  void list_ranges(const target::Target& target, const btf::Types& kernel);

  const target::Target& target_;
  ModuleSymbols modules_;
  std::vector<Range> ranges_; ///< sorted by start
  bool is_complete_ = true;   ///< the list of BPF programs' code could be followed to its end
};

} // namespace mapscope::catalog
