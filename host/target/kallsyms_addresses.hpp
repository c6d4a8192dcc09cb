// SPDX-License-Identifier: Apache-2.0
// The addresses of kallsyms, in each of the ways in which kernels have stored them.
//
// Which way holds is decided by trial, never by release. Thread rule: immutable after use().
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>

namespace mapscope::target {

enum class SymbolEncoding : std::uint8_t {
  relative_signed, ///< x86-64 SMP up to 6.14: off >= 0 ? off : base - 1 - off
  relative,        ///< base + (u32)off: arm64, and x86-64 6.15 to 6.19
  self_relative,   ///< 7.0, commit a081b5789255: address of the entry + (s32)off
  absolute,        ///< CONFIG_KALLSYMS_BASE_RELATIVE=n, up to 6.11
};

class KallsymsAddresses {
public:
  static constexpr std::array all_encodings = {SymbolEncoding::self_relative, SymbolEncoding::relative,
                                               SymbolEncoding::relative_signed, SymbolEncoding::absolute};

  KallsymsAddresses() = default;
  /// `table` is borrowed, and lies at the kernel's address `at`; `base` is what kallsyms_relative_base holds.
  KallsymsAddresses(std::span<const std::byte> table, std::uint64_t at, std::uint32_t count, bool is_absolute,
                    std::uint64_t base)
      : table_(table), at_(at), base_(base), count_(count), is_absolute_(is_absolute) {}

  void use(SymbolEncoding encoding) { encoding_ = encoding; }
  [[nodiscard]] SymbolEncoding encoding() const { return encoding_; }

  /// Of the symbol that stands at `index`; nothing where the table, or this way of storing, has none.
  [[nodiscard]] std::optional<std::uint64_t> of(std::uint32_t index) const;
  /// The table is in order of addresses (scripts/kallsyms.c, sort_symbols()): an address that is not between
  /// its neighbours', while these are in order, is damaged.
  [[nodiscard]] bool is_in_order(std::uint32_t index) const;
  /// Entries spread over the table ascend, nearly all of them: what any other way of reading does not give.
  [[nodiscard]] bool ascends() const;

private:
  std::span<const std::byte> table_;
  std::uint64_t at_ = 0, base_ = 0;
  std::uint32_t count_ = 0;
  bool is_absolute_ = false;
  SymbolEncoding encoding_ = SymbolEncoding::relative_signed;
};

} // namespace mapscope::target
