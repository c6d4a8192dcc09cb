// SPDX-License-Identifier: Apache-2.0
// Finding the mapped pages of a range of 4 GiB, by how many there are: with tables for those pages alone, and
// with the tables of the whole range, which newer kernels make in advance for an arena.
#include "host/target/x86_64.hpp"

#include <benchmark/benchmark.h>
#include <cstring>
#include <vector>

namespace {

using namespace mapscope;

constexpr std::uint64_t range = 0xffffc90000000000, range_size = 1ULL << 32, page = 4096;
constexpr std::uint64_t root = page, physical_page = 1ULL << 40; // where no table is

/// Page tables from physical address 0 on.
class Tables final : public memory::Source {
public:
  Tables(std::uint64_t pages, bool in_advance) : bytes_(2 * page) {
    for (std::uint64_t at = range; in_advance && at < range + range_size; at += page << 9) entry(at);
    for (std::uint64_t i = 0; i < pages; ++i)
      set(entry(range + range_size / pages * i / page * page), physical_page + i * page);
  }
  [[nodiscard]] std::string_view format() const override { return "tables"; }
  [[nodiscard]] std::string_view arch() const override { return "x86_64"; }
  [[nodiscard]] std::span<const memory::Segment> segments() const override { return {}; }
  [[nodiscard]] std::span<const std::byte> view(std::uint64_t address, std::size_t want) const override {
    if (address >= bytes_.size()) return {};
    return std::span(bytes_).subspan(address, std::min<std::size_t>(want, bytes_.size() - address));
  }
  [[nodiscard]] std::string_view vmcoreinfo() const override { return {}; }
  [[nodiscard]] std::span<const std::string> warnings() const override { return {}; }

private:
  /// Where the last level's entry for an address is; tables on the way are made.
  std::uint64_t entry(std::uint64_t address) {
    std::uint64_t table = root;
    for (unsigned level = 3; level > 0; --level) {
      const std::uint64_t at = table + (address >> (12 + 9 * level) & 511) * 8;
      std::uint64_t next = 0;
      std::memcpy(&next, bytes_.data() + at, sizeof next);
      if (next == 0) {
        set(at, next = bytes_.size());
        bytes_.resize(bytes_.size() + page);
      }
      table = next & ~(page - 1);
    }
    return table + (address >> 12 & 511) * 8;
  }
  void set(std::uint64_t at, std::uint64_t physical) {
    const std::uint64_t value = physical | 3;
    std::memcpy(bytes_.data() + at, &value, sizeof value);
  }

  std::vector<std::byte> bytes_;
};

void scan(benchmark::State& state, bool in_advance) {
  const Tables tables(static_cast<std::uint64_t>(state.range(0)), in_advance);
  const target::X86_64 translator(tables, {.phys_base = 0, .root = target::X86_64::image_base + root});
  std::uint64_t found = 0;
  for (auto _ : state) {
    found = 0;
    for (std::uint64_t at = range; at < range + range_size;) {
      std::uint64_t entries = 1 << 16;
      const auto region = translator.next_region(at, range + range_size, &entries);
      at = region.address + region.size;
      found += region.fault == target::Fault::none ? 1 : 0;
    }
  }
  if (found != static_cast<std::uint64_t>(state.range(0))) state.SkipWithError("pages were missed");
}

BENCHMARK_CAPTURE(scan, tables_of_its_pages, false)->Arg(10)->Arg(1000)->Arg(100'000)->Arg(1 << 20);
BENCHMARK_CAPTURE(scan, tables_in_advance, true)->Arg(10)->Arg(1000)->Arg(100'000)->Arg(1 << 20);

} // namespace
