// SPDX-License-Identifier: Apache-2.0
// What the page tables of all architectures have in common: pages full of 8-byte entries, each level indexed
// by its part of the address; what an entry says is the architecture's.
//
// Refuses: addresses of processes, which are not in the kernel's own tables. Tables that lead to each other
// in a circle cost no more than others: the levels end, and so do the entries that a scan may look at. Thread
// rule: const members may be shared; take_symbols() belongs to whoever opens the target.
#pragma once

#include "host/target/address_space.hpp"

#include <string_view>

namespace mapscope::target {

class Symbols;

class PageWalker : public Translator {
public:
  /// By the page tables alone.
  [[nodiscard]] Fault walk(std::uint64_t address, Mapping* out) const;
  Region next_region(std::uint64_t begin, std::uint64_t end, std::uint64_t* entries) const override;
  unsigned levels() const override { return shape_.levels(); }
  std::uint64_t page_size() const override { return 1ULL << shape_.page_shift; }

  [[nodiscard]] virtual std::string_view arch() const = 0; ///< "x86_64", "aarch64"
  /// What the kernel's own symbols, read through this translator, add: where its direct map is.
  virtual void take_symbols(const Symbols& symbols) = 0;

protected:
  struct Shape {
    std::uint64_t root = 0;  ///< physical address of the top-level table
    std::uint64_t first = 0; ///< lowest address that is the kernel's
    unsigned page_shift = 12;
    unsigned bits = 48; ///< of an address that the tables index, those inside the page with them
    [[nodiscard]] unsigned index_bits() const { return page_shift - 3; }
    [[nodiscard]] unsigned levels() const { return (bits - page_shift + index_bits() - 1) / index_bits(); }
    [[nodiscard]] unsigned shift(unsigned level) const { return page_shift + index_bits() * level; }
    [[nodiscard]] std::uint64_t index(std::uint64_t address, unsigned level) const;
  };
  struct Entry {
    enum class Kind : std::uint8_t { absent, table, page } kind = Kind::absent;
    std::uint64_t physical = 0; ///< of the table, or of the page's first byte
  };

  PageWalker(const memory::Source& source, const Shape& shape) : source_(source), shape_(shape) {}
  [[nodiscard]] const memory::Source& source() const { return source_; }
  [[nodiscard]] const Shape& shape() const { return shape_; }
  /// What an entry whose bit 0 is set says; level 0 is the last. No entry is a table there.
  [[nodiscard]] virtual Entry decode(std::uint64_t entry, unsigned level) const = 0;

private:
  class Scan;

  const memory::Source& source_;
  Shape shape_;
};

constexpr std::uint64_t low_bits(unsigned count) { return (1ULL << count) - 1; }

} // namespace mapscope::target
