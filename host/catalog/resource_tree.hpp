// SPDX-License-Identifier: Apache-2.0
// What /proc/iomem calls "System RAM": the kernel's own list of where its memory lies.
//
// Refuses: a list that does not hold together. Every entry must lie behind the one before and name the root
// as its parent, so that bytes from another place of a file are not taken for one. Thread rule: pure
// functions.
#pragma once

#include "host/btf/types.hpp"
#include "host/target/address_space.hpp"
#include "host/target/find_vmcoreinfo.hpp"
#include "host/target/symbols.hpp"

#include <optional>
#include <vector>

namespace mapscope::catalog {

/// struct resource and the root of the tree, by name.
class ResourceTree {
public:
  /// Nothing when the kernel's symbols or types do not say.
  static std::optional<ResourceTree> find(const target::Symbols& symbols, const btf::Types& types);

  /// By address; nothing when the tree cannot be read in this memory, or names no RAM.
  [[nodiscard]] std::optional<std::vector<target::PhysicalRange>>
  system_ram(const target::AddressSpace& space) const;

private:
  std::uint64_t root_ = 0;
  std::uint64_t start_ = 0, end_ = 0, name_ = 0, parent_ = 0, sibling_ = 0, child_ = 0, size_ = 0;
};

} // namespace mapscope::catalog
