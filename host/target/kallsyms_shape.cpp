// SPDX-License-Identifier: Apache-2.0
#include "host/target/kallsyms_shape.hpp"

#include "host/base/checked.hpp"
#include "host/memory/search.hpp"
#include "host/target/kallsyms_names.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <optional>

namespace mapscope::target {

namespace {

using Bytes = std::span<const std::byte>;

constexpr std::size_t tokens = 256, block = KallsymsNames::block; ///< symbols to a marker
constexpr std::size_t most_before = 32U << 20; ///< names, markers and seqs: some 2 MB of Debian's kernels
constexpr std::size_t token_table_most = 16U << 10, longest_token = 128;
constexpr std::size_t most_tables = 16; ///< of kernels there are one or two
constexpr std::uint32_t least_symbols = 2000;

std::uint64_t align(std::uint64_t at, std::uint64_t to) { return (at + to - 1) / to * to; }

std::vector<std::byte> read(const memory::Source& source, std::uint64_t address, std::size_t size) {
  std::vector<std::byte> bytes(size);
  bytes.resize(source.read(address, bytes));
  return bytes;
}

/// As much of the memory in front of `end` as the source holds in one run, `most` at most.
std::vector<std::byte> read_before(const memory::Source& source, std::uint64_t end, std::size_t most) {
  std::uint64_t begin = end, step = 1U << 20;
  std::vector<std::byte> piece(step);
  while (begin != 0 && end - begin < most && step >= 64) {
    const std::uint64_t size = std::min(step, begin);
    if (source.read(begin - size, std::span(piece).first(size)) == size)
      begin -= size;
    else
      step /= 2;
  }
  return read(source, begin, end - begin);
}

/// kallsyms_token_table and kallsyms_token_index around the digits.
struct Tokens {
  std::uint64_t table = 0, index = 0;
};

class TokenSearch {
public:
  TokenSearch(const memory::Source& source, std::uint64_t digits) : source_(source), digits_(digits) {}

  std::optional<Tokens> run() {
    const auto behind = read(source_, digits_, token_table_most);
    const auto end = walk(behind, tokens - '0');
    if (!end) return std::nullopt;
    for (const std::uint64_t to : {4, 8}) { // tables are aligned to 8 bytes, since 7.0 to 4
      const std::uint64_t index = align(digits_ + *end, to);
      if (const auto table = begin_by(index)) return Tokens{*table, index};
    }
    return std::nullopt;
  }

private:
  /// Behind `count` tokens; notes where they begin, from the digits on.
  std::optional<std::size_t> walk(Bytes bytes, std::size_t count) {
    std::size_t at = 0;
    starts_.clear();
    for (std::size_t i = 0; i < count; ++i) {
      starts_.push_back(at);
      const auto nul = std::ranges::find(bytes.subspan(std::min(at, bytes.size())), std::byte{});
      const auto next = static_cast<std::size_t>(nul - bytes.begin());
      if (next >= bytes.size() || next - at > longest_token) return std::nullopt;
      at = next + 1;
    }
    return at;
  }

  /// The index says how far in front of the digits the table begins, and where all other tokens are.
  [[nodiscard]] std::optional<std::uint64_t> begin_by(std::uint64_t index) const {
    const auto bytes = read(source_, index, tokens * sizeof(std::uint16_t));
    if (bytes.size() < tokens * sizeof(std::uint16_t)) return std::nullopt;
    const auto place = [&](std::size_t i) { return load<std::uint16_t>(bytes.data() + i * 2); };
    const std::uint64_t before = place('0');
    if (place(0) != 0 || before > digits_ || (digits_ - before) % 4 != 0) return std::nullopt;
    for (std::size_t i = '0'; i < tokens; ++i)
      if (place(i) != before + starts_[i - '0']) return std::nullopt;
    for (std::size_t i = 1; i <= '0'; ++i)
      if (place(i) <= place(i - 1)) return std::nullopt;
    return digits_ - before;
  }

  const memory::Source& source_;
  std::uint64_t digits_;
  std::vector<std::size_t> starts_;
};

/// Names and markers in front of the tokens.
struct Names {
  std::uint64_t at = 0, num_syms = 0; ///< where they begin, and where their number would stand
  std::uint32_t count = 0;
};

class NameSearch {
public:
  NameSearch(Bytes before, std::uint64_t end) : bytes_(before), begin_(end - before.size()) {}

  /// Backwards from the tokens: kallsyms_seqs_of_names may lie between (three bytes a symbol).
  std::optional<Names> run() const {
    for (std::size_t at = bytes_.size(); at >= 4;) {
      at -= 4;
      if (word(at) != 0 || !follows(0, word(at + 4))) continue;
      if (const auto names = names_of(at)) return names;
    }
    return std::nullopt;
  }

private:
  [[nodiscard]] std::uint32_t word(std::size_t at) const {
    return load_at<std::uint32_t>(bytes_, at).value_or(0);
  }
  /// A block has 256 records of two bytes at least.
  static bool follows(std::uint32_t marker, std::uint32_t next) {
    return next > marker && next - marker >= block * 2 && next - marker < 1U << 16;
  }

  [[nodiscard]] std::size_t next_record(std::size_t at) const {
    if (at >= bytes_.size()) return bytes_.size();
    std::size_t length = static_cast<std::size_t>(bytes_[at++]);
    if ((length & 0x80) != 0 && at < bytes_.size()) // since 6.1
      length = (length & 0x7f) | static_cast<std::size_t>(bytes_[at++]) << 7;
    return at + std::min(length, bytes_.size() - at);
  }
  [[nodiscard]] std::size_t behind_block(std::size_t at) const {
    for (std::size_t i = 0; i < block; ++i) at = next_record(at);
    return at;
  }

  /// Of eight blocks spread over the table all but so many end where the next marker says.
  [[nodiscard]] bool fit(std::size_t names, std::size_t markers, std::size_t count,
                         std::size_t damaged) const {
    constexpr std::size_t samples = 8;
    std::size_t wrong = 0;
    for (std::size_t i = 0; i < samples && wrong <= damaged; ++i) {
      const std::size_t k = i * (count - 1) / samples;
      wrong += behind_block(names + word(markers + k * 4)) == names + word(markers + (k + 1) * 4) ? 0 : 1;
    }
    return wrong <= damaged;
  }

  /// Where the names of so many markers begin. Where names are equally long, blocks that begin some records
  /// later fit as well, all but the first of them.
  [[nodiscard]] std::optional<std::size_t> names_before(std::size_t markers, std::size_t count) const {
    const std::size_t reach = word(markers + (count - 1) * 4);
    if (reach + 8 > markers) return std::nullopt;
    const std::size_t high = (markers - reach) / 4 * 4, low = high - std::min<std::size_t>(high, 1U << 16);
    for (const std::size_t damaged : {0, 1})
      for (std::size_t names = high; names > low; names -= 4)
        if (fit(names, markers, count, damaged)) return names;
    return std::nullopt;
  }

  [[nodiscard]] std::optional<Names> names_of(std::size_t markers) const {
    std::size_t count = 1;
    while (follows(word(markers + (count - 1) * 4), word(markers + count * 4))) ++count;
    if (count * block < least_symbols) return std::nullopt;
    // Behind the last marker may stand what looks like one more; the names say.
    for (const std::size_t last : {count - 1, count - 2})
      if (const auto names = names_before(markers, last + 1)) return counted(*names, markers, last);
    return std::nullopt;
  }

  /// The number stands in front, with four bytes between up to 6.19. Where it is not what the names come to
  /// it is damaged; where a name is, one that the markers contradict: then records are counted up to the
  /// markers; zeros in between are none.
  [[nodiscard]] Names counted(std::size_t names, std::size_t markers, std::size_t last) const {
    const auto own = KallsymsNames::counted(bytes_.subspan(names));
    for (const std::size_t back : {4, 8})
      if (const std::uint32_t said = word(names - back);
          said != 0 && (own ? said == *own : (said - 1) / block == last))
        return {begin_ + names, begin_ + names - back, said};
    if (own) return {begin_ + names, begin_ + names - 8, *own};
    auto count = static_cast<std::uint32_t>(last * block);
    std::size_t at = names + word(markers + last * 4);
    while (at < markers && bytes_[at] != std::byte{} && next_record(at) <= markers)
      at = next_record(at), ++count;
    return {begin_ + names, begin_ + names - 8, count};
  }

  Bytes bytes_;
  std::uint64_t begin_; ///< physical address of bytes_
};

/// Addresses lie behind the tokens since 6.4, before that in front of the number of symbols.
class AddressSearch {
public:
  AddressSearch(const memory::Source& source, const Tokens& tokens, const Names& names)
      : source_(source), names_(names), behind_(tokens.index + mapscope::target::tokens * 2) {}

  std::optional<KallsymsShape> run(KallsymsPlaces places) const {
    const std::uint64_t size = std::uint64_t{names_.count} * 4, number = names_.num_syms / 8 * 8;
    for (const std::uint64_t to : {8, 4}) {
      const std::uint64_t at = align(behind_, to);
      if (const auto found = trial(places, at, align(at + size, 8), false)) return found;
    }
    if (number < align(size * 2, 8) + 8) return std::nullopt;
    if (const auto found = trial(places, number - 8 - align(size, 8), number - 8, false)) return found;
    return trial(places, number - size * 2, 0, true);
  }

private:
  /// `base` is where kallsyms_relative_base would stand.
  [[nodiscard]] std::optional<KallsymsShape> trial(KallsymsPlaces places, std::uint64_t at,
                                                   std::uint64_t base, bool is_absolute) const {
    const auto table = read(source_, at, std::size_t{names_.count} * (is_absolute ? 8 : 4));
    std::uint64_t value = 0;
    if (base != 0) (void)source_.read(base, std::as_writable_bytes(std::span(&value, 1)));
    places.offsets = at, places.is_absolute = is_absolute;
    for (const SymbolEncoding encoding : {SymbolEncoding::absolute, SymbolEncoding::relative_signed,
                                          SymbolEncoding::relative, SymbolEncoding::self_relative}) {
      const bool is_self = encoding == SymbolEncoding::self_relative;
      const bool has_base = !is_absolute && !is_self;
      if (has_base && !is_kernel(value)) continue;
      // Where it lies in the kernel's addresses is not known yet, but that it ascends can be seen.
      KallsymsAddresses addresses(table, is_self ? kernel_half + at : at, names_.count, is_absolute, value);
      addresses.use(encoding);
      if (!addresses.ascends()) continue;
      places.relative_base = has_base ? base : 0;
      return KallsymsShape{places, encoding};
    }
    return std::nullopt;
  }

  static constexpr std::uint64_t kernel_half = 1ULL << 63;
  static bool is_kernel(std::uint64_t address) { return address >= 0xffff000000000000; }

  const memory::Source& source_;
  Names names_;
  std::uint64_t behind_; ///< the token index
};

std::optional<KallsymsShape> shape_around(const memory::Source& source, std::uint64_t digits) {
  const auto found = TokenSearch(source, digits).run();
  if (!found) return std::nullopt;
  const auto before = read_before(source, found->table, most_before);
  const auto names = NameSearch(before, found->table).run();
  if (!names) return std::nullopt;
  return AddressSearch(source, *found, *names)
      .run({.names = names->at,
            .token_table = found->table,
            .token_index = found->index,
            .count = names->count});
}

} // namespace

std::vector<KallsymsShape> kallsyms_by_shape(const memory::Source& source, std::uint64_t begin,
                                             std::uint64_t end) {
  constexpr std::string_view digits("0\0"
                                    "1\0"
                                    "2\0"
                                    "3\0"
                                    "4\0"
                                    "5\0"
                                    "6\0"
                                    "7\0"
                                    "8\0"
                                    "9\0",
                                    20);
  std::vector<KallsymsShape> shapes;
  memory::search(source, std::as_bytes(std::span(digits)), begin, end, [&](std::uint64_t at) {
    if (auto shape = shape_around(source, at)) shapes.push_back(*shape);
    return shapes.size() < most_tables;
  });
  return shapes;
}

} // namespace mapscope::target
