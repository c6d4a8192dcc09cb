// SPDX-License-Identifier: Apache-2.0
#include "host/target/page_walker.hpp"

#include <algorithm>
#include <cstring>

namespace mapscope::target {

namespace {

constexpr std::uint64_t present = 1; ///< bit 0 on x86-64 and arm64 alike
constexpr std::size_t entry_bytes = sizeof(std::uint64_t);

std::uint64_t entry_at(std::span<const std::byte> table, std::size_t index) {
  std::uint64_t entry = 0;
  std::memcpy(&entry, table.data() + index * sizeof entry, sizeof entry);
  return entry;
}

/// The first entry at or behind `index` that is present, else the number of entries. Kernels may fill the
/// tables of a large range in advance, so that most entries looked at are empty: eight at a time.
std::size_t first_present(std::span<const std::byte> table, std::size_t index) {
  const std::size_t count = table.size() / sizeof(std::uint64_t);
  for (std::uint64_t any = 0; index + 8 <= count; index += 8) {
    for (std::size_t i = 0; i < 8; ++i) any |= entry_at(table, index + i);
    if ((any & present) != 0) break;
  }
  while (index < count && (entry_at(table, index) & present) == 0) ++index;
  return index;
}

} // namespace

std::uint64_t PageWalker::Shape::index(std::uint64_t address, unsigned level) const {
  return address >> shift(level) & low_bits(std::min(index_bits(), bits - shift(level)));
}

/// One search for the first region.
class PageWalker::Scan {
public:
  Scan(const PageWalker& space, std::uint64_t* entries) : space_(space), entries_(*entries) {}

  /// What comes first in [begin, last] of the table at `physical`; unmapped when nothing does.
  Region table(std::uint64_t physical, unsigned level, std::uint64_t begin, std::uint64_t last) {
    const unsigned shift = space_.shape_.shift(level);
    while (true) {
      const std::uint64_t index = space_.shape_.index(begin, level);
      const std::uint64_t count = std::min(((last >> shift) - (begin >> shift)) + 1, entries_);
      if (count == 0) return {.fault = Fault::unmapped, .address = begin};
      const auto entries = space_.source_.view(physical + index * entry_bytes, count * entry_bytes);
      if (entries.size() < entry_bytes) return missing(begin, last);
      const std::size_t seen = entries.size() / entry_bytes, found = first_present(entries, 0);
      entries_ -= std::min<std::uint64_t>(found + 1, seen);
      if (found != 0 && !advance(begin, shift, found, last)) return nothing(last);
      if (found == seen) continue; // in pieces: the file may hold the rest of the table elsewhere
      const std::uint64_t end = std::min(last, begin | low_bits(shift));
      const Region region = entry(entry_at(entries, found), level, begin, end);
      if (region.fault != Fault::unmapped || region.address <= end) return region;
      if (!advance(begin, shift, 1, last)) return nothing(last);
    }
  }

private:
  /// `begin` to where the entry that is `count` further begins; false when that is behind `last`.
  static bool advance(std::uint64_t& begin, unsigned shift, std::uint64_t count, std::uint64_t last) {
    if ((last >> shift) - (begin >> shift) < count) return false;
    begin = ((begin >> shift) + count) << shift;
    return true;
  }
  static Region nothing(std::uint64_t last) { return {.fault = Fault::unmapped, .address = last + 1}; }
  static Region missing(std::uint64_t begin, std::uint64_t last) {
    return {.fault = Fault::not_in_dump, .address = begin, .size = last - begin + 1};
  }

  Region entry(std::uint64_t value, unsigned level, std::uint64_t begin, std::uint64_t last) {
    const Entry entry = space_.decode(value, level);
    if (entry.kind == Entry::Kind::absent) return nothing(last);
    if (entry.kind == Entry::Kind::table) return table(entry.physical, level - 1, begin, last);
    return {.fault = Fault::none,
            .address = begin,
            .size = last - begin + 1,
            .physical = entry.physical + (begin & low_bits(space_.shape_.shift(level)))};
  }

  const PageWalker& space_;
  std::uint64_t& entries_;
};

Fault PageWalker::walk(std::uint64_t address, Mapping* out) const {
  if (address < shape_.first) return Fault::unmapped;
  std::uint64_t table = shape_.root;
  for (unsigned level = shape_.levels(); level-- > 0;) {
    std::uint64_t value = 0;
    if (source_.read(table + shape_.index(address, level) * entry_bytes,
                     std::as_writable_bytes(std::span(&value, 1))) != sizeof value)
      return Fault::not_in_dump;
    const Entry entry = (value & present) != 0 ? decode(value, level) : Entry{};
    if (entry.kind == Entry::Kind::absent) return Fault::unmapped;
    table = entry.physical;
    if (entry.kind == Entry::Kind::table) continue;
    const std::uint64_t inside = address & low_bits(shape_.shift(level));
    *out = {entry.physical + inside, (1ULL << shape_.shift(level)) - inside};
    return Fault::none;
  }
  return Fault::unmapped;
}

Region PageWalker::next_region(std::uint64_t begin, std::uint64_t end, std::uint64_t* entries) const {
  begin = std::max(begin, shape_.first);
  if (begin >= end) return {.fault = Fault::unmapped, .address = end};
  return Scan(*this, entries).table(shape_.root, shape_.levels() - 1, begin, end - 1);
}

} // namespace mapscope::target
