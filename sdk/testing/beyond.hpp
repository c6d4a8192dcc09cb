// SPDX-License-Identifier: Apache-2.0
// What lies beyond a FakeHost's image when it is to have everything: memory at every address, every type with
// every member. Private to the fake host.
//
// All of it follows from the seed: two renders of one host meet the same. Refuses: to make sense. Thread
// rule: pure, but for BeyondTypes, of which each render has its own.
#pragma once

#include <mapscope/testing/fake_host.hpp>

#include <span>

namespace mapscope::testing {

/// Fills `to` as read() does.
void read_beyond(const Beyond& beyond, std::uint32_t space, std::uint64_t address, std::span<std::byte> to);

/// Types as they are asked for.
class BeyondTypes {
public:
  explicit BeyondTypes(const Beyond* beyond) : beyond_(beyond) {}

  /// 0 when there is nothing beyond, or when so many were made that it is enough.
  msc_type find(std::uint32_t scope, std::string_view name);
  [[nodiscard]] bool holds(msc_type type) const;
  [[nodiscard]] std::size_t size(msc_type type) const;
  msc_member member(msc_type type, std::string_view path);
  /// The index-th of a few; false behind the last.
  bool member_at(msc_type type, std::uint32_t index, msc_member_info& info);
  /// The same of an enum.
  bool enumerator_at(msc_type type, std::uint32_t index, msc_enumerator& enumerator) const;
  /// A member of some kind, its bytes in `bytes`; as member_of() answers. Of one in memory, the address.
  int scalar(msc_type type, std::string_view path, std::uint64_t address, std::vector<std::byte>& bytes,
             msc_scalar& scalar);
  /// One after the other, some.
  bool holder(msc_type held, msc_type after, msc_member_info& info);

private:
  struct Made {
    std::uint32_t scope;
    std::string name;
  };
  [[nodiscard]] const Made& made(msc_type type) const;
  [[nodiscard]] const Beyond::Type* certain(msc_type type) const;
  [[nodiscard]] std::uint64_t draw(msc_type type, std::string_view what) const;

  const Beyond* beyond_;
  std::vector<Made> made_;
};

/// Symbols and mappings, which need no memory of what was asked before.
bool address_beyond(const Beyond& beyond, std::string_view name, std::uint64_t& address);
bool symbol_beyond(const Beyond& beyond, std::uint64_t address, msc_symbol& symbol);
/// A few elements for a map of which nothing is known but its record.
FakeHost::Elements elements_beyond(const Beyond& beyond, const msc_target& target,
                                   const std::map<std::uint32_t, std::uint64_t>& cpus);
/// Another map, at an address of its own. False when there is none of that name.
bool map_beyond(const Beyond& beyond, std::string_view name, FakeHost::Map& map);
int mapped_beyond(const Beyond& beyond, std::uint64_t begin, std::uint64_t end, msc_mapping& mapping);

} // namespace mapscope::testing
