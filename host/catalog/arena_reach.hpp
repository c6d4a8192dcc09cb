// SPDX-License-Identifier: Apache-2.0
// Which pages of an arena anything leads to: a variable of its programs, a value of their maps, or what these
// lead to. An allocator without a list of what it gave away has lost what nothing leads to.
//
// A word that is an address in the arena leads there, whatever it is called: one too many hides a loss, and
// none is invented. An object whose type is known takes all its pages along.
//
// Refuses: to call a page garbage: a process, or a program that ran at that moment, may hold its only
// pointer. Thread rule: belongs to one thread.
#pragma once

#include "host/catalog/arenas.hpp"

#include <cstdint>
#include <optional>
#include <set>
#include <span>
#include <utility>
#include <vector>

namespace mapscope::catalog {

class ArenaReach {
public:
  /// Both are borrowed. The variables are known from then on.
  ArenaReach(const target::Target& target, const Arena& arena);

  /// A value from elsewhere; no types: its words are all that is known.
  void add(std::span<const std::byte> value, const TypeRef& type);
  /// Pages that are not all zeros and that nothing leads to, when all values were added. Nothing: the arena
  /// has too many, part of it is not known, or pointers into it are too short to be told from numbers.
  [[nodiscard]] std::optional<std::uint64_t> unreached();

private:
  static constexpr std::uint64_t most_pages = 1U << 16, most_objects = 1U << 20, most_steps = 1U << 26;
  enum class Page : std::uint8_t { absent, mapped, reached };
  struct Object {
    std::uint64_t address;
    const btf::Types* types;
    btf::TypeId type;
    auto operator<=>(const Object&) const = default;
  };

  void find_pages();
  void add_variables();
  void mark(std::uint64_t pointer, std::uint64_t size);
  void words(std::span<const std::byte> bytes);
  void pointers(const btf::Types& types, btf::TypeId type, std::span<const std::byte> bytes, unsigned depth);
  void elements(const btf::Types& types, btf::TypeId array, std::span<const std::byte> bytes, unsigned depth);
  void pointer(const btf::Types& types, btf::TypeId type, std::span<const std::byte> bytes);
  void follow();
  std::vector<std::byte> read(std::uint64_t address, std::uint64_t size);
  [[nodiscard]] std::uint64_t address_of(std::uint64_t page) const;

  const Arena& arena_;
  const target::Target& target_;
  target::Reader reader_;
  bool is_known_ = true;
  std::vector<Page> pages_; ///< by their place in the arena, as far as any is mapped
  std::uint64_t mapped_ = 0, steps_ = 0;
  std::vector<std::uint64_t> fresh_pages_; ///< whose words have not been looked at
  std::vector<Object> fresh_objects_;
  std::set<Object> objects_;
};

} // namespace mapscope::catalog
