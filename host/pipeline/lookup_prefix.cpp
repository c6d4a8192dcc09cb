// SPDX-License-Identifier: Apache-2.0
#include "host/pipeline/lookup_prefix.hpp"

#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <cstring>
#include <fmt/format.h>
#include <vector>

namespace mapscope::pipeline {

namespace {

constexpr std::size_t data_at = sizeof(std::uint32_t); // behind the length

bool is_address(std::string_view type) {
  return type == "struct in_addr" || type == "struct in6_addr" || type == "__be32";
}

/// Of a type that lies `at` bytes into the key, and holds all of the data or none.
PrefixKind kind_of(const btf::Types& types, btf::TypeId type, std::size_t at, std::size_t data,
                   unsigned depth) {
  constexpr unsigned deepest = 8, most_members = 64;
  if (at == data_at && types.size(type).value_or(0) == data && is_address(types.spell(type)))
    return PrefixKind::address;
  PrefixKind found = PrefixKind::guess;
  const btf::TypeId record = types.peel(type);
  for (unsigned i = 0; i < most_members && depth < deepest; ++i) {
    const auto member = types.member_at(record, i);
    if (!member) break;
    const std::size_t begin = at + member->member.offset(),
                      end = begin + types.size(member->member.type).value_or(0);
    if (end <= data_at || begin == end) continue;
    const bool is_part = member->member.bit_size != 0 || begin > data_at || end < data_at + data;
    const PrefixKind inner =
        is_part ? PrefixKind::other : kind_of(types, member->member.type, begin, data, depth + 1);
    if (inner != PrefixKind::guess) found = inner;
    if (found == PrefixKind::address) break; // of a union one view says it for all
  }
  return found;
}

/// Bits behind the length are kept as user space gave them.
std::vector<std::byte> masked(std::span<const std::byte> data, std::uint32_t length) {
  std::vector<std::byte> bytes(data.begin(), data.end());
  for (std::size_t i = length / 8; i < bytes.size(); ++i)
    bytes[i] &= i == length / 8 ? static_cast<std::byte>(0xff00U >> length % 8) : std::byte{};
  return bytes;
}

} // namespace

PrefixKind prefix_kind(const catalog::Map& trie) {
  const std::size_t data = trie.key_size - std::min<std::size_t>(trie.key_size, data_at);
  if (data != sizeof(in_addr) && data != sizeof(in6_addr)) return PrefixKind::other;
  const auto [types, type] = trie.key();
  return types ? kind_of(*types, type, 0, data, 0) : PrefixKind::guess;
}

std::string prefix_text(std::span<const std::byte> key, PrefixKind kind) {
  std::uint32_t length = 0;
  if (key.size() < data_at) return "";
  std::memcpy(&length, key.data(), sizeof length);
  const auto bytes = masked(key.subspan(data_at), length);
  std::array<char, INET6_ADDRSTRLEN> address{};
  if (kind != PrefixKind::other)
    ::inet_ntop(bytes.size() == sizeof(in_addr) ? AF_INET : AF_INET6, bytes.data(), address.data(),
                address.size());
  std::string text = address.data();
  if (text.empty())
    for (const std::byte byte : bytes) text += fmt::format("{:02x}", std::to_integer<unsigned>(byte));
  return fmt::format("{}/{}", text, length);
}

} // namespace mapscope::pipeline
