// SPDX-License-Identifier: Apache-2.0
#include "host/target/kallsyms.hpp"

#include "host/base/checked.hpp"
#include "host/target/kallsyms_names.hpp"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <iterator>
#include <mutex>
#include <unordered_map>
#include <vector>

namespace mapscope::target {

namespace {

constexpr std::uint32_t most_symbols = 16U << 20;
constexpr std::size_t most_names = 32U << 20; ///< bytes; Debian's kernels have some 2 MB
/// KSYM_NAME_LEN is 512 since 6.1; a record is a type letter and the name.
constexpr std::size_t longest_record = 1024;

/// A table of the target in place, or copied where the dump does not hold it in one piece.
class Table {
public:
  static Table at(const AddressSpace& space, std::uint64_t address, std::size_t want) {
    Table table;
    Mapping mapping;
    if (space.translator->translate(address, &mapping) != Fault::none) return table;
    table.bytes_ = space.source->whole(mapping.physical, std::min<std::uint64_t>(want, mapping.size));
    if (table.bytes_.size() < want) table.copy(space, address, want);
    return table;
  }
  [[nodiscard]] std::span<const std::byte> bytes() const { return bytes_; }

private:
  void copy(const AddressSpace& space, std::uint64_t address, std::size_t want) {
    owned_.resize(want);
    Fault fault{};
    owned_.resize(Reader(space).read_some(address, owned_, &fault));
    bytes_ = owned_;
  }
  std::span<const std::byte> bytes_;
  std::vector<std::byte> owned_; ///< its buffer stays put when the table is moved
};

class Kallsyms final : public Symbols {
public:
  static Result<KernelSymbols> open(const AddressSpace& space, const KallsymsPlaces& places,
                                    const SymbolCheck& check, std::span<const std::string_view> wanted);

  std::size_t size() const override { return count_; }
  std::optional<SymbolAt> at(std::uint64_t address) const override;

  std::optional<std::uint64_t> find(std::string_view name) const override {
    const std::scoped_lock lock(mutex_);
    const auto known = known_.find(std::string(name));
    if (known != known_.end()) return known->second;
    look_up(std::array{name});
    return known_.at(std::string(name));
  }

  void expect(std::span<const std::string> names) const override {
    const std::scoped_lock lock(mutex_);
    std::vector<std::string_view> unknown;
    std::ranges::copy_if(names, std::back_inserter(unknown),
                         [&](const std::string& name) { return !known_.contains(name); });
    if (!unknown.empty()) look_up(unknown);
  }

private:
  void sort_by_address() const;
  [[nodiscard]] std::string name_at(std::size_t record) const;
  Result<void> read_tables(const AddressSpace& space, const KallsymsPlaces& places);
  Result<void> read_names(const AddressSpace& space, const KallsymsPlaces& places);
  void tell_doubts(const std::optional<std::uint32_t>& said, bool are_counted);
  Result<void> read_addresses(const AddressSpace& space, const KallsymsPlaces& places);
  void split_tokens(std::span<const std::byte> table, std::span<const std::byte> index);
  Result<void> choose_encoding(const SymbolCheck& check);
  void look_up(std::span<const std::string_view> wanted) const;
  void scan(std::span<const std::string_view> wanted) const;
  void scan_suffixed(std::vector<std::string_view> wanted) const;
  bool expands_to(std::span<const std::byte> record, std::string_view name, bool suffixed) const;

  std::uint32_t count_ = 0;
  std::vector<std::string> doubts_;
  Table names_, offsets_, token_table_;
  KallsymsNames records_;
  std::array<std::string_view, 256> tokens_;
  KallsymsAddresses addresses_;

  struct Entry {
    std::uint64_t address = 0;
    std::uint32_t record = 0; ///< where its name begins
  };
  mutable std::once_flag sorted_;
  mutable std::optional<std::uint64_t> begin_; ///< of the image; at() is asked of many a number
  mutable std::uint64_t end_ = 0;
  mutable bool is_whole_ = false;         ///< they say where it ends
  mutable std::vector<Entry> by_address_; ///< of equal addresses the first in the table first

  mutable std::mutex mutex_;
  /// Answers so far; nullopt = looked for and not there.
  mutable std::unordered_map<std::string, std::optional<std::uint64_t>> known_;
};

std::unexpected<Error> missing(std::string_view table) {
  return fail(Errc::not_in_dump,
              fmt::format("the kernel's symbol table {} is not in the dump; give --symbols", table));
}

/// Where a token begins is said twice: by the index, and by the end of the token before. An entry of the
/// index that is not behind a NUL is damaged.
void Kallsyms::split_tokens(std::span<const std::byte> table, std::span<const std::byte> index) {
  const std::string_view all(reinterpret_cast<const char*>(table.data()), table.size());
  const auto begins_one = [&](std::size_t at) { return at < all.size() && (at == 0 || all[at - 1] == '\0'); };
  std::size_t behind = 0; // the token before
  for (std::size_t i = 0; i < tokens_.size(); ++i) {
    const auto start = load_at<std::uint16_t>(index, i * sizeof(std::uint16_t));
    const std::size_t begin = start && begins_one(*start) ? *start : behind;
    const std::string_view rest = all.substr(std::min(begin, all.size()));
    tokens_[i] = rest.substr(0, rest.find('\0'));
    behind = begin + tokens_[i].size() + 1;
  }
}

/// The tokens come behind the names.
Result<void> Kallsyms::read_names(const AddressSpace& space, const KallsymsPlaces& places) {
  const std::uint64_t tokens = places.token_table, names = places.names;
  const std::size_t size = tokens > names && tokens - names < most_names ? tokens - names : most_names;
  names_ = Table::at(space, names, size);
  const bool ends_at_tokens = size != most_names && names_.bytes().size() == size;
  const std::uint32_t counted = ends_at_tokens ? KallsymsNames::counted(names_.bytes()).value_or(0) : 0;
  const auto said = places.num_syms == 0 ? places.count : Reader(space).get<std::uint32_t>(places.num_syms);
  if (!said && counted == 0) return missing("kallsyms_num_syms");
  count_ = counted != 0 ? counted : *said;
  if (count_ == 0 || count_ > most_symbols)
    return fail(Errc::corrupt,
                fmt::format("kallsyms_num_syms is {}, which no kernel has; give --symbols", count_));
  records_ = KallsymsNames(names_.bytes(), count_, ends_at_tokens);
  tell_doubts(said, counted != 0);
  return {};
}

void Kallsyms::tell_doubts(const std::optional<std::uint32_t>& said, bool are_counted) {
  if (said != count_)
    doubts_.push_back(fmt::format("kallsyms_num_syms {}, and the kernel's symbols are {} by their names; "
                                  "the names are believed",
                                  said ? fmt::format("is {}", *said) : "is not in the dump", count_));
  if (!are_counted && !records_.has_markers())
    doubts_.push_back(
        fmt::format("that the kernel's symbols are {}, as kallsyms_num_syms says, their names do "
                    "not confirm: some may be missing; give --symbols",
                    count_));
  if (const auto lost = records_.left_out(); lost != 0)
    doubts_.push_back(fmt::format("{} of the kernel's {} symbols are left out, as a name among them is "
                                  "damaged; give --symbols",
                                  lost, count_));
}

Result<void> Kallsyms::read_tables(const AddressSpace& space, const KallsymsPlaces& places) {
  if (auto read = read_names(space, places); !read) return read;
  token_table_ = Table::at(space, places.token_table, 16U << 10);
  const Table token_index = Table::at(space, places.token_index, 256 * sizeof(std::uint16_t));
  split_tokens(token_table_.bytes(), token_index.bytes());
  return read_addresses(space, places);
}

Result<void> Kallsyms::read_addresses(const AddressSpace& space, const KallsymsPlaces& places) {
  const std::size_t size = std::size_t{count_} * (places.is_absolute ? 8 : 4);
  offsets_ = Table::at(space, places.offsets, size);
  if (offsets_.bytes().size() < size) return missing("kallsyms_offsets");
  const std::uint64_t at = places.relative_base; // gone in 7.0
  const std::uint64_t base = at == 0 ? 0 : Reader(space).get<std::uint64_t>(at).value_or(0);
  addresses_ = KallsymsAddresses(offsets_.bytes(), places.offsets, count_, places.is_absolute, base);
  return {};
}

/// Compares without building the name: most records differ in their first token. `suffixed` asks for a name
/// that goes on with '.' and something behind it.
bool Kallsyms::expands_to(std::span<const std::byte> record, std::string_view name, bool suffixed) const {
  bool has_letter = false; // it says nothing reliable (7.x marks data as text)
  for (const std::byte code : record) {
    std::string_view token = tokens_[static_cast<unsigned char>(code)];
    if (!has_letter && !token.empty()) {
      token.remove_prefix(1);
      has_letter = true;
    }
    if (token.size() > name.size()) return suffixed && token.starts_with(name) && token[name.size()] == '.';
    if (!name.starts_with(token)) return false;
    name.remove_prefix(token.size());
  }
  return has_letter && name.empty() && !suffixed;
}

void Kallsyms::scan(std::span<const std::string_view> wanted) const {
  std::array<std::vector<std::string_view>, longest_record> by_length; // of letter + name
  for (const std::string_view name : wanted) {
    known_.try_emplace(std::string(name), std::nullopt);
    if (name.size() + 1 < longest_record) by_length[name.size() + 1].push_back(name);
  }
  std::array<std::uint8_t, 256> token_length{};
  for (std::size_t i = 0; i < 256; ++i)
    token_length[i] = static_cast<std::uint8_t>(std::min<std::size_t>(tokens_[i].size(), 255));
  std::size_t left = wanted.size();
  records_.each([&](std::uint32_t i, std::size_t, std::span<const std::byte> record) {
    std::size_t expanded = 0;
    for (const std::byte code : record) expanded += token_length[static_cast<unsigned char>(code)];
    if (expanded >= longest_record) return true;
    for (const std::string_view name : by_length[expanded]) {
      if (!expands_to(record, name, false)) continue;
      auto& answer = known_.at(std::string(name));
      if (answer) continue; // duplicates: the first has the lowest address
      --left;
      if (addresses_.is_in_order(i)) answer = addresses_.of(i);
    }
    return left > 0;
  });
}

/// Clang's link-time optimisation renames what is local to a file: map_idr.llvm.1234.
void Kallsyms::scan_suffixed(std::vector<std::string_view> wanted) const {
  records_.each([&](std::uint32_t i, std::size_t, std::span<const std::byte> record) {
    std::erase_if(wanted, [&](std::string_view name) {
      if (!expands_to(record, name, true)) return false;
      if (addresses_.is_in_order(i)) known_[std::string(name)] = addresses_.of(i);
      return true;
    });
    return !wanted.empty();
  });
}

void Kallsyms::look_up(std::span<const std::string_view> wanted) const {
  scan(wanted);
  std::vector<std::string_view> missing;
  std::ranges::copy_if(wanted, std::back_inserter(missing),
                       [&](std::string_view name) { return !known_.at(std::string(name)); });
  scan_suffixed(std::move(missing));
}

/// One pass over all records; the names stay packed.
void Kallsyms::sort_by_address() const {
  by_address_.reserve(count_);
  records_.each([&](std::uint32_t i, std::size_t begin, std::span<const std::byte>) {
    if (const auto address = addresses_.of(i))
      by_address_.push_back({*address, static_cast<std::uint32_t>(begin)});
    return true;
  });
  std::ranges::stable_sort(by_address_, {}, &Entry::address);
  begin_ = find("_stext"), is_whole_ = find("_end").has_value();
  if (const auto end = find("_end"))
    end_ = *end;
  else if (!by_address_.empty())
    end_ = by_address_.back().address + 1; // nothing says how far the last one reaches
}

std::string Kallsyms::name_at(std::size_t record) const {
  std::string name;
  for (const std::byte code : records_.record(record)) name += tokens_[static_cast<unsigned char>(code)];
  return name.empty() ? name : name.substr(1); // without the type letter
}

/// Behind these there is data, or nothing: without CONFIG_KALLSYMS_ALL no symbol follows, not even _end.
bool ends_code(std::string_view name) { return name == "_etext" || name == "_einittext"; }

std::optional<SymbolAt> Kallsyms::at(std::uint64_t address) const {
  std::call_once(sorted_, [this] { sort_by_address(); });
  if (!begin_ || address < *begin_ || address >= end_) return std::nullopt;
  const auto after = std::ranges::upper_bound(by_address_, address, {}, &Entry::address);
  if (after == by_address_.begin()) return std::nullopt;
  const std::uint64_t start = std::prev(after)->address;
  const auto found = std::ranges::lower_bound(by_address_, start, {}, &Entry::address);
  std::string name = name_at(found->record);
  if (!is_whole_ && ends_code(name)) return std::nullopt;
  return SymbolAt{std::move(name), address - start};
}

Result<void> Kallsyms::choose_encoding(const SymbolCheck& check) {
  if (!check.stext) {
    if (!check.encoding)
      return fail(Errc::not_found, "nothing says where _stext is, to check the kernel's symbols against");
    addresses_.use(*check.encoding);
    return {};
  }
  constexpr std::array name{std::string_view("_stext")};
  for (const SymbolEncoding encoding : KallsymsAddresses::all_encodings) {
    addresses_.use(encoding);
    known_.clear();
    scan(name);
    if (known_.at("_stext") == check.stext) return {};
  }
  return fail(Errc::corrupt,
              "no way of reading the kernel's symbols puts _stext where VMCOREINFO has it; give --symbols");
}

Result<KernelSymbols> Kallsyms::open(const AddressSpace& space, const KallsymsPlaces& places,
                                     const SymbolCheck& check, std::span<const std::string_view> wanted) {
  auto symbols = std::make_unique<Kallsyms>();
  if (auto read = symbols->read_tables(space, places); !read) return std::unexpected(std::move(read.error()));
  if (auto chosen = symbols->choose_encoding(check); !chosen)
    return std::unexpected(std::move(chosen.error()));
  symbols->look_up(wanted);
  auto doubts = std::move(symbols->doubts_);
  return KernelSymbols{.symbols = std::move(symbols), .doubts = std::move(doubts)};
}

} // namespace

std::optional<KallsymsPlaces> kallsyms_places(const Vmcoreinfo& info) {
  const auto names = info.symbol("kallsyms_names"), num_syms = info.symbol("kallsyms_num_syms"),
             table = info.symbol("kallsyms_token_table"), index = info.symbol("kallsyms_token_index"),
             offsets = info.symbol("kallsyms_offsets"), addresses = info.symbol("kallsyms_addresses");
  if (!names || !num_syms || !table || !index || (!offsets && !addresses)) return std::nullopt;
  return KallsymsPlaces{.names = *names,
                        .token_table = *table,
                        .token_index = *index,
                        .num_syms = *num_syms,
                        .offsets = offsets ? *offsets : *addresses,
                        .is_absolute = !offsets,
                        .relative_base = info.symbol("kallsyms_relative_base").value_or(0)};
}

Result<KernelSymbols> read_kallsyms(const AddressSpace& space, const KallsymsPlaces& places,
                                    const SymbolCheck& check, std::span<const std::string_view> wanted) {
  return Kallsyms::open(space, places, check, wanted);
}

} // namespace mapscope::target
