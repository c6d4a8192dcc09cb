// SPDX-License-Identifier: Apache-2.0
// Symbols from files the user names: System.map, a copy of /proc/kallsyms, a vmlinux.
//
// Thread rule: as Symbols.
#pragma once

#include "host/base/result.hpp"
#include "host/target/symbols.hpp"

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace mapscope::target {

/// Lines "ADDRESS TYPE NAME". `stext` is where the target has _stext: link-time addresses are moved by the
/// difference.
Result<std::unique_ptr<Symbols>> read_symbol_text(const std::string& path,
                                                  std::optional<std::uint64_t> stext);
/// The .symtab of an ELF vmlinux, moved the same way.
Result<std::unique_ptr<Symbols>> read_symbol_elf(const std::string& path, std::string_view arch,
                                                 std::optional<std::uint64_t> stext);
/// The bytes of section .BTF of an ELF file.
Result<std::vector<std::byte>> read_btf_section(const std::string& path, std::string_view arch);

} // namespace mapscope::target
