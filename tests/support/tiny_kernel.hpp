// SPDX-License-Identifier: Apache-2.0
// A kernel of a few pages as the text of a TextImage: VMCOREINFO, symbols, page tables, types, and whatever
// objects a test puts into its id tables.
//
// It lies at physical 0 without slide: image addresses are image_at() of physical ones, everything may also
// be reached through the direct map, direct_at(). Thread rule: pure functions.
#pragma once

#include "tests/support/btf_builder.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace mapscope::test {

constexpr std::uint64_t image_at(std::uint64_t physical) { return 0xffffffff80000000 + physical; }
constexpr std::uint64_t direct_at(std::uint64_t physical) { return 0xffff888000000000 + physical; }

/// How kallsyms stores addresses; the kernel's four ways (host/target/kallsyms.cpp names their releases).
enum class SymbolEncoding : std::uint8_t { relative_signed, relative, self_relative, absolute };

struct KernelSymbols {
  std::vector<std::pair<std::string, std::uint64_t>> names; ///< in the order of the table
  SymbolEncoding encoding = SymbolEncoding::self_relative;
  std::vector<std::string> tokens = {}; ///< beside one per letter, longest first in what they replace
  bool padded = false; ///< four bytes between the markers and the tokens, as some kernels align
};
/// The tables with their notes, from physical address `at` (of a page) on; labels "kallsyms_names" and so on.
std::string kallsyms_text(const KernelSymbols& symbols, std::uint64_t at);

/// Bytes as lines of a TextImage.
std::string bytes_text(std::span<const std::byte> bytes);

/// The types that catalog and target ask a kernel for. Their members lie in an order of their own: whoever
/// reads them must go by name. Before 5.11 no BTF stood on another.
void add_kernel_types(BtfBuilder& btf, bool with_split_btf = true);

/// A struct xa_node of those types (16 slots). Each slot is what a u64 of a TextImage may be.
std::string xa_node_text(const std::vector<std::pair<unsigned, std::string>>& slots, unsigned shift = 0,
                         std::string_view parent = "0", unsigned offset = 0);

/// The whole. `objects` has at least the labels "maps", "programs" and "btfs": the nodes of the id tables; it
/// begins at physical 0x100000. Symbols left out of the table are named in `without`; `more` are added.
std::string tiny_kernel_text(const BtfBuilder& btf, std::string_view objects,
                             const std::vector<std::string>& without = {},
                             const std::vector<std::pair<std::string, std::uint64_t>>& more = {});
/// The same kernel on arm64, at the same addresses: what tiny_kernel_text() made, with that architecture's
/// notes and page tables.
std::string on_arm64(std::string kernel_text);

} // namespace mapscope::test
