// SPDX-License-Identifier: Apache-2.0
#include "beyond.hpp"

#include <algorithm>
#include <cstring>

namespace mapscope::testing {

namespace {

constexpr msc_type first_made = 1ULL << 48; // beyond any handle of an image's types
constexpr std::size_t most_made = 4096;
constexpr std::uint64_t page_size = 4096;

/// splitmix64
std::uint64_t mix(std::uint64_t x) {
  x += 0x9e3779b97f4a7c15;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
  x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
  return x ^ (x >> 31);
}

std::uint64_t mix(std::uint64_t seed, std::string_view text) {
  for (const char c : text) seed = mix(seed ^ static_cast<unsigned char>(c));
  return seed;
}

/// The word at a multiple of eight.
std::uint64_t word(const Beyond& beyond, std::uint64_t seed, std::uint64_t address) {
  const std::uint64_t drawn = mix(seed ^ address), kind = drawn >> 60;
  if (beyond.memory == Beyond::Memory::noise) return drawn;
  // Pointers into one small region, so that chains meet themselves; small numbers, powers of two, ends.
  if (kind == 7 && beyond.map != 0) return beyond.map;
  if (kind < 8) return 0xffff888000000000 + (drawn & 0xffff8);
  if (kind < 11) return drawn & 31;
  if (kind < 13) return 1ULL << (drawn & 15);
  return kind == 13 ? drawn | 1 : 0;
}

/// What lies where a plugin reads no more than four bytes, which is a size, a shift or a state.
std::uint64_t number(const Beyond& beyond, std::uint64_t seed, std::uint64_t address) {
  const std::uint64_t drawn = mix(mix(seed) ^ address), kind = drawn >> 60;
  if (!beyond.numbers.empty() && kind % 3 == 0) return beyond.numbers[(drawn >> 8) % beyond.numbers.size()];
  if (kind < 6) return drawn & 15;
  if (kind < 11) return 1ULL << (drawn % 12);
  return kind < 13 ? 0 : drawn;
}

template <class Named> void set_name(Named& named, std::string_view name) {
  named.name[name.copy(named.name, sizeof named.name - 1)] = 0;
}

} // namespace

void read_beyond(const Beyond& beyond, std::uint32_t space, std::uint64_t address, std::span<std::byte> to) {
  if (to.empty()) return;
  if (beyond.memory == Beyond::Memory::zeros) return void(std::ranges::fill(to, std::byte{0}));
  const std::uint64_t seed = mix(beyond.seed ^ space);
  if (beyond.memory == Beyond::Memory::pointers && to.size() <= sizeof(std::uint32_t)) {
    const std::uint64_t value = number(beyond, seed, address);
    return void(std::memcpy(to.data(), &value, to.size()));
  }
  for (std::size_t done = 0; done < to.size();) {
    const std::uint64_t at = address + done, value = word(beyond, seed, at & ~7ULL);
    const std::size_t inside = at & 7, piece = std::min(sizeof value - inside, to.size() - done);
    std::memcpy(to.data() + done, reinterpret_cast<const std::byte*>(&value) + inside, piece);
    done += piece;
  }
}

msc_type BeyondTypes::find(std::uint32_t scope, std::string_view name) {
  if (beyond_ == nullptr || made_.size() >= most_made) return 0;
  const auto known =
      std::ranges::find_if(made_, [&](const Made& made) { return made.scope == scope && made.name == name; });
  if (known != made_.end()) return first_made + static_cast<msc_type>(known - made_.begin());
  made_.push_back({scope, std::string(name)});
  return first_made + made_.size() - 1;
}

bool BeyondTypes::holds(msc_type type) const {
  return type >= first_made && type - first_made < made_.size();
}

const BeyondTypes::Made& BeyondTypes::made(msc_type type) const { return made_[type - first_made]; }

std::uint64_t BeyondTypes::draw(msc_type type, std::string_view what) const {
  return mix(mix(beyond_->seed, made(type).name), what);
}

const Beyond::Type* BeyondTypes::certain(msc_type type) const {
  const auto found = beyond_->types.find(made(type).name);
  return found != beyond_->types.end() ? &found->second : nullptr;
}

std::size_t BeyondTypes::size(msc_type type) const {
  if (const auto* known = certain(type); known != nullptr && known->size != 0) return known->size;
  const std::uint64_t drawn = draw(type, "size");
  const auto& numbers = beyond_->numbers;
  if (!numbers.empty() && (drawn >> 32) % 3 == 0) return numbers[(drawn >> 8) % numbers.size()];
  return drawn % 32 == 0 ? drawn >> 40 : 8 * (1 + drawn % 32); // now and then absurd
}

msc_member BeyondTypes::member(msc_type type, std::string_view path) {
  const std::uint64_t drawn = draw(type, path);
  const std::string name = made(type).name + "." + std::string(path);
  const msc_type inner = find(made(type).scope, name.substr(0, 200));
  const auto offset =
      static_cast<std::uint32_t>(64 * (drawn % std::clamp<std::size_t>(size(type) / 8, 1, 64)));
  const bool is_bitfield = drawn >> 59 == 0;
  return {inner != 0 ? inner : msc_type{MSC_BYTES}, offset + (is_bitfield ? 3 : 0), is_bitfield ? 5U : 0U};
}

bool BeyondTypes::member_at(msc_type type, std::uint32_t index, msc_member_info& info) {
  const std::uint64_t drawn = draw(type, "members");
  const auto* known = certain(type);
  const std::size_t named = known != nullptr ? known->members.size() : 0;
  if (index >= named + drawn % 9) return false;
  const std::string name = index < named ? known->members[index] : "member_" + std::to_string(index - named);
  info.kind = (drawn >> index % 64) % 2 == 0 ? MSC_KIND_OTHER : MSC_KIND_FUNCTION;
  info.member = member(type, name);
  set_name(info, name);
  return true;
}

bool BeyondTypes::enumerator_at(msc_type type, std::uint32_t index, msc_enumerator& enumerator) const {
  const std::uint64_t drawn = draw(type, "enumerators");
  if (index >= drawn % 9) return false;
  enumerator.value = static_cast<std::int64_t>(drawn % 2 == 0 ? index : mix(drawn, "value") >> index);
  set_name(enumerator, "ENUMERATOR_" + std::to_string(index));
  return true;
}

int BeyondTypes::scalar(msc_type type, std::string_view path, std::uint64_t address,
                        std::vector<std::byte>& bytes, msc_scalar& scalar) {
  const std::uint64_t drawn = mix(draw(type, path) ^ address);
  if (drawn % 16 == 0) return drawn % 32 == 0 ? MSC_EFAULT : MSC_ENOENT;
  scalar.kind = static_cast<std::uint32_t>((drawn >> 8) % (MSC_SCALAR_POINTER + 1));
  scalar.number = word(*beyond_, drawn, address & ~7ULL);
  if (scalar.kind == MSC_SCALAR_BOOL) scalar.number &= 1;
  scalar.real = static_cast<double>(scalar.number);
  bytes.resize(scalar.kind == MSC_SCALAR_NONE ? 1 + (drawn >> 16) % 64 : sizeof scalar.number);
  read_beyond(*beyond_, MSC_KERNEL, drawn & ~7ULL, bytes);
  if (scalar.kind != MSC_SCALAR_NONE) std::memcpy(bytes.data(), &scalar.number, sizeof scalar.number);
  const msc_type inner = member(type, path).type;
  scalar.value = {inner, bytes.data(), bytes.size()};
  scalar.addr = 0, scalar.space = 0;
  return MSC_OK;
}

bool BeyondTypes::holder(msc_type held, msc_type after, msc_member_info& info) {
  const std::string& last = made(after != 0 ? after : held).name;
  if (last.size() > 200 || draw(held, last) % 4 == 0) return false;
  const std::string name = last + "_holder";
  const msc_type found = find(made(held).scope, name);
  if (found == 0) return false;
  info.kind = MSC_KIND_OTHER;
  info.member = {found, 0, 0};
  set_name(info, std::string_view(name).substr(name.find(' ') + 1));
  return true;
}

bool address_beyond(const Beyond& beyond, std::string_view name, std::uint64_t& address) {
  const std::uint64_t drawn = mix(beyond.seed, name);
  address = 0xffffffff81000000 + (drawn & 0xfffff8);
  return drawn >> 62 != 0;
}

bool symbol_beyond(const Beyond& beyond, std::uint64_t address, msc_symbol& symbol) {
  const std::uint64_t drawn = mix(beyond.seed ^ address);
  if (drawn % 2 == 0) return false;
  symbol.program = drawn % 7 == 0 ? 5 : 0;
  symbol.offset = drawn % 4096;
  const std::string name = "symbol_" + std::to_string(drawn % 1000);
  set_name(symbol, name);
  symbol.module[0] = 0;
  return true;
}

int mapped_beyond(const Beyond& beyond, std::uint64_t begin, std::uint64_t end, msc_mapping& mapping) {
  const std::uint64_t drawn = mix(beyond.seed ^ begin);
  const std::uint64_t gap = drawn % 5 * page_size, size = (1 + (drawn >> 8) % 3) * page_size;
  if (begin >= end || end - begin <= gap) return MSC_ENOENT;
  mapping.addr = begin + gap;
  mapping.size = std::min(size, end - mapping.addr);
  mapping.page = (drawn >> 16) % 4 == 0 ? 0 : 0xffffea0000000000 + (drawn & 0xfffc0);
  return (drawn >> 32) % 8 == 0 ? MSC_EFAULT : MSC_OK;
}

} // namespace mapscope::testing
